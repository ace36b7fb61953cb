"""What a drawn image comes with: its pixels, and exactly where everything in it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from snellen.images.world.shapes import PARTS

LABELS = ("background", "clutter", "occluder", "mark", *PARTS)
"""What the numbers of a label map mean."""
BACKGROUND, CLUTTER, OCCLUDER, MARK = range(4)


@final
@dataclass(frozen=True, eq=False)
class Scene:
    """Drawn images.

    Args:
        pixels: (n, 3, H, W) uint8.
        object: (n, H, W) float32 in [0, 1], the share of each pixel that shows the object.
        labels: (n, H, W) uint8, which of `LABELS` covers most of a pixel; None unless asked for.
        parts: part's name → the share of each pixel that shows it, (n, H, W) float32, for the parts that occur; empty unless
            asked for.
    """

    pixels: np.ndarray
    object: np.ndarray
    labels: np.ndarray | None
    parts: Mapping[str, np.ndarray]

    @classmethod
    def joined(cls, scenes: Sequence[Scene]) -> Scene:
        """Several, one after another."""
        if len(scenes) == 1:
            return scenes[0]
        labels = [scene.labels for scene in scenes if scene.labels is not None]
        names = [name for name in PARTS if any(name in scene.parts for scene in scenes)]
        parts = {
            name: np.concatenate([scene.parts.get(name, np.zeros_like(scene.object)) for scene in scenes]) for name in names
        }
        pixels, masks = (np.concatenate([getattr(scene, kind) for scene in scenes]) for kind in ("pixels", "object"))
        return cls(pixels, masks, np.concatenate(labels) if labels else None, parts)

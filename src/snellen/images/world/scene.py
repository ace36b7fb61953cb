"""What a drawn image comes with: its pixels, and exactly where everything in it is."""

from __future__ import annotations

from collections.abc import Mapping
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

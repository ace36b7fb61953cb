"""The object of an image while it is drawn: what it covers, how light its parts are, which of them bear no texture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, final

import numpy as np

from snellen.images.world.scene import LABELS
from snellen.images.world.shapes import Part

_RIM, _SHADE = 0.14, 0.45
"""Width of the darker rim in object units, and how much darker it is at the edge."""
Rows: TypeAlias = slice | np.ndarray
"""Some images of many, by their places."""

_NUMBER = {name: number for number, name in enumerate(LABELS)}


@final
@dataclass(eq=False)
class Body:
    """All arrays are (n, H, W) float32: `coverage` of each pixel; `tone`, a factor of brightness; `textured`, 0 on
    plain parts and 1 elsewhere.

    `parts` are the masks of the parts and `numbers` the label of each pixel, kept where `detail` is wanted.
    """

    coverage: np.ndarray
    tone: np.ndarray
    textured: np.ndarray
    detail: bool = False
    parts: dict[str, np.ndarray] = field(default_factory=dict)
    numbers: np.ndarray | None = None

    @classmethod
    def empty(cls, shape: tuple[int, ...], detail: bool) -> Body:
        """Nothing drawn yet."""
        coverage, tone = np.zeros(shape, np.float32), np.ones(shape, np.float32)
        return cls(coverage, tone, tone.copy(), detail, {}, np.zeros(shape, np.uint8) if detail else None)

    def add(self, rows: Rows, parts: Sequence[Part], pixel: np.ndarray) -> None:
        """Draw the parts of some images, each over those before it; `pixel` (r, 1, 1) is a pixel's width in their units."""
        edge = np.reciprocal(pixel)
        nearest, tone, textured = parts[0].distance.copy(), np.float32(1), np.float32(1)
        toned = patched = False
        for part in parts:
            np.minimum(nearest, part.distance, out=nearest)
            toned, patched = toned or part.tone != 1, patched or part.plain
            if not (toned or patched or self.detail):
                continue
            covers = _coverage(part.distance, edge)
            tone = _over(tone, covers, part.tone) if toned else tone
            textured = _over(textured, covers, not part.plain) if patched else textured
            if self.detail:
                self._mask(rows, part.name, covers)
        self.coverage[rows] = _coverage(nearest, edge)
        nearest *= np.float32(-_SHADE / _RIM)
        nearest += np.float32(1 - _SHADE)
        np.clip(nearest, np.float32(1 - _SHADE), 1, out=nearest)
        nearest *= tone
        self.tone[rows] = nearest
        self.textured[rows] = textured

    def hide(self, where: Rows | tuple[Rows, slice, slice], coverage: np.ndarray, label: int) -> None:
        """Something in front of some images, or of a window of each, covers what it covers (r, h, w)."""
        seen = 1 - coverage
        self.coverage[where] *= seen
        for mask in self.parts.values():
            mask[where] *= seen
        if self.numbers is not None:
            self.numbers[where] = np.where(coverage > 0.5, np.uint8(label), self.numbers[where])

    def over(self, ground: np.ndarray | None) -> np.ndarray | None:
        """The label map: what was drawn here over that of the ground."""
        return None if ground is None or self.numbers is None else np.where(self.numbers, self.numbers, ground)

    def _mask(self, rows: Rows, name: str, covers: np.ndarray) -> None:
        for mask in self.parts.values():
            mask[rows] *= 1 - covers
        self.parts.setdefault(name, np.zeros_like(self.coverage))[rows] += covers
        if self.numbers is not None:
            self.numbers[rows] = np.where(covers > 0.5, np.uint8(_NUMBER[name]), self.numbers[rows])


def _over(under: np.ndarray | np.float32, covers: np.ndarray, value: float) -> np.ndarray:
    """One value over others where it covers."""
    out = covers * (np.float32(value) - under)
    out += under
    return out


def _coverage(distance: np.ndarray, edge: np.ndarray) -> np.ndarray:
    """The share of each pixel inside: a ramp one pixel wide."""
    out = distance * -edge
    out += np.float32(0.5)
    return np.clip(out, 0, 1, out=out)

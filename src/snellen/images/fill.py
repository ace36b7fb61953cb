"""Filling a hole in an image with what surrounds it."""

from __future__ import annotations

import numpy as np

_GREY = 0.5


def fill(pixels: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The image with its hole filled smoothly from the edges inwards, by pulling colours up a pyramid and pushing them down again.

    Each level halves the last, a pixel weighing as much as of it is known; then what is unknown is taken from the level above
    (gortler-1996). A hole without an edge becomes mid-grey.

    Args:
        pixels: (H, W, 3) float32 in [0, 1].
        hole: (H, W) float32 in [0, 1], 1 where nothing is known.
    """
    colours, known = np.ascontiguousarray(pixels, np.float32), (1 - hole)[..., None].astype(np.float32)
    levels = [(colours, known)]
    while max(colours.shape[:2]) > 1:
        colours, known = _pulled(colours, known)
        levels.append((colours, known))
    above = np.full_like(colours, _GREY)
    for colours, known in reversed(levels):
        height, width = colours.shape[:2]
        above = _doubled(_doubled(above, 0), 1)[:height, :width] if above.shape != colours.shape else above
        above = above + known * (colours - above)
    return above


def _pulled(colours: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Half the size: mean colours of what is known in 2 x 2 pixels, and how much that is, at most 1."""
    height, width = (-(-side // 2) for side in colours.shape[:2])
    odd = ((0, 2 * height - colours.shape[0]), (0, 2 * width - colours.shape[1]), (0, 0))
    weight = np.pad(known, odd).reshape(height, 2, width, 2, 1).sum(axis=(1, 3))
    total = np.pad(colours * known, odd).reshape(height, 2, width, 2, 3).sum(axis=(1, 3))
    return total / np.maximum(weight, np.float32(1e-6)), np.minimum(weight, np.float32(1))


def _doubled(values: np.ndarray, axis: int) -> np.ndarray:
    """Twice as long along an axis, by linear interpolation."""
    first, last = (np.take(values, [at], axis=axis) for at in (0, -1))
    length = values.shape[axis]
    before = np.concatenate([first, np.take(values, range(length - 1), axis=axis)], axis=axis)
    after = np.concatenate([np.take(values, range(1, length), axis=axis), last], axis=axis)
    pairs = np.stack([0.75 * values + 0.25 * before, 0.75 * values + 0.25 * after], axis=axis + 1)
    shape = list(values.shape)
    shape[axis] *= 2
    return pairs.reshape(shape).astype(np.float32)

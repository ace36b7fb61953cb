"""What is in an image besides the object and its background: clutter behind, an occluder in front, the treatment mark in a corner.

`x` (1, 1, W) and `y` (1, H, 1) are the middles of the pixels in the image frame [-1, 1], y upwards, and float32; `key` is uint32
(n, 1, 1). Nothing is computed where nothing is drawn.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np

from snellen.images.world.noise import uniform
from snellen.images.world.sdf import box, capsule, convex, disk, outline, ring, union

MOST = 6
"""Pieces of clutter an image can have."""
_REACH = 0.24
"""Half the window that holds any piece of clutter."""
_MARK = 0.1
"""Half the width of a mark, about."""
_DARK, _LIGHT = np.float32(0.06), np.float32(0.97)

Figure: TypeAlias = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Signed distance in a frame that the figure fills about [-1, 1] of, as in `sdf`."""


class Layer(NamedTuple):
    """Something to lay over images: the share of each pixel that it covers (n, H, W), and its colour (n, 3), both in [0, 1]."""

    coverage: np.ndarray
    colour: np.ndarray


class Piece(NamedTuple):
    """One piece of clutter in each of m images: in image `row`, the window of `lines` and `columns` around it, indexed together;
    the `coverage` (m, h, w) of the window's pixels and the piece's `colour` (m, 3), both in [0, 1].
    """

    row: np.ndarray
    lines: np.ndarray
    columns: np.ndarray
    coverage: np.ndarray
    colour: np.ndarray


def clutter(x: np.ndarray, y: np.ndarray, key: np.ndarray, count: np.ndarray) -> list[Piece]:
    """Small plain shapes anywhere, to be laid one after another: an image shows the first `count` (n,) of them, `MOST` at most."""
    number, row = np.nonzero(np.arange(MOST)[:, None] < count)
    draws = uniform(key[row, 0], number[:, None] * 8 + np.arange(8))
    colour = np.float32(0.15) + np.float32(0.7) * draws[:, 5:]
    across, above, size, lean, kind = (draws[:, part, None, None] for part in range(5))
    across, above = np.float32(1.8) * across - np.float32(0.9), np.float32(1.8) * above - np.float32(0.9)
    size, lean = np.float32(0.09) + np.float32(0.1) * size, lean - np.float32(0.5)
    columns, lines = _window(x.size, across), np.swapaxes(_window(y.size, -above), 1, 2)
    right, up = x[0, 0, columns] - across, y[0, lines, 0] - above
    turn = np.reciprocal(np.sqrt(1 + lean * lean) * size)
    along, up = (right + up * lean) * turn, (up - right * lean) * turn
    pixel, chosen = _pixel(x) / size, np.floor(kind[:, 0, 0] * np.float32(len(_PIECES)))
    coverage = np.empty_like(along)
    for place, figure in enumerate(_PIECES):
        these = np.flatnonzero(chosen == place)
        coverage[these] = _cover(figure(along[these], up[these]), pixel[these])
    every = Piece(row[:, None, None], lines, columns, coverage, colour)
    return [Piece(*(part[number == layer] for part in every)) for layer in range(int(np.max(number, initial=-1)) + 1)]


def occluder(
    x: np.ndarray, y: np.ndarray, key: np.ndarray, share: np.ndarray, across: np.ndarray, above: np.ndarray, half: np.ndarray
) -> Layer:
    """A bar that hides `share` of a square from its left, right, lower or upper side, and juts out a little.

    Args:
        x: pixels' places, rightwards.
        y: pixels' places, upwards.
        key: the side and the colour.
        share: (n, 1, 1) float32 in [0, 1]; nothing is drawn for zero.
        across: x of the square's middle, (n, 1, 1) float32.
        above: y of its middle, (n, 1, 1) float32.
        half: half its side, (n, 1, 1) float32.
    """
    side = np.floor(uniform(key, 0) * np.float32(4))
    upright, sign = side < 2, 1 - 2 * (side % 2)
    middle, depth = (share - np.float32(1.1)) * sign, share + np.float32(0.1)
    coverage = np.ones((len(key), y.shape[1], x.shape[2]), np.float32)
    coverage *= share > 0
    for line, centre, bar in ((x, across, upright), (y, above, ~upright)):
        away = np.abs(line - (centre + half * middle * bar))
        coverage *= _cover(away - half * np.where(bar, depth, np.float32(1.12)), _pixel(x))
    return Layer(coverage, np.float32(0.2) + np.float32(0.4) * uniform(key[:, 0], np.arange(1, 4)))


def mark(x: np.ndarray, y: np.ndarray, key: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """The treatment mark, one of `MARKS`, near the upper left corner and a tenth of the image wide.

    Returns its coverage (n, H, W) and its tone (n, 1, H, W), a grey in [0, 1]: dark beside light, so that it shows on anything.
    """
    figure, inner, outer, lit = MARKS[kind]
    right, up = (x[:, :, : int(np.sum(x < -0.5))], y[:, : int(np.sum(y > 0.5))])
    across, above = (np.float32(0.1) * uniform(key, axis) - np.float32(0.86) for axis in range(2))
    right, up = np.broadcast_arrays((right - across) / np.float32(_MARK), (up + above) / np.float32(_MARK))
    distance, pixel = figure(right, up), _pixel(x) / np.float32(_MARK)
    coverage, tone = np.zeros((2, len(key), y.shape[1], x.shape[2]), np.float32)
    within = (slice(None), slice(distance.shape[1]), slice(distance.shape[2]))
    coverage[within] = _cover(distance - np.float32(outer), pixel)
    core = _cover(distance - np.float32(inner), pixel)
    tone[within] = _DARK + (core if lit else 1 - core) * (_LIGHT - _DARK)
    return coverage, tone[:, None]


_PIECES: tuple[Figure, ...] = (
    lambda x, y: disk(x, y, 0.0, 0.0, 0.9),
    lambda x, y: ring(x, y, 0.0, 0.0, 0.75, 0.22),
    lambda x, y: box(x, y, 0.0, 0.0, 0.75, 0.75),
    lambda x, y: convex(x, y, (-0.95, -0.7), (0.95, -0.7), (0.0, 1.0)),
)


def _tube(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A bent line."""
    bends = ((-0.7, 0.8), (-0.45, 0.0), (0.3, -0.3), (0.7, -0.9))
    return union(*(capsule(x, y, *start, *end, 0.0) for start, end in itertools.pairwise(bends)))


def _cross(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return union(box(x, y, 0.0, 0.0, 0.75, 0.22), box(x, y, 0.0, 0.0, 0.22, 0.75))


def _tag(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A rectangle with a notch in its right side."""
    return np.maximum(box(x, y, 0.0, 0.0, 0.85, 0.5), -convex(x, y, (0.1, 0.0), (1.2, -0.65), (1.2, 0.65)))


def _ring(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return outline(disk(x, y, 0.0, 0.0, 0.65), 0.17)


MARKS: Mapping[str, tuple[Figure, float, float, bool]] = {
    "tube": (_tube, 0.14, 0.46, False),
    "cross": (_cross, 0.0, 0.3, True),
    "tag": (_tag, 0.0, 0.25, True),
    "ring": (_ring, 0.0, 0.25, True),
}
"""Kind of mark → its figure, how far its core and its rim reach beyond that, and whether the core is the light one of the two."""


def _window(pixels: int, centre: np.ndarray) -> np.ndarray:
    """(m, 1, w) places along a line of so many pixels around `centre` (m, 1, 1), all of them within the line."""
    width = min(pixels, math.ceil(_REACH * pixels) + 3)
    start = np.rint((centre + 1) * np.float32(pixels / 2) - np.float32(width / 2)).astype(np.int64)
    return np.clip(start, 0, pixels - width) + np.arange(width)


def _pixel(x: np.ndarray) -> np.float32:
    return np.float32(2 / x.size)


def _cover(distance: np.ndarray, pixel: np.ndarray | np.float32) -> np.ndarray:
    """The share of each pixel within a signed distance; overwrites it."""
    distance /= -pixel
    distance += 0.5
    return np.clip(distance, 0, 1, out=distance)

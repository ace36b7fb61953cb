"""Where drops of water glint: near their edges, more on one side."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Int16, Int32, UInt8
from scipy.ndimage import label

REACH = 20
"""Pixels from an edge at which distances stop to count."""
UNIT = 645
"""Parts of a pixel that distances are counted in: 2 `REACH` of them fit into 16 bits, and the costs of all moves are whole."""
MOVES = {1.0: ((0, 1), (1, 0)), 1.4: ((1, 1), (1, -1)), 2.1969: ((1, 2), (2, 1), (1, -2), (2, -1))}
"""Cost → moves, as (rows, columns)."""
TAN = 13573
"""tan(22.5°) times 2**15."""


def glints(layers: UInt8[np.ndarray, "n h w"]) -> Float32[np.ndarray, "n h w"]:
    """Layers of liquid → their brightness in [0, 1], 1 at the brightest pixel (hendrycks-2019).

    The distance to the nearest edge, up to 20 pixels, is averaged over 3 x 3 pixels, equalised, embossed, averaged again and
    multiplied with the layer. Where there is no liquid nothing glints.
    """
    return np.stack([_glint(layer) for layer in layers])


def _glint(layer: np.ndarray) -> np.ndarray:
    smooth = _box(chamfer(canny(layer)).astype(np.int32)) // (9 * UNIT)
    embossed = _embossed(equalised(smooth.astype(np.uint8))).clip(0, 255)
    wet = layer * np.round(_box(embossed) / np.float32(9))
    return wet / max(wet.max(), np.float32(1))


def _box(values: np.ndarray) -> np.ndarray:
    """Sums over 3 x 3 whole numbers, mirrored at the border."""
    padded = np.pad(values, 1, mode="reflect")
    tall = padded[:-2] + padded[1:-1] + padded[2:]
    return tall[:, :-2] + tall[:, 1:-1] + tall[:, 2:]


def _embossed(grey: UInt8[np.ndarray, "h w"]) -> Int16[np.ndarray, "h w"]:
    """Correlation with [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], mirrored at the border."""
    padded = np.pad(grey.astype(np.int16), 1, mode="reflect")
    twice = 2 * (padded[2:, 2:] - padded[:-2, :-2])
    return twice + padded[1:-1, 1:-1] + padded[1:-1, 2:] - padded[1:-1, :-2] + padded[2:, 1:-1] - padded[:-2, 1:-1]


def canny(grey: UInt8[np.ndarray, "h w"], low: int = 50, high: int = 150) -> Bool[np.ndarray, "h w"]:
    """Edges of an 8-bit image (canny-1986), by 3 x 3 Sobel filters and the sum of their absolute values, as in OpenCV.

    Edges above `low` count where they touch one above `high`.
    """
    padded = np.pad(grey.astype(np.int16), 1, mode="edge")
    tall = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    wide = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    right, down = tall[:, 2:] - tall[:, :-2], wide[2:] - wide[:-2]
    strength = np.abs(right) + np.abs(down)
    at = np.flatnonzero(strength > low)
    ridge = _ridge(strength, right.take(at).astype(np.int32), down.take(at).astype(np.int32), at)
    thin = np.zeros(grey.shape, bool)
    thin.put(at[ridge], True)
    touching: Any = label(thin, np.ones((3, 3)))
    edges, found = touching
    strong = np.zeros(found + 1, bool)
    strong[edges[thin & (strength > high)]] = True
    return strong.take(edges)


def _ridge(
    strength: Int16[np.ndarray, "h w"], right: Int32[np.ndarray, " n"], down: Int32[np.ndarray, " n"], at: np.ndarray
) -> Bool[np.ndarray, " n"]:
    """Whether each of N pixels is stronger than both its neighbours across the edge, of equals the first."""
    columns = strength.shape[1] + 2
    around = np.pad(strength, 1).ravel()
    middle = at + columns + 1 + 2 * (at // strength.shape[1])
    slope, rise = np.abs(right) * TAN, np.abs(down) << 15
    flat, steep = rise < slope, rise > slope + (np.abs(right) << 16)
    diagonal = np.where((right < 0) != (down < 0), columns - 1, columns + 1)
    across = np.where(flat, 1, np.where(steep, columns, diagonal))
    here, equal = around.take(middle), flat | steep
    return (here > around.take(middle - across)) & (here > around.take(middle + across) - equal)


def chamfer(edges: Bool[np.ndarray, "h w"]) -> Int16[np.ndarray, "h w"]:
    """The distance to the nearest edge, up to 20, along straight, diagonal and knight's moves (borgefors-1986), in `UNIT`.

    The shortest path takes any number of moves of each kind in any order, so the kinds are done one after the other, and of each
    one, two, four and more moves at once. Rows lie one after the other in memory, so far apart that no way from one to the next
    is short enough to count.
    """
    height, width = edges.shape
    distance = np.full((height, width + REACH), REACH * UNIT, np.int16)
    distance[:, :width][edges] = 0
    for cost, directions in MOVES.items():
        for down, right in directions:
            many = 1
            while cost * many < REACH:
                _relax(distance.ravel(), many * (down * (width + REACH) + right), np.int16(round(cost * UNIT) * many))
                many *= 2
    return distance[:, :width]


def _relax(distance: Int16[np.ndarray, " pixels"], apart: int, cost: np.int16) -> None:
    """Brings each pixel no further than `cost` beyond those that lie so far `apart` in memory, on either side."""
    here, there = distance[:-apart], distance[apart:]
    onward = here + cost
    np.minimum(here, there + cost, out=here)
    np.minimum(there, onward, out=there)


def equalised(grey: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w"]:
    """An 8-bit image with its cumulated histogram made straight, as in OpenCV; one of a single grey stays."""
    counts = np.bincount(grey.ravel(), minlength=256)
    darkest = int(grey.min())
    others = grey.size - counts[darkest]
    if others == 0:
        return grey
    counts[: darkest + 1] = 0
    straight = np.round(np.cumsum(counts).astype(np.float32) * (np.float32(255) / np.float32(others))).astype(np.uint8)
    return straight.take(grey)

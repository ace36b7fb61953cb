"""Where drops of water glint: near their edges, more on one side."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, UInt8
from scipy.ndimage import label, uniform_filter

REACH = 20
"""Pixels from an edge at which distances stop to count."""
EMBOSS = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], np.int32)
BOX = np.ones((3, 3), np.int32)
TAN = 13573
"""tan(22.5°) times 2**15."""
MOVES = {1.0: ((0, 1), (1, 0)), 1.4: ((1, 1), (1, -1)), 2.1969: ((1, 2), (2, 1), (1, -2), (2, -1))}
"""Cost → moves, as (rows, columns)."""


def glints(layers: Float[np.ndarray, "n h w"]) -> Float[np.ndarray, "n h w"]:
    """Layers of liquid, whole numbers in 0 to 255, → its brightness in [0, 1], 1 at the brightest pixel (hendrycks-2019).

    The distance to the nearest edge, up to 20 pixels, is averaged over 3 x 3 pixels, equalised, embossed, averaged again and
    multiplied with the layer. Where there is no liquid nothing glints.
    """
    return np.stack([_glint(layer) for layer in layers])


def _glint(layer: np.ndarray) -> np.ndarray:
    distance = chamfer(canny(layer.astype(np.int32)))
    smooth = uniform_filter(distance.astype(np.float64), 3, mode="mirror") + 1e-6
    embossed = _weighted(equalised(smooth.astype(np.uint8)), EMBOSS).clip(0, 255)
    wet = layer * np.round(_weighted(embossed, BOX) / np.float32(9))
    return wet / max(wet.max(), 1)


def _weighted(values: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Correlation with 3 x 3 whole numbers, mirrored at the border."""
    height, width = values.shape
    padded = np.pad(values.astype(np.int32), 1, mode="reflect")
    total = np.zeros((height, width), np.int32)
    for (row, column), weight in np.ndenumerate(kernel):
        total += padded[row : row + height, column : column + width] * weight
    return total


def canny(grey: Int[np.ndarray, "h w"], low: int = 50, high: int = 150) -> Bool[np.ndarray, "h w"]:
    """Edges of an 8-bit image (canny-1986), by 3 x 3 Sobel filters and the sum of their absolute values, as in OpenCV.

    Edges above `low` count where they touch one above `high`.
    """
    padded = np.pad(grey.astype(np.int16), 1, mode="edge")
    tall = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    wide = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    right, down = tall[:, 2:] - tall[:, :-2], wide[2:] - wide[:-2]
    across, along = np.abs(right), np.abs(down)
    strength = np.pad(across + along, 1)

    def at(row: int, column: int) -> np.ndarray:
        return strength[1 + row : strength.shape[0] - 1 + row, 1 + column : strength.shape[1] - 1 + column]

    here, slope, rise = at(0, 0), across.astype(np.int32) * TAN, along.astype(np.int32) << 15
    flat, steep = rise < slope, rise > slope + (across.astype(np.int32) << 16)
    falling = (right < 0) != (down < 0)
    ridge = np.where(falling, (here > at(-1, 1)) & (here > at(1, -1)), (here > at(-1, -1)) & (here > at(1, 1)))
    ridge = np.where(steep, (here > at(-1, 0)) & (here >= at(1, 0)), ridge)
    ridge = np.where(flat, (here > at(0, -1)) & (here >= at(0, 1)), ridge)
    touching: Any = label(ridge & (here > low), np.ones((3, 3)))
    edges, found = touching
    strong = np.zeros(found + 1, bool)
    strong[edges[ridge & (here > high)]] = True
    strong[0] = False
    return strong[edges]


def chamfer(edges: Bool[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """The distance to the nearest edge, up to 20, along straight, diagonal and knight's moves (borgefors-1986).

    The shortest path takes any number of moves of each kind in any order, so the kinds are done one after the other, and of each
    one, two, four and more moves at once.
    """
    distance = np.where(edges, np.float32(0), np.float32(REACH))
    for cost, directions in MOVES.items():
        for down, right in directions:
            many = 1
            while cost * many < REACH:
                _relax(distance, down * many, right * many, np.float32(cost * many))
                many *= 2
    return distance


def _relax(distance: np.ndarray, down: int, right: int, cost: np.float32) -> None:
    """Brings each pixel no further than `cost` beyond those that many pixels away on either side."""
    height, width = distance.shape
    if down >= height or abs(right) >= width:
        return
    here = distance[: height - down, max(0, -right) : width - max(0, right)]
    there = distance[down:, max(0, right) : width + min(0, right)]
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
    return np.round(np.cumsum(counts).astype(np.float32) * (np.float32(255) / np.float32(others))).astype(np.uint8)[grey]

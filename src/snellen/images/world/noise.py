"""Noise from an integer hash, on lattices and in waves. Sums, products and quotients only, so it is equal on every machine."""

from __future__ import annotations

import math

import numpy as np

PERIOD = 16
"""Cells after which a lattice repeats, each way."""

_CELLS = (np.arange(PERIOD + 1) % PERIOD * PERIOD)[:, None] + np.arange(PERIOD + 1) % PERIOD
_FIRST, _SECOND, _STEP = np.uint32(0x7FEB352D), np.uint32(0x846CA68B), np.uint32(0x9E3779B9)


def hashed(key: np.ndarray, *parts: np.ndarray | int) -> np.ndarray:
    """uint32, of the common shape of `key` (uint32) and the non-negative `parts`; every bit depends on all (wellons-2018)."""
    state = np.asarray(key, np.uint32)
    with np.errstate(over="ignore"):
        for part in parts:
            state = _avalanche(state ^ (np.asarray(part).astype(np.uint32) * _STEP + _STEP))
    return state


def uniform(key: np.ndarray, *parts: np.ndarray | int) -> np.ndarray:
    """float32 in [0, 1) of 24 bits from the hash of `key` and `parts`."""
    return (hashed(key, *parts) >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)


def lattices(key: np.ndarray, *purposes: int) -> np.ndarray:
    """(purposes, n, PERIOD + 1, PERIOD + 1) float32 in [0, 1): for each purpose a number for every cell of a lattice.

    The last row and column of each are the first again.
    """
    return uniform(key, np.array(purposes)[:, None, None, None] * PERIOD**2 + _CELLS)


def places(column: np.ndarray, row: np.ndarray) -> np.ndarray:
    """(n, H, W) positions, for `at`, of the cells at whole-numbered `column` and `row`, float32 (n, H, W)."""
    cell = row.astype(np.int32)
    cell &= np.int32(PERIOD - 1)
    cell *= np.int32(PERIOD + 1)
    across = column.astype(np.int32)
    across &= np.int32(PERIOD - 1)
    cell += across
    cell += (np.arange(len(cell), dtype=np.int32) * np.int32((PERIOD + 1) ** 2))[:, None, None]
    return cell.astype(np.intp)


def at(table: np.ndarray, cells: np.ndarray, right: int = 0, up: int = 0) -> np.ndarray:
    """The numbers of one of `lattices` at `places` (n, H, W), or at the cells to the right of them or above."""
    return np.take(table.ravel()[up * (PERIOD + 1) + right :], cells, mode="clip")


def value(x: np.ndarray, y: np.ndarray, key: np.ndarray, purpose: int) -> np.ndarray:
    """(n, H, W) float32 in [0, 1]: smooth noise with a number at every whole point, those between blended (perlin-1985).

    For an upright grid: `x` is (n or 1, 1, W), `y` (n or 1, H, 1). Blends along each row of points first, then between rows.
    """
    image = np.arange(len(key))[:, None]
    table = np.swapaxes(lattices(key, purpose)[0], 1, 2)
    column, row = np.floor(x), np.floor(y)
    left, below = column[:, 0].astype(np.int64) % PERIOD, row[:, :, 0].astype(np.int64) % PERIOD
    start = table[image, left]
    lines = np.swapaxes(start + (table[image, left + 1] - start) * np.swapaxes(smooth(x - column), 1, 2), 1, 2).copy()
    low, out = lines[image, below], lines[image, below + 1]
    out -= low
    out *= smooth(y - row)
    out += low
    return out


def smooth(t: np.ndarray) -> np.ndarray:
    """3t² - 2t³: from 0 to 1 with level ends, for `t` in [0, 1]."""
    return t * t * (np.float32(3) - np.float32(2) * t)


def wave(t: np.ndarray) -> np.ndarray:
    """A sine of period 1 made of parabolas: 0 at whole and half numbers, 1 at a quarter, -1 at three quarters."""
    t = t - np.rint(t)
    return t * (np.float32(8) - np.float32(16) * np.abs(t))


def swell(x: np.ndarray, y: np.ndarray, key: np.ndarray, purpose: int, count: int = 5) -> np.ndarray:
    """(n, H, W) float32: `count` plane waves of about one length, a unit, in directions all around; variance one."""
    numbers = uniform(key, purpose * PERIOD**2 + np.arange(3 * count, dtype=np.uint32))[..., None]
    shape = np.broadcast_shapes(x.shape, y.shape, key.shape)
    total, t, shift = (np.zeros(shape, np.float32) for _ in range(3))
    for number in range(count):
        angle = math.pi * number / count
        first, second, phase = (numbers[:, :, 3 * number + part] for part in range(3))
        np.multiply(x, np.float32(math.cos(angle) - 0.25) + np.float32(0.5) * first, out=t)
        np.multiply(y, np.float32(math.sin(angle) - 0.25) + np.float32(0.5) * second, out=shift)
        t += shift
        t += phase
        t -= np.rint(t, out=shift)
        np.abs(t, out=shift)
        shift *= -16
        shift += 8
        t *= shift
        total += t
    total *= np.float32(math.sqrt(15 / 8 / count))
    return total


def _avalanche(h: np.ndarray) -> np.ndarray:
    h = h ^ (h >> np.uint32(16))
    h = h * _FIRST
    h = h ^ (h >> np.uint32(15))
    h = h * _SECOND
    return h ^ (h >> np.uint32(16))

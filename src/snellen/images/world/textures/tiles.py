"""Families that repeat a tile: checks, dots, rings, scales, bricks, cloth."""

from __future__ import annotations

import numpy as np

from snellen.images.world.noise import at, lattices, places
from snellen.images.world.textures.common import band, coverage, covered, level, offset


def checks(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """A chessboard. u[0] is how wide its squares are for their height."""
    wide = 0.6 + 0.2 * u[0]
    across = band(x * wide, 0.5, pixel * wide)
    upward = band(y * np.float32(0.7), 0.5, pixel * np.float32(0.7))
    both = across * upward
    across += upward
    both *= 2
    across -= both
    return covered(across, 0.5, pixel, 0.4)


def dots(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Discs in rows. u[0] is their radius, u[1] how far each row is shifted against the last."""
    radius = 0.29 + 0.09 * u[0]
    cover = coverage(radius - _distance(x, y, 0.5 * u[1]), pixel)
    return covered(cover, np.float32(np.pi) * radius * radius, pixel, 0.4)


def rings(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Circles in rows. u[0] is their radius, u[1] how far each row is shifted, u[2] how thick they are."""
    radius, thick = 0.31 + 0.04 * u[0], 0.085 + 0.025 * u[2]
    away = np.abs(_distance(x * np.float32(0.82), y * np.float32(0.82), 0.5 * u[1]) - radius)
    cover = coverage(thick - away, pixel * np.float32(0.82))
    return covered(cover, np.float32(4 * np.pi) * radius * thick, pixel, 0.35)


def scales(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Rows of round scales, each row over the next, light at the rim. u[0] is how wide the rim is, u[1] how far rows are apart."""
    step = 0.36 + 0.08 * u[1]
    x, y, width = x * np.float32(0.78), y * np.float32(0.78), pixel * np.float32(0.78)
    row = np.floor(y / step)
    up = y - row * step
    row *= 0.5
    tone = _scale(x - row - np.float32(0.5), up - step)
    for shift, rise in ((np.float32(0), up), (np.float32(0.5), up + step)):
        nearer = _scale(x - row - shift, rise)
        cover = coverage(np.float32(0.56) - nearer, width)
        nearer -= tone
        nearer *= cover
        tone += nearer
    tone *= 3.6
    tone -= 0.95 - 0.2 * u[0]
    np.clip(tone, 0, 1, out=tone)
    return level(tone, 0.44 + 0.12 * u[0], 0.37, pixel, 0.4)


def _scale(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The distance to the middle of the scale that a point of a row lies in."""
    dx = offset(x)
    dx *= dx
    dx += y * y
    return np.sqrt(dx, out=dx)


def bricks(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """A wall in running bond, every brick of its own tone. u[0] is how long they are, u[1] how thick the joints."""
    long, joint = 1.6 + 0.4 * u[0], 0.15 + 0.06 * u[1]
    x, y, width = x * np.float32(1.15), y * np.float32(1.15), pixel * np.float32(1.15)
    row = np.rint(y)
    v = row * np.float32(0.5)
    v += x / long
    column = np.rint(v)
    v -= column
    away = np.minimum((0.5 - np.abs(v)) * long, 0.5 - np.abs(y - row))
    cover = coverage(away - np.maximum(joint, width) * 0.5, width)
    tone = at(lattices(key, 1)[0], places(column, row))
    tone *= 0.55
    cover *= tone - 1
    cover += 1
    return level(cover, 0.45, 0.3, pixel, 0.4)


def cloth(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """A basket weave: pairs of threads that go over and under. u[0] is how thick the threads are."""
    x, y = x * np.float32(0.5), y * np.float32(0.5)
    width = pixel * np.float32(0.5)
    across, upward = band(x, 0.5, width), band(y, 0.5, width)
    both = across * upward
    across += upward
    both *= 2
    across -= both
    thick = 0.5 + 0.12 * u[0]
    over = band(x * np.float32(4) + np.float32(0.5), thick, width * np.float32(4))
    under = band(y * np.float32(4) + np.float32(0.5), thick, width * np.float32(4))
    under -= over
    under *= across
    over += under
    return covered(over, thick, pixel, 0.35)


def _distance(x: np.ndarray, y: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """To the nearest point of a lattice whose rows are each shifted against the last."""
    row = np.rint(y)
    dy = y - row
    dy *= dy
    row *= shift
    row += x
    dx = offset(row)
    dx *= dx
    dx += dy
    return np.sqrt(dx, out=dx)

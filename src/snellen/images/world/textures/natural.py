"""Families without a repeat: cells, fur, noise, speckle."""

from __future__ import annotations

import numpy as np

from snellen.images.world.noise import at, lattices, places, swell
from snellen.images.world.textures.common import coverage, covered, level


def cells(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """A giraffe's coat: dark patches with light seams. u[0] is how uneven they are, u[1] how wide the seams.

    Each patch is about a point of a shaken lattice; the seam is where the nearest point and the next are equally far (worley-1996).
    """
    x, y = x * np.float32(1.05), y * np.float32(1.05)
    shake, seam = 0.5 + 0.25 * u[0], 0.18 + 0.1 * u[1]
    column, row = np.floor(x), np.floor(y)
    where = places(column, row)
    x -= column
    y -= row
    across, upward = (lattices(key, 1, 2) - np.float32(0.5)) * shake
    nearest, next_one = (np.full(x.shape, 9, np.float32) for _ in range(2))
    for right, up in ((0, 0), (1, 0), (0, 1), (1, 1)):
        d = at(across + np.float32(right), where, right, up)
        d -= x
        d *= d
        dy = at(upward + np.float32(up), where, right, up)
        dy -= y
        dy *= dy
        d += dy
        np.minimum(next_one, np.maximum(nearest, d, out=dy), out=next_one)
        np.minimum(nearest, d, out=nearest)
    next_one -= nearest
    cover = coverage(seam - next_one, pixel * np.float32(2.1))
    return covered(cover, 0.4, pixel, 0.35)


def fur(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Short pointed hairs, all about one way, each of its own tone. u[0] is how long they are, u[1] how ruffled."""
    long = 1.4 + 0.8 * u[0]
    x = x * np.float32(2.6)
    x += swell(x * np.float32(0.1), y * np.float32(0.2), key, 1, 2) * (0.7 * u[1])
    y = y / long
    lower, upper = lattices(key, 2, 3)
    tone, cover = _hairs(x, y, lower, pixel)
    tone *= cover
    above, cover = _hairs(x + np.float32(0.5), y + np.float32(0.5), upper, pixel)
    above -= tone
    above *= cover
    tone += above
    return level(tone, 0.47, 0.28, pixel, 0.3)


def _hairs(x: np.ndarray, y: np.ndarray, tones: np.ndarray, pixel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A layer of hairs, one a column and row: the tone of each, and how far they cover each pixel."""
    column = np.floor(x)
    along = y + column * np.float32(0.381966)
    row = np.floor(along)
    along -= row
    along *= 1 - along
    along *= 2
    across = x - column
    across -= 0.5
    along -= np.abs(across, out=across)
    return at(tones, places(column, row)), coverage(along, pixel * 2)


def noise(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Soft blotches of about one size, as on camouflage. u[0] is how hard their edges are."""
    t = swell(x * np.float32(0.6), y * np.float32(0.6), key, 1)
    return level(coverage(t, 2.2 - 1.2 * u[0]), 0.5, 0.39, pixel, 0.4)


def speckle(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Angular chips of many sizes, light and dark, at random places. u[0] is how large they are."""
    largest = 0.4 + 0.1 * u[0]
    tables = lattices(key, *range(1, 7))
    light = _chips(x * np.float32(1.1), y * np.float32(1.1), tables[:3], largest, pixel)
    dark = _chips(
        x * np.float32(0.88) - y * np.float32(0.66), x * np.float32(0.66) + y * np.float32(0.88), tables[3:], largest, pixel
    )
    light += 1
    light *= 0.5
    dark *= light
    light -= dark
    return level(light, 0.5, 0.3, pixel, 0.4)


def _chips(x: np.ndarray, y: np.ndarray, tables: np.ndarray, largest: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """A layer of chips, one a cell and wholly inside it: how far they cover each pixel. The tables give size and place."""
    column, row = np.floor(x), np.floor(y)
    cells = places(column, row)
    size = largest * (0.4 + 0.6 * tables[0])
    middle = size + (1 - 2 * size) * tables[1:]
    dx = x - column
    dx -= at(middle[0], cells)
    dy = y - row
    dy -= at(middle[1], cells)
    dx = np.abs(dx)
    dx += np.abs(dy)
    return coverage(at(size, cells) - dx, pixel * np.float32(1.4))

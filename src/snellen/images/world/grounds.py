"""Eight kinds of background: places drawn larger and softer than any texture of an object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from snellen.images.world.noise import at, lattice, places, smooth, swell, uniform, value, wave

Ground: TypeAlias = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""`ground(x, y, u, key, pixel)` → (n, H, W) float32 in [0, 1].

`x`, `y`: float32 (n, H, W), the image frame [-1, 1], y upwards. `u`: float32 (4, n, 1, 1) uniform in [0, 1), the kind's own
parameters. `key`: uint32 (n, 1, 1), the seed of what is random. `pixel`: float32 (n, 1, 1), the width of a pixel.
"""


def plain(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """One tone, u[0]."""
    return np.broadcast_to(0.3 + 0.4 * u[0], x.shape).astype(np.float32)


def gradient(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """From dark to light in a straight line. u[0] is the way, u[1] its steepness."""
    across = np.float32(2) * u[0] - np.float32(1)
    steep = (0.3 + 0.15 * u[1]) / (1 + np.abs(across))
    tone = x * (across * steep)
    tone += y * steep
    tone += 0.5
    return tone


def horizon(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """A pale sky over level ground. u[0] is how high the horizon stands, u[1] how much it leans."""
    above = y - (0.5 * u[0] - np.float32(0.3))
    above -= x * (0.16 * u[1] - np.float32(0.08))
    sky = _edge(above, pixel)
    above *= np.float32(0.25)
    tone = 0.3 - above
    tone += sky * np.float32(0.45)
    return _clipped(tone)


def meadow(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Rolling hills one behind the other, and flowers. u[0] shifts the hills, u[1] is how high they rise."""
    tone = np.full_like(x, 0.85)
    for hill, (height, shade) in enumerate(((0.45, 0.62), (0.0, 0.45), (-0.5, 0.3))):
        place = uniform(key, hill)
        crest = wave(x * np.float32(0.3 + 0.08 * hill) + place)
        crest *= 0.12 + 0.1 * u[1]
        crest -= y
        crest += np.float32(height)
        lit = crest * np.float32(-0.1)
        lit += np.float32(shade) + np.float32(0.05)
        lit -= tone
        lit *= _edge(crest, pixel)
        tone += lit
    return _clipped(tone)


def water(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Long low ripples, closer together towards the top. u[0] is how choppy."""
    depth = np.float32(3.2) / (np.float32(1.9) + y * np.float32(-0.9))
    far = depth * np.float32(2.6)
    tone = swell(x * depth * np.float32(0.45), far * np.float32(2.2), key, 1, 3)
    tone *= 0.1 + 0.06 * u[0]
    tone += 0.5
    return _clipped(tone)


def clouds(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Soft heaps of cloud. u[0] is how much of the sky they cover."""
    tone = value(x * np.float32(1.2), y * np.float32(1.7), key, 1)
    tone += np.float32(0.45) * value(x * np.float32(2.9), y * np.float32(3.6), key, 2)
    tone -= 0.75 - 0.3 * u[0]
    tone *= np.float32(1.6)
    tone += 0.35
    return _clipped(smooth(_clipped(tone)))


def wall(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """A room: panelled wall, skirting board, floor. u[0] is where the floor begins, u[1] how wide the panels are, u[2] where."""
    wide = 0.55 + 0.25 * u[1]
    away = x / wide + u[2]
    away -= np.rint(away)
    away = np.abs(away) * wide
    groove = _edge(np.float32(0.02) - away, pixel)
    above = y + (0.75 - 0.25 * u[0])
    tone = groove * np.float32(-0.3)
    tone += 0.7
    board = _edge(np.float32(0.1) - np.abs(above), pixel)
    tone += board * (np.float32(0.95) - tone)
    floor = _edge(np.float32(-0.1) - above, pixel)
    tone += floor * (np.float32(0.2) - tone)
    return tone


def forest(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Trunks in mist, the nearer the darker, and ground. u[0] is how high the ground comes, u[1] how straight they stand."""
    tone = y * np.float32(0.1) + np.float32(0.8)
    for row, (period, shade) in enumerate(((0.42, 0.6), (0.62, 0.38), (1.05, 0.15))):
        lean = (uniform(key, 10 + row) - np.float32(0.5)) * (0.16 * u[1])
        place = (x + y * lean) / np.float32(period) + uniform(key, row)
        column = np.floor(place)
        cells = places(column, np.zeros_like(column))
        place -= column
        place -= at(np.float32(0.3) + np.float32(0.4) * lattice(key, row), cells)
        trunk = np.abs(place) * np.float32(-period)
        trunk += at(np.float32(period) * (0.05 + 0.11 * lattice(key, row + 5)), cells)
        trunk -= y * np.float32(0.012)
        tone += _edge(trunk, pixel) * (np.float32(shade) - tone)
    ground = wave(x * np.float32(0.35) + uniform(key, 20)) * np.float32(0.06)
    ground -= y
    ground -= 0.85 - 0.25 * u[0]
    tone += _edge(ground, pixel) * (np.float32(0.1) - tone)
    return tone


GROUNDS: Mapping[str, Ground] = {
    "plain": plain,
    "gradient": gradient,
    "horizon": horizon,
    "meadow": meadow,
    "water": water,
    "clouds": clouds,
    "wall": wall,
    "forest": forest,
}


def _edge(inside: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """The share of a pixel that is inside, from the distance to the edge, positive inside."""
    return _clipped(inside / pixel + np.float32(0.5))


def _clipped(tone: np.ndarray) -> np.ndarray:
    return np.clip(tone, np.float32(0), np.float32(1))

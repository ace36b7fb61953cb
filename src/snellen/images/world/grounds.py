"""Eight kinds of background: places drawn larger and softer than any texture of an object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from snellen.images.world.noise import PERIOD, smooth, swell, uniform, value, wave

Ground: TypeAlias = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""`ground(x, y, u, key, pixel)` → (n, H, W) float32 in [0, 1].

`x`, `y`: float32, the middles of the pixels in the image frame [-1, 1], y upwards, of any shape that broadcasts to (n, H, W); `x`
is the same in every row of pixels and `y` in every column, so one of each is read. `u`: float32 (4, n, 1, 1) uniform in [0, 1),
the kind's own parameters. `key`: uint32 (n, 1, 1), the seed of what is random. `pixel`: float32 (n, 1, 1), the width of a pixel.
"""


def plain(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """One tone, u[0]."""
    return np.broadcast_to(0.3 + 0.4 * u[0], _shape(x, y, key)).copy()


def gradient(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """From dark to light in a straight line. u[0] is the way, u[1] its steepness."""
    x, y = _axes(x, y)
    across = np.float32(2) * u[0] - np.float32(1)
    steep = (0.32 + 0.15 * u[1]) / (1 + np.abs(across))
    return x * (across * steep) + (y * steep + np.float32(0.5))


def horizon(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """A pale sky over level ground. u[0] is how high the horizon stands, u[1] how much it leans."""
    x, y = _axes(x, y)
    above = y - (0.5 * u[0] - np.float32(0.3)) - x * (0.16 * u[1] - np.float32(0.08))
    sky = _edge(above, pixel)
    sky *= np.float32(0.6)
    sky += 0.2
    above *= np.float32(0.2)
    sky -= above
    return _clipped(sky)


def meadow(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Rolling hills, one behind the other. u[0] is how high they stand, u[1] how much they roll."""
    x, y = _axes(x, y)
    tone = np.full(_shape(x, y, key), 0.95, np.float32)
    for hill, (height, shade) in enumerate(((0.4, 0.66), (-0.05, 0.4), (-0.5, 0.12))):
        crest = wave(x * np.float32(0.3 + 0.08 * hill) + uniform(key, hill)) * (0.1 + 0.1 * u[1])
        crest = crest + (0.2 * u[0] + np.float32(height)) - y
        lit = _edge(crest, pixel)
        lit *= np.float32(shade + 0.06) - np.float32(0.06) * crest - tone
        tone += lit
    return tone


def water(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Long low ripples, closer together towards the top. u[0] is how choppy."""
    x, y = _axes(x, y)
    depth = np.float32(3.2) / (np.float32(1.9) - np.float32(0.9) * y)
    tone = swell(x * depth * np.float32(0.45), np.broadcast_to(depth * np.float32(5.7), _shape(x, y, key)), key, 1, 3)
    tone *= 0.13 + 0.06 * u[0]
    tone += 0.5
    return _clipped(tone)


def clouds(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Soft heaps of cloud. u[0] is how much of the sky they cover."""
    x, y = _axes(x, y)
    tone = value(x * np.float32(1.2), y * np.float32(1.7), key, 1)
    tone += np.float32(0.45) * value(x * np.float32(2.9), y * np.float32(3.6), key, 2)
    tone -= 0.75 - 0.3 * u[0]
    tone *= np.float32(1.6)
    tone += 0.35
    return smooth(_clipped(tone))


def wall(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """A room: panelled wall, skirting board, floor. u[0] is where the floor begins, u[1] how wide the panels are, u[2] where."""
    x, y = _axes(x, y)
    wide = 0.55 + 0.25 * u[1]
    away = x / wide + u[2]
    away = np.abs(away - np.rint(away)) * wide
    panels = np.float32(0.7) - np.float32(0.35) * _edge(np.float32(0.02) - away, pixel)
    above = y + (0.75 - 0.25 * u[0])
    board, floor = _edge(np.float32(0.1) - np.abs(above), pixel), _edge(np.float32(-0.1) - above, pixel)
    return panels * (1 - board - floor) + (board * np.float32(0.95) + floor * np.float32(0.15))


def forest(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Trunks in mist, the nearer the darker, and ground. u[0] is how high the ground comes, u[1] how straight they stand."""
    x, y = _axes(x, y)
    tone = np.zeros(_shape(x, y, key), np.float32)
    tone += y * np.float32(0.1) + np.float32(0.8)
    for row, (period, shade) in enumerate(((0.42, 0.65), (0.62, 0.48), (1.05, 0.28))):
        place = x / np.float32(period) + uniform(key, row)
        column = np.floor(place).astype(np.int64) + PERIOD
        place -= np.floor(place) + np.float32(0.3) + np.float32(0.4) * uniform(key, 64 * (row + 1) + column)
        width = np.float32(0.05) + np.float32(0.11) * uniform(key, 64 * (row + 4) + column)
        lean = (uniform(key, 10 + row) - np.float32(0.5)) * (0.1 * u[1])
        trunk = np.abs(place * np.float32(period) + y * lean)
        np.subtract(width * np.float32(period) - y * np.float32(0.012), trunk, out=trunk)
        cover = _edge(trunk, pixel)
        cover *= np.float32(shade) - tone
        tone += cover
    ground = wave(x * np.float32(0.35) + uniform(key, 20)) * np.float32(0.06) - y - (0.85 - 0.25 * u[0])
    cover = _edge(ground, pixel)
    cover *= np.float32(0.15) - tone
    tone += cover
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


def _axes(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One row of `x` and one column of `y`."""
    return x[:, :1], y[:, :, :1]


def _shape(x: np.ndarray, y: np.ndarray, key: np.ndarray) -> tuple[int, int, int]:
    return len(key), y.shape[1], x.shape[2]


def _edge(inside: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """The share of a pixel that is inside, from the distance to the edge, positive inside."""
    return _clipped(inside / pixel + np.float32(0.5))


def _clipped(tone: np.ndarray) -> np.ndarray:
    return np.clip(tone, np.float32(0), np.float32(1))

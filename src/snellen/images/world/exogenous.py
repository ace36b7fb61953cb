"""The noise from outside the causal model: uniform numbers that depend on (seed, index, what they are for) alone."""

from __future__ import annotations

import zlib

import numpy as np

_GOLDEN, _ODD = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03


def image_keys(seed: int, index: np.ndarray) -> np.ndarray:
    """(n,) uint64, one key an image, of non-negative `index` (n,). Integer arithmetic only, so equal on every machine."""
    with np.errstate(over="ignore"):
        start = _mixed(np.full(1, seed, np.uint64) * np.uint64(_ODD) + np.uint64(_GOLDEN))
        return _mixed(start + (np.asarray(index).astype(np.uint64) + np.uint64(1)) * np.uint64(_GOLDEN))


def uniform(keys: np.ndarray, purpose: str) -> np.ndarray:
    """(n,) float64 in [0, 1) of 53 bits, one a key; independent between purposes."""
    return (_bits(keys, purpose) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def balanced(seed: int, index: np.ndarray, keys: np.ndarray, purpose: str, ways: int) -> np.ndarray:
    """Like `uniform`, with each of `ways` equal steps of [0, 1) hit once by any `ways` consecutive indices."""
    offset = int(_bits(image_keys(seed, np.zeros(1)), purpose)[0] % np.uint64(ways))
    return ((np.asarray(index) + offset) % ways + uniform(keys, purpose)) / ways


def slots(keys: np.ndarray, purpose: str, count: int) -> np.ndarray:
    """(count, n, 1, 1) float32 in [0, 1): so many numbers for each key, as the drawing functions take them."""
    columns = [(_bits(keys, f"{purpose} {slot}") >> np.uint64(40)).astype(np.float32) for slot in range(count)]
    return np.stack(columns)[:, :, None, None] * np.float32(2.0**-24)


def seeds(keys: np.ndarray, purpose: str) -> np.ndarray:
    """(n, 1, 1) uint32: seeds of lattice noise."""
    return (_bits(keys, purpose) >> np.uint64(32)).astype(np.uint32)[:, None, None]


def _bits(keys: np.ndarray, purpose: str) -> np.ndarray:
    with np.errstate(over="ignore"):
        return _mixed(keys + np.uint64(zlib.crc32(purpose.encode()) + 1) * np.uint64(_GOLDEN))


def _mixed(z: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64 (steele-2014)."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))

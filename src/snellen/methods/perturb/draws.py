"""Random numbers of an image's own key, so that order and batch size change nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from snellen.arrays import like
from snellen.core import Array


def generators(keys: Sequence[int]) -> list[np.random.Generator]:
    """One generator for each of N keys, integers from 0 to 2⁶⁴ - 1."""
    return [np.random.Generator(np.random.PCG64(key)) for key in keys]


def normal(rngs: Sequence[np.random.Generator], shape: tuple[int, ...], images: Array) -> Array:
    """Standard normal numbers (N, *shape), native like `images`; row i comes from the i-th generator alone."""
    return like(np.stack([rng.standard_normal(shape, dtype=np.float32) for rng in rngs]), images)


def signs(rngs: Sequence[np.random.Generator], count: int) -> np.ndarray:
    """(N, count) of -1 and 1, evenly."""
    return np.stack([2 * rng.integers(0, 2, count) - 1 for rng in rngs])

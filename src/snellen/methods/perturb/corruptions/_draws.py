"""Random numbers of one key each: a key gives the same numbers in any batch, in any order, on any device."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import torch
from jaxtyping import Float32, UInt32
from torch import Tensor

from snellen.methods.perturb.corruptions._each import each


def generator(key: int) -> np.random.Generator:
    """The stream of a key."""
    return np.random.Generator(np.random.SFC64(key))


def words(draws: np.random.Generator, shape: tuple[int, ...]) -> UInt32[np.ndarray, "*shape"]:
    """What `draws.integers(2**32, dtype=uint32)` gives in a fresh stream, in half the time: the halves of its 64-bit numbers."""
    count = prod(shape)
    return draws.bit_generator.random_raw((count + 1) // 2).view(np.uint32)[:count].reshape(shape)


def uniform(draws: np.random.Generator, shape: tuple[int, ...]) -> Float32[np.ndarray, "*shape"]:
    """What `draws.random(shape, float32)` gives in a fresh stream, in half the time: U[0, 1) in steps of 2**-24."""
    values = (words(draws, shape) >> np.uint32(8)).astype(np.float32)
    values *= np.float32(2**-24)
    return values


def normals(keys: Sequence[int], shape: tuple[int, ...], images: Tensor) -> Tensor:
    """N(0, 1) of shape (len(keys), *shape), on the device of `images`; row i depends on keys[i] alone."""
    rows = np.empty((len(keys), *shape), np.float32)
    each(lambda at: generator(keys[at]).standard_normal(dtype=np.float32, out=rows[at]), range(len(keys)))
    return torch.from_numpy(rows).to(images)


def uniforms(keys: Sequence[int], shape: tuple[int, ...], images: Tensor) -> Tensor:
    """U[0, 1) of shape (len(keys), *shape), on the device of `images`; row i depends on keys[i] alone."""
    return stacked(each(lambda key: uniform(generator(key), shape), keys), images)


def stacked(rows: Sequence[np.ndarray], images: Tensor) -> Tensor:
    """One array an image as a tensor of the type and on the device of `images`."""
    return torch.from_numpy(np.stack(rows)).to(images)

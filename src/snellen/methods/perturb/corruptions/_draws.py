"""Random numbers of one key each: a key gives the same numbers in any batch, in any order, on any device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def generator(key: int) -> np.random.Generator:
    """The stream of a key."""
    return np.random.Generator(np.random.SFC64(key))


def normals(keys: Sequence[int], shape: tuple[int, ...], images: Tensor) -> Tensor:
    """N(0, 1) of shape (len(keys), *shape), on the device of `images`; row i depends on keys[i] alone."""
    return stacked([generator(key).standard_normal(shape, dtype=np.float32) for key in keys], images)


def uniforms(keys: Sequence[int], shape: tuple[int, ...], images: Tensor) -> Tensor:
    """U[0, 1) of shape (len(keys), *shape), on the device of `images`; row i depends on keys[i] alone."""
    return stacked([generator(key).random(shape, dtype=np.float32) for key in keys], images)


def stacked(rows: Sequence[np.ndarray], images: Tensor) -> Tensor:
    """One array an image as a tensor of the type and on the device of `images`."""
    return torch.from_numpy(np.stack(rows)).to(images)

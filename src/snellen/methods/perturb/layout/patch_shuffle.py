"""Patches of a grid in random order: texture stays, shape goes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from snellen.core import SnellenError
from snellen.methods.perturb.draws import generators

SOURCE = "zhang-2019"
LEVELS = {"2": 2, "4": 4, "8": 8, "16": 16}


def patch_shuffle(images: Float[Tensor, "n 3 h w"], cells: int, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """A grid of cells x cells patches, permuted by each image's key (zhang-2019); what a side exceeds a multiple by stays.

    Raises:
        SnellenError: a side shorter than the grid.
    """
    n, channels, height, width = images.shape
    tall, wide = height // cells, width // cells
    if not (tall and wide):
        raise SnellenError(f"got {height}x{width} images for a grid of {cells}x{cells} patches; expected at least a pixel a patch")
    order = torch.from_numpy(np.stack([rng.permutation(cells**2) for rng in generators(keys)])).to(images.device)
    inner = images[:, :, : tall * cells, : wide * cells].reshape(n, channels, cells, tall, cells, wide)
    patches = inner.permute(0, 2, 4, 1, 3, 5).reshape(n, cells**2, channels, tall, wide)
    mixed = patches[torch.arange(n, device=images.device)[:, None], order].view(n, cells, cells, channels, tall, wide)
    shuffled = images.clone()
    shuffled[:, :, : tall * cells, : wide * cells] = mixed.permute(0, 3, 1, 4, 2, 5).reshape(
        n, channels, tall * cells, wide * cells
    )
    return shuffled

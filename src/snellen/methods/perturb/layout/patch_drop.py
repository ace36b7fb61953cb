"""Patches of a grid turned grey: what is hidden is spread over the whole image."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.draws import generators

SOURCE = "naseer-2021"
LEVELS = {text: float(text) for text in ("0.1", "0.25", "0.5", "0.75", "0.9")}
GRID, GREY = 14, 0.5


def patch_drop(images: Float[Tensor, "n 3 h w"], share: float, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """That share of a grid of 14 x 14 patches, drawn by each image's key, turned mid-grey (after naseer-2021).

    Images smaller than the grid have a patch for every pixel.
    """
    height, width = images.shape[2:]
    rows, columns = min(GRID, height), min(GRID, width)
    count = round(share * rows * columns)
    hidden = torch.zeros(len(images), rows * columns, dtype=torch.bool)
    for at, rng in enumerate(generators(keys)):
        hidden[at, torch.from_numpy(rng.permutation(rows * columns)[:count])] = True
    row, column = (torch.arange(side) * cells // side for side, cells in ((height, rows), (width, columns)))
    return images.masked_fill(hidden.view(-1, 1, rows, columns)[:, :, row[:, None], column].to(images.device), GREY)

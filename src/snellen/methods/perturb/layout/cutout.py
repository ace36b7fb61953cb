"""A grey square that hides part of the image, somewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.draws import generators

SOURCE = "devries-2017"
LEVELS = {text: float(text) for text in ("0.05", "0.1", "0.2", "0.3", "0.5")}
GREY = 0.5


def cutout(images: Float[Tensor, "n 3 h w"], share: float, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """A mid-grey box of the image's proportions that covers `share` of it, wholly inside, placed by its key (devries-2017)."""
    height, width = images.shape[2:]
    tall, wide = (max(1, round(side * math.sqrt(share))) for side in (height, width))
    corners = torch.tensor([(rng.integers(height - tall + 1), rng.integers(width - wide + 1)) for rng in generators(keys)])
    top, left = corners.to(images.device).T[:, :, None, None, None]
    row = torch.arange(height, device=images.device)[:, None]
    column = torch.arange(width, device=images.device)
    inside = (row >= top) & (row < top + tall) & (column >= left) & (column < left + wide)
    return images.masked_fill(inside, GREY)

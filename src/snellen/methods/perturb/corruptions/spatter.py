"""Drops of water or mud on the lens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.corruptions._draws import normals
from snellen.methods.perturb.corruptions._gaussian import blurred
from snellen.methods.perturb.corruptions._severities import severities
from snellen.methods.perturb.corruptions._water import glints


class Spatter(NamedTuple):
    """The liquid's noise (mean, deviation), its blur and threshold; for water the weight of its colour, for mud one more blur."""

    mean: float
    deviation: float
    sigma: float
    threshold: float
    last: float
    mud: bool


SOURCE = "hendrycks-2019"
LEVELS = severities(
    Spatter(0.65, 0.3, 4.0, 0.69, 0.6, mud=False),
    Spatter(0.65, 0.3, 3.0, 0.68, 0.6, mud=False),
    Spatter(0.65, 0.3, 2.0, 0.68, 0.5, mud=False),
    Spatter(0.65, 0.3, 1.0, 0.65, 1.5, mud=True),
    Spatter(0.67, 0.4, 1.0, 0.65, 1.5, mud=True),
)
LEVELS_64 = severities(
    Spatter(0.62, 0.1, 0.7, 0.7, 0.6, mud=False),
    Spatter(0.65, 0.1, 0.8, 0.7, 0.6, mud=False),
    Spatter(0.65, 0.3, 1.0, 0.69, 0.6, mud=False),
    Spatter(0.65, 0.1, 0.7, 0.68, 0.6, mud=True),
    Spatter(0.65, 0.1, 0.5, 0.67, 0.6, mud=True),
)
LEVELS_32 = severities(
    Spatter(0.62, 0.1, 0.7, 0.7, 0.5, mud=False),
    Spatter(0.65, 0.1, 0.8, 0.7, 0.5, mud=False),
    Spatter(0.65, 0.3, 1.0, 0.69, 0.5, mud=False),
    Spatter(0.65, 0.1, 0.7, 0.69, 0.6, mud=True),
    Spatter(0.65, 0.1, 0.5, 0.68, 0.6, mud=True),
)
WATER, MUD = (175, 238, 238), (63, 42, 20)
"""Pale turquoise and brown, of 255."""


def spatter(images: Float[Tensor, "n 3 h w"], amount: Spatter, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """Blurred noise above a threshold is liquid: water adds its colour where it glints, mud covers (hendrycks-2019)."""
    noise = normals(keys, tuple(images.shape[2:]), images) * amount.deviation + amount.mean
    layer = blurred(noise, amount.sigma)
    colour = images.new_tensor(MUD if amount.mud else WATER)[:, None, None] / 255
    if amount.mud:
        cover = blurred((layer > amount.threshold).to(images), amount.last)
        cover = torch.where(cover < 0.8, 0, cover)[:, None]
        return torch.lerp(images, colour, cover)
    layer = torch.where(layer < amount.threshold, 0, layer) * 255
    # 8 bits hold what is left of a value of 256 or more when 256 is taken away, as in the published code.
    shine = torch.from_numpy(glints(layer.cpu().numpy().astype(np.int32).astype(np.uint8))).to(images)
    return (images + amount.last * shine[:, None] * colour).clamp_(0, 1)

"""Salt and pepper: some values become 0 or 1."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.corruptions._draws import uniforms
from snellen.methods.perturb.corruptions._severities import severities

SOURCE = "hendrycks-2019"
LEVELS = severities(0.03, 0.06, 0.09, 0.17, 0.27)
LEVELS_64 = severities(0.01, 0.02, 0.05, 0.08, 0.14)
LEVELS_32 = severities(0.01, 0.02, 0.03, 0.05, 0.07)


def impulse_noise(images: Float[Tensor, "n 3 h w"], share: float, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """A `share` of the values, each channel for itself, is replaced, one half by 0 and one half by 1 (hendrycks-2019)."""
    chance = uniforms(keys, tuple(images.shape[1:]), images)
    return torch.where(chance < share, (chance < share / 2).to(images), images)

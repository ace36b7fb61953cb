"""A single wave added to each channel, in a direction and with signs drawn at random."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from snellen.arrays import like
from snellen.core import SnellenError
from snellen.methods.perturb.draws import generators, signs

SOURCE = "yin-2019"


class Wave(NamedTuple):
    """`frequency` as a share of the Nyquist frequency, 0 to 1; `norm` is L2 over the pixels of one channel."""

    frequency: float
    norm: float


FREQUENCIES = (0.0625, 0.125, 0.25, 0.5, 0.75, 1.0)
LEVELS = {f"{share}": Wave(share, 15.7) for share in FREQUENCIES}
LEVELS_32 = {f"{share}": Wave(share, 4.0) for share in FREQUENCIES}
"""The norms are those of the published heat maps for ImageNet and CIFAR-10."""


def fourier_basis(images: Float[Tensor, "n 3 h w"], wave: Wave, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """Each image plus a wave of that frequency, in a direction and with a sign a channel drawn from its key (yin-2019)."""
    rngs, waves = generators(keys), []
    for rng in rngs:
        angle = math.pi * rng.random()
        cycles = [
            round(wave.frequency * side / 2 * part)
            for side, part in zip(images.shape[2:], (math.sin(angle), math.cos(angle)), strict=True)
        ]
        waves.append(basis(images, cycles[0], cycles[1]))
    sign = like(signs(rngs, 3), images)[:, :, None, None]
    return images + wave.norm * sign * torch.stack(waves)[:, None]


def with_wave(
    images: Float[Tensor, "n 3 h w"], vertical: int, horizontal: int, norm: float, keys: Sequence[int]
) -> Float[Tensor, "n 3 h w"]:
    """Each image plus ±norm times one basis image in each channel, signs by its key: a point of the heat map (yin-2019)."""
    sign = like(signs(generators(keys), 3), images)[:, :, None, None]
    return images + norm * sign * basis(images, vertical, horizontal)


def basis(images: Float[Tensor, "n 3 h w"], vertical: int, horizontal: int) -> Float[Tensor, "h w"]:
    """The cosine of that many cycles an image down and across, of L2 norm 1: its spectrum is one frequency and its partner.

    Raises:
        SnellenError: a frequency beyond that of Nyquist.
    """
    height, width = images.shape[2:]
    if abs(vertical) > height / 2 or abs(horizontal) > width / 2:
        raise SnellenError(
            f"got {vertical} cycles down and {horizontal} across for {height}x{width} images; expected at most half a side each"
        )
    rows = torch.arange(height, dtype=torch.float64, device=images.device)[:, None] * (vertical / height)
    columns = torch.arange(width, dtype=torch.float64, device=images.device) * (horizontal / width)
    wave = torch.cos(2 * math.pi * (rows + columns))
    return (wave / wave.norm()).to(images.dtype)

"""Random shifts of a spectrum's phases, as published and as meant."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.grey import luminance, to_colour

LEVELS = {text: float(text) for text in ("0", "30", "60", "90", "120", "150", "180")}
"""Half-width of the uniform shift, in degrees."""


def pairs(images: Tensor) -> int:
    """Pairs of conjugate frequencies: all but the Nyquist row and column of even sides, and the mean."""
    height, width = images.shape[2:]
    return (height - 1 + height % 2) * (width - 1 + width % 2) // 2


def shifted(
    images: Float[Tensor, "n 3 h w"], degrees: float, unit: Float[Tensor, "n pairs"], mirrored: bool
) -> Float[Tensor, "n 3 h w"]:
    """Greyscale with the first half of its frequencies shifted by up to ±degrees, and the second half by the opposite.

    Conjugate frequencies stand in opposite order in the two halves. `mirrored` pairs them, which gives a real image of the same
    amplitudes; otherwise the shifts run in the same order in both, and the real part of what results is taken.
    """
    grey = luminance(images.double())
    spectrum = torch.fft.fftshift(torch.fft.fft2(grey), dim=(2, 3))
    top, left = 1 - grey.shape[2] % 2, 1 - grey.shape[3] % 2
    shift = math.radians(degrees) * (2 * unit.double() - 1)
    mean = shift.new_zeros(len(shift), 1)
    phase = torch.cat([shift, mean, -(shift.flip(1) if mirrored else shift)], dim=1)
    inner = spectrum[:, :, top:, left:]
    inner *= torch.polar(torch.ones_like(phase), phase).reshape(inner.shape)
    back = torch.fft.ifft2(torch.fft.ifftshift(spectrum, dim=(2, 3))).real
    return to_colour(back.clamp(0, 1).to(images.dtype))

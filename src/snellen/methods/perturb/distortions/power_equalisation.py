"""The same amplitude spectrum for all greyscale images: only phases are left."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from snellen.core import SnellenError
from snellen.methods.perturb.grey import luminance, to_colour

SOURCE = "geirhos-2018"
LEVELS = {"0": False, "pow": True}
DATA = Path(__file__).parents[3] / "data" / "mean_amplitude_spectrum.npz"
"""The left half of the published mean amplitude spectrum, 224 x 224, mean in the centre; the right half is its mirror image."""
SIDE = 224


def power_equalisation(images: Float[Tensor, "n 3 h w"], equal: bool) -> Float[Tensor, "n 3 h w"]:
    """Grey as it is, or with the published mean amplitudes in place of its own, clipped (geirhos-2018).

    Smaller images than 224 x 224 have the same amplitudes at the same cycles an image, as if they had been made smaller.

    Raises:
        SnellenError: a side is longer than 224 pixels, about which the published spectrum says nothing.
    """
    if not equal:
        return to_colour(luminance(images))
    return equalised(images, torch.from_numpy(published(*images.shape[2:])).to(images.device))


def equalised(images: Float[Tensor, "n 3 h w"], amplitude: Float[Tensor, "h w"]) -> Float[Tensor, "n 3 h w"]:
    """The phases of each image with these amplitudes, the mean in the centre, clipped to [0, 1]."""
    phase = torch.fft.fft2(luminance(images.double())).angle()
    spectrum = torch.polar(torch.fft.ifftshift(amplitude.double()).expand_as(phase).contiguous(), phase)
    return to_colour(torch.fft.ifft2(spectrum).real.clamp(0, 1).to(images.dtype))


def mean_amplitude(images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "h w"]:
    """The mean amplitude spectrum of one's own greyscale images, the mean in the centre, as `equalised` takes it."""
    return torch.fft.fftshift(torch.fft.fft2(luminance(images.double())).abs().mean(dim=(0, 1)))


def published(height: int, width: int) -> Float[np.ndarray, "h w"]:
    """The published mean amplitudes for grey images of that size, the mean in the centre (geirhos-2018).

    Raises:
        SnellenError: a side is longer than 224 pixels.
    """
    if max(height, width) > SIDE:
        raise SnellenError(
            f"got {height}x{width} images; expected sides up to {SIDE}, where the mean spectrum is known: add --size 224"
        )
    top, left = SIDE // 2 - height // 2, SIDE // 2 - width // 2
    return _whole()[top : top + height, left : left + width] * (height * width / SIDE**2)


@cache
def _whole() -> np.ndarray:
    with np.load(DATA, allow_pickle=False) as file:
        half = file["half"].astype(np.float64)
    mirrored = half[(-np.arange(SIDE)) % SIDE][:, 1:-1][:, ::-1]
    return np.concatenate([half, mirrored], axis=1)

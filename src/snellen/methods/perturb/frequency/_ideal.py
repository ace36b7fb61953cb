"""An image as the sum of its low and its high frequencies."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def components(images: Float[Tensor, "n 3 h w"], radius: float) -> tuple[Float[Tensor, "n 3 h w"], Float[Tensor, "n 3 h w"]]:
    """The frequencies nearer to the mean than `radius`, and all others; neither is clipped, and their sum is the image (wang-2020).

    `radius` is a share of the sampling rate: radius * side cycles an image of that side. The test is strict, per channel.
    """
    distance = frequencies(images).norm(dim=0)
    spectrum = torch.fft.fft2(images.double())
    low = torch.fft.ifft2(spectrum * (distance < radius)).real.to(images.dtype)
    return low, images - low


def frequencies(images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "2 h w"]:
    """Vertical and horizontal frequency of each coefficient of `fft2`, as shares of the sampling rate, from -1/2 to 1/2."""
    height, width = images.shape[2:]
    rows = torch.fft.fftfreq(height, dtype=torch.float64, device=images.device)
    columns = torch.fft.fftfreq(width, dtype=torch.float64, device=images.device)
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"))

"""The steerable pyramid: an image as a sum of bands, each of one scale and one orientation, and what is coarser than all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

SCALES, ORIENTATIONS = 4, 4


def bands(images: Float[Tensor, "n c h w"], scales: int = SCALES, orientations: int = ORIENTATIONS) -> list[Tensor]:
    """Finest first: what is finer than an octave below the sampling limit, `scales` x `orientations` bands, the low-pass rest.

    Bands keep the size of the images (simoncelli-1995); `assembled` of them gives the images back. Periodic borders.
    """
    spectrum = torch.fft.rfft2(images)
    return [torch.fft.irfft2(spectrum * mask, s=images.shape[-2:]) for mask in _masks(images, scales, orientations)]


def assembled(parts: Sequence[Tensor], scales: int = SCALES, orientations: int = ORIENTATIONS) -> Float[Tensor, "n c h w"]:
    """The images of these bands, each filtered once more by its own filter."""
    masks = _masks(parts[0], scales, orientations)
    return torch.fft.irfft2(
        sum(torch.fft.rfft2(part) * mask for part, mask in zip(parts, masks, strict=True)), s=parts[0].shape[-2:]
    )


def _masks(images: Tensor, scales: int, orientations: int) -> Tensor:
    return _filters(images.shape[-2], images.shape[-1], scales, orientations).to(images.device)


@lru_cache(8)
def _filters(height: int, width: int, scales: int, orientations: int) -> Float[Tensor, "bands h w2"]:
    """Amplitudes over frequency, of which the squares sum to one."""
    y, x = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None]
    octave = torch.log2(torch.sqrt(x * x + y * y).clamp_min(1e-9) / 0.5)
    angle = torch.atan2(y, x)
    turned = [torch.cos(angle - math.pi * at / orientations).abs() ** (orientations - 1) for at in range(orientations)]
    total = torch.sqrt(sum((lobe * lobe for lobe in turned), torch.zeros_like(angle)))
    rest, found = torch.ones_like(octave), []
    for scale in range(scales + 1):
        low = torch.cos(math.pi / 2 * ((octave + scale).clamp(-1, 0) + 1))
        ring = rest * torch.sqrt((1 - low * low).clamp_min(0))
        found += [ring * lobe / total for lobe in turned] if scale else [ring]
        rest = rest * low
    return torch.stack([*found, rest])

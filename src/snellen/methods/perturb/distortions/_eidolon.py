"""Eidolons: an image taken apart into scales, each displaced by random fields of its own, and put together again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from jaxtyping import Float, Int
from PIL import Image
from torch import Tensor

from snellen.methods.perturb.borders import mirrored
from snellen.methods.perturb.draws import generators, normal
from snellen.methods.perturb.grey import to_colour

SIDE, PLANE = 256, 512
"""The longer side of the image, and the plane it is mirrored into, in pixels."""
SCALES = tuple(2 ** ((k - 1) / 2) for k in range(12))
"""Standard deviations of the Gaussians, in pixels."""
GRAIN = 10.0
BLOB_SIZE = 64.0
"""Pixels by which the coherent fields' scales are divided."""
REACHES = tuple(2**power for power in range(8))


def levels(coherence: str) -> dict[str, float]:
    """Reach, coherence and grain as the published conditions name them → reach in pixels of an image of 256."""
    return {f"{reach}-{coherence}-{GRAIN:.0f}": float(reach) for reach in REACHES}


def eidolon(images: Float[Tensor, "n 3 h w"], reach: float, coherence: float, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """Greyscale eidolons with grain 10, made at a longer side of 256 pixels and brought back to the images' size (geirhos-2018).

    Args:
        images: in [0, 1]; taken as 8-bit values.
        reach: how far fields displace, in pixels at 256, times about a half to one.
        coherence: 1 where all scales move together, 0 where each moves alone.
        keys: one an image.
    """
    height, width = images.shape[2:]
    scale = SIDE / max(height, width)
    size = max(1, round(height * scale)), max(1, round(width * scale))
    codes = (images * 255 + 1e-4).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    luma = np.stack([np.asarray(_resized(Image.fromarray(rgb), size).convert("L"), np.float32) for rgb in codes])
    plane = disarrayed(mirrored(torch.from_numpy(luma).to(images.device), PLANE, PLANE), reach, coherence, keys)
    top, left = (PLANE - size[0]) // 2, (PLANE - size[1]) // 2
    cut = plane[:, top : top + size[0], left : left + size[1]].clamp(0, 255).to(torch.uint8).cpu().numpy()
    back = np.stack([np.asarray(_resized(Image.fromarray(grey), (height, width)), np.float32) for grey in cut])
    return to_colour(torch.from_numpy(back / 255)[:, None].to(images))


def disarrayed(planes: Float[Tensor, "n s s"], reach: float, coherence: float, keys: Sequence[int]) -> Float[Tensor, "n s s"]:
    """The sum of all differences of Gaussians, each displaced by (1 - coherence) * its own field + coherence * a shared one.

    The shared field of a scale is the sum of the random fields of that scale and all coarser ones. Convolutions are circular.
    """
    rngs, spectrum = generators(keys), torch.fft.rfft2(planes)
    shared = torch.zeros(len(planes), 2, *spectrum.shape[1:], dtype=spectrum.dtype, device=planes.device)
    total, coarser = torch.zeros_like(planes), None
    for sigma in reversed(SCALES):
        smooth = torch.fft.irfft2(spectrum * _transfer(sigma).to(planes.device), s=planes.shape[1:])
        band, coarser = smooth if coarser is None else smooth - coarser, smooth
        field = torch.zeros_like(shared)
        if coherence > 0:
            shared += torch.fft.rfft2(_noise(rngs, planes)) * (_transfer(sigma).to(planes.device) * sigma / BLOB_SIZE)
            field = field + coherence * shared
        if coherence < 1:
            field = field + (1 - coherence) * torch.fft.rfft2(_noise(rngs, planes)) * _transfer(GRAIN).to(planes.device)
        total += _displaced(band, reach * torch.fft.irfft2(field, s=planes.shape[1:]))
    return total


def _displaced(planes: Float[Tensor, "n s s"], by: Float[Tensor, "n 2 s s"]) -> Float[Tensor, "n s s"]:
    side = planes.shape[1]
    at = torch.arange(side, device=planes.device)
    rows: Int[Tensor, "n s s"] = (at[:, None] + by[:, 0]).clamp(0, side - 1).long()
    columns: Int[Tensor, "n s s"] = (at + by[:, 1]).clamp(0, side - 1).long()
    return planes.flatten(1).gather(1, (rows * side + columns).flatten(1)).view_as(planes)


def _noise(rngs: Sequence[np.random.Generator], planes: Tensor) -> Float[Tensor, "n 2 s s"]:
    """Two white planes an image, for rows and columns, scaled to a largest value of 127.5 and cut at 127."""
    drawn = normal(rngs, (2, *planes.shape[1:]), planes)
    return (drawn * (127.5 / drawn.abs().amax(dim=(2, 3), keepdim=True))).clamp(-127, 127)


@cache
def _transfer(sigma: float) -> Float[Tensor, "s r"]:
    """The transfer function of a sampled Gaussian that sums to 1, for `rfft2` of the plane."""
    distance = np.minimum(np.arange(PLANE), PLANE - np.arange(PLANE))
    taps = np.exp(-0.5 * (distance / sigma) ** 2)
    axis = np.fft.fft(taps / taps.sum()).real
    return torch.from_numpy(np.outer(axis, axis[: PLANE // 2 + 1]).astype(np.float32))


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    height, width = size
    return image if image.size == (width, height) else image.resize((width, height), Image.Resampling.LANCZOS)

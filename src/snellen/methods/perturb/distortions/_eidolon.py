"""Eidolons: an image taken apart into scales, each displaced by random fields of its own, and put together again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from scipy.special import ndtri
from torch import Tensor

from snellen.arrays import like
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

    One image after the other: the last digits of a transform depend on what it is batched with, and decide which pixel is taken.

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
    planes = mirrored(torch.from_numpy(luma).to(images.device), PLANE, PLANE)
    plane = torch.cat([disarrayed(one[None], reach, coherence, [key]) for one, key in zip(planes, keys, strict=True)])
    top, left = (SIDE - size[0]) // 2, (SIDE - size[1]) // 2
    cut = plane[:, top : top + size[0], left : left + size[1]].clamp(0, 255).to(torch.uint8).cpu().numpy()
    back = np.stack([np.asarray(_resized(Image.fromarray(grey), (height, width)), np.float32) for grey in cut])
    return to_colour(torch.from_numpy(back / 255)[:, None].to(images))


def disarrayed(planes: Float[Tensor, "n s s"], reach: float, coherence: float, keys: Sequence[int]) -> Float[Tensor, "n v v"]:
    """The sum of all differences of Gaussians, each displaced by (1 - coherence) * its own field + coherence * a shared one.

    The shared field of a scale is the sum of the random fields of that scale and all coarser ones. Convolutions are circular.
    Only the inner `SIDE` x `SIDE` pixels of the plane are made.
    """
    rngs, spectrum = generators(keys), torch.fft.rfft2(planes)
    total = planes.new_zeros(len(planes), SIDE, SIDE)
    shared, coarser = planes.new_zeros(len(planes), 2, SIDE, SIDE), None
    for sigma in reversed(SCALES):
        smooth = torch.fft.irfft2(spectrum * _transfer(sigma, PLANE).to(planes.device), s=planes.shape[1:])
        band, coarser = smooth if coarser is None else smooth - coarser, smooth
        if coherence > 0:
            shared = shared + _noise(rngs, sigma, planes) * (sigma / BLOB_SIZE)
        field = coherence * shared
        if coherence < 1:
            field = field + (1 - coherence) * _noise(rngs, GRAIN, planes)
        total += _displaced(band, reach * field)
    return total


def _displaced(planes: Float[Tensor, "n s s"], by: Float[Tensor, "n 2 v v"]) -> Float[Tensor, "n v v"]:
    """The inner pixels, each taken from so many rows and columns further on, cut at the plane's border."""
    at = (PLANE - SIDE) // 2 + torch.arange(SIDE, device=planes.device)
    rows = (at[:, None] + by[:, 0]).clamp(0, PLANE - 1).long()
    columns = (at + by[:, 1]).clamp(0, PLANE - 1).long()
    return planes.flatten(1).gather(1, (rows * PLANE + columns).flatten(1)).view(-1, SIDE, SIDE)


def _noise(rngs: Sequence[np.random.Generator], sigma: float, planes: Tensor) -> Float[Tensor, "n 2 v v"]:
    """White noise for rows and columns over the whole plane, scaled to a largest value of 127.5, cut at 127, blurred.

    Values that lie too far off to reach the inner pixels are not drawn: only how large the largest of them is.
    """
    side = min(PLANE, 32 * math.ceil((SIDE + 8 * sigma) / 32))
    drawn = normal(rngs, (2, side, side), planes)
    largest = drawn.abs().amax(dim=(2, 3))
    if unseen := PLANE**2 - side**2:
        elsewhere = ndtri((1 + np.stack([rng.random(2) for rng in rngs]) ** (1 / unseen)) / 2)
        largest = torch.maximum(largest, like(elsewhere, planes))
    scaled = (drawn * (127.5 / largest)[:, :, None, None]).clamp(-127, 127)
    blurred = torch.fft.irfft2(torch.fft.rfft2(scaled) * _transfer(sigma, side).to(planes.device), s=(side, side))
    start = (side - SIDE) // 2
    return blurred[:, :, start : start + SIDE, start : start + SIDE]


@cache
def _transfer(sigma: float, side: int) -> Float[Tensor, "s r"]:
    """The transfer function of a sampled Gaussian that sums to 1, for `rfft2` of a plane of that side."""
    distance = np.minimum(np.arange(side), side - np.arange(side))
    taps = np.exp(-0.5 * (distance / sigma) ** 2)
    axis = np.fft.fft(taps / taps.sum()).real
    return torch.from_numpy(np.outer(axis, axis[: side // 2 + 1]).astype(np.float32))


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    height, width = size
    return image if image.size == (width, height) else image.resize((width, height), Image.Resampling.LANCZOS)

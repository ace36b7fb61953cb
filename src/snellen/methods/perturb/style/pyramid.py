"""Texture transfer in a steerable pyramid: edges and shading of one image over the quilted texture of another; no network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from snellen.core import SnellenError
from snellen.methods.perturb.style import steerable
from snellen.methods.perturb.style.colour import axes, grey
from snellen.methods.perturb.style.quilt import quilt

LEAST = 0.15
"""Standard deviation, of [0, 1], that even a texture almost without contrast is given to show a shape in."""
MOST = 1.6
"""A shape reaches no further than so many standard deviations, so that a small dark one leaves room for the texture."""
BLOCKS, SMOOTH = 5, 14
"""The texture is laid out in blocks of a side of one in `BLOCKS`; its shading beyond one in `SMOOTH` is evened out."""


@dataclass(frozen=True)
class Pyramid:
    """Images (N, 3, H, W) of shapes and of textures → shapes in the textures, in about a fifth of a second each.

    The texture is quilted, so that it covers the image while nothing larger than a block survives (efros-2001), and its shading
    is evened out. The shape is what is left of the content when every band of a steerable pyramid (simoncelli-1995) is cored:
    outlines and shading stay, the content's own fine texture goes. Both are added along the axis in colour space along which the
    texture varies most, so that all colours are the texture's.

    Args:
        shape: weight of the shape: its standard deviation in those of the texture image, before what is far out is cut.
        texture: standard deviation of the texture, likewise.
        core: edges weaker than so many times the root mean square of their band vanish; the finest bands only.
        block: side of the quilted blocks in pixels; a fifth of the image's unless given.
    """

    shape: float = 1.8
    texture: float = 0.8
    core: float = 1.5
    block: int | None = None

    def __post_init__(self) -> None:
        for name, high in (("shape", 10), ("texture", 10), ("core", 100)):
            if not 0 <= getattr(self, name) <= high:
                raise SnellenError(f"got {name} = {getattr(self, name)}; expected a number from 0 to {high}")
        if self.block is not None and self.block < 2:
            raise SnellenError(f"got block = {self.block}; expected at least 2 pixels")

    def __call__(
        self, content: Float[Tensor, "n 3 h w"], style: Float[Tensor, "n 3 a b"], keys: Sequence[int]
    ) -> Float[Tensor, "n 3 h w"]:
        """Float images in [0, 1]; `keys` are N integers that seed where the blocks come from."""
        side = min(content.shape[2:])
        mean, vectors = axes(style)
        spread = _along(style, mean, vectors)[:, 2:].std((2, 3), keepdim=True, correction=0).clamp_min(LEAST)
        laid = quilt(style, keys, self.block or max(2, side // BLOCKS), (content.shape[2], content.shape[3]))
        parts = _even(_along(laid, mean, vectors), side / SMOOTH)
        outlines = _outlines(content, self.core).clamp(-MOST, MOST)
        mixed = spread * (self.shape * outlines + self.texture * _unit(parts[:, 2:]))
        colours = vectors @ torch.cat([parts[:, :2], mixed], 1).flatten(2) + mean
        return _shown(colours.view_as(content))


def _shown(images: Tensor) -> Tensor:
    """Values in [0, 1]: what is all too dark is lightened, and the reverse, before the rest is cut."""
    lightness = grey(images).flatten(1)
    darkest, lightest = torch.quantile(lightness, lightness.new_tensor([0.02, 0.98]), dim=1).view(2, -1, 1, 1, 1)
    return (images + (-darkest).clamp_min(0) - (lightest - 1).clamp_min(0)).clamp(0, 1)


def _along(images: Tensor, mean: Tensor, vectors: Tensor) -> Tensor:
    """Colours as coordinates along the axes."""
    return (vectors.transpose(1, 2) @ (images.flatten(2) - mean)).view_as(images)


def _outlines(content: Tensor, core: float) -> Float[Tensor, "n 1 h w"]:
    """The content's shading and edges, of mean 0 and standard deviation 1; 0 where it is of one tone."""
    high, *oriented, low = steerable.bands(_unit(grey(content)))
    kept = [_cored(high, core)]
    for at, band in enumerate(oriented):
        kept.append(_cored(band, core / 2 ** (at // steerable.ORIENTATIONS)))
    return _unit(steerable.assembled([*kept, low]))


def _cored(band: Tensor, core: float) -> Tensor:
    """Weak values to 0, strong ones nearly as they are: the non-negative garrotte."""
    limit = core * band.square().mean((2, 3), keepdim=True).sqrt()
    return band * (1 - (limit / band.abs().clamp_min(1e-9)).square()).clamp_min(0)


def _even(parts: Tensor, sigma: float) -> Tensor:
    """A texture of the same mean and contrast everywhere: shading gone along the main axis, halved in the colours beside it."""
    share = parts.new_tensor([0.5, 0.5, 1.0]).view(1, 3, 1, 1)
    flat = parts - share * _blurred(parts, sigma)
    local = _blurred(flat[:, 2:].square(), sigma).clamp_min(0).sqrt()
    overall = flat[:, 2:].std((2, 3), keepdim=True, correction=0)
    return flat * (overall / (local + 0.3 * overall).clamp_min(1e-6))


def _unit(images: Tensor) -> Tensor:
    """Mean 0 and standard deviation 1 over pixels; zeros where there is no contrast."""
    images = images - images.mean((2, 3), keepdim=True)
    return images / images.std((2, 3), keepdim=True, correction=0).clamp_min(1e-4)


def _blurred(images: Tensor, sigma: float) -> Tensor:
    """Gaussian blur, mirrored borders."""
    reach = min(math.ceil(3 * sigma), *(side - 1 for side in images.shape[2:]))
    offsets = torch.arange(-reach, reach + 1, device=images.device, dtype=images.dtype)
    weights = torch.exp(-0.5 * (offsets / sigma).square())
    kernel = (weights / weights.sum()).expand(images.shape[1], 1, 1, -1)
    groups = images.shape[1]
    wide = F.conv2d(F.pad(images, (reach, reach, 0, 0), mode="reflect"), kernel, groups=groups)
    return F.conv2d(F.pad(wide, (0, 0, reach, reach), mode="reflect"), kernel.transpose(2, 3), groups=groups)

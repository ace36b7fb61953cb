"""Colours of images: the axes along which they vary, and the colours of one image given to another."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

LUMA = (0.2125, 0.7154, 0.0721)
_FLOOR = 1e-5


def grey(images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 1 h w"]:
    """Luma by the weights of ITU-R BT.709."""
    return (images * images.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)


def axes(images: Float[Tensor, "n 3 h w"]) -> tuple[Float[Tensor, "n 3 1"], Float[Tensor, "n 3 3"]]:
    """The mean colour, and the principal axes of the colours as columns, the last the one of greatest variance.

    Axes point from dark to light.
    """
    mean, covariance = _moments(images)
    vectors = torch.linalg.eigh(covariance)[1]
    lightness = (vectors * images.new_tensor(LUMA).view(1, 3, 1)).sum(1, keepdim=True)
    return mean, vectors * torch.where(lightness < 0, -1.0, 1.0)


def recoloured(images: Float[Tensor, "n 3 h w"], like: Float[Tensor, "n 3 a b"]) -> Float[Tensor, "n 3 h w"]:
    """`images` with the mean colour and the covariance of colours of `like` (gatys-2017)."""
    (mean, covariance), (to_mean, to_covariance) = _moments(images), _moments(like)
    change = _power(to_covariance, 0.5) @ _power(covariance, -0.5)
    return (change @ (images.flatten(2) - mean) + to_mean).view_as(images)


def with_luma(colours: Float[Tensor, "n 3 h w"], luma: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n 3 h w"]:
    """`colours` brought to another luma, with their differences between channels kept."""
    return colours + (luma - grey(colours))


def _moments(images: Tensor) -> tuple[Tensor, Tensor]:
    flat = images.flatten(2)
    mean = flat.mean(2, keepdim=True)
    covariance = (flat - mean) @ (flat - mean).transpose(1, 2) / flat.shape[2]
    return mean, covariance + _FLOOR * torch.eye(3, device=images.device)


def _power(covariance: Tensor, power: float) -> Tensor:
    values, vectors = torch.linalg.eigh(covariance)
    return (vectors * values.clamp_min(_FLOOR)[:, None] ** power) @ vectors.transpose(1, 2)

"""Adaptive instance normalisation: an encoder's feature maps are given another image's means and deviations, then decoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from snellen.core import SnellenError
from snellen.frozen import frozen
from snellen.methods.perturb.style.colour import recoloured

EPSILON = 1e-5


@dataclass(frozen=True)
class Adain:
    """Images (N, 3, H, W) of shapes and of textures → shapes in the style of the textures (huang-2017).

    Args:
        encoder: images → features; VGG-19 to its layer relu4_1 in the original.
        decoder: features → images.
        alpha: share of the style, 0 to 1: 1 in Stylized-ImageNet (geirhos-2019).
        keep_colour: give the style the content's colours first (gatys-2017); Stylized-ImageNet does not.
    """

    encoder: nn.Module
    decoder: nn.Module
    alpha: float = 1.0
    keep_colour: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.alpha <= 1:
            raise SnellenError(f"got alpha = {self.alpha}; expected a share of the style from 0 to 1")

    def __call__(
        self, content: Float[Tensor, "n 3 h w"], style: Float[Tensor, "n 3 a b"], keys: Sequence[int] = ()
    ) -> Float[Tensor, "n 3 h w"]:
        """Float images in [0, 1]. Nothing here is random, so `keys` are not read."""
        height, width = content.shape[2:]
        with torch.no_grad(), frozen(self.encoder), frozen(self.decoder):
            features = self.encoder(content)
            like = self.encoder(recoloured(style, content).clamp(0, 1) if self.keep_colour else style)
            mixed = self.alpha * adaptive_instance_normalization(features, like) + (1 - self.alpha) * features
            return self.decoder(mixed)[:, :, :height, :width].clamp(0, 1)


def adaptive_instance_normalization(features: Float[Tensor, "n c h w"], like: Float[Tensor, "n c a b"]) -> Float[Tensor, "n c h w"]:
    """`features` with the mean and standard deviation over places that each channel has in `like`; variances are unbiased."""
    (mean, spread), (to_mean, to_spread) = _moments(features), _moments(like)
    return (features - mean) / spread * to_spread + to_mean


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    places = max(features.shape[2] * features.shape[3], 2)
    variance = features.var((2, 3), keepdim=True, correction=0) * places / (places - 1)
    return features.mean((2, 3), keepdim=True), (variance + EPSILON).sqrt()

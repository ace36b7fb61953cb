"""Noise in one band of the discrete cosine transform, in each channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.draws import generators, normal
from snellen.methods.perturb.frequency.dct import Band

SOURCE = "ortiz-jimenez-2020"
BANDS = 14
"""Bands that lie side by side on the diagonal, as for ImageNet: each as wide as a 14th of the side."""


class Place(NamedTuple):
    """Where on the diagonal, from 0, the mean, to 1, the highest frequencies; `norm` is L2 over the pixels of one channel."""

    along: float
    norm: float


PLACES = (0.0, 0.25, 0.5, 0.75, 1.0)
LEVELS = {f"{along}": Place(along, 15.7) for along in PLACES}
LEVELS_32 = {f"{along}": Place(along, 4.0) for along in PLACES}
"""The norms are those of `fourier_basis`."""


def dct_noise(images: Float[Tensor, "n 3 h w"], place: Place, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """Plus a random direction of each image's key within the band, of that norm in each channel (after ortiz-jimenez-2020)."""
    height, width = images.shape[2:]
    side = min(height, width)
    size = max(1, round(side / BANDS))
    band = Band(round(place.along * (side - size)), size)
    drawn = normal(generators(keys), (3, size, size), images)
    drawn = drawn * (place.norm / drawn.flatten(2).norm(dim=2).clamp_min(1e-12))[:, :, None, None]
    return images + band.image(drawn, height, width)

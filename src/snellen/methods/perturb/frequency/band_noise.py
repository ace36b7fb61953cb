"""Noise of one octave of spatial frequencies, the same in all channels."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from snellen.core import SnellenError
from snellen.methods.perturb.draws import generators, normal
from snellen.methods.perturb.frequency._ideal import frequencies

SOURCE = "subramanian-2023"
LEVELS = {f"{top}": top for top in (0.0625, 0.125, 0.25, 0.5, 1.0)}
"""Upper end of the octave, as a share of the Nyquist frequency."""
DEVIATION = 0.16
"""Of the noise, in pixel values."""


def band_noise(images: Float[Tensor, "n 3 h w"], top: float, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """Plus white Gaussian noise of each image's key, filtered to top / 2 < f <= top, of deviation .16 (after subramanian-2023).

    Raises:
        SnellenError: images so small that no frequency lies in the octave.
    """
    distance = 2 * frequencies(images).norm(dim=0)
    band = (distance > top / 2) & (distance <= top)
    if not bool(band.any()):
        raise SnellenError(
            f"got {images.shape[2]}x{images.shape[3]} images, without a frequency in the octave up to {top}: take larger ones"
        )
    drawn = normal(generators(keys), (1, *images.shape[2:]), images)
    noise = torch.fft.ifft2(torch.fft.fft2(drawn.double()) * band).real
    return images + (noise * (DEVIATION / noise.std(dim=(2, 3), keepdim=True, unbiased=False).clamp_min(1e-12))).to(images.dtype)

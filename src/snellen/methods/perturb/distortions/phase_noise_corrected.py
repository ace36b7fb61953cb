"""Shifted phases of a greyscale image's spectrum, conjugate frequencies together: every amplitude stays."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from snellen.arrays import uniform
from snellen.methods.perturb.distortions import _phase

SOURCE = "geirhos-2018"
LEVELS = _phase.LEVELS


def phase_noise_corrected(images: Float[Tensor, "n 3 h w"], degrees: float, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """Each phase shifted by U[-degrees, degrees], conjugate partners by opposite amounts, clipped (after geirhos-2018).

    Nobody was shown these: people's answers belong to `phase_noise`.
    """
    return _phase.shifted(images, degrees, uniform(keys, (_phase.pairs(images),), images), mirrored=True)

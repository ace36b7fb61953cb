"""Shifted phases of a greyscale image's spectrum, as published: conjugate frequencies are shifted apart."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from snellen.arrays import uniform
from snellen.methods.perturb.distortions import _phase

SOURCE = "geirhos-2018"
LEVELS = _phase.LEVELS


def phase_noise(images: Float[Tensor, "n 3 h w"], degrees: float, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """Each phase shifted by U[-degrees, degrees], conjugate partners independently, clipped (geirhos-2018).

    The shifts of the two halves of the spectrum run in the same order, not mirrored, and the real part is taken. So amplitudes
    fall too, on average to .98, .91, .81, .70, .65 and .64 from 30 to 180 degrees: it is phase noise and a loss of contrast.
    """
    return _phase.shifted(images, degrees, uniform(keys, (_phase.pairs(images),), images), mirrored=False)

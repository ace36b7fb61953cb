"""The spectrum of images turned round: what was in the low frequencies comes into the high ones."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from snellen.arrays import like
from snellen.core import Array
from snellen.methods.perturb.frequency.dct import matrix


def flip_spectrum(images: Float[Array, "n c h w"]) -> Float[Array, "n c h w"]:
    """The inverse DCT of the DCT with both axes reversed (ortiz-jimenez-2020), channel by channel; twice is the image again.

    Distances stay what they were. Values leave [0, 1]: a network is shown them as they are, or scaled.
    """
    rows, columns = (like(_flip(side), images) for side in images.shape[-2:])
    return rows @ images @ columns


def _flip(side: int) -> Float[np.ndarray, "s s"]:
    """Along one axis; symmetric."""
    waves = matrix(side)
    return (waves.T @ waves[::-1]).astype(np.float32)

"""White and black pixels on a greyscale image of 30 % contrast."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float

from snellen.arrays import namespace, uniform
from snellen.core import Array
from snellen.methods.perturb.distortions.uniform_noise import paled
from snellen.methods.perturb.grey import to_colour

SOURCE = "geirhos-2018"
LEVELS = {text: float(text) for text in ("0.00", "0.10", "0.20", "0.35", "0.50", "0.65", "0.80", "0.95")}


def salt_and_pepper(images: Float[Array, "n 3 h w"], share: float, keys: Sequence[int]) -> Float[Array, "n 3 h w"]:
    """Contrast 30 %; a `share` of the pixels, of each image's key, turn white or black, half of them each (geirhos-2018)."""
    return with_salt_and_pepper(images, share, uniform(keys, (1, *images.shape[2:]), images))


def with_salt_and_pepper(images: Float[Array, "n 3 h w"], share: float, unit: Float[Array, "n 1 h w"]) -> Float[Array, "n 3 h w"]:
    """The same with noise that was drawn already, uniform in [0, 1): the uppermost half `share` is salt, the lowest pepper."""
    xp, grey = namespace(images), paled(images)
    grey = xp.where(unit >= 1 - share / 2, xp.ones_like(grey), grey)
    return to_colour(xp.where(unit < share / 2, xp.zeros_like(grey), grey))

"""Does the model still see through noise?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snellen.core import Array
from snellen.methods.perturb.distortions.uniform_noise import uniform_noise
from snellen.probes._sweep import Sweep


@dataclass(frozen=True)
class Noise(Sweep):
    """Greyscale images of 30 % contrast under uniform noise of eight widths."""

    question = "Does the model still see through noise?"
    about = (
        "Images are turned grey, lowered to 30 per cent contrast, and uniform noise of half-width 0, .03, .05, .1, .2, .35, .6 "
        "or .9 is added to every pixel "
        "(geirhos-2018). The noise of an image depends on its name, the level and the seed alone."
    )
    levels = tuple((text, float(text)) for text in ("0.00", "0.03", "0.05", "0.10", "0.20", "0.35", "0.60", "0.90"))
    published = "uniform-noise"
    axis = "noise half-width"
    human = (0.651, "four people (geirhos-2021)")

    def change(self, images: Array, amount: float, keys: Sequence[int]) -> Array:
        """Noise of half-width `amount`."""
        return uniform_noise(images, amount, keys)[:, :1]

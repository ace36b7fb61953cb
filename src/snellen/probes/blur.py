"""Does the model still see what is blurred?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snellen.core import Array
from snellen.methods.perturb.distortions.low_pass import low_pass
from snellen.probes._sweep import Sweep


@dataclass(frozen=True)
class Blur(Sweep):
    """Greyscale images behind a Gaussian of eight widths."""

    question = "Does the model still see what is blurred?"
    about = (
        "Images are turned grey and low-pass filtered with a Gaussian of "
        "standard deviation 0, 1, 3, 5, 7, 10, 15 or 40 pixels (geirhos-2018)."
    )
    levels = tuple((text, float(text)) for text in ("0", "1", "3", "5", "7", "10", "15", "40"))
    published = "low-pass"
    axis = "standard deviation, pixels"
    human = (0.554, "four people (geirhos-2021)")

    def change(self, images: Array, amount: float, keys: Sequence[int]) -> Array:
        """A Gaussian of `amount` pixels."""
        return low_pass(images, amount)[:, :1]

"""Does the model still see when contrast fades?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snellen.core import Array
from snellen.methods.perturb.distortions.contrast import contrast
from snellen.probes._sweep import Sweep


@dataclass(frozen=True)
class Contrast(Sweep):
    """Greyscale images at eight levels of contrast."""

    question = "Does the model still see when contrast fades?"
    about = (
        "Images are turned grey and their contrast lowered around mid-grey "
        "to 100, 50, 30, 15, 10, 5, 3 and 1 per cent (geirhos-2018)."
    )
    levels = tuple((f"c{level:02d}", level / 100) for level in (100, 50, 30, 15, 10, 5, 3, 1))
    published = "contrast"
    axis = "contrast"
    human = (0.587, "four people (geirhos-2021)")

    def change(self, images: Array, amount: float, keys: Sequence[int]) -> Array:
        """Contrast `amount` around mid-grey."""
        return contrast(images, amount)[:, :1]

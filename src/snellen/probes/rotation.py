"""Does the model still see what is turned?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snellen.core import Array
from snellen.methods.perturb.distortions.rotation import rotation
from snellen.probes._sweep import Sweep


@dataclass(frozen=True)
class Rotation(Sweep):
    """Greyscale images turned by quarter turns."""

    question = "Does the model still see what is turned?"
    about = "Images are turned grey and rotated counter-clockwise by 0, 90, 180 and 270 degrees (geirhos-2018)."
    levels = tuple((text, float(text)) for text in ("0", "90", "180", "270"))
    published = "rotation"
    axis = "degrees, counter-clockwise"
    human = (0.932, "four people (geirhos-2021)")

    def change(self, images: Array, amount: float, keys: Sequence[int]) -> Array:
        """Turned by `amount` degrees."""
        return rotation(images, int(amount))[:, :1]

"""Does the model still see what is turned?"""

from __future__ import annotations

from dataclasses import dataclass

from snellen.probes._distortion import Distortion


@dataclass(frozen=True)
class Rotation(Distortion):
    """Greyscale images turned by quarter turns."""

    question = "Does the model still see what is turned?"
    about = "Images are turned grey and rotated counter-clockwise by 0, 90, 180 and 270 degrees (geirhos-2018)."
    distortion = "rotation"
    human = (0.932, "four people (geirhos-2021)")

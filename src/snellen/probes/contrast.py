"""Does the model still see when contrast fades?"""

from __future__ import annotations

from dataclasses import dataclass

from snellen.probes._distortion import Distortion


@dataclass(frozen=True)
class Contrast(Distortion):
    """Greyscale images at eight levels of contrast."""

    question = "Does the model still see when contrast fades?"
    about = (
        "Images are turned grey and their contrast lowered around mid-grey "
        "to 100, 50, 30, 15, 10, 5, 3 and 1 per cent (geirhos-2018)."
    )
    distortion = "contrast"
    human = (0.587, "four people (geirhos-2021)")

"""Does the model still see through noise?"""

from __future__ import annotations

from dataclasses import dataclass

from snellen.probes._distortion import Distortion


@dataclass(frozen=True)
class Noise(Distortion):
    """Greyscale images of 30 % contrast under uniform noise of eight widths."""

    question = "Does the model still see through noise?"
    about = (
        "Images are turned grey, lowered to 30 per cent contrast, and uniform noise of half-width 0, .03, .05, .1, .2, .35, .6 "
        "or .9 is added to every pixel "
        "(geirhos-2018). The noise of an image depends on its name, the level and the seed alone."
    )
    distortion = "uniform-noise"
    human = (0.651, "four people (geirhos-2021)")

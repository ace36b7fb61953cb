"""Does the model still see what is blurred?"""

from __future__ import annotations

from dataclasses import dataclass

from snellen.probes._distortion import Distortion


@dataclass(frozen=True)
class Blur(Distortion):
    """Greyscale images behind a Gaussian of eight widths."""

    question = "Does the model still see what is blurred?"
    about = (
        "Images are turned grey and low-pass filtered with a Gaussian of "
        "standard deviation 0, 1, 3, 5, 7, 10, 15 or 40 pixels (geirhos-2018)."
    )
    distortion = "low-pass"
    human = (0.554, "four people (geirhos-2021)")

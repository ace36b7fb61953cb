"""LIME: a linear model of the answers around an image, over its superpixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Bool, Float

from snellen.core import SnellenError
from snellen.methods.explain._least_squares import least_squares, standard_error
from snellen.methods.explain._superpixels import Superpixels

SOURCE = "ribeiro-2016"


@final
@dataclass(frozen=True)
class Lime(Superpixels):
    """Coefficients of a ridge regression of the score on which superpixels are shown (ribeiro-2016), each with probability ½.

    The first sample is the image itself. A sample weighs exp(-d² / (2 width²)), where d is the cosine distance between what it
    shows and all superpixels. Errors allow for noise that differs between samples (mackinnon-1985).

    Attributes:
        width: of the kernel, above 0.
        alpha: strength of the ridge penalty, above 0; the intercept is free.
    """

    width: float = 0.25
    alpha: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width <= 0 or self.alpha <= 0:
            raise SnellenError(f"got width {self.width} and alpha {self.alpha}; expected more than 0")

    def views(self, regions: int) -> int:
        """See `Superpixels.views`."""
        return self.samples

    def draw(self, regions: int, rng: np.random.Generator) -> Bool[np.ndarray, "views regions"]:
        """See `Superpixels.draw`."""
        shown = rng.integers(0, 2, (self.samples, regions), dtype=np.uint8).astype(bool)
        shown[0] = True
        return shown

    def fit(
        self, shown: Bool[np.ndarray, "views regions"], scores: Float[np.ndarray, " views"]
    ) -> tuple[Float[np.ndarray, " regions"], Float[np.ndarray, " regions"], None]:
        """See `Superpixels.fit`."""
        distances = 1 - np.sqrt(shown.mean(axis=1))
        design = np.pad(shown.astype(np.float64), ((0, 0), (1, 0)), constant_values=1)
        penalties = np.full(design.shape[1], float(self.alpha))
        penalties[0] = 0
        fit = least_squares(design, scores, np.exp(-((distances / self.width) ** 2) / 2), penalties)
        return fit.values[1:], standard_error(fit.parts[1:, 1:]), None

"""The input gradient of a class logit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from jaxtyping import Float, Int

from snellen.core import Array
from snellen.methods.asked import Asked
from snellen.methods.explain._views import averaged
from snellen.methods.explain.explanation import Explainer, Explanation

SOURCE = "simonyan-2013"


@final
@dataclass(frozen=True)
class Gradient(Explainer):
    """D logit[class] / d pixel (simonyan-2013), of the logit and not of the probability. One pass forward and one back."""

    signed: ClassVar[bool] = False
    unit: ClassVar[str] = "logits per unit of pixel value"

    def explain(
        self, asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], keys: Sequence[int]
    ) -> Explanation:
        """See `Explainer.explain`."""
        maps = averaged(asked, images, classes, np.ones(1), lambda rows, _: images[int(rows[0]) : int(rows[-1]) + 1])
        return Explanation(maps.astype(np.float32), self.unit)

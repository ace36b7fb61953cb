"""The input gradient of a class logit times the pixels themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import to_numpy
from snellen.core import Array
from snellen.methods.asked import Asked
from snellen.methods.explain.explanation import Explainer, Explanation
from snellen.methods.explain.gradient import Gradient

SOURCE = "shrikumar-2016"


@final
@dataclass(frozen=True)
class GradientXInput(Explainer):
    """Pixel · d logit[class] / d pixel (shrikumar-2016), pixels in [0, 1]: 0 where a pixel is black, whatever the model does."""

    unit: ClassVar[str] = "logits"

    def explain(
        self, asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], keys: Sequence[int]
    ) -> Explanation:
        """See `Explainer.explain`."""
        return Explanation(Gradient().explain(asked, images, classes, keys).maps * to_numpy(images), self.unit)

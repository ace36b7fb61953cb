"""The variance of the gradient over noisy copies of the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from jaxtyping import Float, Int

from snellen.core import Array
from snellen.methods.asked import Asked
from snellen.methods.explain._noisy import Noisy
from snellen.methods.explain.explanation import Explanation

SOURCE = "adebayo-2018-local"


@final
@dataclass(frozen=True)
class VarGrad(Noisy):
    """The variance of the gradients at `samples` copies of the image under normal noise (adebayo-2018-local); never negative.

    `error` is what the standard error would be were gradients normally distributed.
    """

    signed: ClassVar[bool] = False
    unit: ClassVar[str] = "squared logits per unit of pixel value"

    def explain(
        self, asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], keys: Sequence[int]
    ) -> Explanation:
        """See `Explainer.explain`."""
        _, variance = self.gradients(asked, images, classes, keys)
        error = variance * np.sqrt(2 / (self.samples - 1))
        return Explanation(variance.astype(np.float32), self.unit, error=error.astype(np.float32))

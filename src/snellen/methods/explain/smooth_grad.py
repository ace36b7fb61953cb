"""The gradient averaged over noisy copies of the image."""

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

SOURCE = "smilkov-2017"


@final
@dataclass(frozen=True)
class SmoothGrad(Noisy):
    """The mean of the gradients at `samples` copies of the image under normal noise (smilkov-2017), and its standard error."""

    signed: ClassVar[bool] = False
    unit: ClassVar[str] = "logits per unit of pixel value"

    def explain(
        self, asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], keys: Sequence[int]
    ) -> Explanation:
        """See `Explainer.explain`."""
        mean, variance = self.gradients(asked, images, classes, keys)
        error = np.sqrt(variance / self.samples)
        return Explanation(mean.astype(np.float32), self.unit, error=error.astype(np.float32))

"""Gradients at copies of an image under normal noise: what SmoothGrad and VarGrad share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import keyed, namespace, take
from snellen.core import Array, SnellenError
from snellen.methods.asked import Asked
from snellen.methods.explain._views import moments
from snellen.methods.explain.explanation import Explainer
from snellen.methods.perturb.draws import generators, normal


@dataclass(frozen=True)
class Noisy(Explainer):
    """Abstract.

    Attributes:
        samples: copies; each costs one forward and one backward pass.
        noise: the deviation, as a share of the range of each image's pixel values. Copies are not clipped.
    """

    folds: ClassVar[bool] = True
    samples: int = 25
    noise: float = 0.15

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.samples < 2 or self.noise <= 0:
            raise SnellenError(f"got {self}; expected two samples or more and noise above 0")

    def gradients(
        self, asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], keys: Sequence[int]
    ) -> tuple[Float[np.ndarray, "n 3 h w"], Float[np.ndarray, "n 3 h w"]]:
        """Mean and variance over the copies; the noise of a copy is that of its image's key and its number."""
        xp = namespace(images)
        highest, lowest = xp.max(images, axis=(1, 2, 3), keepdims=True), xp.min(images, axis=(1, 2, 3), keepdims=True)
        deviation = self.noise * (highest - lowest)

        def view(rows: np.ndarray, numbers: np.ndarray) -> Array:
            seeds = [keyed([keys[row]], f"view {number}")[0] for row, number in zip(rows.tolist(), numbers.tolist(), strict=True)]
            noise = normal(generators(seeds), tuple(images.shape[1:]), images)
            return take(images, rows) + noise * take(deviation, rows)

        return moments(asked, images, classes, self.samples, view)

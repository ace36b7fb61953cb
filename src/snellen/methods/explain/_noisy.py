"""Gradients at copies of an image under normal noise: what SmoothGrad and VarGrad share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import like, namespace, take, to_numpy
from snellen.core import Array, SnellenError
from snellen.methods.asked import Asked
from snellen.methods.explain._views import moments
from snellen.methods.explain.explanation import Explainer


@dataclass(frozen=True)
class Noisy(Explainer):
    """Abstract.

    Attributes:
        samples: copies; each costs one forward and one backward pass.
        noise: the deviation, as a share of the range of each image's pixel values. Copies are not clipped.
    """

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
        deviation = self.noise * to_numpy(xp.max(images, axis=(1, 2, 3)) - xp.min(images, axis=(1, 2, 3)))

        def view(rows: np.ndarray, numbers: np.ndarray) -> Array:
            noise = np.empty((len(rows), *images.shape[1:]), np.float32)
            for at, (row, number) in enumerate(zip(rows.tolist(), numbers.tolist(), strict=True)):
                generator = np.random.Generator(np.random.SFC64([keys[row] % (1 << 64), number]))
                generator.standard_normal(dtype=np.float32, out=noise[at])
            noise *= deviation[rows].astype(np.float32)[:, None, None, None]
            return take(images, rows) + like(noise, images)

        return moments(asked, images, classes, self.samples, view)

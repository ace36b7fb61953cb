"""Gradients along the way from a baseline to the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import like, namespace, take, to_numpy
from snellen.core import Array, SnellenError
from snellen.methods.asked import Asked, check_classes
from snellen.methods.explain._views import averaged
from snellen.methods.explain.explanation import Explainer, Explanation

SOURCE = "sundararajan-2017"


@final
@dataclass(frozen=True)
class IntegratedGradients(Explainer):
    """(Image - baseline) times the mean gradient on the straight line between them (sundararajan-2017), by Gauss-Legendre.

    The sum of a map is the logit of the image less that of the baseline; `gap` tells how far it is from that. Images whose gap is
    too large are done again with twice the steps, until it is small enough or there are `most` steps.

    Attributes:
        steps: points on the line; each costs one forward and one backward pass.
        baseline: the grey value in [0, 1] that stands for nothing; 0 is black.
        tolerance: of the gap, as a share of the difference of logits; 1 for no more than `steps`.
        most: steps.
    """

    folds: ClassVar[bool] = True
    unit: ClassVar[str] = "logits"

    steps: int = 50
    baseline: float = 0.0
    tolerance: float = 0.02
    most: int = 400

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (1 <= self.steps <= self.most and 0 <= self.baseline <= 1 and 0 < self.tolerance <= 1):
            raise SnellenError(
                f"got {self}; expected steps from 1 to most, a baseline from 0 to 1 and a tolerance above 0 and up to 1"
            )

    def explain(
        self, asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], keys: Sequence[int]
    ) -> Explanation:
        """See `Explainer.explain`."""
        difference = self._difference(asked, images, classes)
        maps, gap = np.zeros(tuple(images.shape), np.float32), np.zeros(len(images))
        rows, steps = np.arange(len(images)), self.steps
        while len(rows):
            own = images if len(rows) == len(images) else take(images, rows)
            maps[rows] = self._along(asked, own, classes[rows], steps)
            gap[rows] = maps[rows].sum(axis=(1, 2, 3), dtype=np.float64) - difference[rows]
            steps *= 2
            wide = np.abs(gap[rows]) > self.tolerance * np.abs(difference[rows])
            rows = rows[wide] if self.tolerance < 1 and steps <= self.most else rows[:0]
        return Explanation(maps, self.unit, gap=gap)

    def _difference(self, asked: Asked, images: Array, classes: np.ndarray) -> np.ndarray:
        """The logit of each image less that of the baseline, which is one image."""
        logits = to_numpy(asked.logits(images))
        check_classes(classes, logits.shape[1], asked.model.name)
        nothing = to_numpy(asked.logits(namespace(images).full_like(images[:1], self.baseline)))
        return (logits[np.arange(len(classes)), classes] - nothing[0, classes]).astype(np.float64)

    def _along(self, asked: Asked, images: Array, classes: np.ndarray, steps: int) -> Float[np.ndarray, "n 3 h w"]:
        places, weights = np.polynomial.legendre.leggauss(steps)
        away = images - self.baseline

        def view(rows: np.ndarray, numbers: np.ndarray) -> Array:
            share = like(((places[numbers] + 1) / 2)[:, None, None, None].astype(np.float32), images)
            return self.baseline + share * take(away, rows)

        mean = averaged(asked, images, classes, weights / 2, view)
        return (mean * to_numpy(away)).astype(np.float32)

"""KernelSHAP: Shapley values of the superpixels of an image, by least squares."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Literal, final

import numpy as np
from jaxtyping import Bool, Float

from snellen.core import SnellenError
from snellen.methods.explain._least_squares import least_squares, standard_error
from snellen.methods.explain._superpixels import Superpixels

SOURCE = "lundberg-2017"


@final
@dataclass(frozen=True)
class KernelShap(Superpixels):
    """Shapley values of the superpixels (lundberg-2017): they share out the score of the image less that with all of it hidden.

    Coalitions are drawn from the Shapley kernel, each with its complement (covert-2021); errors are over such pairs
    (mackinnon-1985). Where `samples` are enough for all coalitions, each is asked once, and the values are exact. Values always
    sum to the difference; `gap` is what rounding leaves of it.
    """

    score: Literal["probability", "logit"] = "logit"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.samples % 2:
            raise SnellenError(f"got {self.samples} samples for {self.name}; expected an even number, as they come in pairs")

    def views(self, regions: int) -> int:
        """See `Superpixels.views`.

        Raises:
            SnellenError: there are too many superpixels for the samples.
        """
        if self._exact(regions):
            return 2**regions
        if self.samples < 4 * regions:
            raise SnellenError(
                f"got {self.samples} samples for an image of {regions} superpixels; expected 4 a superpixel or more: give "
                f'samples={4 * regions}, or make fewer superpixels with segmenter="slic"'
            )
        return self.samples

    def draw(self, regions: int, rng: np.random.Generator) -> Bool[np.ndarray, "views regions"]:
        """One of each pair, all superpixels the first of them, and then their complements."""
        half = self.views(regions) // 2
        if self._exact(regions):
            shown = np.arange(half)[:, None] >> np.arange(regions) & 1 == 0
        else:
            sizes = np.arange(1, regions)
            odds = 1 / (sizes * (regions - sizes))
            drawn = rng.choice(sizes, half, p=odds / odds.sum())
            shown = rng.permuted(np.arange(regions) < drawn[:, None], axis=1)
            shown[0] = True
        return np.concatenate([shown, ~shown])

    def fit(
        self, shown: Bool[np.ndarray, "views regions"], scores: Float[np.ndarray, " views"]
    ) -> tuple[Float[np.ndarray, " regions"], Float[np.ndarray, " regions"], float]:
        """See `Superpixels.fit`.

        Of a pair only half the difference of scores tells of the values. They are fitted in a basis of what sums to 0.
        """
        from scipy.linalg import helmert

        half, regions = len(scores) // 2, shown.shape[1]
        differences = (scores[:half] - scores[half:]) / 2
        total, exact = 2 * differences[0], self._exact(regions)
        values, error = np.full(regions, total / regions), np.zeros(regions)
        if regions > 1:
            basis, pairs = helmert(regions), shown[1:half] - 0.5
            weights = kernel(shown[1:half]) if exact else np.ones(half - 1)
            penalties = np.full(regions - 1, 0.0 if exact else 1e-9 * half)
            fit = least_squares(pairs @ basis.T, differences[1:] - pairs @ values, weights, penalties)
            values += fit.values @ basis
            error = error if exact else standard_error(fit.parts @ basis)
        return values, error, float(values.sum() - total)

    def _exact(self, regions: int) -> bool:
        return 2**regions <= self.samples


def kernel(shown: Bool[np.ndarray, "n regions"]) -> Float[np.ndarray, " n"]:
    """The weight of coalitions, but for a factor: that of their size, shared among all of that size."""
    regions = shown.shape[1]
    weights = np.array([0, *(1 / (comb(regions, size) * size * (regions - size)) for size in range(1, regions)), 0])
    return weights[shown.sum(axis=1)]

"""Temperature scaling: one number for all logits."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy import optimize, special

from snellen.core import SnellenError
from snellen.methods.calibrate.logits import usable
from snellen.scaling import Temperature

WIDEST = 1e4
"""How many times larger or smaller than the spread of the logits a temperature may be."""


def fit_temperature(logits: Float[np.ndarray, "n k"], truth: Int[np.ndarray, " n"]) -> Temperature:
    """The temperature of the least negative log likelihood (guo-2017), which is convex in its inverse: the root of its slope.

    Raises:
        SnellenError: every answer is right, so that colder is always better, or the logits tell nothing, so that hotter is.
    """
    logits, truth = usable(logits, truth)
    n = len(truth)
    gaps = logits - logits.max(axis=1, keepdims=True)
    own = gaps[np.arange(n), truth]
    if gaps.any() and not own.any():
        raise SnellenError(
            f"got {n} images to fit on, all answered right: no temperature is the best, as every colder one fits better; "
            "expected some errors: fit on more images, or harder ones"
        )
    known = np.where(np.isfinite(gaps), gaps, 0.0)
    spread = float(np.sqrt((known**2).mean()))

    def slope(log_inverse: float) -> float:
        shares = special.softmax(gaps * (np.exp(log_inverse) / spread), axis=1)
        return float(((shares * known).sum(axis=1) - own).mean())

    ends = (-np.log(WIDEST), np.log(WIDEST))
    if not spread or slope(ends[0]) >= 0:
        raise SnellenError(
            f"got {n} images to fit on, of whose categories the logits tell nothing: every hotter temperature fits better; "
            "expected a model that does better than guessing"
        )
    if slope(ends[1]) <= 0:
        raise SnellenError(f"got {n} images to fit on, nearly all answered right: no temperature is the best; fit on harder ones")
    found = optimize.root_scalar(slope, bracket=ends, method="brentq", xtol=1e-10).root
    return Temperature(float(spread / np.exp(found)))

"""Beta calibration: a logistic curve over ln c and ln(1 - c) of the confidence, which need not be symmetric."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from snellen.methods.calibrate.confidence import logistic, odds_and_right, softened
from snellen.scaling import Beta


def fit_beta(logits: Float[np.ndarray, "n k"], truth: Int[np.ndarray, " n"]) -> Beta:
    """A and b of 0 or more and m, for whether the answer given is right (kull-2017), with targets softened as platt-1999 does.

    It is fitted on the confidence of the answer, not one-vs-rest for each class.

    Raises:
        SnellenError: as `usable`, or the fit does not converge.
    """
    odds, right = odds_and_right(logits, truth)
    features = np.column_stack([-np.logaddexp(0, -odds), np.logaddexp(0, odds), np.ones(len(odds))])
    a, b, m = logistic(features, softened(right), (0.0, 0.0, -np.inf), "beta")
    return Beta(float(a), float(b), float(m))

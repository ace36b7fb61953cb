"""Platt scaling: a logistic curve over the log-odds of the confidence."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from snellen.methods.calibrate.confidence import logistic, odds_and_right, softened
from snellen.scaling import Platt


def fit_platt(logits: Float[np.ndarray, "n k"], truth: Int[np.ndarray, " n"]) -> Platt:
    """A slope of 0 or more and an intercept, for whether the answer given is right, with softened targets (platt-1999).

    It is fitted on the confidence of the answer, not one-vs-rest for each class: so it needs no image of every class.

    Raises:
        SnellenError: as `usable`, or the fit does not converge.
    """
    odds, right = odds_and_right(logits, truth)
    slope, intercept = logistic(np.column_stack([odds, np.ones(len(odds))]), softened(right), (0.0, -np.inf), "Platt")
    return Platt(float(slope), float(intercept))

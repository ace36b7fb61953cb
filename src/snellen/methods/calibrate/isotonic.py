"""Isotonic calibration: the rising curve that fits best, by pooling adjacent violators."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy import optimize, special

from snellen.methods.calibrate.confidence import odds_and_right
from snellen.scaling import Isotonic


def fit_isotonic(logits: Float[np.ndarray, "n k"], truth: Int[np.ndarray, " n"]) -> Isotonic:
    """The rising curve from confidence to the share right, of least squares (zadrozny-2002), for the answer given.

    Equal confidences are one point of their weight; each level is held from the first to the last confidence in it. Shares stay
    within [1 / (n + 2), 1 - 1 / (n + 2)]: n images cannot tell that an answer is certain.

    Raises:
        SnellenError: as `usable`.
    """
    odds, right = odds_and_right(logits, truth)
    confidence, place = np.unique(special.expit(odds), return_inverse=True)
    weight = np.bincount(place)
    level = optimize.isotonic_regression(np.bincount(place, weights=right.astype(float)) / weight, weights=weight).x
    least = 1 / (len(right) + 2)
    level = np.maximum.accumulate(np.clip(level, least, 1 - least))
    inner = np.r_[False, (level[1:-1] == level[:-2]) & (level[1:-1] == level[2:]), False] if len(level) > 1 else np.array([False])
    return Isotonic(tuple(map(float, confidence[~inner])), tuple(map(float, level[~inner])))

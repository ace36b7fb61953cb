"""Calibration of every class's probability, not of the answer's alone."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from snellen.methods.calibrate.bins import equal_mass, equal_width


def classwise_error(
    probabilities: Float[np.ndarray, "n k"],
    truth: Int[np.ndarray, " n"],
    bins: int = 15,
    weights: Float[np.ndarray, " n"] | None = None,
) -> float:
    """Mean over classes of the expected calibration error of the class's probability, in bins of equal width (kull-2019).

    Nixon et al. call it static calibration error. `weights` count images, as a resample does. With many classes nearly all
    probabilities are near zero and so is the number: compare it only at the same number of classes.
    """
    n, k = probabilities.shape
    weights = np.ones(n) if weights is None else weights
    place = equal_width(probabilities.ravel(), bins).reshape(n, k) + bins * np.arange(k)
    surplus = -probabilities * weights[:, None]
    surplus[np.arange(n), truth] += weights
    sums = np.bincount(place.ravel(), weights=surplus.ravel(), minlength=bins * k)
    return float(np.abs(sums).sum() / (weights.sum() * k))


def adaptive_error(
    probabilities: Float[np.ndarray, "n k"], truth: Int[np.ndarray, " n"], bins: int = 15, threshold: float = 0.0
) -> float:
    """Adaptive calibration error (nixon-2019): for each class bins of equal mass, then the plain mean over all filled bins.

    With a `threshold`, only probabilities above it count (the thresholded error, TACE); 0 where none does.
    """
    gaps: list[np.ndarray] = []
    for k in range(probabilities.shape[1]):
        above = probabilities[:, k] > threshold if threshold > 0 else np.ones(len(truth), bool)
        p = probabilities[above, k]
        place = equal_mass(p, bins)
        count = np.bincount(place, minlength=bins)
        surplus = np.bincount(place, weights=(truth[above] == k) - p, minlength=bins)
        gaps.append(np.abs(surplus[count > 0]) / count[count > 0])
    every = np.concatenate(gaps) if gaps else np.empty(0)
    return float(every.mean()) if len(every) else 0.0

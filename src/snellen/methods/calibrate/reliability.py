"""Reliability curves: accuracy against confidence, with bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from jaxtyping import Float, Int

from snellen.core import SnellenError
from snellen.stats import clopper_pearson, resampled_sums


@final
@dataclass(frozen=True, eq=False)
class Reliability:
    """One entry a filled bin, each of shape (bins,): mean confidence, accuracy, number of answers, and a 95 % band."""

    confidence: np.ndarray
    accuracy: np.ndarray
    n: np.ndarray
    low: np.ndarray
    high: np.ndarray


Band = Literal["clopper-pearson", "bootstrap", "consistency"]


def reliability(
    confidence: Float[np.ndarray, " n"],
    correct: Float[np.ndarray, " n"],
    bins: Int[np.ndarray, " n"],
    band: Band = "clopper-pearson",
    seed: int = 0,
    resamples: int = 1000,
) -> Reliability:
    """Accuracy against confidence by bin.

    The band "clopper-pearson" is an interval for the accuracy of each bin (clopper-1934), "bootstrap" one from resampled images
    (efron-1993); "consistency" says instead where the accuracy of 95 in 100 samples would lie if each answer were right with the
    probability stated (brocker-2007): a curve that leaves it is not calibrated.

    Raises:
        SnellenError: there is no such band, or no answer.
    """
    if band not in ("clopper-pearson", "bootstrap", "consistency") or not len(confidence):
        raise SnellenError(
            f"got the band {band!r} and {len(confidence)} answers; expected clopper-pearson, bootstrap or consistency, and some"
        )
    filled, place = np.unique(bins, return_inverse=True)
    count = len(filled)
    n = np.bincount(place)
    mean, accuracy = np.bincount(place, confidence) / n, np.bincount(place, correct) / n
    if band == "clopper-pearson":
        spans = [clopper_pearson(round(a * m), int(m)) for a, m in zip(accuracy, n, strict=True)]
        low, high = np.array([s.low for s in spans]), np.array([s.high for s in spans])
    else:
        member = (place[:, None] == np.arange(count)).astype(float)
        if band == "bootstrap":
            sums = resampled_sums(np.concatenate([member, member * correct[:, None]], axis=1), seed, resamples)
            with np.errstate(invalid="ignore", divide="ignore"):
                drawn = sums[:, count:] / sums[:, :count]
        else:
            rng = np.random.default_rng(seed)
            drawn = np.stack([((rng.random(len(place)) < confidence) @ member) / n for _ in range(resamples)])
        low, high = np.nanquantile(drawn, [0.025, 0.975], axis=0)
    return Reliability(mean, accuracy, n, low, high)

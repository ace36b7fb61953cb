"""How well numbers tell patients from controls: area under the ROC curve, and a threshold taken from other seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.optimize import root_scalar
from scipy.special import ndtri

from snellen.core import Interval

NOTHING = -math.inf
"""The score of a patient of which the probe found no number: less sick than any. That of such a control is its negative."""
_TINY = 1e-9


def auc(sick: Sequence[float], well: Sequence[float]) -> float:
    """The chance that a patient's score exceeds a control's, ties counting half (hanley-1982); in [0, 1].

    `sick` (m,) and `well` (n,), both not empty; -inf is a score.
    """
    first, second = np.asarray(sick, float)[:, None], np.asarray(well, float)
    return float(((first > second) + 0.5 * (first == second)).mean())


def auc_interval(area: float, m: int, n: int, level: float = 0.95) -> Interval:
    """The interval of an area under the curve from m patients and n controls, by the fifth method of newcombe-2006.

    All true areas from which the one found lies no more than z standard errors away, the error being that of hanley-1982 at
    the true area with both group sizes taken at their mean. It keeps a width where all are told apart, as a bootstrap does not.
    """
    z = float(ndtri((1 + level) / 2))
    both = (m + n) / 2 - 1

    def beyond(true: float) -> float:
        spread = 1 + both * ((1 - true) / (2 - true) + true / (1 + true))
        return (area - true) ** 2 - z * z * true * (1 - true) / (m * n) * spread

    low = 0.0 if area == 0 else root_scalar(beyond, bracket=(0.0, min(area, 1 - _TINY))).root
    high = 1.0 if area == 1 else root_scalar(beyond, bracket=(max(area, _TINY), 1.0)).root
    return Interval(float(low), float(high), "Newcombe's fifth method", level)


def detections(scores: Sequence[float], sick: Sequence[bool], seeds: Sequence[int]) -> list[bool]:
    """Which scores (n,) lie above the threshold, half way between the means of patients and controls of all other seeds.

    Where the other seeds hold no number of either group there is no threshold, and nothing is detected but inf; -inf never is.
    """
    values, planted, of = np.asarray(scores, float), np.asarray(sick, bool), np.asarray(seeds)
    out = []
    for value, seed in zip(values, of, strict=True):
        others = (of != seed) & np.isfinite(values)
        groups = [values[others & (planted == which)] for which in (True, False)]
        known = all(len(group) for group in groups)
        out.append(bool(value == -NOTHING or (known and value > np.mean([group.mean() for group in groups]))))
    return out

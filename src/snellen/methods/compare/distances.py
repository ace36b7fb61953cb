"""How far apart two subjects are, three ways, from the counts of what both saw."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from snellen.methods.compare.accuracy_difference import accuracy_difference
from snellen.methods.compare.error_consistency import from_counts

DISTANCES = ("accuracy_difference", "observed_consistency", "expected_consistency", "error_consistency")


def distances(counts: np.ndarray, compat: bool = False) -> Mapping[str, np.ndarray]:
    """(4, ...) counts in the order of `error_consistency.from_counts` → each of DISTANCES (...); NaN where undefined.

    `compat` as in `error_consistency.from_counts`.
    """
    n, first, second, both = counts
    found = from_counts(n, first, second, both, compat)
    with np.errstate(invalid="ignore"):
        difference = accuracy_difference(first / n, second / n)
    return dict(zip(DISTANCES, (difference, found.observed, found.expected, found.kappa), strict=True))

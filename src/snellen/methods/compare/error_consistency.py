"""Error consistency: do two subjects fail on the same images more often than their accuracies alone would make them?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snellen.arrays import Numbers


@dataclass(frozen=True)
class Consistency:
    """Agreement in being right or wrong; arrays of one shape. NaN where a share or kappa is undefined.

    `observed` is the share of images on which both are right or both are wrong, in [0, 1]; `expected` the share that two
    subjects of the same accuracies with independent errors would reach; `kappa` = (observed - expected) / (1 - expected),
    in [-1, 1]: 0 for independent errors, 1 for the same ones (cohen-1960, geirhos-2020-error).
    """

    observed: Numbers
    expected: Numbers
    kappa: Numbers


def expected_consistency(p: Numbers, q: Numbers) -> Numbers:
    """Agreement of two subjects with accuracies `p` and `q` in [0, 1] whose errors are independent."""
    p, q = np.asarray(p, float), np.asarray(q, float)
    return p * q + (1 - p) * (1 - q)


def from_counts(n: Numbers, first: Numbers, second: Numbers, both: Numbers, compat: bool = False) -> Consistency:
    """Consistency from counts (any broadcastable shapes): images both saw, right by the first, by the second, by both.

    Kappa is undefined (NaN) where chance alone agrees always, that is where both are always right or both always wrong
    (klein-2025). With `compat` it is 1 wherever the observed agreement is 1, as in the published benchmark (geirhos-2021).
    """
    n, first, second, both = (np.asarray(count, float) for count in (n, first, second, both))
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = (n - first - second + 2 * both) / n
        expected = expected_consistency(first / n, second / n)
        kappa = (observed - expected) / np.where(expected < 1, 1 - expected, np.nan)
    return Consistency(observed, expected, np.where(observed == 1, 1.0, kappa) if compat else kappa)


def error_consistency(first: np.ndarray, second: np.ndarray, compat: bool = False) -> Consistency:
    """Consistency of two subjects' correctness, boolean (..., N), image for image; `compat` as in `from_counts`."""
    first, second = np.asarray(first, bool), np.asarray(second, bool)
    return from_counts(np.asarray(first.shape[-1]), first.sum(axis=-1), second.sum(axis=-1), (first & second).sum(axis=-1), compat)


def observed_bounds(p: Numbers, q: Numbers) -> tuple[Numbers, Numbers]:
    """Least and greatest observed agreement that accuracies `p` and `q` in [0, 1] leave possible (klein-2025)."""
    p, q = np.asarray(p, float), np.asarray(q, float)
    return 1 - (np.minimum(p, 1 - q) + np.minimum(1 - p, q)), np.minimum(p, q) + np.minimum(1 - p, 1 - q)


def kappa_bounds(p: Numbers, q: Numbers) -> tuple[Numbers, Numbers]:
    """Least and greatest error consistency that accuracies `p` and `q` leave possible; NaN where kappa is undefined."""
    low, high = observed_bounds(p, q)
    expected = expected_consistency(p, q)
    room = np.where(expected < 1, 1 - expected, np.nan)
    return (low - expected) / room, (high - expected) / room


def unbiased(kappa: Numbers, n: Numbers) -> Numbers:
    """Kappa corrected for its bias towards 0 at `n` images (klein-2025)."""
    kappa, n = np.asarray(kappa, float), np.asarray(n, float)
    return n * kappa / (n - 1 + kappa)


def copied_share(kappa: Numbers, p: Numbers, q: Numbers) -> Numbers:
    """The share of answers one would have to copy from the better subject to be this consistent with it (klein-2025)."""
    best = np.maximum(p, q)
    chance = expected_consistency(best, best)
    return np.asarray(kappa, float) * (1 - expected_consistency(p, q)) / np.where(chance < 1, 1 - chance, np.nan)

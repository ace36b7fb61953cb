"""Intervals and paired comparisons. Statistics that SciPy has are SciPy's; the bootstrap here works on sums over images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import special

from snellen.arrays import Numbers
from snellen.core import Interval, SnellenError

RESAMPLES = 2000
_CHUNK_VALUES = 4_000_000  # resampling weights held in memory at once


def clopper_pearson(hits: int, n: int, level: float = 0.95) -> Interval:
    """The exact binomial interval for `hits` out of `n` (clopper-1934); 0 hits give low 0, n hits give high 1.

    Raises:
        SnellenError: n is 0 or hits is outside 0..n.
    """
    if n <= 0 or not 0 <= hits <= n:
        raise SnellenError(f"got {hits} hits out of {n}; expected 0 <= hits <= n and n > 0")
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else float(special.betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if hits == n else float(special.betaincinv(hits + 1, n - hits, 1 - tail))
    return Interval(low, high, "Clopper-Pearson", level)


def wilson(hits: int, n: int, level: float = 0.95) -> Interval:
    """Wilson's score interval (wilson-1927): narrower than Clopper-Pearson, nominal on average."""
    if n <= 0 or not 0 <= hits <= n:
        raise SnellenError(f"got {hits} hits out of {n}; expected 0 <= hits <= n and n > 0")
    z = float(special.ndtri(1 - (1 - level) / 2))
    p = hits / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Interval(max(0.0, float(centre - half)), min(1.0, float(centre + half)), "Wilson", level)


def unpaired_difference(first: tuple[int, int], second: tuple[int, int], level: float = 0.95) -> tuple[float, Interval]:
    """`second - first` of two shares, each (hits, n), of different images, with Newcombe's hybrid interval (newcombe-1998)."""
    one, other = (wilson(hits, n, level) for hits, n in (first, second))
    p, q = first[0] / first[1], second[0] / second[1]
    low = q - p - float(np.hypot(q - other.low, one.high - p))
    high = q - p + float(np.hypot(other.high - q, p - one.low))
    return q - p, Interval(low, high, "Newcombe's hybrid score interval", level)


@dataclass(frozen=True)
class Estimate:
    """A number that is a function of sums over images, so that it can be resampled and compared in pairs.

    `images` (N,) are the units, sorted or not but unique; `sums` (N, K) float; `value` maps sums (..., K) to (...),
    giving NaN where a resample leaves it undefined. `leans`: the number is off the truth in small samples, and off again in every
    resample, as sums of absolute values are; then its interval is the basic bootstrap's, which moves back by as much.
    """

    images: np.ndarray
    sums: np.ndarray
    value: Callable[[np.ndarray], Numbers]
    leans: bool = False

    def point(self) -> float | None:
        """The value on the sample itself; None where undefined."""
        number = float(self.value(self.sums.sum(axis=0)))
        return number if np.isfinite(number) else None


def mean_estimate(images: np.ndarray, values: np.ndarray) -> Estimate:
    """The mean of one number an image."""
    columns = np.column_stack([np.asarray(values, float), np.ones(len(values))])
    return Estimate(np.asarray(images), columns, lambda s: s[..., 0] / s[..., 1])


def resampled_sums(columns: np.ndarray, seed: int, resamples: int = RESAMPLES) -> np.ndarray:
    """Sums of `columns` (N, K) over images drawn with replacement: (resamples, K). Deterministic from the seed."""
    n, width = columns.shape
    rng = np.random.default_rng(seed)
    out = np.empty((resamples, width))
    step = max(1, _CHUNK_VALUES // max(n, 1))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn = rng.integers(n, size=(size, n)) + (np.arange(size) * n)[:, None]
        weights = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
        out[start : start + size] = weights @ columns
    return out


def bootstrap(estimate: Estimate, seed: int = 0, resamples: int = RESAMPLES, level: float = 0.95) -> Interval | None:
    """Bias-corrected or, for a number that leans, basic bootstrap over images (efron-1993).

    None when there are fewer than two images or the number is undefined. The basic interval need not hold the number itself.
    """
    point = estimate.point()
    if len(estimate.images) < 2 or point is None:
        return None
    draws = np.asarray(estimate.value(resampled_sums(estimate.sums, seed, resamples)))
    return _interval(
        draws, point, estimate.leans, f"bootstrap over {len(estimate.images):,} images, {resamples:,} resamples", level
    )


def paired_difference(
    first: Estimate, second: Estimate, seed: int = 0, resamples: int = RESAMPLES, level: float = 0.95
) -> tuple[float, Interval, int] | None:
    """`second - first` on the images both have, the same resample drawn for both: (difference, interval, n) or None."""
    common, here, there = np.intersect1d(first.images, second.images, return_indices=True)
    if len(common) < 2:
        return None
    width = first.sums.shape[1]
    both = np.concatenate([first.sums[here], second.sums[there]], axis=1)

    def difference(sums: np.ndarray) -> Numbers:
        return np.asarray(second.value(sums[..., width:])) - np.asarray(first.value(sums[..., :width]))

    point = float(difference(both.sum(axis=0)))
    draws = np.asarray(difference(resampled_sums(both, seed, resamples)))
    interval = _interval(draws, point, first.leans or second.leans, f"bootstrap over {len(common):,} images, in pairs", level)
    return None if interval is None or not np.isfinite(point) else (point, interval, len(common))


def _interval(draws: np.ndarray, point: float, leans: bool, method: str, level: float) -> Interval | None:
    """Basic: the percentiles of `draws` mirrored at the point. Bias-corrected: moved by as much as their median lies off it."""
    draws = draws[np.isfinite(draws)]
    if draws.size == 0:
        return None
    if leans:
        return basic(draws, point, f"basic {method}", level)
    below = ((draws < point).sum() + 0.5 * (draws == point).sum()) / draws.size
    shift = special.ndtri(np.clip(below, 1 / (draws.size + 1), draws.size / (draws.size + 1)))
    low, high = np.quantile(draws, special.ndtr(2 * shift + special.ndtri(_tails(level))))
    return Interval(float(low), float(high), f"bias-corrected {method}", level)


def percentiles(draws: Float[np.ndarray, " r"], method: str, level: float = 0.95) -> Interval:
    """The central `level` of a bootstrap's or a simulation's draws, all of them finite."""
    low, high = np.quantile(draws, _tails(level))
    return Interval(float(low), float(high), method, level)


def basic(draws: Float[np.ndarray, " r"], point: float, method: str, level: float = 0.95) -> Interval:
    """The percentiles of a bootstrap's draws, mirrored at the number itself (efron-1993)."""
    high, low = 2 * point - np.quantile(draws, _tails(level))
    return Interval(float(low), float(high), method, level)


def _tails(level: float) -> np.ndarray:
    return np.array([(1 - level) / 2, (1 + level) / 2])

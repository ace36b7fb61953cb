"""Accuracy on a new test set as a linear function of accuracy on the old one, across a pool of models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float
from scipy import special

from snellen.arrays import Numbers
from snellen.core import Interval, SnellenError
from snellen.stats import percentiles

Scale: TypeAlias = Literal["linear", "probit", "logit"]
SCALES: tuple[Scale, ...] = ("linear", "probit", "logit")
FEWEST = 5
"""Models that a fit needs."""
_DRAWS = 4_000_000  # values drawn at once


@dataclass(frozen=True)
class LinearFit:
    """`shifted = slope * original + intercept` on `scale`, by least squares (recht-2019, taori-2020).

    Attributes:
        r2: share of the variance of the shifted accuracies, on the scale, that the line explains.
        spread: standard deviation of the models about the line, as a share: how far a model lies off it as a rule.
        n: models.
        draws: (resamples, 2), slope and intercept of each resample of models.
    """

    scale: Scale
    slope: float
    intercept: float
    r2: float
    spread: float
    n: int
    draws: Float[np.ndarray, "resamples 2"]

    def interval(self, which: Literal["slope", "intercept"], level: float = 0.95) -> Interval:
        """Of the slope or the intercept: percentiles of the resamples."""
        return percentiles(self.draws[:, 0 if which == "slope" else 1], self._method, level)

    def predict(self, original: Numbers) -> Numbers:
        """Accuracies on the old test set → those that the line expects on the new one, within [0, 1]."""
        return untransformed(self.slope * transformed(original, self.scale) + self.intercept, self.scale)

    def band(
        self, original: Float[np.ndarray, " m"], level: float = 0.95
    ) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
        """The lowest and highest place of the line at each accuracy: percentiles of the resamples."""
        x = transformed(original, self.scale)
        lines = untransformed(self.draws[:, :1] * x + self.draws[:, 1:], self.scale)
        low, high = np.quantile(lines, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return low, high

    @property
    def _method(self) -> str:
        return f"bootstrap over {self.n:,} models, {len(self.draws):,} resamples"


def linear_fit(
    original: Float[np.ndarray, " n"],
    shifted: Float[np.ndarray, " n"],
    scale: Scale = "probit",
    seed: int = 0,
    resamples: int = 1000,
) -> LinearFit:
    """Least squares over models, whose accuracies are shares.

    Raises:
        SnellenError: fewer than five models, accuracies outside [0, 1] (of 0 or 1 on the probit and logit scales, which are
            infinite there), or all models equally good on the old test set.
    """
    if scale not in SCALES:
        raise SnellenError(f"got the scale {scale!r}; expected one of {', '.join(SCALES)}")
    both = np.stack([original, shifted])
    within = (((both >= 0) & (both <= 1)) if scale == "linear" else ((both > 0) & (both < 1))).all(axis=0)
    if len(original) < FEWEST or not within.all():
        raise SnellenError(
            f"got {len(original)} models, {int((~within).sum())} of them with accuracies that the {scale} scale has no place for; "
            f"expected {FEWEST} or more, shares {'in [0, 1]' if scale == 'linear' else 'above 0 and below 1'}: leave others out"
        )
    x, y = transformed(original, scale), transformed(shifted, scale)
    if np.ptp(x) == 0:
        raise SnellenError(
            f"got {len(x)} models that are all equally good on the old test set; expected different ones to fit a line"
        )
    (slope,), (intercept,) = _lines(x, y, np.ones((1, len(x))))
    residuals = y - slope * x - intercept
    variance = float(((y - y.mean()) ** 2).sum())
    off = shifted - untransformed(slope * x + intercept, scale)
    return LinearFit(
        scale,
        float(slope),
        float(intercept),
        1 - float((residuals**2).sum()) / variance if variance else 1.0,
        float(np.sqrt((off**2).sum() / (len(off) - 2))),
        len(x),
        _resampled(x, y, seed, resamples),
    )


def effective_robustness(
    fit: LinearFit, original: tuple[int, int], shifted: tuple[int, int], seed: int = 0, draws: int = 10_000, level: float = 0.95
) -> tuple[float, Interval]:
    """How far a model's accuracy on the new test set lies above what the line expects of it (taori-2020).

    `original` and `shifted` are (right answers, images). The interval counts the sampling of the images of both test sets, drawn
    from the posterior of each accuracy under Jeffreys' prior (brown-2001), and that of the models behind the line.

    Raises:
        SnellenError: right answers outside 0..images, or no images.
    """
    for hits, n in (original, shifted):
        if n <= 0 or not 0 <= hits <= n:
            raise SnellenError(f"got {hits} right of {n} images; expected 0 <= right <= images and at least one image")
    value = shifted[0] / shifted[1] - float(fit.predict(np.array(_inner(*original))))
    rng = np.random.default_rng(seed)
    old, new = (rng.beta(hits + 0.5, n - hits + 0.5, draws) for hits, n in (original, shifted))
    slope, intercept = fit.draws[rng.integers(len(fit.draws), size=draws)].T
    expected = untransformed(slope * transformed(old, fit.scale) + intercept, fit.scale)
    return value, percentiles(new - expected, f"images of both sets and {fit._method}, drawn together {draws:,} times", level)


def transformed(shares: Numbers, scale: Scale) -> Numbers:
    """Shares in (0, 1) → the scale."""
    return {"linear": np.asarray, "probit": special.ndtri, "logit": special.logit}[scale](shares)


def untransformed(values: Numbers, scale: Scale) -> Numbers:
    """The scale → shares in [0, 1]."""
    return np.clip({"linear": np.asarray, "probit": special.ndtr, "logit": special.expit}[scale](values), 0.0, 1.0)


def _inner(hits: int, n: int) -> float:
    """The share right, half an image inside of 0 and 1."""
    return min(max(hits, 0.5), n - 0.5) / n


def _resampled(x: np.ndarray, y: np.ndarray, seed: int, resamples: int) -> np.ndarray:
    """Slope and intercept of each resample of models; those that hold a single accuracy fit no line and are left out."""
    rng = np.random.default_rng(seed)
    step = max(1, _DRAWS // len(x))
    found = []
    for start in range(0, resamples, step):
        drawn = rng.integers(len(x), size=(min(step, resamples - start), len(x)))
        weights = np.stack([np.bincount(row, minlength=len(x)) for row in drawn]).astype(float)
        found.append(np.column_stack(_lines(x, y, weights)))
    lines = np.concatenate(found)
    return lines[np.isfinite(lines).all(axis=1)]


def _lines(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted least squares: (R, N) weights → slopes and intercepts (R,), NaN where all the weight lies on one x."""
    total = weights.sum(axis=1)
    mean_x, mean_y = weights @ x / total, weights @ y / total
    dx, dy = x - mean_x[:, None], y - mean_y[:, None]
    square = (weights * dx * dx).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.where(square > 1e-12, (weights * dx * dy).sum(axis=1) / square, np.nan)
    return slope, mean_y - slope * mean_x

"""What a calibration changed, on images it was not fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from snellen.charts import Lines, Series
from snellen.core import Interval
from snellen.methods.calibrate.bins import equal_mass, equal_width
from snellen.methods.calibrate.brier import brier_scores
from snellen.methods.calibrate.calibration_error import bin_sums, calibration_error
from snellen.methods.calibrate.classwise import classwise_error
from snellen.methods.calibrate.likelihood import negative_log_likelihood
from snellen.methods.calibrate.logits import answers, log_probabilities
from snellen.methods.calibrate.reliability import reliability
from snellen.stats import Estimate, basic, bootstrap, mean_estimate, paired_difference

BINS = 15
RESAMPLES, MOST = 200, 2_000_000
"""Of the classwise error, which is counted anew in each resample; with more probabilities than `MOST` it has no interval."""


@final
@dataclass(frozen=True)
class Score:
    """A number before and after, with intervals over images; `difference` is after less before, on the same images."""

    name: str
    title: str
    before: float | None
    after: float | None
    interval_before: Interval | None = None
    interval_after: Interval | None = None
    difference: Interval | None = None


def scores(before: np.ndarray, after: np.ndarray, truth: np.ndarray, seed: int = 0) -> tuple[Score, ...]:
    """Accuracy, confidence, calibration errors, Brier score and likelihood from logits (N, K) and true classes (N,)."""
    first, second = _estimates(before, truth), _estimates(after, truth)
    out = []
    for (name, title), one in first.items():
        other = second[name, title]
        paired = None if one.point() is None or other.point() is None else paired_difference(one, other, seed)
        spans = _proper(bootstrap(one, seed)), _proper(bootstrap(other, seed))
        out.append(Score(name, title, one.point(), other.point(), spans[0], spans[1], paired and paired[1]))
    out.insert(4, _classwise(before, after, truth, seed))
    return tuple(out)


def reliability_chart(before: np.ndarray, after: np.ndarray, truth: np.ndarray, method: str) -> Lines:
    """Accuracy against confidence before and after, each with Clopper-Pearson bands."""
    honest = Series("as sure as right", (0.0, 1.0), (0.0, 1.0), role="reference")
    lines = (_curve(before, truth, "before", "people"), _curve(after, truth, "after", "model"))
    alt = f"Accuracy against confidence, before and after {method}, on {len(truth)} images"
    return Lines("Reliability", alt, "confidence", "accuracy", (honest, *lines), x_range=(0.0, 1.0))


def _curve(logits: np.ndarray, truth: np.ndarray, label: str, role: Literal["model", "people"]) -> Series:
    confidence, correct = _sure(logits, truth)
    found = reliability(confidence, correct, equal_width(confidence, BINS))
    x, y, low, high = (tuple(map(float, c)) for c in (found.confidence, found.accuracy, found.low, found.high))
    return Series(label, x, y, low, high, role)


def _sure(logits: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    confidence = np.exp(log_probabilities(logits).max(axis=1)).clip(0, 1)
    return confidence, (answers(logits) == truth).astype(float)


def _estimates(logits: np.ndarray, truth: np.ndarray) -> dict[tuple[str, str], Estimate]:
    images = np.arange(len(truth))
    confidence, correct = _sure(logits, truth)
    width = bin_sums(confidence, correct, equal_width(confidence, BINS), BINS)
    mass = bin_sums(confidence, correct, equal_mass(confidence, BINS), BINS)
    return {
        ("accuracy", "accuracy"): mean_estimate(images, correct),
        ("confidence", "mean confidence"): mean_estimate(images, confidence),
        ("error", "calibration error, equal width"): Estimate(images, width, calibration_error, leans=True),
        ("adaptive-error", "calibration error, equal mass"): Estimate(images, mass, calibration_error, leans=True),
        ("brier", "Brier score"): mean_estimate(images, brier_scores(np.exp(log_probabilities(logits)), truth)),
        ("likelihood", "negative log likelihood"): mean_estimate(images, negative_log_likelihood(logits, truth)),
    }


def _classwise(before: np.ndarray, after: np.ndarray, truth: np.ndarray, seed: int) -> Score:
    pair = [np.exp(log_probabilities(logits)) for logits in (before, after)]
    first, second = (classwise_error(p, truth, BINS) for p in pair)
    title = "calibration error, classwise"
    if len(truth) < 2 or before.size > MOST:
        return Score("classwise-error", title, first, second)
    rng = np.random.default_rng(seed)
    weights = [np.bincount(rng.integers(len(truth), size=len(truth)), minlength=len(truth)).astype(float) for _ in range(RESAMPLES)]
    draws = np.array([[classwise_error(p, truth, BINS, w) for p in pair] for w in weights])
    spans = _proper(_basic(draws[:, 0], first)), _proper(_basic(draws[:, 1], second))
    return Score("classwise-error", title, first, second, spans[0], spans[1], _basic(draws[:, 1] - draws[:, 0], second - first))


def _basic(draws: np.ndarray, point: float) -> Interval:
    return basic(draws, point, f"basic bootstrap, {RESAMPLES} resamples")


def _proper(interval: Interval | None) -> Interval | None:
    """No error lies below zero."""
    return interval and Interval(max(0.0, interval.low), max(0.0, interval.high), interval.method, interval.level)

"""Measures of calibration: against peers' numbers, identities, and definitions written plainly."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from benchmarks.calibration import answers, ours
from snellen.arrays import softmax
from snellen.core import SnellenError
from snellen.methods.calibrate.bins import equal_mass, equal_width
from snellen.methods.calibrate.brier import brier_scores, decompose
from snellen.methods.calibrate.calibration_error import bin_sums, maximum_calibration_error, squared_calibration_error
from snellen.methods.calibrate.classwise import adaptive_error, classwise_error
from snellen.methods.calibrate.likelihood import negative_log_likelihood
from snellen.methods.calibrate.logits import are_probabilities
from snellen.methods.calibrate.reliability import reliability
from snellen.methods.calibrate.risk_coverage import excess_area, selective_accuracy
from snellen.methods.calibrate.under_shift import by_condition, sure_and_wrong


def calibrated(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.3, 1, n)
    return confidence, (rng.random(n) < confidence).astype(float)


def test_errors_are_those_of_netcal_and_torch_uncertainty():
    """netcal 1.4.0 and torch-uncertainty 0.13.0 (float32) on the same 200 answers; see benchmarks/calibration.py."""
    found = ours(*answers(7, 200))
    assert found["error"] == pytest.approx(0.276406244695387, abs=1e-12)
    assert found["largest"] == pytest.approx(0.41808910027266427, abs=1e-12)
    assert found["error"] == pytest.approx(0.2764062285423279, abs=1e-6)
    assert found["largest"] == pytest.approx(0.4180891811847687, abs=1e-6)
    assert found["adaptive"] == pytest.approx(0.2764062285423279, abs=1e-6)


def test_the_largest_error_of_filled_bins():
    confidence, correct = np.array([0.95, 0.95, 0.15]), np.array([1.0, 1.0, 1.0])
    sums = bin_sums(confidence, correct, equal_width(confidence, 10), 10).sum(axis=0)
    assert float(maximum_calibration_error(sums)) == pytest.approx(0.85)


def test_the_squared_error_is_debiased():
    """Of calibrated answers it is zero in the mean over samples; the plain one is not."""
    plain, debiased = [], []
    for seed in range(300):
        confidence, correct = calibrated(200, seed)
        sums = bin_sums(confidence, correct, equal_width(confidence, 10), 10).sum(axis=0)
        plain.append(float(squared_calibration_error(sums, debiased=False)))
        debiased.append(float(squared_calibration_error(sums)))
    spread = np.std(debiased) / np.sqrt(len(debiased))
    assert abs(np.mean(debiased)) < 4 * spread
    assert np.mean(plain) > 20 * spread


def test_the_brier_score_decomposes_exactly():
    confidence, correct = calibrated(500)
    for bins in (equal_width(confidence, 12), equal_mass(confidence, 7), np.zeros(500, int)):
        parts = decompose(confidence, correct, bins)
        assert parts.reliability - parts.resolution + parts.uncertainty + parts.within == pytest.approx(parts.score, abs=1e-12)
    few = np.round(confidence, 1)
    assert decompose(few, correct, (few * 10).astype(int)).within == pytest.approx(0, abs=1e-12)


def test_the_brier_score_plainly():
    logits, truth = answers(1, 50)
    p = softmax(logits)
    np.testing.assert_allclose(brier_scores(p, truth), ((p - np.eye(10)[truth]) ** 2).sum(axis=1))


def test_likelihood_of_what_was_ruled_out():
    found = negative_log_likelihood(np.array([[0.0, -np.inf], [0.0, 0.0]]), np.array([1, 1]))
    assert np.isinf(found[0])
    assert found[1] == pytest.approx(np.log(2))


def test_classwise_error_plainly_and_weighted():
    logits, truth = answers(2, 300)
    p = softmax(logits)
    total = 0.0
    for k in range(10):
        place = equal_width(p[:, k], 15)
        for b in range(15):
            inside = place == b
            if inside.any():
                total += inside.mean() * abs((truth[inside] == k).mean() - p[inside, k].mean())
    assert classwise_error(p, truth) == pytest.approx(total / 10)
    twice = np.r_[np.arange(300), np.arange(100)]
    weights = np.where(np.arange(300) < 100, 2.0, 1.0)
    assert classwise_error(p, truth, weights=weights) == pytest.approx(classwise_error(p[twice], truth[twice]))


def test_adaptive_error_and_its_threshold():
    logits, truth = answers(3, 300)
    p = softmax(logits)
    assert adaptive_error(np.eye(10)[truth], truth) == 0
    gaps = []
    for k in range(10):
        order = np.argsort(p[:, k])
        gaps += [abs((truth[part] == k).mean() - p[part, k].mean()) for part in np.array_split(order, 15)]
    assert adaptive_error(p, truth) == pytest.approx(np.mean(gaps))
    assert adaptive_error(p, truth, threshold=1.0) == 0
    assert adaptive_error(p, truth, threshold=0.01) > adaptive_error(p, truth)


@pytest.mark.parametrize("band", ["clopper-pearson", "bootstrap", "consistency"])
def test_bands_hold_a_calibrated_curve(band):
    confidence, correct = calibrated(3000, 4)
    curve = reliability(confidence, correct, equal_width(confidence, 10), band)
    target = curve.accuracy if band == "consistency" else curve.confidence
    assert ((curve.low <= target) & (target <= curve.high)).sum() >= len(target) - 1
    assert curve.n.sum() == 3000
    off = reliability(confidence, np.zeros(3000), equal_width(confidence, 10), "consistency")
    assert (off.accuracy < off.low).all()


def test_excess_area():
    rng = np.random.default_rng(0)
    correct = (rng.random(300) < 0.7).astype(float)
    best = correct + rng.random(300) / 10
    assert excess_area(best, correct) == pytest.approx(0, abs=1e-12)
    assert excess_area(rng.random(300), correct) > 0.1
    assert excess_area(np.ones(5), np.ones(5)) == 0


def test_selective_accuracy_keeps_ties():
    value, interval, n = selective_accuracy(np.array([0.9, 0.9, 0.9, 0.1]), np.array([1.0, 1.0, 0.0, 0.0]), 0.25)
    assert (value, n) == (pytest.approx(2 / 3), 3)
    assert interval.low < value < interval.high
    assert selective_accuracy(np.array([0.1, 0.9]), np.array([0.0, 1.0]), 0.5)[0] == 1.0
    with pytest.raises(SnellenError, match="coverage"):
        selective_accuracy(np.ones(3), np.ones(3), 0.0)


def test_under_shift():
    rows = [
        ("a", "clean", "", True, 0.9),
        ("b", "clean", "", False, 0.7),
        ("a", "noise", "1", False, 0.8),
        ("b", "noise", "1", False, 0.6),
    ]
    names = ["image", "condition", "level", "correct", "confidence"]
    trials = pl.DataFrame(rows, schema=names, orient="row").with_columns(subject=pl.lit("m"), dataset=pl.lit("d"))
    table = by_condition(trials)
    assert table["condition"].to_list() == ["clean", "noise"]
    assert table["accuracy"].to_list() == [0.5, 0.0]
    assert table["overconfidence"].to_list() == pytest.approx([0.3, 0.7])
    assert table["error"].to_list() == pytest.approx([0.4, 0.7])
    assert table["sure_and_wrong"].to_list() == pytest.approx([0.7, 0.7])
    assert sure_and_wrong(trials) == pytest.approx(0.7)
    assert sure_and_wrong(trials.filter(pl.col("correct"))) is None
    with pytest.raises(SnellenError, match="without level"):
        by_condition(trials.drop("level"))


def test_probabilities_are_told_from_logits():
    assert are_probabilities(softmax(answers(0, 5)[0]))
    assert not are_probabilities(answers(0, 5)[0])
    assert not are_probabilities(np.empty((0, 3)))

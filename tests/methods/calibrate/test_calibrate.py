"""Calibration errors by hand, by simulation and against scikit-learn-like definitions written plainly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snellen.methods.calibrate.bins import equal_mass, equal_width
from snellen.methods.calibrate.calibration_error import bin_sums, calibration_error
from snellen.methods.calibrate.risk_coverage import area, risk_coverage


def plainly(confidence: np.ndarray, correct: np.ndarray, bins: int) -> float:
    total = 0.0
    for b in range(bins):
        low, high = b / bins, (b + 1) / bins
        inside = (confidence > low) & (confidence <= high) if b else confidence <= high
        if inside.any():
            total += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return total


@pytest.mark.parametrize("bins", [1, 5, 15])
def test_expected_calibration_error(bins: int):
    rng = np.random.default_rng(bins)
    confidence = rng.random(500)
    correct = (rng.random(500) < confidence**2).astype(float)
    sums = bin_sums(confidence, correct, equal_width(confidence, bins), bins).sum(axis=0)
    assert float(calibration_error(sums)) == pytest.approx(plainly(confidence, correct, bins), abs=1e-12)


def test_borders_belong_to_the_bin_below():
    assert equal_width(np.array([0.0, 0.2, 0.2000001, 1.0]), 5).tolist() == [0, 0, 1, 4]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([0.1, 0.3, 0.5, 0.9, 1.0]), min_size=1, max_size=60), st.integers(1, 15))
def test_equal_mass_keeps_ties_together_and_order(values: list[float], bins: int):
    confidence = np.array(values)
    found = equal_mass(confidence, bins)
    assert found.min() >= 0
    assert found.max() < bins
    for value in set(values):
        assert len(set(found[confidence == value])) == 1
    order = np.argsort(confidence)
    assert (np.diff(found[order]) >= 0).all()


def test_equal_mass_is_equal_without_ties():
    assert np.bincount(equal_mass(np.random.default_rng(0).random(150), 15)).tolist() == [10] * 15


def test_risk_coverage_by_hand():
    coverage, risk = risk_coverage(np.array([0.9, 0.8, 0.7, 0.6]), np.array([1.0, 1.0, 0.0, 1.0]))
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risk.tolist() == pytest.approx([0, 0, 1 / 3, 1 / 4])
    assert area(coverage, risk) == pytest.approx(7 / 48)


def test_equal_confidences_are_declined_together():
    _, risk = risk_coverage(np.full(4, 0.5), np.array([1.0, 0.0, 0.0, 0.0]))
    assert risk.tolist() == [0.75] * 4


def test_perfect_confidence_has_the_least_area():
    correct = (np.random.default_rng(1).random(200) < 0.7).astype(float)
    best = area(*risk_coverage(correct, correct))
    random = area(*risk_coverage(np.random.default_rng(2).random(200), correct))
    worst = area(*risk_coverage(-correct, correct))
    assert best < random < worst

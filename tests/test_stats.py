"""Intervals cover what they should, and paired differences see what single ones can't."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from snellen.core import SnellenError
from snellen.methods.calibrate.bins import equal_width
from snellen.methods.calibrate.calibration_error import bin_sums, calibration_error
from snellen.stats import Estimate, bootstrap, clopper_pearson, mean_estimate, paired_difference, resampled_sums, wilson


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (10, 10), (3, 10), (226, 250), (1, 1)])
def test_intervals_equal_scipys(hits: int, n: int):
    exact = scipy_stats.binomtest(hits, n).proportion_ci(method="exact")
    score = scipy_stats.binomtest(hits, n).proportion_ci(method="wilson")
    ours, ours_score = clopper_pearson(hits, n), wilson(hits, n)
    assert (ours.low, ours.high) == pytest.approx((exact.low, exact.high), abs=1e-12)
    assert (ours_score.low, ours_score.high) == pytest.approx((score.low, score.high), abs=1e-12)


@pytest.mark.parametrize(("hits", "n"), [(1, 0), (5, 4), (-1, 4)])
def test_impossible_counts_are_refused(hits: int, n: int):
    with pytest.raises(SnellenError, match="expected 0 <= hits <= n"):
        clopper_pearson(hits, n)
    with pytest.raises(SnellenError, match="expected 0 <= hits <= n"):
        wilson(hits, n)


def test_bootstrap_covers_a_mean():
    rng = np.random.default_rng(0)
    covered = 0
    for trial in range(300):
        values = rng.normal(0.3, 1, 80)
        interval = bootstrap(mean_estimate(np.arange(80), values), seed=trial, resamples=400)
        assert interval is not None
        covered += interval.low <= 0.3 <= interval.high
    assert 0.90 <= covered / 300 <= 0.98


def test_bootstrap_is_deterministic_and_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch):
    columns = np.random.default_rng(0).random((50, 3))
    whole = resampled_sums(columns, 1, 100)
    assert np.array_equal(whole, resampled_sums(columns, 1, 100))
    monkeypatch.setattr("snellen.stats._CHUNK_VALUES", 170)
    assert np.allclose(whole, resampled_sums(columns, 1, 100))


def test_undefined_numbers_have_no_interval():
    nowhere = Estimate(
        np.arange(3),
        np.zeros((3, 2)),
        lambda s: np.divide(s[..., 0], s[..., 1], out=np.full(s.shape[:-1], np.nan), where=s[..., 1] > 0),
    )
    assert nowhere.point() is None
    assert bootstrap(nowhere) is None
    assert bootstrap(mean_estimate(np.arange(1), np.ones(1))) is None


def test_pairing_sees_a_small_difference_on_the_same_images():
    rng = np.random.default_rng(3)
    images = np.array([f"{i}" for i in range(400)])
    hard = rng.random(400)
    first, second = (hard < 0.6).astype(float), (hard < 0.66).astype(float)
    shuffled = rng.permutation(400)
    found = paired_difference(mean_estimate(images, first), mean_estimate(images[shuffled], second[shuffled]))
    assert found is not None
    value, interval, n = found
    assert n == 400
    assert value == pytest.approx(second.mean() - first.mean())
    assert interval.low > 0
    alone = bootstrap(mean_estimate(images, second))
    assert alone is not None
    assert interval.high - interval.low < alone.high - alone.low


def test_nothing_in_common_is_no_difference():
    assert paired_difference(mean_estimate(np.array(["a"]), np.ones(1)), mean_estimate(np.array(["b"]), np.ones(1))) is None


@pytest.mark.parametrize(("gap", "n"), [(0.1, 250), (0.03, 1000)])
def test_the_interval_of_a_number_that_leans_covers_the_truth(gap: float, n: int):
    """Calibration errors lean upwards so much that plain percentiles would leave the truth out."""
    rng, covered, plainly, trials = np.random.default_rng(5), 0, 0, 120
    for trial in range(trials):
        confidence = rng.uniform(0.4, 1, n)
        correct = (rng.random(n) < confidence - gap).astype(float)
        sums = bin_sums(confidence, correct, equal_width(confidence, 15), 15)
        estimate = Estimate(np.arange(n), sums, calibration_error, leans=True)
        interval = bootstrap(estimate, seed=trial, resamples=300)
        assert interval is not None
        covered += interval.low <= gap <= interval.high
        low, high = np.quantile(calibration_error(resampled_sums(sums, trial, 300)), [0.025, 0.975])
        plainly += low <= gap <= high
    assert covered / trials >= 0.8
    assert gap > 0.05 or covered > plainly


def test_an_interval_holds_its_point():
    rng = np.random.default_rng(7)
    for n in (5, 20, 200):
        for trial in range(20):
            estimate = mean_estimate(np.arange(n), (rng.random(n) < 0.9).astype(float))
            interval, point = bootstrap(estimate, trial), estimate.point()
            assert interval is not None
            assert point is not None
            assert interval.low <= point <= interval.high

"""Fits recover what was planted, and never diverge in silence."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.calibration import answers
from snellen.core import SnellenError
from snellen.methods.calibrate.bins import equal_width
from snellen.methods.calibrate.calibration_error import bin_sums, calibration_error
from snellen.methods.calibrate.fit import FITS, fit
from snellen.methods.calibrate.likelihood import negative_log_likelihood
from snellen.methods.calibrate.logits import answers as answered
from snellen.methods.calibrate.logits import log_probabilities, usable
from snellen.methods.calibrate.temperature import fit_temperature
from snellen.methods.calibrate.vector import fit_vector
from snellen.scaling import Isotonic, Platt, Temperature, log_odds


def error(logits: np.ndarray, truth: np.ndarray) -> float:
    confidence = np.exp(log_probabilities(logits).max(axis=1)).clip(0, 1)
    correct = (answered(logits) == truth).astype(float)
    return float(calibration_error(bin_sums(confidence, correct, equal_width(confidence), 15).sum(axis=0)))


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_known_temperature_is_recovered(temperature: float, seed: int):
    logits, truth = answers(seed, 20_000, temperature)
    assert fit_temperature(logits, truth).temperature == pytest.approx(temperature, rel=0.02)


def test_the_temperature_is_that_of_the_least_likelihood_and_netcals():
    logits, truth = answers(7, 200)
    found = fit_temperature(logits, truth).temperature
    assert found == pytest.approx(2.2917141648, rel=1e-5)  # netcal 1.4.0 on the same numbers
    best = negative_log_likelihood(logits / found, truth).mean()
    assert all(negative_log_likelihood(logits / (found * factor), truth).mean() > best for factor in (0.99, 1.01))


def test_the_temperature_scales_with_the_logits():
    logits, truth = answers(3, 500)
    expected = fit_temperature(logits, truth).temperature
    for factor in (1e-6, 1e6):
        assert fit_temperature(logits * factor, truth).temperature == pytest.approx(expected * factor, rel=1e-6)


@pytest.mark.parametrize("method", FITS)
def test_every_method_lowers_the_error_on_other_images(method: str):
    logits, truth = answers(0)
    scaling = fit(method, logits, truth)
    others, labels = answers(1)
    assert error(scaling(others), labels) < 0.3 * error(others, labels)


@pytest.mark.parametrize("method", [name for name in FITS if name != "vector"])
def test_no_answer_changes(method: str):
    logits, truth = answers(2, 400)
    others, _ = answers(4, 2000)
    assert (answered(fit(method, logits, truth)(others)) == answered(others)).all()


def test_platt_recovers_a_line():
    rng = np.random.default_rng(0)
    odds = rng.normal(1.5, 2, 40_000)
    logits = np.column_stack([np.abs(odds), np.zeros(len(odds))])
    right = rng.random(len(odds)) < 1 / (1 + np.exp(-(0.5 * np.abs(odds) + 0.2)))
    found = fit("platt", logits, np.where(right, 0, 1))
    assert isinstance(found, Platt)
    assert (found.slope, found.intercept) == pytest.approx((0.5, 0.2), abs=0.03)


def test_isotonic_is_monotone_and_pools():
    logits = np.column_stack([np.array([0.5, 1.0, 1.5, 2.0, 2.5]), np.zeros(5)])
    found = fit("isotonic", logits, np.array([0, 1, 0, 1, 0]))
    assert isinstance(found, Isotonic)
    assert found.right == pytest.approx([0.5, 0.5, 1 - 1 / 7])
    assert found.confidence == pytest.approx(1 / (1 + np.exp(-logits[[0, 3, 4], 0])))


def test_a_class_that_never_occurs_stays_as_temperature_scaling_leaves_it():
    logits, truth = answers(5, 3000)
    kept = truth != 9
    found = fit_vector(logits[kept], truth[kept])
    assert np.isfinite([*found.weights, *found.biases]).all()
    strict = fit_vector(logits[kept], truth[kept], penalty=1e9)
    temperature = fit_temperature(logits[kept], truth[kept]).temperature
    np.testing.assert_allclose(strict.weights, 1 / temperature, rtol=1e-3)
    np.testing.assert_allclose(strict.biases, 0, atol=1e-3)


@pytest.mark.parametrize("method", FITS)
@pytest.mark.parametrize("n", [1, 2, 5, 50])
@pytest.mark.parametrize("k", [2, 3])
def test_images_all_answered_right_have_a_finite_fit_or_a_sentence(method: str, n: int, k: int):
    truth = np.arange(n) % k
    logits = 5.0 * np.eye(k)[truth] + np.arange(n)[:, None] / n
    if method in ("temperature", "vector"):
        with pytest.raises(SnellenError, match="all answered right"):
            fit(method, logits, truth)
    else:
        sure = np.exp(log_probabilities(fit(method, logits, truth)(logits)).max(axis=1))
        assert (sure > 0.5).all()
        assert (sure < 1).all()


@pytest.mark.parametrize("method", FITS)
def test_separable_answers_do_not_diverge(method: str):
    """Sure answers are all right, unsure ones all wrong: without restraint a slope would go to infinity."""
    logits = np.array([[4.0, 0, 0]] * 20 + [[1.0, 0, 0]] * 20)
    found = fit(method, logits, np.array([0] * 20 + [1] * 10 + [2] * 10))
    assert np.isfinite(found(logits)).all()
    assert np.abs(found(logits)).max() < 50


@pytest.mark.parametrize("method", FITS)
def test_answers_that_are_ruled_out(method: str):
    logits, truth = answers(6, 400)
    logits[np.arange(400), (truth + 1) % 10] = -np.inf
    logits[:3] = -np.inf
    logits[[0, 1, 2], [4, 5, 6]] = 1.0
    truth[:3] = [4, 5, 7]
    scaled = fit(method, logits, truth)(logits)
    assert (np.isneginf(scaled) == np.isneginf(logits)).all()
    assert not np.isnan(scaled).any()


@pytest.mark.parametrize("method", FITS)
@pytest.mark.parametrize(
    ("logits", "truth", "says"),
    [
        (np.full((4, 3), np.nan), [0, 1, 2, 0], "NaN"),
        (np.full((4, 3), -np.inf), [0, 1, 2, 0], "-inf for all"),
        (np.zeros((4, 1)), [0, 0, 0, 0], "expected one of 0 to 0"),
        (np.zeros((4, 3)), [0, 1, 3, 0], "expected one of 0 to 2"),
        (np.zeros((0, 3)), [], "at least one"),
        (np.array([[0.0, -np.inf]] * 3), [1, 1, 1], "ruled out"),
    ],
)
def test_what_cannot_be_fitted_is_a_sentence(method: str, logits: np.ndarray, truth: list[int], says: str):
    with pytest.raises(SnellenError, match=says):
        fit(method, logits, np.array(truth, dtype=int))


def test_logits_that_tell_nothing():
    logits, _ = answers(8, 200)
    with pytest.raises(SnellenError, match="tell nothing"):
        fit_temperature(logits, logits.argmin(axis=1))


def test_an_unknown_method():
    with pytest.raises(SnellenError, match="Did you mean platt"):
        fit("plat", *answers(0, 20))


def test_rows_whose_truth_is_ruled_out_are_left_out():
    logits, truth = usable(np.array([[0.0, 1.0], [0.0, -np.inf]]), np.array([0, 1]))
    assert logits.tolist() == [[0.0, 1.0]]
    assert truth.tolist() == [0]


def test_log_odds_are_exact_where_the_probability_rounds_to_one():
    assert log_odds(np.array([[38.0, 0.0], [1.0, 0.0], [3.0, -np.inf]])).tolist() == pytest.approx([38.0, 1.0, 40.0])
    with pytest.raises(SnellenError, match="above 0"):
        Temperature(0.0)

"""Scalings: gradients in closed form against differences, and what they leave alone."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import TypeAdapter

from benchmarks.calibration import answers
from snellen.core import SnellenError
from snellen.scaling import AnyScaling, Beta, Isotonic, OfConfidence, Platt, Temperature, Vector

SCALINGS = (
    Temperature(1.7),
    Vector(tuple(np.linspace(0.5, 1.5, 10)), tuple(np.linspace(-1, 1, 10))),
    Platt(0.6, -0.3),
    Beta(0.4, 0.9, 0.1),
    Isotonic((0.1, 0.45, 0.8, 0.99), (0.05, 0.3, 0.5, 0.97)),
    Platt(0.1, -3.0),
)
IDS = ["temperature", "vector", "platt", "beta", "isotonic", "floor"]


def logits() -> np.ndarray:
    return answers(0, 40)[0] / 3


@pytest.mark.parametrize("scaling", SCALINGS, ids=IDS)
def test_gradients_are_those_of_differences(scaling):
    given, cotangent = logits(), np.random.default_rng(1).normal(size=(40, 10))
    pulled = scaling.pull(given, cotangent)
    step = 1e-6
    for k in range(10):
        bump = np.zeros((1, 10))
        bump[0, k] = step
        slope = ((scaling(given + bump) - scaling(given - bump)) * cotangent).sum(axis=1) / (2 * step)
        np.testing.assert_allclose(pulled[:, k], slope, atol=1e-6)


@pytest.mark.parametrize("scaling", SCALINGS, ids=IDS)
def test_what_was_ruled_out_stays_so_and_has_no_gradient(scaling):
    given = logits()
    given[:, 3] = -np.inf
    given[0, :9] = -np.inf
    assert (np.isneginf(scaling(given)) == np.isneginf(given)).all()
    pulled = scaling.pull(given, np.where(np.isfinite(given), 1.0, 0.0))
    assert np.isfinite(pulled).all()
    assert (pulled[np.isneginf(given)] == 0).all()


@pytest.mark.parametrize("scaling", [s for s in SCALINGS if isinstance(s, OfConfidence)])
def test_only_the_confidence_moves(scaling):
    given = logits()
    scaled = scaling(given)
    answer = given.argmax(axis=1)
    assert (scaled.argmax(axis=1) == answer).all()
    others = np.arange(10) != answer[:, None]
    assert (scaled[others] == given[others]).all()


def test_the_confidence_becomes_what_the_curve_says():
    given = logits()
    sure = np.exp(given - np.logaddexp.reduce(given, axis=1, keepdims=True)).max(axis=1)
    scaled = Isotonic((0.0, 1.0), (1e-9, 1 - 1e-9))(given)
    np.testing.assert_allclose(scaled, given, atol=1e-6)
    curve = Platt(1.0, 0.5)(given)
    odds = np.log(sure / (1 - sure)) + 0.5
    np.testing.assert_allclose(
        np.exp(curve - np.logaddexp.reduce(curve, axis=1, keepdims=True)).max(axis=1), 1 / (1 + np.exp(-odds))
    )


@pytest.mark.parametrize("scaling", SCALINGS, ids=IDS)
def test_they_are_kept_as_json(scaling):
    kind = TypeAdapter(AnyScaling)
    assert kind.validate_json(kind.dump_json(scaling)) == scaling
    assert scaling.describe()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Temperature(-1.0),
        lambda: Temperature(float("nan")),
        lambda: Vector((1.0,), ()),
        lambda: Platt(float("inf"), 0.0),
        lambda: Beta(1.0, float("nan"), 0.0),
        lambda: Isotonic((0.2, 0.1), (0.2, 0.3)),
        lambda: Isotonic((0.1, 0.2), (0.3, 0.2)),
        lambda: Isotonic((), ()),
    ],
)
def test_numbers_that_no_fit_gives_are_refused(make):
    with pytest.raises(SnellenError, match="expected"):
        make()


def test_a_vector_of_other_classes():
    with pytest.raises(SnellenError, match="expected 10, as when this was fitted"):
        SCALINGS[1](np.zeros((2, 3)))

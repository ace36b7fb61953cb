"""The losses that attacks raise: values by definition, cotangents by finite differences, whatever the logits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snellen.methods.attack.losses import LOSSES, cross_entropy, dlr, margin, targeted_dlr

RNG = np.random.default_rng(0)
SCORES, TRUTH = RNG.normal(0, 2, (40, 6)), RNG.integers(6, size=40)
TARGET = (TRUTH + 1 + RNG.integers(5, size=40)) % 6
ALL = {**LOSSES, "targeted-dlr": lambda scores, truth: targeted_dlr(scores, truth, TARGET[: len(truth)])}


@pytest.mark.parametrize("name", ALL)
def test_cotangents_are_slopes(name: str) -> None:
    step, direction = 1e-6, np.random.default_rng(1).normal(size=SCORES.shape)
    ahead, behind = (ALL[name](SCORES + sign * step * direction, TRUTH)[0] for sign in (1, -1))
    slope = (ALL[name](SCORES, TRUTH)[1] * direction).sum(axis=1)
    if name == "ce":
        slope *= 1 - np.exp(-cross_entropy(SCORES, TRUTH)[0])
    np.testing.assert_allclose((ahead - behind) / (2 * step), slope, rtol=1e-4, atol=1e-5)


def test_values_by_definition() -> None:
    scores, truth = np.array([[1.0, 4.0, 2.0, -1.0], [5.0, 4.0, 2.0, -1.0]]), np.array([2, 0])
    np.testing.assert_allclose(margin(scores, truth)[0], [2, -1])
    np.testing.assert_allclose(dlr(scores, truth)[0], [2 / 3, -1 / 3])
    np.testing.assert_allclose(targeted_dlr(scores, truth, np.array([3, 2]))[0], [-3 / 4, -3 / 4.5])
    np.testing.assert_allclose(cross_entropy(np.zeros((1, 4)), np.array([1]))[0], np.log(4))


@pytest.mark.parametrize("name", ["margin", "dlr"])
def test_a_loss_of_differences_is_above_zero_where_the_model_errs(name: str) -> None:
    np.testing.assert_array_equal(LOSSES[name](SCORES, TRUTH)[0] > 0, SCORES.argmax(axis=1) != TRUTH)


def test_dlr_does_not_change_with_the_scale() -> None:
    np.testing.assert_allclose(dlr(SCORES, TRUTH)[0], dlr(1000 * SCORES, TRUTH)[0], rtol=1e-9)


def test_cross_entropy_of_a_model_that_is_sure_has_a_cotangent() -> None:
    cotangent = cross_entropy(np.array([[0.0, 5000.0, -5.0]]), np.array([1]))[1]
    assert cotangent[0, 0] > 0 > cotangent[0, 1]


@given(
    rows=st.lists(st.lists(st.one_of(st.floats(-50, 50), st.just(-np.inf)), min_size=5, max_size=5), min_size=1, max_size=6),
    classes=st.integers(2, 5),
    name=st.sampled_from(["ce", "margin", "dlr", "targeted-dlr"]),
)
def test_masked_classes_and_few_classes_give_numbers(rows: list[list[float]], classes: int, name: str) -> None:
    scores = np.array(rows)[:, :classes]
    scores[:, 0] = np.where(np.isfinite(scores[:, 0]), scores[:, 0], 0.0)
    truth = np.zeros(len(scores), int)
    made = targeted_dlr(scores, truth, truth + 1) if name == "targeted-dlr" else LOSSES[name](scores, truth)
    assert not np.isnan(made[0]).any()
    assert np.isfinite(made[1]).all()

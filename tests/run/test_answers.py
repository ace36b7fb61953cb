"""From logits to answers, and the sentences for outputs that are none."""

from __future__ import annotations

import numpy as np
import pytest

from snellen.arrays import softmax
from snellen.core import SnellenError
from snellen.labels import SIXTEEN_MEMBERS, custom, imagenet, integers, sixteen
from snellen.run.answers import answer_labels, answers, check_logits

ABC = custom(["a", "b", "c"])


def test_response_confidence_and_rank():
    logits = np.log(np.array([[0.7, 0.2, 0.1], [0.2, 0.3, 0.5]]))
    rows = answers(logits, ABC, ABC, ["b", None])
    assert rows["response"].to_list() == ["a", "c"]
    assert rows["correct"].to_list() == [False, None]
    assert rows["confidence"].to_list() == pytest.approx([0.7, 0.5])
    assert rows["rank"].to_list() == [2, None]


def test_probabilities_are_taken_as_they_are():
    rows = answers(np.array([[0.7, 0.2, 0.1]]), ABC, ABC, ["a"])
    assert rows["confidence"].item() == pytest.approx(0.7)


def test_probabilities_in_half_precision_are_not_softened_again():
    exact = np.random.default_rng(0).dirichlet(np.full(1000, 0.02), 64)
    half = exact.astype(np.float16).astype(np.float32)
    assert np.abs(softmax(half) - exact).max() < 2e-3
    assert np.abs(softmax(half).sum(axis=1) - 1).max() < 1e-12


def test_ties_go_to_the_later_answer_in_choice_and_rank():
    rows = answers(np.array([[2.0, 2.0, 1.0]]), ABC, ABC, ["a"])
    assert rows["response"].item() == "b"
    assert rows["rank"].item() == 2


def test_sixteen_way_answer_is_the_mean_over_members():
    logits = np.full((1, 1000), -10.0)
    logits[0, SIXTEEN_MEMBERS["dog"][0]] = 5.0
    logits[0, SIXTEEN_MEMBERS["knife"][0]] = 4.0
    rows = answers(logits, imagenet(), sixteen(), ["knife"])
    assert rows["response"].item() == "knife"
    assert rows["correct"].item() is True
    fine = answers(logits, imagenet(), imagenet(), [imagenet().keys[SIXTEEN_MEMBERS["dog"][0]]])
    assert (fine["coarse_category"].item(), fine["coarse_response"].item()) == ("dog", "knife")
    assert fine["correct"].item() is True


def test_lists_that_meet_and_lists_that_do_not():
    assert answer_labels(ABC, None, [], "m", "i") is ABC
    assert answer_labels(imagenet(), sixteen(), ["cat"], "m", "i").name == "sixteen"
    assert answer_labels(integers(3), ABC, ["a", "c"], "m", "i") is ABC
    turned = custom(["c", "b", "a", "d"])
    assert answer_labels(turned, ABC, ["a", "b", "c"], "m", "i") is turned
    assert answer_labels(integers(10), integers(9), ["0", "8"], "m", "i").name == "integers"
    assert answer_labels(integers(2), sixteen(), ["cat", "dog"], "m", "i").keys == ("cat", "dog")
    with pytest.raises(SnellenError, match=r"3 classes.*16 categories.*--labels.*--categories"):
        answer_labels(ABC, sixteen(), ["cat", "dog", "oven", "knife"], "m", "i")


@pytest.mark.parametrize(
    ("logits", "says"),
    [
        (np.zeros((4,)), r"shape \(4,\).*expected \(4, classes\)"),
        (np.zeros((3, 5)), r"shape \(3, 5\) for 4 images"),
        (np.zeros((4, 1)), "expected"),
        (np.full((4, 5), np.nan), "NaN or infinite logits for 4 of 4"),
        (np.array([[np.inf, 0.0]] * 4), "NaN or infinite"),
        (np.array([[-np.inf, -np.inf]] * 4), "NaN or infinite"),
        (np.zeros((4, 7)), "7 logits per image; expected 5"),
    ],
)
def test_outputs_that_are_no_logits(logits: np.ndarray, says: str):
    with pytest.raises(SnellenError, match=says):
        check_logits(logits, 4, "model", classes=5)


def test_constant_logits_are_refused_and_single_minus_infinities_are_not():
    with pytest.raises(SnellenError, match="the same logits for 4 different images"):
        check_logits(np.ones((4, 5)), 4, "model", distinct=True)
    check_logits(np.array([[-np.inf, 0.0, 1.0]]), 1, "model", classes=3)
    rows = answers(np.array([[-np.inf, 0.0, 1.0]]), ABC, ABC, ["a"])
    assert rows["confidence"].item() == pytest.approx(np.e / (1 + np.e))


def test_no_images_give_no_rows():
    rows = answers(np.empty((0, 3)), ABC, ABC, [])
    assert rows.height == 0

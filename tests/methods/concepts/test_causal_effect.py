import numpy as np
import pytest

from snellen.methods.concepts.causal_effect import causal_concept_effect, flips


def test_effect_is_the_difference_of_means_and_effects_in_opposite_directions_cancel():
    before = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    after = np.array([[0.1, 0.9], [1.0, 0.0], [0.5, 0.5]])
    assert causal_concept_effect(before, after) == pytest.approx([0.0, 0.0])
    assert causal_concept_effect(before[:1], after[:1]) == pytest.approx([-0.8, 0.8])


def test_effect_of_a_linear_model_is_its_weight():
    noise = np.random.default_rng(0).normal(size=(500, 1))
    assert causal_concept_effect(noise + 3.0 * 0, noise + 3.0 * 1).item() == pytest.approx(3.0)


def test_flips_are_answers_that_differ_whatever_their_type():
    assert flips(["cat", "dog", "cat"], np.array(["cat", "cat", "dog"], object)).tolist() == [False, True, True]
    assert flips([], []).tolist() == []

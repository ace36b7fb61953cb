import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snellen.methods.compare.shape_bias import decisions, shape_bias, texture_of


@pytest.mark.parametrize(
    ("name", "texture"),
    [
        ("cat1-elephant2.png", "elephant"),
        ("cat/cat10-elephant12.png", "elephant"),
        ("0001_s5n_s01_0_bird_00_bird3-oven2.png", "oven"),
        ("cat1.png", None),
        ("dog-4581-sketch-16.png", None),
        ("bicycle-0011-ILSVRC2012-val-00011821.png", None),
    ],
)
def test_texture_is_read_from_the_published_names(name, texture):
    assert texture_of(name) == texture


def test_only_conflicting_cues_decide():
    found = decisions(
        ["cat", "cat", "cat", "cat", "cat", "cat"],
        ["dog", "dog", "dog", "cat", None, "dog"],
        ["cat", "dog", "bear", "cat", "cat", "na"],
    )
    assert found.conflict.tolist() == [True, True, True, False, False, True]
    assert found.shape.tolist() == [True, False, False, False, False, False]
    assert found.texture.tolist() == [False, True, False, False, False, False]


def test_undefined_without_a_decision():
    assert np.isnan(shape_bias(np.array(0), np.array(0)))


@given(st.integers(0, 500), st.integers(0, 500))
def test_shape_and_texture_bias_add_to_one(shape, texture):
    value = shape_bias(np.array(shape), np.array(texture))
    if shape + texture:
        assert value + shape_bias(np.array(texture), np.array(shape)) == pytest.approx(1)
        assert value == pytest.approx(shape / (shape + texture))

"""The distortions equal the published outputs, on NumPy and on PyTorch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snellen.arrays import to_numpy, uniform
from snellen.core import SnellenError
from snellen.methods.perturb.distortions.contrast import contrast
from snellen.methods.perturb.distortions.low_pass import blur_matrix, low_pass
from snellen.methods.perturb.distortions.rotation import rotation
from snellen.methods.perturb.distortions.uniform_noise import with_noise
from snellen.methods.perturb.grey import as_shown, luminance

TOLERANCE = 2e-6
NATIVE: dict[str, Callable] = {"numpy": np.asarray, "torch": torch.as_tensor}


def close(found, expected: np.ndarray) -> None:
    found = to_numpy(found)
    assert found.shape == (1, 3, *expected.shape)
    assert np.abs(found - expected).max() <= TOLERANCE


@pytest.mark.parametrize("native", NATIVE.values(), ids=NATIVE)
@pytest.mark.parametrize("level", [1, 0.5, 0.3, 0.15, 0.1, 0.05, 0.03, 0.01])
def test_contrast(image, vectors, native, level):
    close(contrast(native(image), float(level)), vectors[f"contrast_{level}"])


@pytest.mark.parametrize("native", NATIVE.values(), ids=NATIVE)
@pytest.mark.parametrize("sigma", [0, 1, 3, 5, 7, 10, 15, 40])
def test_low_pass(image, vectors, native, sigma):
    close(low_pass(native(image), float(sigma)), vectors[f"low_pass_{sigma}"])


@pytest.mark.parametrize("native", NATIVE.values(), ids=NATIVE)
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotation(image, vectors, native, degrees):
    close(rotation(native(image), degrees), vectors[f"rotate_{degrees}"])


@pytest.mark.parametrize("native", NATIVE.values(), ids=NATIVE)
@pytest.mark.parametrize("width", [0, 0.03, 0.05, 0.1, 0.2, 0.35, 0.6, 0.9])
def test_uniform_noise(image, vectors, native, width):
    drawn = np.random.RandomState(42).uniform(-width, width, (224, 224))
    unit = (drawn / (2 * width or 1) + 0.5).astype(np.float32)[None, None]
    close(with_noise(native(image), float(width), native(unit)), vectors[f"uniform_noise_c0.3_{width}_RandomState42"])


def test_grey(image, vectors):
    assert np.abs(luminance(image)[0, 0] - vectors["greyscale"]).max() <= TOLERANCE


@pytest.mark.parametrize("degrees", [45, -90, 360])
def test_other_angles_are_refused(degrees):
    with pytest.raises(SnellenError, match="expected 0, 90, 180 or 270"):
        rotation(np.zeros((1, 3, 8, 8), np.float32), degrees)


def test_turning_what_is_not_square_is_refused():
    with pytest.raises(SnellenError, match="8x4"):
        rotation(np.zeros((1, 3, 8, 4), np.float32), 90)
    assert rotation(np.zeros((1, 3, 8, 4), np.float32), 180).shape == (1, 3, 8, 4)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), side=st.integers(1, 40), amount=st.floats(0, 50))
def test_values_stay_in_range_and_shape(seed, side, amount):
    images = np.random.default_rng(seed).random((2, 3, side, side), dtype=np.float32)
    level = min(amount / 50, 1.0)
    for out in (contrast(images, level), low_pass(images, amount), with_noise(images, level, images[:, :1])):
        assert out.shape == images.shape
        assert out.min() >= -1e-6
        assert out.max() <= 1 + 1e-6


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 255), min_size=3, max_size=3))
def test_an_image_file_is_shown_as_it_is(values):
    images = np.array(values, np.float32).reshape(1, 3, 1, 1) / 255
    assert (np.round(as_shown(images) * 255).ravel() == values).all()


def test_shown_values_are_truncated_to_eight_bits():
    shown = as_shown(np.full((1, 3, 1, 1), 0.5, np.float32))
    assert shown.ravel()[0] == pytest.approx(127 / 255)


def test_blur_keeps_mass_away_from_the_border():
    assert np.abs(blur_matrix(224, 3.0)[50:170].sum(axis=1) - 1).max() < 1e-12


def test_noise_depends_on_the_key_alone():
    like = np.zeros((3, 1, 4, 4), np.float32)
    together = uniform([1, 2, 3], (1, 4, 4), like)
    assert (uniform([2], (1, 4, 4), like)[0] == together[1]).all()
    assert (uniform([3, 1], (1, 4, 4), torch.as_tensor(like)).numpy()[1] == together[0]).all()
    assert 0 <= together.min() < together.max() < 1

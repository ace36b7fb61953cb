"""A local linear fit is the gradient: of linear models exactly, of others as noise gets small."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from snellen.core import SnellenError
from snellen.methods.explain.gradient import Gradient
from snellen.methods.explain.local_linear import LocalLinear
from snellen.models.torch import TorchModel
from tests.methods.explain.boxes import BARE, box, check_edges, check_promises, photos, weighted

FINE = LocalLinear(samples=1000, cell=1)
"""For images of 12 x 12: 432 slopes."""


def smooth() -> TorchModel:
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 6, 3), nn.Tanh(), nn.Conv2d(6, 6, 3), nn.Softplus(), nn.Flatten(), nn.Linear(6 * 64, 3)
    return TorchModel(nn.Sequential(*layers).double(), preprocessing=BARE)


def gradient(model: TorchModel, images: torch.Tensor, classes: np.ndarray) -> np.ndarray:
    return Gradient()(model, images, classes).maps


def test_it_is_the_gradient_as_noise_gets_small() -> None:
    model, images, classes = smooth(), torch.from_numpy(photos(2)), np.array([0, 2])
    expected = gradient(model, images, classes)
    away = [np.abs(replace(FINE, sigma=s)(model, images, classes).maps - expected).max() for s in (0.3, 0.03)]
    assert away[1] < 0.1 * away[0]
    assert away[1] < 0.02 * np.abs(expected).max()


def test_a_linear_model_is_recovered_whatever_the_noise() -> None:
    weights = np.random.default_rng(1).normal(size=(3, 3, 12, 12))
    model = box(lambda images: np.tensordot(images.astype(float), weights, axes=((1, 2, 3), (1, 2, 3))))
    found = replace(FINE, sigma=5.0)(model, photos(1), np.array([1]))
    np.testing.assert_allclose(found.maps[0], weights[1], atol=1e-4)
    assert found.unit == "logits per unit of pixel value"
    assert found.forwards == 1000


@pytest.mark.parametrize("cell", [4, 5, 100])
def test_a_cell_has_the_mean_gradient_of_its_pixels(cell: int) -> None:
    model, images = smooth(), torch.from_numpy(photos(1))
    found = LocalLinear(samples=200, cell=cell, sigma=0.003)(model, images, np.array([1])).maps
    expected = gradient(model, images, np.array([1]))
    for top in range(0, 12, cell):
        for left in range(0, 12, cell):
            own = np.s_[:, :, top : top + cell, left : left + cell]
            mean = expected[own].mean(axis=(2, 3), keepdims=True)
            assert np.abs(found[own] - mean).max() < 0.02 * np.abs(expected).max()


def test_a_cube_gives_its_gradient_and_three_variances() -> None:
    """E d/dx w (x + z)³ = 3 w (x² + s²); the square, which is even in z about 0, gives nothing there."""
    model = box(
        lambda images: np.stack([images[:, 0, 0, 0] ** 3, images[:, 1, 0, 0] ** 2, images[:, 2, 0, 0]], 1).astype(np.float64)
    )
    images = np.full((1, 3, 1, 1), 0.5, np.float32)
    found = LocalLinear(samples=20_000, sigma=0.4)(model, images, np.array([0]))
    assert abs(found.maps[0, 0, 0, 0] - 3 * (0.25 + 0.16)) < 5 * found.error[0, 0, 0, 0]
    even = LocalLinear(samples=10, sigma=0.4)(model, 0 * images, np.array([1]))
    assert np.abs(even.maps).max() < 1e-6


def test_its_error_is_that_of_other_keys() -> None:
    method = LocalLinear(samples=120, cell=4, sigma=0.5)
    found = method(box(weighted), np.repeat(photos(1), 80, axis=0), np.zeros(80, int))
    ratio = found.maps.std(axis=0, ddof=1) / np.sqrt((found.error**2).mean(axis=0))
    assert 0.8 < ratio.mean() < 1.2


def test_promises_and_edges() -> None:
    check_promises(LocalLinear(samples=80, cell=4, sigma=0.5), (3, 12, 12))
    check_edges(LocalLinear(samples=80, cell=4))
    constant = LocalLinear(samples=80, cell=4)(box(lambda images: np.ones((len(images), 3))), photos(1), np.array([0]))
    assert (constant.maps == 0).all()
    assert (constant.error == 0).all()


def test_the_model_is_left_as_it_was_in_training_mode() -> None:
    model = smooth()
    model.module.train()
    LocalLinear(samples=10, cell=12)(model, torch.from_numpy(photos(1)), np.array([0]))
    assert model.module.training
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.module.parameters())


def test_what_cannot_be_fitted_is_said() -> None:
    with pytest.raises(SnellenError, match="got 80 samples for 12 x 12 cells of 3 colours; expected more than 864"):
        LocalLinear(samples=80, cell=1)(box(weighted), photos(1), np.array([0]))
    for wrong in ({"samples": 11}, {"samples": 2}, {"cell": 0}, {"sigma": 0.0}):
        with pytest.raises(SnellenError, match="expected an even number of samples"):
            LocalLinear(**wrong)

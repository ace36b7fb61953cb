"""Explanations find what was planted, and equal closed forms where there are any."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from snellen import load
from snellen.core import Preprocessing, Unsupported
from snellen.labels import custom, sixteen
from snellen.methods.asked import Asked
from snellen.methods.explain.edges import edges
from snellen.methods.explain.gradient import Gradient
from snellen.methods.explain.occlusion import Occlusion, spread, starts
from snellen.models.torch import TorchModel
from tests.patients import PREPROCESSING, SIZE, draw, patient

IMAGES = draw(np.arange(16), np.arange(16)).astype(np.float32) / 255


def test_gradient_of_a_linear_model_is_its_weights():
    model = patient(gain=2.0)
    classes = np.arange(16)
    maps = Gradient()(model, model.asarray(IMAGES), classes).maps
    weights = model.module.weights.detach().numpy().reshape(16, SIZE, SIZE)
    assert np.abs(maps - 2.0 * weights[:, None] / 3).max() < 1e-6


def test_gradient_leaves_the_model_as_it_was():
    model = patient()
    model.module.train()
    Gradient()(model, model.asarray(IMAGES[:2]), np.array([0, 1]))
    assert model.module.training
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.module.parameters())


def test_gradient_of_a_black_box_is_refused():
    box = load(lambda images: images.mean(axis=(2, 3)), labels=custom(["r", "g", "b"]), preprocessing=PREPROCESSING)
    with pytest.raises(Unsupported, match="no gradients"):
        Gradient()(box, box.asarray(IMAGES[:1]), np.array([0]))


def test_occlusion_finds_the_blob():
    model = patient()
    maps = Occlusion(patch=16, stride=8)(model, model.asarray(IMAGES), np.arange(16)).maps
    for k, found in enumerate(maps):
        row, column = np.unravel_index(found.argmax(), found.shape)
        assert (row // 16, column // 16) == (k // 4, k % 4)


def test_occlusion_of_a_linear_model_is_the_sum_under_the_patch():
    model = patient(gain=1.0)
    (found,) = Occlusion(patch=16, stride=16).falls(Asked(model), model.asarray(IMAGES[:1]), np.array([3]))
    weights = model.module.weights.detach().numpy()[3].reshape(SIZE, SIZE)
    terms = (IMAGES[0].mean(axis=0) - 0.5) * weights
    expected = terms.reshape(4, 16, 4, 16).sum(axis=(1, 3))
    assert np.abs(found - expected).max() < 1e-5


def test_occlusion_of_a_black_box_is_that_of_the_network():
    model = patient()
    box = load(lambda images: model.logits(torch.from_numpy(images)).numpy(), labels=sixteen(), preprocessing=PREPROCESSING)
    for method in (Occlusion(16, 8), Occlusion(10, 7, fill="mean"), Occlusion(10, 7, fill="patch")):
        own = method(model, model.asarray(IMAGES[:3]), np.arange(3))
        other = method(box, box.asarray(IMAGES[:3]), np.arange(3))
        np.testing.assert_allclose(own.maps, other.maps, atol=1e-4)
        assert (own.forwards, own.where) == (other.forwards, other.where)


def test_occlusion_of_a_single_pixel_is_the_fall_without_it():
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1), torch.nn.Flatten())
    model = TorchModel(module, preprocessing=Preprocessing((1, 1)))
    image = torch.full((1, 3, 1, 1), 0.9)
    fall = model.logits(image)[0, 1] - model.logits(torch.full_like(image, 0.5))[0, 1]
    assert Occlusion()(model, image, np.array([1])).maps[0, 0, 0] == pytest.approx(float(fall), abs=1e-6)


@pytest.mark.parametrize(("size", "patch", "stride"), [(64, 16, 8), (65, 16, 8), (10, 16, 8), (7, 1, 1)])
def test_windows_cover_everything(size: int, patch: int, stride: int):
    at = starts(size, patch, stride)
    assert at[0] == 0
    assert at[-1] + patch >= size
    assert all(b - a <= stride for a, b in pairwise(at))


def test_spread_of_equal_windows_is_flat():
    count = len(starts(50, 16, 8))
    assert np.allclose(spread(np.ones((1, count, count)), (50, 50), 16, 8), 1)


def test_edges_know_no_model_and_find_edges():
    step = np.zeros((1, 3, 8, 8))
    step[..., 4:] = 1
    found = edges(step)[0]
    assert (found[:, [3, 4]] > 3.9).all()
    assert (found[:, [0, 1, 2, 5, 6, 7]] == 0).all()


def test_edges_of_one_image_do_not_depend_on_its_neighbours():
    together = edges(IMAGES)
    assert np.array_equal(edges(IMAGES[3:4])[0], together[3])


def test_maps_agree_between_a_module_and_its_half_precision_twin():
    model = patient()
    half = load(model.module.half(), labels=sixteen(), preprocessing=PREPROCESSING)
    maps = Gradient()(half, half.asarray(IMAGES[:2]), np.array([0, 1])).maps
    assert maps.dtype == np.float32
    assert torch.isfinite(torch.as_tensor(maps)).all()


def test_occlusion_as_captum():
    captum = pytest.importorskip("captum.attr", reason="captum is not installed (see benchmarks/requirements-peers.txt)")
    model, classes = patient(), np.arange(16)
    images = model.asarray(IMAGES)
    with torch.no_grad():
        theirs = captum.Occlusion(model.module).attribute(images, (3, 16, 16), (3, 8, 8), 0.5, torch.from_numpy(classes)).numpy()
    np.testing.assert_allclose(Occlusion(patch=16, stride=8)(model, images, classes).maps, theirs[:, 0], atol=1e-5)

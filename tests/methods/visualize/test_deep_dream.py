"""DeepDream, and what units depend on at an image."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from snellen.core import SnellenError, Unsupported
from snellen.methods.visualize.deep_dream import DeepDream
from snellen.methods.visualize.objectives import Channel, ClassLogit, MeanSquare, Unit
from snellen.methods.visualize.unit_gradient import UnitGradient
from tests.methods.visualize.networks import SIDE, Colours, convolutional, model_of


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(4, 3, SIDE, SIDE + 3, generator=torch.Generator().manual_seed(0))


def test_a_dream_has_more_of_what_the_layer_saw(images: torch.Tensor) -> None:
    model = model_of(convolutional())
    dreams = DeepDream(octaves=2, jitter=3)(model, images, MeanSquare("3"))
    before, after = (model.activations(one, "3").square().mean((1, 2, 3)) for one in (images, torch.tensor(dreams)))
    assert (after > 1.4 * before).all()
    assert dreams.dtype == np.float32
    assert dreams.min() >= 0
    assert dreams.max() <= 1


def test_a_step_changes_values_by_the_rate_on_average() -> None:
    grey = torch.full((1, 3, SIDE, SIDE), 0.5)
    dream = DeepDream(octaves=1, steps=1, rate=0.02, jitter=5)(model_of(Colours()), grey, ClassLogit([0]))
    assert dream[0, 0] == pytest.approx(np.full((SIDE, SIDE), 0.56), abs=1e-5)
    assert dream[0, 1:] == pytest.approx(np.full((2, SIDE, SIDE), 0.5), abs=1e-6)


def test_what_jitter_moved_is_moved_back() -> None:
    grey = torch.full((3, 3, SIDE, SIDE), 0.5)
    dreams = DeepDream(octaves=1, steps=1, rate=0.001, jitter=3)(model_of(Colours()), grey, Unit("maps", [1], place=(1, 1)))
    tops = [np.argwhere(dream[1] > 0.5).min(0) for dream in dreams]
    moves = [np.random.Generator(np.random.PCG64(key)).integers(-3, 4, (1, 1, 2))[0, 0] for key in range(3)]
    np.testing.assert_array_equal(tops, [4 - move for move in moves])


def test_a_dream_belongs_to_its_key_and_not_to_its_batch(images: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    model, method, told = model_of(convolutional()), DeepDream(octaves=2, steps=3, jitter=4), []
    whole = method(model, images, Channel("3", [0, 4]), keys=[3, 4, 5, 6])
    alone = method(model, images[2:3], Channel("3", [4]), keys=[5])
    np.testing.assert_allclose(alone[0], whole[2], atol=2e-3)
    monkeypatch.setattr("snellen.methods.visualize.deep_dream.at_once", lambda *_: 3)
    parts = method(model, images, Channel("3", [0, 4]), keys=[3, 4, 5, 6], progress=told.append)
    np.testing.assert_allclose(parts, whole, atol=2e-3)
    assert sum(told) == 4 * 2 * 3
    assert np.abs(method(model, images, Channel("3", [0, 4]), keys=[7, 8, 9, 10]) - whole).max() > 0


def test_no_images_and_wrong_images() -> None:
    model = model_of(convolutional())
    assert DeepDream()(model, torch.zeros(0, 3, SIDE, SIDE), MeanSquare("3")).shape == (0, 3, SIDE, SIDE)
    assert UnitGradient()(model, torch.zeros(0, 3, SIDE, SIDE), Channel("3", [0])).shape == (0, 3, SIDE, SIDE)
    with pytest.raises(SnellenError, match="normalisation belongs to the model"):
        DeepDream()(model, torch.full((1, 3, SIDE, SIDE), 3.0), MeanSquare("3"))
    with pytest.raises(SnellenError, match="a ratio above 1"):
        DeepDream(ratio=1.0)


def test_the_gradient_of_a_unit_is_where_it_looks(images: torch.Tensor) -> None:
    maps = UnitGradient()(model_of(Colours()), images, Unit("maps", [0, 2], place="strongest"))
    cells = model_of(Colours()).activations(images, "maps").numpy()
    for row, channel in enumerate((0, 0, 2, 2)):
        at = np.unravel_index(cells[row, channel].argmax(), cells.shape[2:])
        expected = np.zeros_like(maps[row])
        expected[channel, 4 * at[0] : 4 * at[0] + 4, 4 * at[1] : 4 * at[1] + 4] = 1 / 16
        np.testing.assert_allclose(maps[row], expected, atol=1e-7)


def test_deconvolution_rectifies_what_comes_back(images: torch.Tensor) -> None:
    """What comes back to the first rectifier goes on where it is positive, not where something went forwards."""
    network = convolutional()
    found = {by: UnitGradient(by)(model_of(network), images, Channel("3", [2])) for by in ("gradient", "deconvolution")}
    first = network[0]
    assert isinstance(first, torch.nn.Conv2d)
    leaf = images.clone().requires_grad_()
    hidden = first(leaf)
    pooled = torch.nn.functional.max_pool2d(hidden.relu(), 2)
    back = torch.autograd.grad(network[3](pooled)[:, 2].mean((1, 2)).sum(), pooled)[0]
    rectified = hidden.detach().relu().requires_grad_()
    at_hidden = torch.autograd.grad(torch.nn.functional.max_pool2d(rectified, 2), rectified, back)[0].clamp_min(0)
    expected = torch.autograd.grad(hidden, leaf, at_hidden)[0].numpy()
    np.testing.assert_allclose(found["deconvolution"], expected, atol=1e-6)
    assert np.abs(found["gradient"] - expected).max() > 1e-3


def test_a_rule_needs_rectifiers(images: torch.Tensor) -> None:
    with pytest.raises(Unsupported, match="no rectifier before maps"):
        UnitGradient("guided-backpropagation")(model_of(Colours()), images, Channel("maps", [0]))
    with pytest.raises(SnellenError, match="3 units"):
        UnitGradient()(model_of(Colours()), images, Channel("maps", [0, 1, 2]))

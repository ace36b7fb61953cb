"""Images that units respond to most: known where the network is, found wherever they are asked for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snellen.core import SnellenError, Unsupported
from snellen.methods.visualize.activation_maximization import ActivationMaximization
from snellen.methods.visualize.objectives import Channel, ClassLogit, Diversity, Unit
from snellen.methods.visualize.parameterization import Fourier, Pixels
from snellen.methods.visualize.robustness import WIDE, Robustness
from snellen.models.function import FunctionModel
from tests.methods.visualize.networks import SIDE, Colours, convolutional, model_of

QUICK = ActivationMaximization(steps=40, rate=0.2)


@pytest.mark.parametrize("parameterization", [Pixels(), Fourier()], ids=["pixels", "fourier"])
def test_the_image_for_a_colour_is_of_that_colour(parameterization: Pixels | Fourier) -> None:
    method = ActivationMaximization(steps=150, rate=0.2, parameterization=parameterization, robustness=Robustness())
    found = method(model_of(Colours()), ClassLogit([0, 2]))
    red, blue = found.images.mean((2, 3))
    assert red[0] > 0.9
    assert blue[2] > 0.9
    assert found.images.shape == (2, 3, SIDE, SIDE)
    assert found.values == pytest.approx([red[0], blue[2]], abs=1e-4)
    assert (found.course[:, -1] > found.course[:, 0] + 0.2).all()


def test_the_least_is_the_opposite_of_the_most() -> None:
    found = ActivationMaximization(steps=150, rate=0.2, parameterization=Pixels(), least=True)(model_of(Colours()), ClassLogit([1]))
    assert found.values[0] < 0.05


def test_decay_pulls_to_where_simonyans_objective_has_its_maximum() -> None:
    """Mean of red less λ times the sum of squares: every red value is 1/2 + 1 / (2 λ P), all else grey."""
    decay = 1 / (0.4 * SIDE**2)
    method = ActivationMaximization(steps=200, rate=0.1, parameterization=Pixels(), robustness=None, decay=decay)
    found = method(model_of(Colours()), ClassLogit([0])).images[0]
    assert found[0] == pytest.approx(np.full((SIDE, SIDE), 0.7), abs=2e-3)
    assert found[1:] == pytest.approx(np.full((2, SIDE, SIDE), 0.5), abs=2e-3)


def test_a_unit_shows_only_where_it_looks() -> None:
    method = ActivationMaximization(steps=60, rate=0.2, parameterization=Pixels(), robustness=None)
    found = method(model_of(Colours()), Unit("maps", [1], place=(1, 2))).images[0]
    assert found[1, 4:8, 8:12].min() > 0.9
    outside = np.abs(found - 0.5)
    outside[1, 4:8, 8:12] = 0
    assert outside.max() < 0.05


@pytest.mark.parametrize("size", [(SIDE, SIDE), (11, 23)])
def test_what_else_is_in_the_batch_changes_nothing(size: tuple[int, int]) -> None:
    model = model_of(convolutional())
    both = QUICK(model, Channel("3", [1, 4]), size=size, keys=[5, 9])
    alone = QUICK(model, Channel("3", [4]), size=size, keys=[9])
    assert both.images.shape == (2, 3, *size)
    np.testing.assert_allclose(alone.images[0], both.images[1], atol=2e-3)
    np.testing.assert_allclose(alone.course[0], both.course[1], atol=2e-3)


def test_many_units_are_cut_into_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    model, told = model_of(convolutional()), []
    whole = QUICK(model, Channel("3", [0, 1, 2, 3, 4]))
    monkeypatch.setattr("snellen.methods.visualize.activation_maximization.at_once", lambda *_: 2)
    parts = QUICK(model, Channel("3", [0, 1, 2, 3, 4]), progress=told.append)
    np.testing.assert_allclose(parts.images, whole.images, atol=2e-3)
    assert sum(told) == 5 * QUICK.steps
    assert max(told) == 2


def test_diversity_makes_copies_less_alike() -> None:
    model, alike = model_of(convolutional()), []
    measure = Diversity("0", weight=1.0)
    for weight in (0.0, 10.0):
        method = ActivationMaximization(steps=60, rate=0.1, copies=3, parameterization=Pixels(), robustness=None)
        found = method(model, [Channel("0", [2, 5]), Diversity("0", weight)])
        output = model.activations(torch.tensor(found.images), "0")
        alike.append(-measure.pulled(output, SIDE, SIDE, 3)[0].mean().item())
    assert alike[1] < alike[0] - 0.2


def test_noise_belongs_to_the_key() -> None:
    model = model_of(convolutional())
    first, second, again = (QUICK(model, Channel("3", [0]), keys=[key]).images for key in (1, 2, 1))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - second).max() > 0.01


def test_units_that_are_off_are_woken() -> None:
    first = nn.Conv2d(3, 2, 4, stride=4)
    with torch.no_grad():
        first.weight.fill_(1 / 48)
        first.bias.copy_(torch.tensor([-0.7, 0.0]))  # pyright: ignore[reportOptionalMemberAccess]
    network = nn.Sequential(first, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2))
    found = ActivationMaximization(steps=60, rate=0.2)(model_of(network), Channel("1", [0, 1]))
    assert found.course[0, 0] == 0
    assert found.values[0] > 0.05
    assert found.values[1] > 0.7


def test_a_unit_that_was_woken_is_climbed_as_fast_as_any_other() -> None:
    """Past the first rectifier the way is thousands of times as steep; only what is asleep is led over it."""
    steep, gentle = nn.Conv2d(3, 2, 4, stride=4), nn.Conv2d(2, 1, 1)
    with torch.no_grad():
        steep.weight[0].fill_(-1e4 / 48)
        steep.weight[1].fill_(1 / 48)
        steep.bias.copy_(torch.tensor([0.0, 0.0]))  # pyright: ignore[reportOptionalMemberAccess]
        gentle.weight.copy_(torch.tensor([-1.0, 1.0])[None, :, None, None])
        gentle.bias.fill_(-0.51)  # pyright: ignore[reportOptionalMemberAccess]
    network = nn.Sequential(steep, nn.ReLU(), gentle, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 2))
    found = ActivationMaximization(steps=60, rate=0.2)(model_of(network), Channel("3", [0]))
    assert found.course[0, 0] == 0
    assert found.values[0] > 0.25


class Constant(nn.Module):
    """Logits that do not change, but that depend on pixels as PyTorch sees it."""

    def forward(self, images: Tensor) -> Tensor:
        return images.mean((2, 3)) * 0


class Root(nn.Module):
    """NaN for all but the whitest image."""

    def forward(self, images: Tensor) -> Tensor:
        return (images.mean((2, 3)) - 2).sqrt()


def test_constant_and_broken_models() -> None:
    found = ActivationMaximization(steps=3)(model_of(Constant()), ClassLogit([0]))
    assert np.isfinite(found.images).all()
    assert (found.course == 0).all()
    with pytest.raises(SnellenError, match="cannot be climbed"):
        ActivationMaximization(steps=3)(model_of(Root()), ClassLogit([0]))
    assert ActivationMaximization(steps=2)(model_of(Colours()), ClassLogit([0]), size=(4, 4)).images.shape == (1, 3, 4, 4)


def test_what_cannot_be_done_is_said() -> None:
    model = model_of(Colours())
    with pytest.raises(SnellenError, match="expected 2 keys"):
        QUICK(model, ClassLogit([0, 1]), keys=[1])
    with pytest.raises(SnellenError, match="objectives of 1 and 2 units"):
        QUICK(model, [ClassLogit([0, 1]), Channel("maps", [0])])
    with pytest.raises(SnellenError, match="objectives of no units"):
        QUICK(model, [])
    with pytest.raises(SnellenError, match="got the unit 3 of the logits"):
        QUICK(model, ClassLogit([3]))
    with pytest.raises(SnellenError, match="expected steps and copies from 1"):
        ActivationMaximization(steps=0)
    with pytest.raises(Unsupported, match="no PyTorch network"):
        QUICK(FunctionModel(lambda images: images.mean((2, 3))), ClassLogit([0]))


@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_left_as_found(training: bool) -> None:
    network = convolutional().train(training).requires_grad_(False)
    state = torch.get_rng_state()
    with torch.inference_mode():
        ActivationMaximization(steps=2)(model_of(network), [Channel("3", [0]), ClassLogit([1])])
    assert network.training is training
    assert torch.equal(state, torch.get_rng_state())
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in network.modules())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_a_pass_ends_at_the_layer_that_is_asked_for() -> None:
    network, calls = convolutional(), []
    network[-1].register_forward_hook(lambda *_: calls.append(1))
    ActivationMaximization(steps=5)(model_of(network), [Channel("0", [1])])
    early = len(calls)
    ActivationMaximization(steps=5)(model_of(network), [ClassLogit([1])])
    assert len(calls) - early >= 5
    assert early < 5


@pytest.mark.parametrize(
    ("layers", "same"), [([None], WIDE), (["0"], Robustness()), ([None, "3"], Robustness())], ids=["classes", "layer", "both"]
)
def test_classes_are_moved_about_more_than_layers(layers: list[str | None], same: Robustness) -> None:
    objectives = [ClassLogit([1]) if layer is None else Channel(layer, [1]) for layer in layers]
    auto, told, none = (
        ActivationMaximization(steps=5, robustness=one)(model_of(convolutional()), objectives) for one in ("auto", same, None)
    )
    np.testing.assert_array_equal(auto.course, told.course)
    assert (auto.course != none.course).any()

"""Guided backpropagation and deconvolution: their rules, wherever a network has its rectifiers."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snellen.core import Preprocessing, Unsupported
from snellen.methods.explain._rectified import Backwards
from snellen.methods.explain.deconvolution import Deconvolution
from snellen.methods.explain.gradient import Gradient
from snellen.methods.explain.guided_backpropagation import GuidedBackpropagation
from snellen.models.torch import TorchModel

SIDE = 12
CLASSES = np.array([0, 1, 2])
BOTH = (GuidedBackpropagation(), Deconvolution())


class Network(nn.Module):
    """Two hidden layers with a rectifier each, made in one of many ways."""

    def __init__(self, how: str) -> None:
        super().__init__()
        torch.manual_seed(6)
        self.one, self.two, self.head = nn.Conv2d(3, 5, 3), nn.Conv2d(5, 6, 3), nn.Linear(6 * 64, 3)
        self.how, self.shared = how, nn.ReLU(how == "module in place")

    def rectify(self, x: Tensor) -> Tensor:
        match self.how:
            case "module" | "module in place":
                return self.shared(x)
            case "function":
                return F.relu(x)
            case "method in place":
                return x.relu_()
            case "statement":
                torch.relu_(x)
                return x
            case "clamp":
                return x.clamp(min=0)
            case "six":
                return F.relu6(x * 3)
            case _:
                return torch.sigmoid(x)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.rectify(self.two(self.rectify(self.one(images)))).flatten(1))


def by_hand(network: Network, image: Tensor, target: int, guided: bool) -> Tensor:
    """The rule step by step, for one image."""
    one = network.one(image[None])
    two = network.two(one.relu())
    back = network.head.weight[target].reshape(1, 6, 8, 8)
    back = back.clamp(min=0) * ((two > 0) if guided else 1)
    back = F.conv_transpose2d(back, network.two.weight)
    back = back.clamp(min=0) * ((one > 0) if guided else 1)
    return F.conv_transpose2d(back, network.one.weight)[0].detach()


def model_of(module: nn.Module) -> TorchModel:
    return TorchModel(module, preprocessing=Preprocessing((SIDE, SIDE), mean=(0.0,) * 3, std=(1.0,) * 3))


@pytest.fixture
def images() -> Tensor:
    return torch.rand(3, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(7))


@pytest.mark.parametrize("how", ["module", "module in place", "function", "method in place", "statement", "clamp"])
def test_the_rules_however_the_rectifier_is_written(how: str, images: Tensor) -> None:
    network = Network(how)
    for method, guided in zip(BOTH, (True, False), strict=True):
        found = method(model_of(network), images, CLASSES)
        expected = [by_hand(network, image, k, guided) for image, k in zip(images, CLASSES.tolist(), strict=True)]
        np.testing.assert_allclose(found.maps, torch.stack(expected), atol=1e-5)
        assert "other rules" in found.unit


def test_values_cut_at_six_let_nothing_back(images: Tensor) -> None:
    network = Network("six")
    plain = GuidedBackpropagation()(model_of(network), images * 0.5, CLASSES).maps
    assert np.abs(plain).max() > 0
    with torch.no_grad():
        network.one.bias.fill_(100)
    assert not GuidedBackpropagation()(model_of(network), images, CLASSES).maps.any()
    assert Deconvolution()(model_of(network), images, CLASSES).maps.any()


@pytest.mark.parametrize("method", BOTH, ids=lambda method: method.name)
def test_the_network_is_left_as_it_was(method: Backwards, images: Tensor) -> None:
    network = Network("module in place").train()
    model = model_of(network)
    before = Gradient()(model, images, CLASSES).maps
    method(model, images, CLASSES)
    assert np.array_equal(Gradient()(model, images, CLASSES).maps, before)
    assert network.training
    assert network.shared.inplace
    assert all(p.grad is None and p.requires_grad for p in network.parameters())


@pytest.mark.parametrize("method", BOTH, ids=lambda method: method.name)
def test_a_network_without_rectifiers_is_refused_by_name(method: Backwards, images: Tensor) -> None:
    with pytest.raises(Unsupported, match=f"Network has no rectifier that {method.name} could go back through"):
        method(model_of(Network("sigmoid")), images, CLASSES)


@pytest.mark.skipif(importlib.util.find_spec("captum") is None, reason="captum is not installed")
@pytest.mark.filterwarnings("ignore:Setting backward hooks")
def test_as_captum(images: Tensor) -> None:
    import captum.attr

    torch.manual_seed(8)
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 4, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(36, 3),
    ).eval()
    for own, theirs in zip(BOTH, (captum.attr.GuidedBackprop, captum.attr.Deconvolution), strict=True):
        expected = theirs(module).attribute(images.clone().requires_grad_(), torch.from_numpy(CLASSES))
        np.testing.assert_allclose(own(model_of(module), images, CLASSES).maps, expected.detach(), atol=1e-6)

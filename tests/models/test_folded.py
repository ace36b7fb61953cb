"""Folded copies answer as the network does, and are made of convolutions and normalisations that belong together alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snellen import load
from snellen.core import Preprocessing
from snellen.models.torch import TorchModel

SIDE = 16
IMAGES = torch.rand(3, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))


class Network(nn.Module):
    """Convolutions whose outputs go to a normalisation, or elsewhere too."""

    def __init__(self, how: str = "plain") -> None:
        super().__init__()
        torch.manual_seed(1)
        self.one, self.two = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 6, 3, groups=2, bias=False)
        self.first, self.second, self.head, self.how = nn.BatchNorm2d(6), nn.BatchNorm2d(6), nn.Linear(6, 4), how
        for norm in (self.first, self.second):
            nn.init.uniform_(norm.weight, 0.5, 2)
            nn.init.uniform_(norm.bias, -1, 1)
            norm.running_mean.uniform_(-1, 1)  # type: ignore[union-attr]
            norm.running_var.uniform_(0.5, 2)  # type: ignore[union-attr]

    def forward(self, images: Tensor) -> Tensor:
        x = self.one(images)
        match self.how:
            case "used twice":
                x = self.first(x) + x
            case "normalised twice":
                x = self.first(self.first(x))
            case "run twice":
                x = self.first(x) + self.one(images)
            case "shifted":
                x = self.first(x + 1)
            case _:
                x = self.first(x)
        return self.head(self.second(self.two(x.relu())).mean((2, 3)))


def model_of(module: nn.Module) -> TorchModel:
    return TorchModel(module, preprocessing=Preprocessing((SIDE, SIDE)))


def normalisations(model: TorchModel) -> int:
    return sum(isinstance(part, nn.BatchNorm2d) for part in model.module.modules())


@pytest.mark.parametrize(
    ("how", "left"), [("plain", 0), ("used twice", 1), ("normalised twice", 1), ("run twice", 1), ("shifted", 1)]
)
def test_only_pairs_that_belong_together_are_folded(how: str, left: int) -> None:
    network = Network(how).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    model = model_of(network)
    folded = model.folded()
    assert normalisations(folded) == left
    np.testing.assert_allclose(folded.logits(IMAGES), model.logits(IMAGES), atol=1e-5)
    for one, other in ((model.vjp(IMAGES), folded.vjp(IMAGES)),):
        np.testing.assert_allclose(one[1](torch.ones(3, 4)), other[1](torch.ones(3, 4)), atol=1e-5)
    assert network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in network.modules())


def test_a_copy_is_made_anew_when_weights_change() -> None:
    network = Network()
    model = model_of(network)
    first = model.folded()
    assert model.folded() is first
    network.head.bias.data += 1
    second = model.folded()
    assert second is not first
    np.testing.assert_allclose(second.logits(IMAGES), model.logits(IMAGES), atol=1e-5)
    rounded = model.rounded()
    network.first.running_mean.zero_()  # type: ignore[union-attr]
    assert model.rounded() is not rounded


def test_where_there_is_nothing_to_fold_the_model_stays_itself() -> None:
    plain = model_of(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 196, 2)))
    assert plain.folded() is plain
    box = load(lambda images: images.mean(axis=(2, 3)), preprocessing=Preprocessing((SIDE, SIDE)))
    assert box.folded() is box
    watched = Network()
    for part in (watched.first, watched.second):
        part.register_forward_hook(lambda *_: None)
    model = model_of(watched)
    assert model.folded() is model


@pytest.mark.parametrize("name", ["efficientnet-lite0", "mobilenet-v2"])
def test_networks_that_were_trained(name: str) -> None:
    model = load(f"zoo:{name}")
    folded = model.folded()
    assert normalisations(folded) == 0
    images = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(2))
    np.testing.assert_allclose(folded.logits(images), model.logits(images), atol=1e-3)

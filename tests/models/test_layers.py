"""Layers of PyTorch networks: what they give, gradients to and from them, and which has the grid of places."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snellen import load
from snellen.core import Preprocessing, SnellenError, Unsupported
from snellen.models.torch import TorchModel

SIDE = 16
IMAGES = torch.rand(3, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))


class Shared(nn.Module):
    """One ReLU, used twice, in place."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.first, self.second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 6, 3, 2)
        self.relu, self.idle, self.head = nn.ReLU(True), nn.Linear(1, 1), nn.Linear(6, 5)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.relu(self.second(self.relu(self.first(images)))).mean((2, 3)))


class Transformer(nn.Module):
    """Two blocks of attention over patches of 4 pixels, read at the token of the class, or at the mean of all."""

    def __init__(self, average: bool) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.average, self.embed, self.token = average, nn.Conv2d(3, 8, 4, 4), nn.Parameter(torch.randn(1, 1, 8))
        self.norms = nn.ModuleList(nn.LayerNorm(8) for _ in range(2))
        self.attend = nn.ModuleList(nn.MultiheadAttention(8, 2, batch_first=True) for _ in range(2))
        self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, 5)

    def forward(self, images: Tensor) -> Tensor:
        x = self.embed(images).flatten(2).transpose(1, 2)
        if not self.average:
            x = torch.cat([self.token.expand(len(x), -1, -1), x], 1)
        for norm, attend in zip(self.norms, self.attend, strict=True):
            y = norm(x)
            x = x + attend(y, y, y, need_weights=False)[0]
        x = self.norm(x)
        return self.head(x.mean(1) if self.average else x[:, 0])


def model_of(module: nn.Module, **given: Preprocessing) -> TorchModel:
    return TorchModel(module, preprocessing=given.get("preprocessing", Preprocessing((SIDE, SIDE))))


def test_what_layers_give_and_how_they_change_with_the_pixels() -> None:
    model = model_of(Shared())
    given, pull = model.vjp_to(IMAGES, "second")
    torch.testing.assert_close(given, model.activations(IMAGES, "second"))
    assert given.shape == (3, 6, 6, 6)
    cotangent = torch.zeros_like(given)
    cotangent[:, 2, 3, 3] = 1
    gradient = pull(cotangent)
    step = 1e-3 * gradient / gradient.norm()
    rise = (model.activations(IMAGES + step, "second") - given)[:, 2, 3, 3].sum()
    assert float(rise) == pytest.approx(1e-3 * float(gradient.norm()), rel=0.02)


def test_logits_by_what_a_layer_gives() -> None:
    model = model_of(Shared())
    logits, given, pull = model.vjp_from(IMAGES, "second")
    torch.testing.assert_close(logits, model.logits(IMAGES))
    torch.testing.assert_close(given, model.activations(IMAGES, "second"))
    cotangent = torch.zeros_like(logits)
    cotangent[:, 1] = 1
    expected = model.module.head.weight[1][None, :, None, None] / 36 * (given > 0)  # type: ignore[union-attr]
    torch.testing.assert_close(pull(cotangent), expected.detach())
    changed = model.resumed(IMAGES, "second", torch.zeros_like(given))
    torch.testing.assert_close(changed, model.module.head.bias.detach().expand(3, -1))  # type: ignore[union-attr]


def test_nothing_is_left_behind() -> None:
    module = Shared().train()
    model = model_of(module)
    state = torch.get_rng_state()
    model.grid_layer(SIDE, SIDE)
    model.vjp_from(IMAGES, "second")[2](torch.ones(3, 5))
    model.activations(IMAGES, "first")
    with pytest.raises(SnellenError):
        model.activations(IMAGES, "relu")
    assert module.training
    assert all(p.grad is None and p.requires_grad for p in module.parameters())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ("secnod", "Did you mean second?"),
        ("", "got the layer ''; expected one of first, second"),
        ("relu", "is run 2 times in a pass; expected one that is run once"),
        ("idle", "is not run in a pass"),
    ],
)
def test_layers_that_cannot_be_asked_for(layer: str, said: str) -> None:
    model = model_of(Shared())
    for ask in (model.activations, model.vjp_to, model.vjp_from):
        with pytest.raises(SnellenError, match=said.replace("?", r"\?")):
            ask(IMAGES, layer)


def test_models_without_layers_say_so() -> None:
    box = load(lambda images: images.mean(axis=(2, 3)), preprocessing=Preprocessing((SIDE, SIDE)))
    for ask in (
        box.layers,
        lambda: box.grid_layer(SIDE, SIDE),
        lambda: box.activations(IMAGES.numpy(), "x"),
        box.rounded,
        box.unwrapped,
    ):
        with pytest.raises(Unsupported, match="only PyTorch networks"):
            ask()
    assert "layers" not in box.abilities


@pytest.mark.parametrize(
    ("module", "layer"),
    [(Shared, "second"), (lambda: Transformer(False), "norms.1"), (lambda: Transformer(True), "norm")],
    ids=["a shared ReLU", "a class token", "an average of tokens"],
)
def test_the_layer_with_the_last_grid(module, layer: str) -> None:
    assert model_of(module()).grid_layer(SIDE, SIDE) == layer


def test_of_trained_networks_it_is_what_is_averaged() -> None:
    expected = {"efficientnet-lite0": (1280, 7, 7), "mobilenet-v2": (1280, 7, 7), "squeezenet": (1000, 13, 13)}
    for name, shape in expected.items():
        model = load(f"zoo:{name}")
        layer = model.grid_layer(224, 224)
        assert model.activations(torch.rand(1, 3, 224, 224), layer).shape[1:] == shape, layer


def test_a_network_without_places_has_no_such_layer() -> None:
    model = model_of(nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, 5)))
    with pytest.raises(Unsupported, match="no layer with a grid of places"):
        model.grid_layer(SIDE, SIDE)


@pytest.mark.parametrize(
    ("rest", "affine"),
    [
        (nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(4, 5)), True),
        (nn.Sequential(nn.BatchNorm2d(4), nn.Conv2d(4, 5, 2), nn.AvgPool2d(3), nn.Flatten(), nn.LazyLinear(5)), True),
        (nn.Sequential(nn.Flatten(), nn.ReLU(), nn.LazyLinear(5)), False),
        (nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 5)), False),
    ],
)
def test_whether_logits_are_affine_in_a_layer_is_seen(rest: nn.Module, affine: bool) -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3, 2), rest)
    module.eval()(IMAGES)
    model = model_of(module)
    assert model.affine_from("0") is affine
    other, zero = (model.resumed(IMAGES, "0", times * model.activations(IMAGES, "0")) for times in (-1, 0))
    assert torch.allclose((model.logits(IMAGES) + other) / 2, zero, atol=1e-5) is affine


def test_a_product_of_a_layer_with_itself_is_not_affine() -> None:
    class Squared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.part, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 5)

        def forward(self, images: Tensor) -> Tensor:
            maps = self.part(images)
            return self.head((maps * maps.mean((2, 3), keepdim=True)).mean((2, 3)))

    assert model_of(Squared()).affine_from("part") is False


def test_a_rounded_copy_answers_nearly_the_same_and_the_model_stays() -> None:
    model = model_of(Shared())
    before = {name: value.clone() for name, value in model.module.state_dict().items()}
    rounded = model.rounded()
    assert rounded is model.rounded()
    assert rounded.id != model.id
    assert float((rounded.logits(IMAGES) - model.logits(IMAGES)).abs().max()) < 0.02
    assert all(torch.equal(before[name], value) for name, value in model.module.state_dict().items())
    assert np.array_equal(rounded.asarray(IMAGES.numpy()).numpy(), IMAGES.numpy())

"""Networks with random weights: every kind of weight, in the order of use, and the network itself never touched."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snellen.core import SnellenError
from snellen.methods.explain.explanation import Explainer
from snellen.methods.explain.grad_cam import GradCam
from snellen.methods.explain.gradient import Gradient
from snellen.methods.explain.occlusion import Occlusion
from snellen.methods.trust._order import learned
from snellen.methods.trust.randomization import Randomization
from snellen.methods.trust.similarity import spearman
from tests.methods.trust.networks import CLASSES, Backwards, Transformer, made, pictures, wrap

CASCADE, ALONE = Randomization(), Randomization(order="independent")


def networks(test: Randomization, network: nn.Module) -> dict[str, dict[str, Tensor]]:
    found = test.networks(network, wrap, pictures(2))
    return {name: {of: tensor.detach() for of, tensor in learned(other).items()} for name, other in found}


def changed(network: nn.Module, other: dict[str, Tensor]) -> set[str]:
    return {name for name, tensor in learned(network).items() if not torch.equal(tensor, other[name])}


def test_layers_come_from_the_logits_to_the_input_in_the_order_of_use() -> None:
    assert list(networks(CASCADE, made(Backwards))) == ["head", "third", "norm", "second", "first"]


def test_layers_of_a_transformer_are_met_even_where_functions_are_handed_their_weights() -> None:
    order = list(networks(ALONE, made(Transformer)))
    assert order == ["head", "scale", "attention.out_proj", "attention", "norm", "positions", "token", "embed", "mean"]


@pytest.mark.parametrize("kind", [Backwards, Transformer])
def test_every_parameter_and_statistic_that_is_used_is_drawn_anew(kind: type[nn.Module]) -> None:
    network = made(kind)
    last = list(networks(CASCADE, network).values())[-1]
    assert set(learned(network)) - changed(network, last) == {name for name in last if name.startswith("unused")}
    for name, other in networks(ALONE, network).items():
        assert {tensor for tensor in learned(network) if tensor == name or tensor.rpartition(".")[0] == name} == changed(
            network, other
        )


@pytest.mark.parametrize("kind", [Backwards, Transformer])
def test_every_element_of_a_tensor_is_drawn_and_none_twice_the_same(kind: type[nn.Module]) -> None:
    network = made(kind)
    last = list(networks(CASCADE, network).values())[-1]
    for name in changed(network, last):
        assert not (last[name] == learned(network)[name]).any(), name
        assert len(last[name].unique()) == last[name].numel(), name


def test_layers_of_the_same_shape_get_weights_of_their_own() -> None:
    last = list(networks(CASCADE, made(Backwards)).values())[-1]
    assert np.abs(np.corrcoef(last["second.weight"].flatten(), last["third.weight"].flatten())[0, 1]) < 0.2


def test_a_normalisation_does_not_become_the_identity() -> None:
    norm = networks(ALONE, made(Backwards))["norm"]
    assert norm["norm.weight"].std() > 0.1
    assert norm["norm.bias"].std() > 0
    assert norm["norm.running_mean"].std() > 0
    assert norm["norm.running_var"].std() > 0.1
    assert 0.4 < norm["norm.running_var"].min() < norm["norm.running_var"].max() < 2


def test_drawn_values_have_the_mean_and_deviation_of_the_trained_ones() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(3, 2)
            self.shift = nn.Parameter(torch.randn(20_000) * 0.1 - 0.5)
            self.scale = nn.Parameter(torch.rand(20_000) + 1)
            self.register_buffer("variance", torch.empty(20_000).exponential_(2.0).add_(0.01))

        def forward(self, images: Tensor) -> Tensor:
            return self.head(images.mean((2, 3))) * (self.shift + self.scale / self.variance.sqrt()).mean()

    network = made(Own)
    found = networks(CASCADE, network)
    for name in ("shift", "scale", "variance"):
        values, trained = found[name][name], learned(network)[name].detach()
        assert values.mean() == pytest.approx(float(trained.mean()), rel=0.1)
        assert values.std() == pytest.approx(float(trained.std()), rel=0.3)
        assert (name == "shift") == bool((values < 0).any())


@pytest.mark.parametrize("residual", [False, True])
def test_deep_networks_stay_finite(residual: bool) -> None:
    class Deep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.head = nn.Conv2d(3, 8, 1), nn.Linear(8, CLASSES)
            self.blocks = nn.ModuleList(nn.Sequential(nn.Conv2d(8, 8, 3, 1, 1, bias=False), nn.BatchNorm2d(8)) for _ in range(40))
            for conv, _ in self.blocks:
                conv.weight.data.mul_(0.01)  # with statistics to match, as trained networks may have

        def forward(self, images: Tensor) -> Tensor:
            hidden = self.stem(images)
            for block in self.blocks:
                hidden = torch.relu(block(hidden)) + residual * hidden
            return self.head(hidden.mean((2, 3)))

    network = made(Deep)
    last = list(CASCADE.networks(network, wrap, pictures(2)))[-1][1]
    maps = Gradient()(wrap(last), pictures(2), np.array([0, 1])).maps
    assert np.isfinite(maps).all()
    assert (np.abs(maps).max(axis=(1, 2, 3)) > 0).all()


def test_a_cascade_keeps_what_it_has_randomised_and_both_orders_draw_the_same() -> None:
    network = made(Backwards)
    cascade, alone = networks(CASCADE, network), networks(ALONE, network)
    so_far: set[str] = set()
    for name, other in cascade.items():
        so_far |= {tensor for tensor in other if tensor.startswith(f"{name}.")}
        assert changed(network, other) == so_far
        assert all(torch.equal(other[tensor], alone[tensor.rpartition(".")[0]][tensor]) for tensor in so_far)


def test_the_seed_decides() -> None:
    network = made(Backwards)
    first, again, other = (networks(Randomization(seed=seed), network)["head"]["head.weight"] for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("kind", [Backwards, Transformer])
def test_the_network_and_the_generators_are_as_they_were_and_copies_are_new(kind: type[nn.Module]) -> None:
    network = made(kind).train()
    state, rng, numpy_rng = copy.deepcopy(network.state_dict()), torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    found = [other for _, other in CASCADE.networks(network, wrap, pictures(1))]
    assert len({id(other) for other in found}) == len(found)
    storages = [{tensor.data_ptr() for tensor in learned(other).values()} for other in [network, *found]]
    assert sum(map(len, storages)) == len(set().union(*storages))
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), rng)
    assert np.array_equal(np.random.get_state()[1], numpy_rng)  # noqa: NPY002
    assert all(part.training for other in [network, *found] for part in other.modules())


def test_shared_weights_are_drawn_once() -> None:
    network = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
    network[1].weight = network[0].weight
    found = dict(CASCADE.networks(network, wrap, pictures(1)))
    assert list(found) == ["4", "1", "0"]
    assert torch.equal(found["1"][1].weight, found["0"][1].weight)
    assert found["0"][0].weight is found["0"][1].weight


def test_shared_weights_are_random_whatever_name_comes_first() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.second, self.first, self.head = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1), nn.Linear(3, 2)
            self.first.weight = self.second.weight

        def forward(self, images: Tensor) -> Tensor:
            return self.head(torch.tanh(self.second(torch.tanh(self.first(images)))).mean((2, 3)))

    network, images, classes = made(Tied), pictures(2), np.array([0, 1])
    found = Randomization(order="independent", measures=("spearman",))(Gradient(), network, wrap, images, classes)
    original = Gradient()(wrap(network), images, classes).maps.sum(1)
    for row, (_, other) in enumerate(ALONE.networks(network, wrap, images)):
        expected = spearman(original, Gradient()(wrap(other), images, classes).maps.sum(1))
        np.testing.assert_allclose(found.similarity["spearman"][row], expected, atol=1e-4)


def test_parts_are_randomised_whole() -> None:
    network = nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), nn.Flatten(), nn.Linear(4 * 14 * 14, 3)).eval()
    found = networks(Randomization(parts=("0", "2")), network)
    assert list(found) == ["2", "0"]
    assert changed(network, found["2"]) == {"2.weight", "2.bias"}
    assert changed(network, found["0"]) == set(learned(network))
    with pytest.raises(SnellenError, match="got the part 'body'"):
        networks(Randomization(parts=("body",)), network)


@pytest.mark.parametrize("explainer", [Gradient(), GradCam(), Occlusion(patch=8, stride=8)], ids=lambda one: one.name)
def test_maps_are_compared_layer_by_layer(explainer: Explainer) -> None:
    network, images, classes = made(Backwards), pictures(3), np.array([0, 1, 2])
    told: list[str] = []
    found = Randomization(measures=("spearman",))(explainer, network, wrap, images, classes, [7, 8, 9], progress=told.append)
    assert found.layers == tuple(told) == ("head", "third", "norm", "second", "first")
    assert found.similarity["spearman"].shape == (5, 3)
    assert (found.classes == classes).all()
    original = explainer(wrap(network), images, classes, [7, 8, 9])
    pinned = explainer if not isinstance(explainer, GradCam) else GradCam(layer=original.where.partition(":")[0])
    for row, (_, other) in enumerate(CASCADE.networks(network, wrap, images)):
        maps = pinned(wrap(other), images, classes, [7, 8, 9]).maps
        summed = (maps if maps.ndim == 3 else maps.sum(1), original.maps if maps.ndim == 3 else original.maps.sum(1))
        np.testing.assert_allclose(found.similarity["spearman"][row], spearman(*summed), atol=1e-5)
    assert found.where == original.where
    assert found.forwards == 6 * original.forwards


def test_the_label_can_be_the_randomised_network_s_own() -> None:
    network, images = made(Transformer), pictures(4)
    classes = wrap(network).logits(images).argmax(1).numpy()
    found = Randomization(label="recomputed", measures=("spearman",))(Gradient(), network, wrap, images, classes)
    for row, (_, other) in enumerate(CASCADE.networks(network, wrap, images)):
        assert np.array_equal(found.classes[row], wrap(other).logits(images).argmax(1).numpy())
    assert (found.classes != classes).any()
    assert found.label == "recomputed"


def test_the_last_layer_randomised_alone_spares_only_what_does_not_depend_on_it() -> None:
    """A map made by a fixed first layer alone would be 1 throughout; a gradient is not."""
    found = Randomization(order="independent", measures=("spearman", "ssim"))(
        Gradient(), made(Backwards), wrap, pictures(8), np.arange(8) % CLASSES
    )
    assert (np.abs(found.similarity["spearman"]).mean(axis=1) < 0.9).all()
    assert np.isfinite(found.similarity["ssim"]).all()


def test_a_network_whose_answers_are_no_numbers_gives_no_similarity() -> None:
    class Fragile(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight, self.linear = nn.Parameter(torch.ones(())), nn.Linear(3, 2)

        def forward(self, images: Tensor) -> Tensor:
            return self.linear(images.mean((2, 3))) * torch.where(self.weight == 1, 1.0, torch.nan)

    found = Randomization(order="independent")(Gradient(), Fragile(), wrap, pictures(2), np.array([0, 1]))
    assert found.layers == ("weight", "linear") or found.layers == ("linear", "weight")
    assert all(np.isnan(values[found.layers.index("weight")]).all() for values in found.similarity.values())


class Uncopied(nn.Linear):
    def __init__(self) -> None:
        super().__init__(3, 2)

    def __deepcopy__(self, memo: object) -> nn.Module:
        raise RuntimeError("holds a handle")


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: networks(CASCADE, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())), "uses no parameters"),
        (lambda: networks(CASCADE, Uncopied()), "Uncopied cannot be copied"),
    ],
)
def test_what_cannot_be_done_is_said(ask, said: str) -> None:
    with pytest.raises(SnellenError, match=said):
        ask()

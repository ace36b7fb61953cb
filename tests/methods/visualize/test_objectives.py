"""Objectives on maps whose numbers are known, and the parameterisations and movements that images are found with."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from snellen.core import SnellenError
from snellen.methods.visualize._maps import pulled
from snellen.methods.visualize.objectives import (
    Channel,
    ClassLogit,
    Direction,
    Diversity,
    MeanSquare,
    Objective,
    Unit,
    spread,
)
from snellen.methods.visualize.parameterization import COLOURS, Fourier, Parameterization, Pixels
from snellen.methods.visualize.robustness import Robustness
from tests.methods.visualize.networks import SIDE, ChannelsLast, Colours, Tokens, convolutional, model_of

MAPS = torch.arange(2 * 3 * 4 * 4, dtype=torch.float32).reshape(2, 3, 4, 4)


def of(objective: Objective, copies: int = 1) -> list[float]:
    return objective.pulled(MAPS, SIDE, SIDE, copies)[0].tolist()


def test_values_are_what_their_names_say() -> None:
    assert of(Channel("maps", [1, 2])) == MAPS.mean((2, 3))[[0, 1], [1, 2]].tolist()
    assert of(Channel("maps", [1]), 2) == MAPS.mean((2, 3))[:, 1].tolist()
    assert of(Unit("maps", [0, 0])) == MAPS[:, 0, 2, 2].tolist()
    assert of(Unit("maps", [0, 0], place=(0, 3))) == MAPS[:, 0, 0, 3].tolist()
    assert of(Unit("maps", [0, 0], place="strongest")) == MAPS[:, 0, 3, 3].tolist()
    assert of(MeanSquare("maps")) == pytest.approx(MAPS.square().mean((1, 2, 3)).tolist())
    assert of(Direction("maps", np.array([[0.0, 2.0, 0.0]])), 2) == pytest.approx(MAPS.mean((2, 3))[:, 1].tolist())
    along = Direction("maps", np.ones((2, 3)), by="cosine")
    assert of(along) == pytest.approx((MAPS.sum(1) / MAPS.norm(dim=1) / 3**0.5).mean((1, 2)).tolist())
    assert ClassLogit([2, 0]).pulled(MAPS[:, :, 0, 0], SIDE, SIDE)[0].tolist() == MAPS[[0, 1], [2, 0], 0, 0].tolist()


def test_diversity_is_the_mean_cosine_of_gram_matrices() -> None:
    maps = torch.rand(6, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    found = Diversity("maps", weight=2.0).pulled(maps, SIDE, SIDE, 3)[0]
    gram = np.einsum("ncab,ndab->ncd", maps, maps).reshape(6, -1)
    cosines = np.corrcoef(gram) * 0 + (gram @ gram.T) / np.outer(*[np.linalg.norm(gram, axis=1)] * 2)
    assert found[0].item() == pytest.approx(-(cosines[0, 1] + cosines[0, 2]), rel=1e-5)
    assert found[4].item() == pytest.approx(-(cosines[4, 3] + cosines[4, 5]), rel=1e-5)
    with pytest.raises(SnellenError, match="2 copies or more"):
        Diversity("maps").pulled(maps, SIDE, SIDE, 1)


@pytest.mark.parametrize(("module", "layer"), [(Colours(), "maps"), (Tokens(), "tokens"), (ChannelsLast(), "last")])
def test_the_way_back_is_the_same_however_a_layer_holds_its_places(module: torch.nn.Module, layer: str) -> None:
    images = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    values, gradient = pulled(model_of(module), [Unit(layer, [1, 2], place=(0, 1)), Channel(layer, [1, 2])], images)
    expected = torch.zeros_like(images)
    for row, channel in enumerate((1, 2)):
        expected[row, channel, :4, 4:8] += 1 / 16
        expected[row, channel] += 1 / SIDE**2
    assert torch.allclose(gradient, expected, atol=1e-6)
    assert torch.allclose(values, (images * expected).sum((1, 2, 3)), atol=1e-5)


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(SnellenError, match="got the unit 3 of maps; expected one of 3"):
        of(Channel("maps", [0, 3]))
    with pytest.raises(SnellenError, match="its 4 x 4"):
        of(Unit("maps", [0, 0], place=(4, 0)))
    with pytest.raises(SnellenError, match="expected 3: one for each channel"):
        of(Direction("maps", np.ones((2, 2))))
    with pytest.raises(SnellenError, match="counted from 0"):
        Channel("maps", [-1])
    with pytest.raises(SnellenError, match="Did you mean maps"):
        pulled(model_of(Colours()), [Channel("mops", [0])], torch.rand(1, 3, SIDE, SIDE))
    with pytest.raises(SnellenError, match="as many for each unit"):
        spread(Channel("maps", [0, 1]), 3)


def test_units_are_spread_in_turn() -> None:
    every = spread(Channel("maps", [4, 2]), 6)
    assert isinstance(every, Channel)
    assert every.units == (4, 4, 4, 2, 2, 2)


@pytest.mark.parametrize("size", [(9, 7), (8, 8), (1, 1)])
@pytest.mark.parametrize("parameterization", [Pixels(), Fourier()], ids=["pixels", "fourier"])
def test_images_begin_almost_grey_and_belong_to_their_keys(parameterization: Parameterization, size: tuple[int, int]) -> None:
    device = torch.device("cpu")
    images = parameterization.images(parameterization.start([3, 4], *size, device), *size)
    assert images.shape == (2, 3, *size)
    assert (images - 0.5).abs().max() < 0.1
    alone = parameterization.images(parameterization.start([4], *size, device), *size)
    assert torch.allclose(images[1:], alone)
    assert not torch.allclose(images[0], images[1])


def test_fourier_images_have_the_scale_and_the_colours_of_the_definition() -> None:
    """A coefficient at frequency (1/8, 0) of the first colour: a cosine of amplitude 2 · 8 / √64 / 4, mixed by the first column."""
    coefficients = torch.zeros(1, 3, 8, 5, 2)
    coefficients[0, 0, 1, 0, 0] = 1.0
    coefficients[0, 0, 7, 0, 0] = 1.0
    images = Fourier().images(coefficients, 8, 8)
    wave = np.cos(2 * np.pi * np.arange(8) / 8)[:, None] * 2 * 8 / 8 / 4
    mixing = COLOURS[:, 0] / np.linalg.norm(COLOURS, axis=0).max()
    assert torch.logit(images[0]).numpy() == pytest.approx((mixing[:, None, None] * wave).repeat(8, 2), abs=1e-4)


def test_nothing_drawn_is_nothing_moved() -> None:
    images = torch.rand(2, 3, 20, 30, generator=torch.Generator().manual_seed(0))
    still = np.array([[0, 0, 0, 0, 1, 0]] * 2, np.float32)
    assert torch.allclose(Robustness(border=0.0)(images, still), images, atol=1e-5)


def test_movements_are_what_was_drawn() -> None:
    images = torch.zeros(3, 3, 224, 224)
    images[:, :, 112:114, 132:134] = 1.0
    drawn = np.array([[0.5, 0, 0, 0, 1, 0], [0, 0, 0, 0, 2, 0], [0, 0, 0, 0, 1, np.pi / 2]], np.float32)
    moved = Robustness(border=6.0)(images, drawn)
    rows, columns = ((moved - 0.5).clamp_min(0).sum(1) * grid for grid in torch.meshgrid(*[torch.arange(224.0)] * 2, indexing="ij"))
    mass = (moved - 0.5).clamp_min(0).sum((1, 2, 3))
    centres = torch.stack([rows.sum((1, 2)) / mass, columns.sum((1, 2)) / mass], 1)
    expected = torch.tensor([[112.5, 128.5], [113.5, 153.5], [90.5, 112.5]])
    assert torch.allclose(centres, expected, atol=1e-3)


def test_the_border_is_grey_and_in_proportion() -> None:
    still = np.array([[0, 0, 0, 0, 1, 0]], np.float32)
    for side in (224, 448):
        shown = Robustness()(torch.ones(1, 3, side, side), still)
        grey = (shown[0, 0, side // 2] < 0.75).sum().item()
        assert grey == pytest.approx(12 / 236 * side, abs=1.5)


def test_draws_belong_to_keys_and_stay_in_their_ranges() -> None:
    drawn = Robustness().draws([1, 2, 3], 400)
    np.testing.assert_array_equal(drawn[:, 1:2], Robustness().draws([2], 400))
    assert np.abs(drawn[..., :4]).max() <= 0.5
    assert np.unique(drawn[..., 4]) == pytest.approx(np.linspace(0.9, 1.1, 11))
    assert np.degrees(np.unique(drawn[..., 5])) == pytest.approx(np.arange(-10, 11), abs=1e-4)
    assert (drawn[..., 5] == 0).mean() == pytest.approx(6 / 26, abs=0.05)


def test_movements_let_gradients_through() -> None:
    images = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0), requires_grad=True)
    Robustness()(images, Robustness().draws([0], 1)[0]).sum().backward()
    assert images.grad is not None
    assert (images.grad[0, :, 4:-4, 4:-4] > 0).all()


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(SnellenError, match="lengths from 0"):
        Robustness(border=-1.0)
    with pytest.raises(SnellenError, match="power"):
        Fourier(-1.0)


def test_the_model_and_the_generators_are_left_as_found() -> None:
    network = convolutional().train()
    before, state = {name: value.clone() for name, value in network.state_dict().items()}, torch.get_rng_state()
    pulled(model_of(network), [Channel("3", [0]), ClassLogit([1])], torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator()))
    assert network.training
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in network.parameters())

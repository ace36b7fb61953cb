"""The small architectures: their budget, what they can see, and that they take nothing but sensible arguments."""

from typing import Any

import pytest
import torch

from snellen.core import SnellenError
from snellen.methods.train.seeds import seeded
from snellen.models.architectures import ARCHITECTURES, make
from snellen.models.architectures.bag import RECEPTIVE_FIELD, Bag
from snellen.models.architectures.small import Small
from snellen.models.torch import TorchModel


@pytest.mark.parametrize("name", ["small", "bag"])
def test_those_of_patients_fit_in_400_kb(name: str) -> None:
    network = make(name, {"classes": 16, "width": ARCHITECTURES[name].width})
    assert sum(value.numel() for value in network.state_dict().values()) <= 98_000


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("side", [32, 64, 96, 128])
def test_they_take_images_of_many_sizes(name: str, side: int) -> None:
    network = make(name, {"classes": 16, "width": ARCHITECTURES[name].width}).eval()
    assert network(torch.rand(2, 3, side, side)).shape == (2, 16)
    assert make(name, {"classes": 7}).eval()(torch.rand(2, 3, side, side)).shape == (2, 7)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_they_show_their_features(name: str) -> None:
    model = TorchModel(make(name, {"classes": 5}))
    assert model.abilities == {"gradients", "features", "layers"}
    assert model.features(torch.rand(2, 3, 64, 64)).ndim == 2


def reach(output: torch.Tensor, pixels: torch.Tensor) -> tuple[int, int, int, int]:
    """First and last row and column of the pixels that `output` depends on."""
    (slope,) = torch.autograd.grad(output, pixels, retain_graph=True)
    rows, columns = slope.abs().sum((0, 1)).nonzero().unbind(1)
    return int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())


def test_a_place_of_the_bag_sees_nine_pixels_and_the_places_cover_the_image() -> None:
    with seeded(0):
        network = Bag(classes=4).eval()
        pixels = torch.rand(2, 3, 64, 64).requires_grad_()
    evidence = network.evidence(pixels)
    assert evidence.shape == (2, 4, 16, 16)
    seen = [reach(evidence[:, :, at, at].sum(), pixels) for at in range(16)]
    spans = [bottom - top + 1 for top, bottom, _, _ in seen] + [right - left + 1 for _, _, left, right in seen]
    assert max(spans) == RECEPTIVE_FIELD == 9
    assert {row for top, bottom, _, _ in seen for row in range(top, bottom + 1)} == set(range(64))
    assert torch.allclose(network(pixels), evidence.mean((2, 3)))


def test_the_small_network_sees_the_whole_image_and_what_is_where() -> None:
    with seeded(0):
        network = Small(classes=4).eval()
        pixels = torch.rand(4, 3, 64, 64).requires_grad_()
    assert reach(network(pixels).sum(), pixels) == (0, 63, 0, 63)
    assert not torch.allclose(network(pixels), network(pixels.roll(32, 2)), atol=1e-3)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("smal", {}, "Did you mean small"),
        ("os", {}, "expected one of small, bag"),
        ("small", {"depth": 3}, "expected classes and width"),
        ("small", {"classes": 1}, "whole numbers from 2"),
        ("small", {"classes": 10**9}, "whole numbers from 2"),
        ("bag", {"classes": True}, "whole numbers from 2"),
        ("bag", {"classes": "5"}, "whole numbers from 2"),
    ],
)
def test_mistakes(name: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SnellenError, match=message):
        make(name, arguments)

"""The images that channels respond to most and least, and where they look."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snellen.core import SnellenError
from snellen.methods.visualize.natural_exemplars import NaturalExemplars
from snellen.methods.visualize.receptive_field import ReceptiveField, receptive_field
from tests.methods.visualize.networks import SIDE, ChannelsLast, Colours, Tokens, convolutional, model_of


@pytest.fixture
def images() -> Tensor:
    return torch.rand(23, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))


def cut(images: Tensor, size: int) -> Iterator[tuple[range, Tensor]]:
    for start in range(0, len(images), size):
        yield range(start, min(start + size, len(images))), images[start : start + size]


@pytest.mark.parametrize(("module", "layer"), [(Colours(), "maps"), (Tokens(), "tokens"), (ChannelsLast(), "last")])
def test_the_outermost_images_are_those_of_a_sort(module: nn.Module, layer: str, images: Tensor) -> None:
    found = NaturalExemplars(layer, count=4)(model_of(module), cut(images, 5))
    cells = images.unfold(2, 4, 4).unfold(3, 4, 4).mean((4, 5)).numpy()
    order = cells.mean((2, 3)).argsort(0)
    np.testing.assert_array_equal(found.top.rows, order[::-1][:4].T)
    np.testing.assert_array_equal(found.bottom.rows, order[:4].T)
    assert found.top.values == pytest.approx(np.sort(cells.mean((2, 3)), 0)[::-1][:4].T, abs=1e-6)
    for channel in range(3):
        for row, place in zip(found.top.rows[channel], found.top.places[channel], strict=True):
            assert tuple(place) == np.unravel_index(cells[row, channel].argmax(), (4, 4))
        for row, place in zip(found.bottom.rows[channel], found.bottom.places[channel], strict=True):
            assert tuple(place) == np.unravel_index(cells[row, channel].argmin(), (4, 4))
    assert (found.grid, found.seen) == ((4, 4), 23)


def test_by_maximum(images: Tensor) -> None:
    found = NaturalExemplars("maps", count=3, by="maximum")(model_of(Colours()), cut(images, 8))
    cells = images.unfold(2, 4, 4).unfold(3, 4, 4).mean((4, 5)).numpy()
    np.testing.assert_array_equal(found.top.rows, cells.max((2, 3)).argsort(0)[::-1][:3].T)
    np.testing.assert_array_equal(found.bottom.rows, cells.min((2, 3)).argsort(0)[:3].T)


@pytest.mark.parametrize("size", [1, 4, 23])
def test_how_images_are_cut_changes_nothing_not_even_ties(size: int, images: Tensor) -> None:
    """Half of the images are the same, so that channels respond alike."""
    images[::2] = 0.25
    found = NaturalExemplars("maps", count=30)(model_of(Colours()), cut(images, size))
    means = images.mean((2, 3)).numpy()
    means[::2] = 0.25
    np.testing.assert_array_equal(found.top.rows, np.argsort(-means, 0, kind="stable").T)
    np.testing.assert_array_equal(found.bottom.rows, np.argsort(means, 0, kind="stable").T)


def test_nan_is_never_outermost(images: Tensor) -> None:
    class Holes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Identity()

        def forward(self, images: Tensor) -> Tensor:
            return self.layer(torch.where(images.amax((1, 2, 3), keepdim=True) == 1, torch.nan, images)).mean((2, 3))

    images[3, 0, 0, 0] = images[7, 0, 0, 0] = 1
    found = NaturalExemplars("layer", count=21)(model_of(Holes()), cut(images, 6))
    assert not {3, 7} & set(found.top.rows.ravel().tolist() + found.bottom.rows.ravel().tolist())


def test_what_cannot_be_ranked_is_said(images: Tensor) -> None:
    model = model_of(Colours())
    with pytest.raises(SnellenError, match="got no images"):
        NaturalExemplars("maps")(model, [])
    with pytest.raises(SnellenError, match="images of one size"):
        NaturalExemplars("maps")(model, [(range(2), images[:2]), (range(2), images[:2, :, :8, :8])])
    with pytest.raises(SnellenError, match="Did you mean maps"):
        NaturalExemplars("map")(model, [(range(2), images[:2])])
    with pytest.raises(SnellenError, match="a count from 1"):
        NaturalExemplars("maps", count=0)


def test_a_receptive_field_is_where_the_gradient_is() -> None:
    field = receptive_field(model_of(Colours()), "maps", SIDE, SIDE, share=1.0)
    assert field == ReceptiveField((SIDE, SIDE), (4, 4), (2.0, 2.0, 2.0, 2.0))
    boxes = field.boxes(np.array([[[0, 0], [3, 1]]]))
    np.testing.assert_array_equal(boxes, [[[0, 0, 4, 4], [12, 4, 16, 8]]])


def test_the_receptive_field_of_stacked_convolutions() -> None:
    """3 x 3, halved by the maximum of 2 x 2, 3 x 3: 2 (3 - 1) + 2 + 2 = 8 pixels."""
    field = receptive_field(model_of(convolutional(), 32), "3", 32, 32, share=1.0)
    assert field.reach == (4, 4, 4, 4)
    narrower = receptive_field(model_of(convolutional(), 32), "3", 32, 32, share=0.5)
    assert max(narrower.reach) < 4
    np.testing.assert_array_equal(field.boxes(np.array([0, 15])), [0, 27, 5, 32])


def test_receptive_fields_that_are_not_there() -> None:
    with pytest.raises(SnellenError, match="share"):
        receptive_field(model_of(Colours()), "maps", SIDE, SIDE, share=0.0)
    dead = convolutional()
    torch.nn.init.constant_(dead[0].bias, -100.0)  # pyright: ignore[reportArgumentType]
    with pytest.raises(SnellenError, match="does not depend on the pixels"):
        receptive_field(model_of(dead), "3", SIDE, SIDE)

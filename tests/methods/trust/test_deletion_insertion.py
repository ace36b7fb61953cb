"""Deletion, insertion and pixel flipping of models whose curves are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn

from snellen import load
from snellen.core import Model, SnellenError
from snellen.labels import integers
from snellen.methods.explain import _views
from snellen.methods.trust.deletion_insertion import DeletionInsertion
from snellen.methods.trust.pixel_flipping import PixelFlipping
from tests.methods.trust.networks import BARE, SIDE, Backwards, made, pictures, wrap

PIXELS = SIDE * SIDE


class Weighed(nn.Module):
    """Two classes: the logit of the second is the sum of weighed pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.randn(3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)))

    def forward(self, images: Tensor) -> Tensor:
        logit = (images * self.weights).sum((1, 2, 3))
        return torch.stack([torch.zeros_like(logit), logit], 1)


def contributions(images: Tensor) -> np.ndarray:
    return (images * Weighed().weights).detach().numpy()


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def test_curves_of_a_linear_model_are_cumulative_sums() -> None:
    images, classes = pictures(3), np.ones(3, int)
    parts = contributions(images)
    found = DeletionInsertion(steps=32)(wrap(Weighed()), images, classes, parts)
    assert found.shares == pytest.approx(np.arange(33) / 32)
    assert found.forwards == 2 * 3 * 33
    blurred = gaussian_filter(images.numpy(), 5, axes=(2, 3), radius=5) * Weighed().weights.detach().numpy()
    for row in range(3):
        order = np.argsort(-parts[row].sum(0).ravel(), kind="stable")
        own, start = parts[row].sum(0).ravel()[order], blurred[row].sum(0).ravel()[order]
        gone = np.concatenate([[0], own.cumsum()])[:: PIXELS // 32]
        back = np.concatenate([[0], (own - start).cumsum()])[:: PIXELS // 32]
        assert found.deletion[row] == pytest.approx(sigmoid(own.sum() - gone), abs=1e-4)
        assert found.insertion[row] == pytest.approx(sigmoid(start.sum() + back), abs=1e-4)
        assert found.deletion_area[row] == pytest.approx(((found.deletion[row, 1:] + found.deletion[row, :-1]) / 2).mean())


def test_the_true_order_is_the_best_and_its_reverse_the_worst() -> None:
    images, classes, random = pictures(4), np.ones(4, int), np.random.default_rng(0)
    parts = contributions(images).sum(1)
    true, none, false = (
        DeletionInsertion(steps=64)(wrap(Weighed()), images, classes, maps)
        for maps in (parts, random.normal(size=parts.shape), -parts)
    )
    assert (true.deletion_area < none.deletion_area).all()
    assert (none.deletion_area < false.deletion_area).all()
    assert (true.insertion_area > none.insertion_area).all()
    assert (none.insertion_area > false.insertion_area).all()


@pytest.mark.parametrize("method", [DeletionInsertion(steps=30), PixelFlipping(side=3, steps=20)], ids=lambda one: one.name)
def test_batches_change_nothing(method: DeletionInsertion | PixelFlipping, monkeypatch: pytest.MonkeyPatch) -> None:
    images, maps, classes = pictures(5), np.random.default_rng(0).normal(size=(5, 3, SIDE, SIDE)), np.array([0, 1, 2, 3, 4])
    model, keys = wrap(made(Backwards)), ([[3, 4, 5, 6, 7]] if isinstance(method, PixelFlipping) else [])
    whole = method(model, images, classes, maps, *keys)
    monkeypatch.setattr(_views, "QUICK", 7 * PIXELS)
    seven = method(model, images, classes, maps, *keys)
    alone = method(model, images[2:3], classes[2:3], maps[2:3], *([[5]] if keys else []))
    for name, values in vars(whole).items():
        if name != "forwards":
            np.testing.assert_allclose(getattr(seven, name), values, atol=1e-5)
            if name not in ("shares", "regions"):
                np.testing.assert_allclose(getattr(alone, name)[0], values[2], atol=1e-5)


@pytest.mark.parametrize("method", [DeletionInsertion(steps=30), PixelFlipping(side=3, steps=20)], ids=lambda one: one.name)
def test_maps_of_channels_count_by_their_sums(method: DeletionInsertion | PixelFlipping) -> None:
    """Of colour images, with a map for each channel or one for all."""
    images, maps, classes = pictures(2), np.random.default_rng(1).normal(size=(2, 3, SIDE, SIDE)), np.array([0, 1])
    both = [method(wrap(made(Backwards)), images, classes, given) for given in (maps, maps.sum(1))]
    for name, values in vars(both[0]).items():
        np.testing.assert_allclose(getattr(both[1], name), values, atol=1e-5)


def test_flipping_pixels_of_a_linear_model_takes_their_part_of_the_logit() -> None:
    images, classes = pictures(2), np.ones(2, int)
    parts = contributions(images)
    found = PixelFlipping(side=1, steps=50)(wrap(Weighed()), images, classes, parts, [1, 2])
    assert found.first.shape == (2, 51)
    noise = np.stack([np.random.Generator(np.random.PCG64(key)).random((3, SIDE, SIDE), np.float32) for key in (1, 2)])
    falls = (parts - noise * Weighed().weights.detach().numpy()).sum(1).reshape(2, -1)
    order = np.argsort(-parts.sum(1).reshape(2, -1), axis=1)
    expected = np.take_along_axis(falls, order, 1)[:, :50].cumsum(1)
    assert found.first[:, :1] - found.first[:, 1:] == pytest.approx(expected, abs=1e-3)
    assert found.fall_first == pytest.approx(expected.sum(1) / 51, abs=1e-3)
    assert (found.fall_first > found.fall_last).all()


def test_regions_are_ordered_by_their_sums_and_cut_at_the_border() -> None:
    maps = np.zeros((1, SIDE, SIDE))
    maps[0, 15, 15], maps[0, 0, 0] = 5.0, 1.0
    found = PixelFlipping(side=9, steps=100)(wrap(Weighed()), pictures(1), np.array([1]), maps)
    assert np.array_equal(found.regions, np.arange(5))
    ranks = PixelFlipping(side=9)._ranks(np.array([[[1.0, 0.0], [0.0, 5.0]]]), (SIDE, SIDE))
    assert ranks.shape == (1, SIDE, SIDE)
    assert (ranks[0, 9:, 9:] == 0).all()
    assert (ranks[0, :9, :9] == 1).all()


def constant() -> Model:
    return load(lambda images: np.full((len(images), 2), [3.0, -np.inf]), labels=integers(2), preprocessing=BARE)


@pytest.mark.parametrize("side", [1, 2, 5])
def test_small_images_and_models_that_always_say_the_same(side: int) -> None:
    images, maps = np.full((2, 3, side, side), 0.5, np.float32), np.zeros((2, side, side))
    found = DeletionInsertion()(constant(), images, np.array([0, 1]), maps)
    assert len(found.shares) == side * side + 1
    assert found.deletion_area == pytest.approx([1, 0])
    assert found.insertion_area == pytest.approx([1, 0])
    assert PixelFlipping()(constant(), images, np.array([0, 0]), maps).fall_first == pytest.approx([0, 0])


def test_no_images_no_curves() -> None:
    nothing = np.zeros((0, 3, SIDE, SIDE), np.float32)
    assert DeletionInsertion()(constant(), nothing, np.zeros(0, int), nothing).deletion.shape == (0, 225)
    assert PixelFlipping()(constant(), nothing, np.zeros(0, int), nothing).first.shape == (0, 5)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda m, x: DeletionInsertion(steps=0), "one step or more"),
        (lambda m, x: DeletionInsertion(blur=0.0), "a blur above 0"),
        (lambda m, x: PixelFlipping(side=0), "a side of one pixel"),
        (lambda m, x: DeletionInsertion()(m, x, np.array([1, 1]), np.zeros((2, 4, 4))), "of the image's size"),
        (lambda m, x: DeletionInsertion()(m, x, np.array([1, 2]), np.zeros((2, SIDE, SIDE))), "the images have class 2"),
        (lambda m, x: PixelFlipping()(m, x, np.array([1, 1]), np.full((2, SIDE, SIDE), np.nan)), "NaN or infinity"),
        (lambda m, x: PixelFlipping()(m, x, np.array([1, 1]), np.zeros((2, SIDE, SIDE)), [1]), "2 classes and 1 keys"),
    ],
)
def test_what_cannot_be_measured_is_said(ask, said: str) -> None:
    with pytest.raises(SnellenError, match=said):
        ask(wrap(Weighed()), pictures(2))

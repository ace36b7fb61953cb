"""Black boxes of which the explanation is known, and what every black-box method owes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from snellen.core import Preprocessing, SnellenError
from snellen.labels import custom
from snellen.methods.explain.explanation import Explainer
from snellen.models.function import FunctionModel

BARE = Preprocessing((12, 12), mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


def box(function: Callable[[np.ndarray], np.ndarray], classes: int = 3) -> FunctionModel:
    """A function of NumPy images as a model."""
    return FunctionModel(function, name="box", labels=custom([f"class {k}" for k in range(classes)]), preprocessing=BARE, id="box")


def weighted(images: np.ndarray) -> np.ndarray:
    """Logits that bend: the exponential of a weighted mean, another for each of three classes."""
    weights = np.random.default_rng(0).normal(size=(3, *images.shape[1:])) / np.sqrt(images[0].size)
    return np.tanh(np.tensordot(images, weights, axes=((1, 2, 3), (1, 2, 3))) * 3).astype(np.float32)


def photos(count: int, height: int = 12, width: int = 12) -> np.ndarray:
    """Smooth coloured images."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    waves = np.random.default_rng(3).uniform(2, 7, (count, 3, 2, 1, 1))
    return (0.5 + 0.4 * np.sin(waves[:, :, 0] * x + waves[:, :, 1] * y)).astype(np.float32)


def check_promises(method: Explainer, shape: tuple[int, ...] = (12, 12)) -> None:
    """The same key gives the same map in any batch, another key another; unit and errors are there; passes are counted."""
    model, images, classes = box(weighted), photos(5), np.array([0, 1, 2, 1, 0])
    whole = method(model, images, classes, [7, 8, 9, 10, 11])
    assert whole.maps.shape == (5, *shape)
    assert whole.maps.dtype == np.float32
    assert whole.error is not None
    assert whole.error.shape == whole.maps.shape
    assert (whole.error > 0).mean() > 0.9
    assert whole.unit == type(method).unit
    assert whole.where
    alone = [method(model, images[row : row + 1], classes[row : row + 1], [7 + row]) for row in range(5)]
    for row, one in enumerate(alone):
        np.testing.assert_allclose(one.maps[0], whole.maps[row], rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(one.error[0], whole.error[row], rtol=1e-2, atol=1e-5)
    assert whole.forwards == sum(one.forwards for one in alone)
    assert np.abs(method(model, images[:1], classes[:1], [99]).maps - whole.maps[:1]).max() > 1e-4


def check_edges(method: Explainer) -> None:
    """A pixel, an image of one colour, a model that says the same of everything, two classes, infinite logits, NaN."""
    method = replace(method)
    pixel = method(box(weighted), np.full((1, 3, 1, 1), 0.25, np.float32), np.array([1]))
    assert np.isfinite(pixel.maps).all()
    grey = method(box(weighted), np.full((2, 3, 12, 12), 0.5, np.float32), np.array([0, 2]))
    assert np.isfinite(grey.maps).all()
    assert np.isfinite(grey.error).all()
    two = method(box(lambda images: weighted(images)[:, :2], 2), photos(2), np.array([0, 1]))
    assert np.abs(two.maps).max() > 0
    sure = box(lambda images: np.where(np.arange(3) == 1, 0, -np.inf) + np.zeros((len(images), 1)))
    assert np.isfinite(replace(method, score="probability")(sure, photos(1), np.array([0])).maps).all()
    with pytest.raises(SnellenError, match="got a logit of -inf for class 0 from box"):
        replace(method, score="logit")(sure, photos(1), np.array([0]))
    with pytest.raises(SnellenError, match="of nan for class 0 from box"):
        method(box(lambda images: np.full((len(images), 3), np.nan)), photos(1), np.array([0]))
    with pytest.raises(SnellenError, match="the images have class 3"):
        method(box(weighted), photos(1), np.array([3]))

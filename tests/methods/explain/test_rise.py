"""RISE is the published sum over masks, and its errors are right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snellen.arrays import keyed, softmax
from snellen.core import SnellenError
from snellen.methods.explain._scored import check_fill
from snellen.methods.explain.rise import Rise, interpolation
from tests.methods.explain.boxes import box, check_edges, check_promises, photos, weighted


def masks_of(method: Rise, key: int, height: int, width: int) -> np.ndarray:
    """The masks of an image, one after the other, with scikit-image's resize."""
    from skimage.transform import resize

    sides = interpolation(height, method.cells), interpolation(width, method.cells)
    grids, tops, lefts = method._draw(keyed([key], "rise")[0], sides)
    fine = [(method.cells + 1) * -(-size // method.cells) for size in (height, width)]
    large = [resize(grid.astype(float), fine, order=1, mode="reflect", anti_aliasing=False) for grid in grids]
    return np.stack([mask[t : t + height, x : x + width] for mask, t, x in zip(large, tops, lefts, strict=True)])


@pytest.mark.parametrize("method", [Rise(samples=60, cells=4), Rise(samples=40, cells=3, shown=0.3, fill="mean", score="logit")])
@pytest.mark.parametrize("size", [(12, 12), (13, 9)])
def test_it_is_the_sum_of_scores_times_masks(method: Rise, size: tuple[int, int]) -> None:
    images, classes, model = photos(2, *size), np.array([2, 0]), box(weighted)
    found = method(model, images, classes, [4, 5])
    for row, key in enumerate((4, 5)):
        masks = masks_of(method, key, *size)
        hidden = images[row].mean(axis=(1, 2), keepdims=True) if method.fill == "mean" else method.fill
        logits = np.concatenate([weighted((mask * images[row] + (1 - mask) * hidden)[None].astype(np.float32)) for mask in masks])
        scores = (softmax(logits) if method.score == "probability" else logits)[:, classes[row]]
        terms = scores[:, None, None] * masks / method.shown
        np.testing.assert_allclose(found.maps[row], terms.mean(axis=0), atol=1e-6)
        np.testing.assert_allclose(found.error[row], terms.std(axis=0, ddof=1) / np.sqrt(len(terms)), atol=1e-6)
    assert found.forwards == 2 * method.samples
    assert found.where == f"{method.samples} masks of {method.cells} x {method.cells} cells"
    assert found.unit == ("probability" if method.score == "probability" else "logits")


def test_a_pixel_is_shown_as_often_as_said() -> None:
    masks = masks_of(Rise(samples=4000, cells=5, shown=0.3), 0, 14, 12)
    assert (masks.min(), masks.max()) == (0, 1)
    assert np.abs(masks.mean(axis=0) - 0.3).max() < 5 * 0.5 / np.sqrt(4000)


def test_the_pixel_that_counts_stands_out() -> None:
    model = box(lambda images: images[:, :, 3, 8] * 4)
    images = np.ones((1, 3, 12, 12), np.float32)
    found = Rise(samples=1500, cells=6, fill=0.0, score="logit")(model, images, np.array([1])).maps[0]
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert max(abs(row - 3), abs(column - 8)) <= 1


def test_its_error_is_that_of_other_keys() -> None:
    model, images = box(weighted), np.repeat(photos(1), 60, axis=0)
    found = Rise(samples=50, cells=4)(model, images, np.zeros(60, int))
    ratio = found.maps.std(axis=0, ddof=1) / np.sqrt((found.error**2).mean(axis=0))
    assert 0.9 < ratio.mean() < 1.1


def test_promises_and_edges() -> None:
    check_promises(Rise(samples=30, cells=4))
    check_edges(Rise(samples=10, cells=4))
    constant = Rise(samples=400, cells=4)(box(lambda images: np.zeros((len(images), 3))), photos(1), np.array([0]))
    assert (np.abs(constant.maps - 1 / 3) < 5 * constant.error).all()


def test_more_cells_than_pixels() -> None:
    found = Rise(samples=8, cells=30)(box(weighted), photos(1), np.array([0]))
    assert np.isfinite(found.maps).all()


@pytest.mark.parametrize(
    "wrong",
    [{"samples": 1}, {"cells": 0}, {"shown": 0.0}, {"shown": 1.0}, {"fill": 1.5}],
    ids=str,
)
def test_settings_that_make_no_sense(wrong: dict) -> None:
    with pytest.raises(SnellenError, match="expected"):
        replace(Rise(), **wrong)


def test_a_fill_of_another_method_is_refused() -> None:
    check_fill("mean", ("mean",))
    with pytest.raises(SnellenError, match="got fill 'patch'; expected a grey level from 0 to 1 or mean"):
        check_fill("patch", ("mean",))

"""KernelSHAP gives Shapley values: exact ones of few superpixels, and within its errors those of many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from math import factorial

import numpy as np
import pytest

from snellen.core import SnellenError
from snellen.methods.explain.kernel_shap import KernelShap, kernel
from tests.methods.explain.boxes import box, check_edges, check_promises, photos, weighted

EXACT = KernelShap(samples=1024, segmenter="slic", superpixels=9)
DRAWN = KernelShap(samples=80, segmenter="slic", superpixels=12)


def shapley(count: int, value: Callable[[tuple[int, ...]], float]) -> np.ndarray:
    """The definition: what each adds to coalitions of all others, by size."""
    found = np.zeros(count)
    for player in range(count):
        others = [other for other in range(count) if other != player]
        for size in range(count):
            share = factorial(size) * factorial(count - size - 1) / factorial(count)
            for group in combinations(others, size):
                found[player] += share * (value((*group, player)) - value(group))
    return found


@pytest.mark.parametrize("method", [EXACT, replace(EXACT, score="probability", fill=0.0)], ids=["logit", "probability"])
def test_few_superpixels_are_exact(method: KernelShap) -> None:
    image = photos(5)[4]
    regions = method.segmented(image)
    count, hidden = int(regions.max()) + 1, method.hidden(image, regions)
    assert count == 7

    def value(group: tuple[int, ...]) -> float:
        logits = weighted(np.where(np.isin(regions, group), image, hidden)[None]).astype(float)[0]
        return float(logits[1] if method.score == "logit" else np.exp(logits[1]) / np.exp(logits).sum())

    found = method(box(weighted), image[None], np.array([1]))
    np.testing.assert_allclose(found.maps[0], shapley(count, value)[regions], atol=1e-6)
    assert (found.error == 0).all()
    assert found.forwards == 2**count
    assert np.abs(found.gap).max() < 1e-12
    assert found.unit == ("logits per superpixel" if method.score == "logit" else "probability per superpixel")


def test_many_superpixels_of_an_additive_model_are_exact_with_any_samples() -> None:
    weights = np.random.default_rng(1).normal(size=(3, 3, 12, 12))
    model = box(lambda images: np.tensordot(images.astype(float), weights, axes=((1, 2, 3), (1, 2, 3))))
    (image,), method = photos(1), KernelShap(samples=200, segmenter="slic", superpixels=16, fill=0.0)
    regions = method.segmented(image)
    count = int(regions.max()) + 1
    assert 2**count > 200
    found = method(model, image[None], np.array([2]))
    terms = (image * weights[2]).sum(axis=0)
    np.testing.assert_allclose(found.maps[0], np.bincount(regions.ravel(), terms.ravel())[regions], atol=1e-5)
    assert found.forwards == 200


def test_values_sum_to_the_difference_of_scores_however_few_samples() -> None:
    images = photos(3)
    regions = [DRAWN.segmented(image) for image in images]
    found = DRAWN(box(weighted), images, np.array([0, 1, 2]))
    hidden = np.stack([DRAWN.hidden(*pair) for pair in zip(images, regions, strict=True)])
    differences = (weighted(images) - weighted(hidden))[np.arange(3), np.arange(3)]
    sums = [sum(values[at == region][0] for region in range(at.max() + 1)) for values, at in zip(found.maps, regions, strict=True)]
    np.testing.assert_allclose(sums, differences, atol=1e-5)
    assert np.abs(found.gap).max() < 1e-12


def test_drawn_coalitions_come_within_their_error_of_the_exact_values() -> None:
    images = np.repeat(photos(1), 80, axis=0)
    exact = replace(DRAWN, samples=2**12)(box(weighted), images[:1], np.array([1])).maps[0]
    found = DRAWN(box(weighted), images, np.ones(80, int))
    assert found.forwards == 80 * 80
    mean, deviation = found.maps.mean(axis=0), found.maps.std(axis=0, ddof=1)
    assert (np.abs(mean - exact) < 5 * deviation / np.sqrt(80) + 1e-6).all()
    ratio = deviation / np.sqrt((found.error**2).mean(axis=0))
    assert 0.8 < ratio.mean() < 1.2


def test_coalitions_are_drawn_from_the_kernel_in_pairs() -> None:
    method = KernelShap(samples=40_000)
    shown = method.draw(16, np.random.default_rng(0))
    assert shown[0].all()
    assert (shown[:20_000] != shown[20_000:]).all()
    sizes = np.bincount(shown[1:20_000].sum(axis=1), minlength=17)[1:16] / 19_999
    odds = 1 / (np.arange(1, 16) * np.arange(15, 0, -1))
    np.testing.assert_allclose(sizes, odds / odds.sum(), atol=0.02)
    assert np.abs(shown[1:20_000].mean(axis=0) - 0.5).max() < 0.02


def test_the_kernel() -> None:
    """(d - 1) / (d choose s) / s / (d - s), of 4 players: 1/4, 1/8, 1/4, but for a factor of 3."""
    shown = np.tri(3, 4, dtype=bool)
    np.testing.assert_allclose(kernel(shown) * 3, [1 / 4, 1 / 8, 1 / 4])


def test_promises_and_edges() -> None:
    check_promises(DRAWN)
    check_edges(KernelShap(samples=600))
    one = KernelShap()(box(lambda x: x.mean((2, 3))), np.full((1, 3, 4, 4), 0.5, np.float32), np.array([0]))
    assert (one.where, one.forwards) == ("1 superpixel of quickshift", 2)
    constant = DRAWN(box(lambda images: np.zeros((len(images), 3))), photos(1), np.array([0]))
    assert (constant.maps == 0).all()


def test_too_few_samples_are_refused_with_what_would_do() -> None:
    with pytest.raises(SnellenError, match=r"got 8 samples for an image of \d+ superpixels; expected 4 a superpixel or more"):
        KernelShap(samples=8, segmenter="slic", superpixels=12)(box(weighted), photos(1), np.array([0]))
    with pytest.raises(SnellenError, match="an even number"):
        KernelShap(samples=101)

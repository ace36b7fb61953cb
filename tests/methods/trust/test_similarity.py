"""How alike two maps are: beside SciPy and scikit-image, and defined where these are not."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr
from skimage.metrics import structural_similarity

from snellen.core import SnellenError
from snellen.methods.trust.similarity import (
    MEASURES,
    absolute_spearman,
    average_ranks,
    compared,
    described,
    hog,
    similarity,
    spearman,
    ssim,
)


def maps(count: int = 4, side: int = 50, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, side, side + 3))


def test_as_scipy_pair_by_pair() -> None:
    first, second = maps(), maps() + maps(seed=1)
    second[:, :5] = 0  # ties
    for row, (one, other) in enumerate(zip(first, second, strict=True)):
        assert spearman(first, second)[row] == pytest.approx(spearmanr(one.ravel(), other.ravel())[0])
        assert absolute_spearman(first, second)[row] == pytest.approx(spearmanr(abs(one).ravel(), abs(other).ravel())[0])


def test_ranks_are_scipy_s() -> None:
    random = np.random.default_rng(0)
    for rows in (random.normal(size=(3, 50)), random.integers(0, 4, (5, 9)).astype(float), np.zeros((2, 7)), np.ones((4, 1))):
        assert np.array_equal(average_ranks(rows), rankdata(rows, axis=1) - 1)


def test_ssim_is_that_of_maps_and_not_of_rows_of_numbers() -> None:
    first, second = maps(), maps() + maps(seed=1)

    def unit(one: np.ndarray) -> np.ndarray:
        return (one - one.min()) / (one.max() - one.min())

    settings = {"data_range": 1.0, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    for row, found in enumerate(ssim(first, second)):
        one, other = unit(first[row]), unit(second[row])
        assert found == pytest.approx(structural_similarity(one, other, **settings))
        assert abs(found - structural_similarity(one.ravel(), other.ravel(), **settings)) > 0.01


def test_signs_and_order_are_seen() -> None:
    first = maps()
    assert spearman(first, -first) == pytest.approx(-1)
    assert absolute_spearman(first, -first) == pytest.approx(1)
    assert (ssim(first, -first) < 0).all()
    assert spearman(first, np.exp(first)) == pytest.approx(1)
    assert all(value == pytest.approx(1) for value in similarity(first, 3 * first).values())
    assert all((np.abs(value) < 0.25).all() for value in similarity(maps(4, 150), maps(4, 150, seed=1)).values())


def test_histograms_see_where_gradients_point_and_not_their_sign() -> None:
    rows = np.broadcast_to(np.arange(64.0)[:, None], (64, 64))
    waves = np.stack([np.sin(rows / 2), np.sin(rows.T / 2), np.sin(rows / 2), np.sin(rows / 2 + 1)])
    same, turned, flipped, moved = hog(waves[[0, 0, 0, 0]], np.stack([waves[0], waves[1], -waves[0], waves[3]]))
    assert same == pytest.approx(1)
    assert flipped > 0.95
    assert moved > 0.8
    assert turned < 0.2


@pytest.mark.parametrize("side", [1, 2, 3, 5, 8, 11, 12, 47, 48])
def test_small_and_constant_maps_have_a_similarity(side: int) -> None:
    some = np.random.default_rng(0).normal(size=(2, side, side + (side > 1)))
    flat = np.full_like(some, 3.0)
    for name in MEASURES:
        assert similarity(some, some, [name])[name] == pytest.approx(1)
        assert similarity(flat, -flat, [name])[name] == pytest.approx(1)
        mixed = similarity(some, flat, [name])[name]
        assert np.isfinite(mixed).all()
        if side > 2:
            assert (np.abs(mixed) < 0.05).all()


def test_channels_are_summed_and_their_absolute_values_for_the_absolute_measure() -> None:
    first, second = np.random.default_rng(0).normal(size=(2, 3, 3, 12, 12)).astype(np.float32)
    found = similarity(first, second)
    assert found["spearman"] == pytest.approx(spearman(first.sum(1), second.sum(1)))
    assert found["absolute-spearman"] == pytest.approx(spearman(np.abs(first).sum(1), np.abs(second).sum(1)))


def test_maps_described_once_are_compared_alike_and_rows_do_not_mix() -> None:
    first, second = maps(), maps(seed=1) + maps()
    whole = compared(described(first), described(second))
    for name, values in whole.items():
        assert values.shape == (4,)
        assert similarity(first[2:3], second[2:3])[name] == pytest.approx(values[2:3])
    assert all(values.shape == (0,) for values in similarity(first[:0], second[:0]).values())


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (maps(2), maps(2, 40), r"shapes \(2, 50, 53\) and \(2, 40, 43\)"),
        (maps(2) * np.nan, maps(2), "NaN or infinity"),
        (np.zeros((2, 4, 5, 5)), np.zeros((2, 4, 5, 5)), r"expected \(N, H, W\) or \(N, 3, H, W\)"),
        (np.zeros((2, 0, 5)), np.zeros((2, 0, 5)), r"expected \(N, H, W\) or \(N, 3, H, W\)"),
    ],
)
def test_what_cannot_be_compared_is_said(first: np.ndarray, second: np.ndarray, said: str) -> None:
    with pytest.raises(SnellenError, match=said):
        similarity(first, second)


def test_scikit_image_is_imported_when_it_is_needed() -> None:
    code = "import sys, snellen.methods.trust.similarity; sys.exit('skimage' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

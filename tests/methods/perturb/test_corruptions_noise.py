"""The laws of the noises."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from snellen.methods.perturb import registry
from snellen.methods.perturb.corruptions import motion_blur, shot_noise
from snellen.methods.perturb.corruptions._draws import generator, normals, uniforms

SIDE = 160


def noised(name: str, amount: float, value: float, key: int = 3) -> np.ndarray:
    """All values that one value becomes."""
    flat = torch.full((1, 3, SIDE, SIDE), value)
    return registry.get(f"corruptions/{name}").change(flat, amount, [key]).numpy().ravel().astype(float)


@pytest.mark.parametrize("deviation", [0.04, 0.08, 0.18, 0.38])
def test_gaussian_noise(deviation):
    found = noised("gaussian-noise", deviation, 0.5)
    inside = found[(found > 0) & (found < 1)]
    law = stats.truncnorm(-0.5 / deviation, 0.5 / deviation, 0.5, deviation)
    assert stats.kstest(inside, law.cdf).pvalue > 1e-3
    assert (found == 1).mean() == pytest.approx(stats.norm.sf(0.5 / deviation), abs=3e-3)


@pytest.mark.parametrize("value", [0.2, 0.5])
def test_speckle_noise_is_in_proportion(value):
    found = noised("speckle-noise", 0.15, value)
    assert stats.kstest(found, stats.norm(value, 0.15 * value).cdf).pvalue > 1e-3


@pytest.mark.parametrize("share", [0.03, 0.09, 0.27])
def test_impulse_noise(share):
    found = noised("impulse-noise", share, 0.5)
    counts = [(found == value).sum() for value in (0, 1, 0.5)]
    assert sum(counts) == found.size
    assert stats.chisquare(counts, np.array([share / 2, share / 2, 1 - share]) * found.size).pvalue > 1e-3


def test_impulse_noise_is_drawn_for_each_channel():
    found = noised("impulse-noise", 0.27, 0.5).reshape(3, -1) != 0.5
    assert abs(np.corrcoef(found)[0, 1]) < 0.02


@pytest.mark.parametrize("value", [1 / 255, 60 / 255, 0.6, 1.0])
@pytest.mark.parametrize("photons", [3, 12, 60, 500])
def test_shot_noise_is_poisson(photons, value):
    pixels = np.full((3, SIDE, SIDE), value, np.float32)
    _fits_poisson(shot_noise._counts(pixels, photons, generator(9)), photons * value)
    _fits_poisson(shot_noise._counts(pixels * np.float32(0.9973), photons, generator(9)), photons * value * 0.9973)


def _fits_poisson(drawn: np.ndarray, rate: float) -> None:
    assert (drawn == np.round(drawn)).all()
    edges = np.unique(stats.poisson.ppf(np.linspace(0.02, 0.98, 15), rate))
    bins = np.array([-0.5, *(edges + 0.5), 1e9])
    seen = np.histogram(drawn, bins)[0]
    expected = np.diff(stats.poisson.cdf([-1, *edges, 1e9], rate)) * drawn.size
    seen, expected = seen[expected > 5], expected[expected > 5]
    assert stats.chisquare(seen, expected * seen.sum() / expected.sum()).pvalue > 1e-4


def test_the_tables_hold_the_poisson_law():
    threshold, alias = shot_noise._alias_tables(12)
    columns = threshold.shape[1]
    share = np.zeros((256, columns))
    for column in range(columns):
        share[:, column] += threshold[:, column] / (2**32 - 1) / columns
        np.add.at(share, (np.arange(256), alias[:, column]), (1 - threshold[:, column] / (2**32 - 1)) / columns)
    law = stats.poisson.pmf(np.arange(columns), 12 * np.arange(256)[:, None] / 255)
    assert np.abs(share - law).max() < 1e-8


def test_draws_belong_to_their_key():
    images = torch.zeros(1)
    for draw in (normals, uniforms):
        both = draw([1, 2], (50, 50), images)
        assert torch.equal(both[1], draw([2], (50, 50), images)[0])
        assert abs(np.corrcoef(both.reshape(2, -1).numpy())[0, 1]) < 0.08


def test_motion_takes_all_angles(monkeypatch):
    seen = []
    monkeypatch.setattr(motion_blur, "motion_blurred", lambda images, radius, sigma, degrees: seen.extend(degrees) or images)
    motion_blur.motion_blur(torch.zeros(500, 3, 1, 1), (10, 3.0), range(500))
    assert stats.kstest(seen, stats.uniform(-45, 90).cdf).pvalue > 1e-3

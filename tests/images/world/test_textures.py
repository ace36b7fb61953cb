import numpy as np
import pytest

from snellen.images.world.concepts import TEXTURES
from snellen.images.world.textures import FAMILIES
from tests.images.world.drawing import arguments, cloth, reduced

LATTICE = ("grain", "cells", "fur", "noise", "bricks", "speckle", "marble")


def drawn(family: str, n: int = 32, size: int = 64, seed: int = 0) -> np.ndarray:
    x, y, pixel = cloth(n, size, seed)
    u, key = arguments(n, seed)
    return FAMILIES[family](x, y, u, key, pixel)


def test_the_families_are_the_concept():
    assert tuple(FAMILIES) == TEXTURES


@pytest.mark.parametrize("family", FAMILIES)
class TestFamily:
    def test_a_map_of_mean_one_half_and_the_common_contrast(self, family):
        maps = drawn(family)
        assert maps.shape == (32, 64, 64)
        assert maps.dtype == np.float32
        assert maps.min() >= 0
        assert maps.max() <= 1
        assert abs(maps.mean() - 0.5) < 0.05
        assert np.abs(maps.mean((1, 2)) - 0.5).max() < 0.15
        assert 0.25 < maps.std((1, 2)).mean() < 0.38

    def test_a_batch_is_its_images_one_by_one(self, family):
        x, y, pixel = cloth(5, 48, 1)
        u, key = arguments(5, 1)
        together = FAMILIES[family](x, y, u, key, pixel)
        for i in (slice(0, 1), slice(1, 2), slice(2, 5)):
            np.testing.assert_array_equal(FAMILIES[family](x[i], y[i], u[:, i], key[i], pixel[i]), together[i])

    def test_its_arguments_stay_as_they_are(self, family):
        x, y, pixel = cloth(2, 32, 2)
        u, key = arguments(2, 2)
        given = (x, y, u, key, pixel)
        before = [array.copy() for array in given]
        FAMILIES[family](*given)
        for array, copy in zip(given, before, strict=True):
            np.testing.assert_array_equal(array, copy)

    def test_edges_are_smooth(self, family):
        np.testing.assert_allclose(np.abs(drawn(family, 8) - reduced(drawn(family, 8, 256), 4)).mean(), 0, atol=0.04)

    def test_the_key_matters_where_there_is_a_lattice(self, family):
        x, y, pixel = cloth(1, 32, 3)
        u = arguments(1, 3)[0]
        first, second = (FAMILIES[family](x, y, u, np.full((1, 1, 1), key, np.uint32), pixel) for key in (1, 2))
        assert (np.abs(first - second).mean() > 0.05) == (family in LATTICE)

    def test_a_small_change_of_a_parameter_is_a_small_change_of_the_map(self, family):
        x, y, pixel = cloth(4, 64, 4)
        u, key = arguments(4, 4)
        near = FAMILIES[family](x, y, u + np.float32(1e-3), key, pixel)
        assert np.abs(near - FAMILIES[family](x, y, u, key, pixel)).mean() < 5e-3

    def test_what_is_finer_than_a_pixel_is_grey(self, family):
        x, y, pixel = cloth(2, 32, 5)
        u, key = arguments(2, 5)
        far = FAMILIES[family](x * 40, y * 40, u, key, pixel * 40)
        np.testing.assert_allclose(far, 0.5, atol=1e-6)


def test_families_differ_in_their_spectra_or_their_tones():
    described = []
    for family in FAMILIES:
        maps = drawn(family, 48, seed=6) - np.float32(0.5)
        power = np.abs(np.fft.fft2(maps)) ** 2
        frequency = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.fftfreq(64))
        rings = [power[:, (frequency >= low) & (frequency < low + 0.08)].mean() for low in np.arange(0.02, 0.5, 0.08)]
        tones = np.histogram(maps, bins=8, range=(-0.5, 0.5))[0] / maps.size
        described.append(np.concatenate([np.log(rings), 6 * tones]))
    apart = np.linalg.norm(np.array(described)[:, None] - np.array(described), axis=-1)
    assert apart[~np.eye(16, dtype=bool)].min() > 0.3

import numpy as np
import pytest

from snellen.images.world.noise import PERIOD, at, hashed, lattices, places, smooth, swell, uniform, value, wave
from tests.images.world.drawing import arguments, cloth, frame

KEYS = np.arange(4096, dtype=np.uint32)


def test_the_hash_is_pinned():
    assert hashed(np.array([0, 1, 0xFFFFFFFF], np.uint32), 7, np.array([0, 5, 9])).tolist() == [452584931, 3290441583, 1428536447]


def test_uniform_numbers_are_uniform_and_independent_of_their_neighbours():
    draws = uniform(KEYS[:, None], np.arange(64))
    assert draws.dtype == np.float32
    assert 0 <= draws.min() < draws.max() < 1
    counts = np.histogram(draws, bins=64, range=(0, 1))[0]
    expected = draws.size / 64
    assert ((counts - expected) ** 2 / expected).sum() < 120
    assert abs(np.corrcoef(draws[:-1].ravel(), draws[1:].ravel())[0, 1]) < 0.01
    assert abs(np.corrcoef(draws[:, :-1].ravel(), draws[:, 1:].ravel())[0, 1]) < 0.01


@pytest.mark.parametrize("bit", range(0, 32, 3))
def test_one_bit_of_the_key_turns_half_of_the_hash(bit):
    turned = hashed(KEYS, 3) ^ hashed(KEYS ^ np.uint32(1 << bit), 3)
    share = np.unpackbits(turned.view(np.uint8)).mean()
    assert abs(share - 0.5) < 0.01


def test_a_lattice_repeats_and_is_read_at_its_cells_and_their_neighbours():
    key = arguments(3, 0)[1]
    table = lattices(key, 1)[0]
    column, row = (
        axis.astype(np.float32) for axis in np.broadcast_arrays(np.arange(-20, 20)[None, None], np.arange(-9, 9)[None, :, None])
    )
    column, row = (np.repeat(axis, 3, 0) for axis in (column, row))
    cells = places(column, row)
    image = np.arange(3)[:, None, None]
    for right, up in ((0, 0), (1, 0), (0, 1), (1, 1)):
        expected = table[image, (row.astype(int) + up) % PERIOD, (column.astype(int) + right) % PERIOD]
        np.testing.assert_array_equal(at(table, cells, right, up), expected)


def test_value_noise_passes_through_the_lattice_and_is_continuous():
    key = arguments(2, 1)[1]
    line = np.linspace(-3, 3, 6 * 50 + 1, dtype=np.float32)
    noise = value(line[None, None], line[None, :, None], key, 4)
    assert noise.shape == (2, 301, 301)
    assert noise.dtype == np.float32
    assert np.abs(np.diff(noise, axis=1)).max() < 0.04
    assert np.abs(np.diff(noise, axis=2)).max() < 0.04
    table = lattices(key, 4)[0]
    whole = np.arange(-3, 4) % PERIOD
    np.testing.assert_allclose(noise[:, ::50, ::50], table[:, whole][:, :, whole], atol=1e-5)


def test_waves_have_the_mean_and_variance_they_say():
    t = np.linspace(-2, 2, 4001, dtype=np.float32)
    np.testing.assert_allclose(wave(t), np.sin(2 * np.pi * t), atol=0.06)
    assert smooth(np.array([0, 0.5, 1], np.float32)).tolist() == [0, 0.5, 1]
    x, y, _ = cloth(64, 64, 0)
    noise = swell(x, y, arguments(64, 2)[1], 1)
    assert abs(noise.mean()) < 0.03
    assert abs(noise.std() - 1) < 0.05


def test_purposes_and_keys_give_different_noise():
    x, y, _ = frame(2, 16)
    key = np.array([1, 2], np.uint32)[:, None, None]
    first, other = swell(x, y, key, 1), swell(x, y, key, 2)
    assert np.abs(first[0] - first[1]).max() > 0.1
    assert np.abs(first - other).max() > 0.1

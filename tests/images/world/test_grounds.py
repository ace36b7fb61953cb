import itertools

import numpy as np
import pytest

from snellen.images.world.concepts import BACKGROUNDS, COLOURS, GROUND_COLOURS, INK, WHITE
from snellen.images.world.grounds import GROUNDS
from snellen.images.world.palette import GROUND, OBJECT
from tests.images.world.drawing import arguments, frame, reduced

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def drawn(kind: str, n: int = 16, size: int = 64, seed: int = 0) -> np.ndarray:
    x, y, pixel = frame(n, size)
    u, key = arguments(n, seed)
    return GROUNDS[kind](x, y, u, key, pixel)


def test_kinds_and_palettes_are_the_concepts():
    assert tuple(GROUNDS) == BACKGROUNDS
    assert tuple(OBJECT) == (*COLOURS, INK)
    assert tuple(GROUND) == (*GROUND_COLOURS, WHITE)


@pytest.mark.parametrize("kind", GROUNDS)
class TestKind:
    def test_a_map(self, kind):
        maps = drawn(kind)
        assert maps.shape == (16, 64, 64)
        assert maps.dtype == np.float32
        assert maps.min() >= 0
        assert maps.max() <= 1
        assert 0.3 < maps.mean() < 0.7

    def test_a_batch_is_its_images_one_by_one(self, kind):
        x, y, pixel = frame(5, 48)
        u, key = arguments(5, 1)
        together = GROUNDS[kind](x, y, u, key, pixel)
        for i in (slice(0, 1), slice(1, 2), slice(2, 5)):
            np.testing.assert_array_equal(GROUNDS[kind](x[i], y[i], u[:, i], key[i], pixel[i]), together[i])
        np.testing.assert_array_equal(GROUNDS[kind](x[:1, :1], y[:1, :, :1], u, key, pixel), together)

    def test_edges_are_smooth(self, kind):
        assert np.abs(drawn(kind) - reduced(drawn(kind, size=256), 4)).mean() < 0.015

    def test_images_differ(self, kind):
        maps = drawn(kind)
        assert np.abs(maps[1:] - maps[:-1]).mean((1, 2)).min() > 1e-3


def test_backgrounds_are_larger_and_softer_than_textures():
    for kind in GROUNDS:
        maps = drawn(kind)
        detail = maps - np.repeat(np.repeat(reduced(maps, 8), 8, 1), 8, 2)
        assert detail.std() < 0.16, kind


def test_the_ends_of_object_colours_are_half_the_range_of_luminance_apart():
    for name in COLOURS:
        dark, light = OBJECT[name]
        assert 0.43 < (np.array(light) - dark) @ LUMINANCE < 0.62, name


def test_object_colours_are_apart_and_backgrounds_are_paler():
    middles = {name: np.mean(OBJECT[name], axis=0) for name in COLOURS}
    for (one, first), (other, second) in itertools.combinations(middles.items(), 2):
        assert np.linalg.norm(first - second) > 0.2, (one, other)
    grounds = {name: np.mean(ends, axis=0) for name, ends in GROUND.items()}
    for (one, first), (other, second) in itertools.combinations(grounds.items(), 2):
        assert np.linalg.norm(first - second) > 0.1, (one, other)
    chroma = {name: np.ptp(middle) for name, middle in (middles | grounds).items() if name not in ("white", "black")}
    assert max(chroma[name] for name in GROUND if name in chroma) < min(chroma[name] for name in COLOURS if name in chroma)


def test_silhouettes_are_black_on_white():
    assert GROUND[WHITE] == ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0))
    assert OBJECT[INK] == ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))

"""The corruptions equal the published ones: to one grey level where they are given the same random numbers."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from snellen.methods.perturb import registry
from snellen.methods.perturb.corruptions import _water, glass_blur
from snellen.methods.perturb.corruptions._draws import generator
from tests.methods.perturb import reference

KEYS = [11, 2**63 + 5, 7]
NAMES = [name.partition("/")[2] for name in registry.names() if name.startswith("corruptions/")]
SIZES = {"224": (224, 224), "64": (64, 64), "32": (32, 32), "wide": (70, 96)}
PLAIN = ["brightness", "contrast", "defocus-blur", "gaussian-blur", "jpeg-compression", "pixelate", "saturate", "zoom-blur"]
EXACT = {"jpeg-compression", "pixelate"}
EMBOSS = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """(H, W, 3) uint8 with ramps, edges, fine noise, greys, black and white."""
    rng = np.random.default_rng([seed, height, width])
    down, right = np.mgrid[:height, :width] / max(height, width)
    ramps = np.stack([right, down, 1 - right], -1) * 180 + rng.normal(30, 12, (height, width, 3))
    image = ramps.clip(0, 255).astype(np.uint8)
    third_h, third_w = height // 3, width // 3
    image[third_h : 2 * third_h, third_w : 2 * third_w] = rng.integers(0, 256, (third_h, third_w, 1))
    image[: height // 5, : width // 5], image[-(height // 5) :, -(width // 5) :] = 0, 255
    return image


def applied(name: str, level: str, images: list[np.ndarray], keys: list[int]) -> np.ndarray:
    batch = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()
    return registry.get(f"corruptions/{name}")(batch, level, keys).permute(0, 2, 3, 1).numpy()


def amount(name: str, level: str, side: int):
    return registry.get(f"corruptions/{name}").amount(level, side)


def gap(found: np.ndarray, expected: np.ndarray) -> int:
    assert found.dtype == expected.dtype == np.uint8
    assert found.shape == expected.shape
    return int(np.abs(found.astype(int) - expected).max())


def test_all_nineteen_are_there():
    assert len(NAMES) == 19
    for name in NAMES:
        found = registry.get(f"corruptions/{name}")
        assert (found.source, set(found.small)) == ("hendrycks-2019", {32, 64})
        assert [list(levels) for levels in (found.levels, *found.small.values())] == [list("12345")] * 3


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("level", "12345")
@pytest.mark.parametrize("name", PLAIN)
def test_what_is_not_random(name, level, size):
    image = picture(*size)
    expected = getattr(reference, name.replace("-", "_"))(image, amount(name, level, min(size)))
    assert gap(applied(name, level, [image], KEYS[:1])[0], expected) <= (0 if name in EXACT else 1)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("name", sorted(EXACT))
def test_the_way_for_8_bits_gives_the_same(name, size):
    found = registry.get(f"corruptions/{name}")
    batch = torch.from_numpy(np.stack([picture(*size, seed) for seed in range(2)])).permute(0, 3, 1, 2)
    assert found.change_8bit is not None
    for level in found.levels:
        assert torch.equal(found(batch, level, [1, 2]), replace(found, change_8bit=None)(batch, level, [1, 2]))


def random_cases() -> dict[str, Callable[[np.ndarray, object, int], np.ndarray]]:
    """name → the reference on the numbers that belong to a key."""

    def motion(image, amounts, key):
        return reference.moved(image, *amounts, generator(key).uniform(-45, 45))

    def snow(image, amounts, key):
        draws = generator(key)
        noise = draws.standard_normal([-int(-side // amounts.zoom) for side in image.shape[:2]], dtype=np.float32)
        return reference.snow(image, amounts, noise, draws.uniform(-135, -45))

    def fog(image, amounts, key):
        draws = generator(key)
        return reference.fog(image, amounts, lambda shape: draws.random(shape, dtype=np.float32))

    def elastic(image, amounts, key):
        draws = generator(key)
        moves = draws.uniform(-amounts[2], amounts[2], (3, 2))
        return reference.elastic_transform(image, amounts, moves, draws.random((2, *image.shape[:2]), dtype=np.float32) * 2 - 1)

    return {"motion-blur": motion, "snow": snow, "fog": fog, "elastic-transform": elastic}


@pytest.mark.parametrize("size", [(64, 64), (32, 32), (101, 120)], ids=["64", "32", "wide"])
@pytest.mark.parametrize("level", "12345")
@pytest.mark.parametrize("name", random_cases())
def test_what_is_random(name, level, size):
    images = [picture(*size, seed) for seed in range(2)]
    found = applied(name, level, images, KEYS[:2])
    for image, key, one in zip(images, KEYS, found, strict=False):
        expected = random_cases()[name](image, amount(name, level, min(size)), key)
        assert gap(one, expected) <= 1


@pytest.mark.parametrize("size", [(44, 44), (32, 61)], ids=["square", "wide"])
@pytest.mark.parametrize("setting", [(1, 2), (2, 1), (2, 3), (3, 2), (4, 2)])
def test_glass_copies_the_same_pixels(setting, size):
    for seed in (0, 2**32 - 1):
        assert (glass_blur.sources(*size, *setting, [seed])[0] == reference.glass_sources(*size, *setting, seed)).all()


def test_glass_copies_the_same_pixels_at_full_size():
    assert (glass_blur.sources(224, 224, 3, 1, [5])[0] == reference.glass_sources(224, 224, 3, 1, 5)).all()


@pytest.mark.parametrize("level", "12345")
def test_glass_blur(level):
    image = picture(64, 64)
    expected = reference.glass_blur(image, amount("glass-blur", level, 64), KEYS[1] % 2**32)
    assert gap(applied("glass-blur", level, [image], KEYS[1:2])[0], expected) <= 1


@pytest.mark.parametrize("side", [32, 64, 160])
@pytest.mark.parametrize("level", "45")
def test_mud(level, side):
    image = picture(side, side)
    noise = generator(KEYS[0]).standard_normal((side, side), dtype=np.float32)
    assert gap(applied("spatter", level, [image], KEYS[:1])[0], reference.mud(image, amount("spatter", level, side), noise)) <= 1


def drops(side: int, seed: int) -> np.ndarray:
    noise = 0.65 + 0.3 * np.random.default_rng(seed).standard_normal((side, side))
    layer = reference.smooth(noise, 2.0)
    return (np.where(layer < 0.68, 0, layer) * 255).astype(np.uint8)


def test_distances_are_the_shortest_ways():
    edges = np.random.default_rng(0).random((23, 31)) < 0.006
    assert 0 < edges.sum() < 10
    assert np.abs(_water.chamfer(edges) / _water.UNIT - np.minimum(reference.chamfer(edges, 20), 20)).max() < 1e-4


def test_water_is_that_of_opencv():
    cv2 = pytest.importorskip("cv2", reason="compares with OpenCV")
    for seed in range(4):
        layer = drops(120, seed)
        edges = cv2.Canny(layer, 50, 150)
        assert ((edges > 0) == _water.canny(layer)).all()
        _, distance = cv2.threshold(cv2.distanceTransform(255 - edges, cv2.DIST_L2, 5), 20, 20, cv2.THRESH_TRUNC)
        assert np.abs(distance - _water.chamfer(edges > 0) / _water.UNIT).max() < 1e-4
        equal = cv2.equalizeHist(cv2.blur(distance, (3, 3)).astype(np.uint8))
        shine = layer * cv2.blur(cv2.filter2D(equal, cv2.CV_8U, EMBOSS), (3, 3)).astype(np.float32)
        assert np.quantile(np.abs(_water.glints(layer[None])[0] - shine / shine.max()), 0.999) < 1e-6


def test_an_edge_is_one_pixel_wide_and_where_the_step_is():
    grey = np.zeros((12, 12), np.uint8)
    grey[:, 6:] = 200
    assert _water.canny(grey).sum(axis=1).tolist() == [1] * 12
    assert set(np.nonzero(_water.canny(grey))[1]) <= {5, 6}
    assert not _water.canny(grey // 10).any()


def test_water_adds_its_colour_where_there_is_liquid():
    image = picture(160, 160) // 2
    found = applied("spatter", "2", [image], KEYS[:1])[0].astype(int) - image
    noise = generator(KEYS[0]).standard_normal((160, 160), dtype=np.float32) * 0.3 + 0.65
    dry = reference.smooth(noise.astype(float), 3) < 0.68 - 1e-4
    assert np.abs(found[dry]).max() <= 1
    assert found[~dry].max() == pytest.approx(0.6 * 238, abs=2)
    wet = found[(found[..., 1] > 40) & (image.max(-1) < 100)]
    assert np.abs(wet[:, 0] / wet[:, 1] - 175 / 238).max() < 0.05
    assert np.abs(wet[:, 2] - wet[:, 1]).max() <= 1


def test_an_equalised_histogram_reaches_white_and_one_grey_stays():
    grey = np.random.default_rng(1).integers(3, 9, (30, 30)).astype(np.uint8)
    found = _water.equalised(grey)
    assert (found.min(), found.max()) == (0, 255)
    assert (np.argsort(np.unique(found)) == np.arange(6)).all()
    assert (_water.equalised(np.full((4, 4), 7, np.uint8)) == 7).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_key_gives_the_same_alone_and_in_any_order(name):
    images = [picture(64, 64, seed) for seed in range(3)]
    for level in "135":
        together = applied(name, level, images, KEYS)
        alone = applied(name, level, images[1:2], KEYS[1:2])[0]
        turned = applied(name, level, images[::-1], KEYS[::-1])[1]
        assert gap(together[1], alone) <= 1
        assert (together[1] != alone).mean() < 1e-3
        assert (together[1] != turned).mean() < 1e-3


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(PLAIN)))
def test_another_key_gives_another_image(name):
    images = [picture(64, 64)] * 2
    first, second = applied(name, "3", images, [3, 4])
    assert (first != second).any()


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 2), (5, 3), (17, 1), (40, 33), (9, 70)], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_any_size(name, size):
    image = np.random.default_rng(zlib.crc32(name.encode())).random((2, 3, *size), dtype=np.float32)
    for levels in (registry.get(f"corruptions/{name}").levels, *registry.get(f"corruptions/{name}").small.values()):
        for level in "15":
            found = registry.get(f"corruptions/{name}").change(torch.from_numpy(image), levels[level], [1, 2])
            assert found.shape == image.shape
            assert found.dtype == torch.float32
            assert bool(found.isfinite().all())


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("name", NAMES)
def test_black_and_white_images(name, value):
    image = np.full((33, 33, 3), value, np.uint8)
    for level in "15":
        assert applied(name, level, [image], [5]).shape == (1, 33, 33, 3)
        floats = registry.get(f"corruptions/{name}")(np.full((1, 3, 33, 33), value / 255, np.float32), level, [5])
        assert np.isfinite(floats).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_images_given_stay_as_they_are(name):
    images = torch.rand((2, 3, 24, 24), generator=torch.Generator().manual_seed(0))
    before = images.clone()
    registry.get(f"corruptions/{name}")(images, "3", [1, 2])
    assert torch.equal(images, before)

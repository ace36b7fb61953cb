"""Frost: where its textures come from, and what becomes of them; JPEG files as published."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from snellen.core import SnellenError
from snellen.methods.perturb import registry
from snellen.methods.perturb.corruptions import _textures, jpeg
from snellen.methods.perturb.corruptions._draws import generator
from snellen.methods.perturb.corruptions.frost import LEVELS, LEVELS_32, frost, provenance

HALF = torch.full((2, 3, 40, 50), 0.25)


@pytest.fixture(autouse=True)
def no_folder(monkeypatch):
    monkeypatch.delenv(_textures.VARIABLE, raising=False)


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for number in range(3):
        Image.fromarray(rng.integers(0, 120, (90 + number, 100, 3), np.uint8)).save(tmp_path / f"ice{number}.png")
    (tmp_path / "notes.txt").write_text("not an image")
    return tmp_path


def test_frost_is_procedural_unless_there_are_photographs(photographs, monkeypatch):
    assert provenance() == "procedural"
    assert provenance(photographs) == "own"
    before = frost(HALF, LEVELS["1"], [1, 2])
    monkeypatch.setenv(_textures.VARIABLE, str(photographs))
    assert provenance() == "own"
    assert not torch.equal(frost(HALF, LEVELS["1"], [1, 2]), before)
    assert torch.equal(frost(HALF, LEVELS["1"], [1, 2]), frost(HALF, LEVELS["1"], [1, 2], photographs))


def test_published_photographs_are_known_by_their_content(photographs, monkeypatch):
    for number, name in enumerate(_textures.PUBLISHED):
        Image.fromarray(np.full((60, 60, 3), number, np.uint8)).save(photographs / name)
    assert provenance(photographs) == "own"
    sums = {name: _textures.hashlib.md5((photographs / name).read_bytes()).hexdigest() for name in _textures.PUBLISHED}
    monkeypatch.setattr(_textures, "PUBLISHED", sums)
    assert provenance(photographs) == "published"
    assert len(_textures.textures_of(photographs, 1.0, (8, 8))) == 5


def test_frost_is_a_crop_of_a_photograph(photographs):
    textures = [np.asarray(Image.open(file)).transpose(2, 0, 1) for file in sorted(photographs.glob("*.png"))]
    scene, weight, _ = LEVELS["3"]
    found = frost(HALF, LEVELS["3"], [5, 6], photographs).numpy()
    for key, one in zip([5, 6], found, strict=True):
        draws = generator(key)
        texture = textures[draws.integers(3)]
        top, left = draws.integers(texture.shape[1] - 40), draws.integers(texture.shape[2] - 50)
        crop = texture[:, top : top + 40, left : left + 50] / 255
        assert np.abs(one - np.clip(scene * 0.25 + weight * crop, 0, 1)).max() < 1e-6


def test_small_images_get_smaller_frost(photographs):
    assert _textures.textures_of(photographs, LEVELS_32["1"][2], (10, 10))[0].shape == (3, 18, 20)


def test_large_images_get_larger_frost(photographs):
    images = torch.zeros(1, 3, 300, 120)
    assert frost(images, LEVELS["1"], [3], photographs).shape == images.shape


def test_resizing_leaves_what_has_the_size_and_keeps_ramps():
    ramp = np.repeat(np.arange(0, 200, 2, dtype=np.uint8)[:, None], 7, 1)[..., None].repeat(3, 2)
    assert (_textures._fitted(ramp, 1.0, (5, 5)) == ramp.transpose(2, 0, 1)).all()
    half = _textures._fitted(ramp, 0.5, (5, 3))
    assert half.shape == (3, 50, 4)
    assert (np.diff(half[0, :, 0]) == 4).all()


@pytest.mark.parametrize("number", range(5))
def test_procedural_textures_are_as_bright_and_rough_as_measured(number):
    texture = _textures._procedural(number).astype(float)
    mean, deviation, exponent = _textures.MEASURED[number]
    assert np.abs(texture.mean((0, 1)) - mean).max() < 2
    assert np.abs(texture.std((0, 1)) - deviation).max() < 4
    power = np.abs(np.fft.fft2(texture.mean(2) - texture.mean())) ** 2
    frequency = np.fft.fftfreq(len(texture)) * len(texture)
    radius = np.rint(np.hypot(frequency[:, None], frequency)).astype(int)
    mean_power = np.bincount(radius.ravel(), power.ravel()) / np.bincount(radius.ravel())
    at = np.arange(4, 120)
    assert np.polyfit(np.log(at), np.log(mean_power[at]), 1)[0] == pytest.approx(-exponent, abs=0.15)


def test_a_folder_that_is_not_there_is_told(tmp_path, monkeypatch):
    with pytest.raises(SnellenError, match="no such folder"):
        frost(HALF, LEVELS["1"], [1, 2], tmp_path / "none")
    with pytest.raises(SnellenError, match="it has none"):
        provenance(tmp_path)
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    monkeypatch.setenv(_textures.VARIABLE, str(tmp_path))
    with pytest.raises(SnellenError, match=r"broken\.png"):
        registry.get("frost")(HALF, "1", [1, 2])


def photograph() -> np.ndarray:
    small = np.random.default_rng(2).integers(0, 256, (9, 8, 3), np.uint8)
    return np.asarray(Image.fromarray(small).resize((64, 72), Image.Resampling.BICUBIC))


@pytest.mark.parametrize("native", [np.asarray, torch.as_tensor], ids=["numpy", "torch"])
def test_published_files_are_jpeg_of_quality_85(native):
    file = io.BytesIO()
    Image.fromarray(photograph()).save(file, "JPEG", quality=85, optimize=True)
    images = native(photograph().transpose(2, 0, 1)[None].astype(np.float32) / 255)
    found = jpeg.as_published(images)
    assert type(found) is type(images)
    expected = np.asarray(Image.open(file)).transpose(2, 0, 1)
    assert (np.rint(np.asarray(found[0]) * 255) == expected).all()


def test_a_condition_may_end_with_a_jpeg_file():
    images = photograph().transpose(2, 0, 1)[None].astype(np.float32) / 255
    fog = registry.get("corruptions/fog")
    plain = fog.condition("2")
    filed = fog.condition("2", after=jpeg.as_published, recipe="JPEG quality 85")
    assert plain.recipe != filed.recipe
    assert (jpeg.as_published(plain.perturb(images, [1])) == filed.perturb(images, [1])).all()

"""The other distortions equal the published outputs: floats to 2e-6, opponent colour to a grey level, eidolons in distribution."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from snellen.core import SnellenError
from snellen.methods.perturb import registry
from snellen.methods.perturb.distortions import _eidolon, _phase
from snellen.methods.perturb.distortions.false_colour import false_colour
from snellen.methods.perturb.distortions.high_pass import LEVELS as HIGH_PASS
from snellen.methods.perturb.distortions.high_pass import high_pass
from snellen.methods.perturb.distortions.phase_noise import phase_noise
from snellen.methods.perturb.distortions.phase_noise_corrected import phase_noise_corrected
from snellen.methods.perturb.distortions.power_equalisation import equalised, mean_amplitude, power_equalisation, published
from snellen.methods.perturb.distortions.salt_and_pepper import with_salt_and_pepper
from snellen.methods.perturb.grey import luminance

TOLERANCE = 2e-6


@pytest.fixture(scope="module")
def picture(image: np.ndarray) -> Tensor:
    return torch.from_numpy(image)


def scene(side: int, seed: int = 0) -> Tensor:
    """Smooth blotches in colour."""
    coarse = torch.from_numpy(np.random.default_rng(seed).random((1, 3, 6, 6), dtype=np.float32))
    return torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0.1, 0.9)


def close(found: Tensor, expected: np.ndarray) -> None:
    assert found.shape == (1, 3, *expected.shape)
    assert found.dtype == torch.float32
    assert np.abs(found.numpy() - expected).max() <= TOLERANCE


def test_grey(picture: Tensor, vectors):
    close(registry.get("colour")(picture, "bw", [0]), vectors["greyscale"])
    assert (registry.get("colour")(picture, "cr", [0]) == picture).all()


@pytest.mark.parametrize("share", ["0", "0.1", "0.2", "0.35", "0.5", "0.65", "0.8", "0.95"])
def test_salt_and_pepper(picture: Tensor, vectors, share: str):
    unit = torch.from_numpy(np.random.RandomState(42).uniform(size=(224, 224)))[None, None].float()
    close(with_salt_and_pepper(picture, float(share), unit), vectors[f"salt_pepper_c0.3_{share}_RandomState42"])


@pytest.mark.parametrize("sigma", [text for text in HIGH_PASS if text != "inf"])
def test_high_pass(picture: Tensor, vectors, sigma: str):
    close(high_pass(picture, float(sigma)), vectors[f"high_pass_{sigma}"])


def test_high_pass_of_an_infinite_width_is_grey(picture: Tensor, vectors):
    close(high_pass(picture, float("inf")), vectors["greyscale"])


@pytest.mark.parametrize("degrees", [0, 30, 60, 90, 120, 150, 180])
def test_phase_noise(picture: Tensor, vectors, degrees: int):
    width = np.deg2rad(degrees)
    np.random.seed(42)  # noqa: NPY002 (as the published outputs were made)
    drawn = np.random.uniform(-width, width, 49728 // 2)  # noqa: NPY002
    unit = torch.from_numpy(drawn / (2 * width or 1) + 0.5)[None]
    close(_phase.shifted(picture, float(degrees), unit, mirrored=False), vectors[f"phase_{degrees}_npseed42"])


def test_published_phase_noise_lowers_amplitudes_and_the_corrected_does_not():
    grey = luminance(scene(64).double() * 0.2 + 0.4)
    before = torch.fft.fft2(grey).abs()
    after = {
        change.__name__: torch.fft.fft2(change(scene(64) * 0.2 + 0.4, 90.0, [3])[:, :1].double()).abs()
        for change in (phase_noise, phase_noise_corrected)
    }
    assert torch.allclose(after["phase_noise_corrected"], before, atol=1e-4)
    inside = before > 1e-3
    inside[..., 0, 0] = inside[..., 32, :] = inside[..., :, 32] = False
    assert float((after["phase_noise"] / before)[inside].mean()) == pytest.approx(0.81, abs=0.03)


@pytest.mark.parametrize("size", [(9, 9), (8, 9), (9, 8), (1, 1), (1, 7), (2, 2)])
def test_phase_noise_of_any_size_keeps_the_mean(size: tuple[int, int]):
    images = torch.from_numpy(np.random.default_rng(1).random((2, 3, *size), dtype=np.float32)) * 0.1 + 0.45
    for change in (phase_noise, phase_noise_corrected):
        changed = change(images, 180.0, [1, 2])
        assert torch.allclose(changed.mean(dim=(1, 2, 3)), luminance(images).mean(dim=(1, 2, 3)), atol=1e-5)


def test_power_equalisation(picture: Tensor, vectors):
    close(power_equalisation(picture, equal=True), vectors["power_equalisation"])


@pytest.mark.parametrize("size", [(224, 224), (64, 64), (33, 48)])
def test_power_equalisation_leaves_phases_only(size: tuple[int, int]):
    amplitude = published(*size)
    assert amplitude.max() / (size[0] * size[1]) == pytest.approx(0.4545, abs=1e-4)
    faint = torch.from_numpy(amplitude * 0.1)
    faint[size[0] // 2, size[1] // 2] = 0.5 * size[0] * size[1]
    found = equalised(scene(224)[:, :, : size[0], : size[1]], faint)
    even = torch.fft.fftshift(torch.fft.fft2(found[0, 0].double()).abs())[1:, 1:]
    assert torch.allclose(even, faint[1:, 1:], rtol=1e-3, atol=1e-3)


def test_own_mean_spectrum_gives_an_image_back():
    images = scene(40, seed=4)
    assert torch.allclose(equalised(images, mean_amplitude(images))[:, :1], luminance(images), atol=1e-6)


def test_power_equalisation_beyond_what_is_published_is_refused():
    with pytest.raises(SnellenError, match="225x64 images; expected sides up to 224"):
        power_equalisation(torch.zeros(1, 3, 225, 64), equal=True)


def test_opponent_colour(picture: Tensor, vectors):
    expected = vectors["false_colour_rgb"].transpose(2, 0, 1)
    found = false_colour(picture, opponent=True)[0].numpy()
    levels = np.abs(np.round(found * 255) - np.round(expected * 255))
    assert levels.max() <= 1
    assert (levels > 0).sum() <= 2
    assert np.abs(found * 255 - np.round(found * 255)).max() < 1e-4


def test_opponent_colour_keeps_grey_and_is_its_own_inverse():
    grey = (torch.arange(256) / 255).expand(1, 3, 1, 256)
    assert torch.equal(false_colour(grey, opponent=True), grey)
    pale = scene(16) * 0.1 + 0.45
    codes = (pale * 255).round() / 255
    assert float((false_colour(false_colour(pale, True), True) - codes).abs().max()) <= 2 / 255


@pytest.fixture(scope="module")
def eidolons(shared: Path) -> dict[str, np.ndarray]:
    with np.load(shared / "distortion-vectors" / "upstream_eidolon_uint8_256.npz") as arrays:
        return dict(arrays)


@pytest.mark.parametrize(("name", "coherence"), [("eidolon-1", "1.0"), ("eidolon-2", "0.3"), ("eidolon-3", "0.0")])
def test_eidolons_in_distribution(picture: Tensor, eidolons, name: str, coherence: str):
    perturbation = registry.get(name)
    enlarged = _enlarged(picture)
    undistorted = luminance(enlarged)[0, 0].numpy() * 255
    for reach in (8, 64):
        level = next(level for level in perturbation.levels if level.startswith(f"{reach}-"))
        theirs = eidolons[f"eidolon_coh{coherence}_reach{reach}_grain10_npseed0"].astype(float)
        ours = perturbation(enlarged.expand(2, -1, -1, -1), level, [1, 2]).numpy()[:, 0] * 255
        kept = [np.corrcoef(one.ravel(), undistorted.ravel())[0, 1] for one in (theirs, *ours)]
        contrast = [one.std() for one in (theirs, *ours)]
        fine = [np.abs(np.diff(one, axis=1)).mean() for one in (theirs, *ours)]
        assert kept[0] == pytest.approx(np.mean(kept[1:]), abs=0.15), (level, kept)
        assert contrast[0] == pytest.approx(np.mean(contrast[1:]), rel=0.12), (level, contrast)
        assert fine[0] == pytest.approx(np.mean(fine[1:]), rel=0.1), (level, fine)


def _enlarged(picture: Tensor) -> Tensor:
    from PIL import Image

    codes = (picture[0] * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    large = np.asarray(Image.fromarray(codes).resize((256, 256), Image.Resampling.LANCZOS))
    return torch.from_numpy(large.transpose(2, 0, 1).copy()).float()[None] / 255


def test_eidolons_without_reach_are_the_image_blurred():
    images = scene(64)
    plane = torch.nn.functional.interpolate(luminance(images) * 255, size=(512, 512))[:, 0]
    still = _eidolon.disarrayed(plane, 0.0, 0.3, [1])
    inner = plane[:, 128:384, 128:384]
    assert float((still - inner).abs().mean()) < 2
    blurred = torch.fft.irfft2(torch.fft.rfft2(plane) * _eidolon._transfer(_eidolon.SCALES[0], 512))
    assert torch.allclose(still, blurred[:, 128:384, 128:384], atol=1e-2)

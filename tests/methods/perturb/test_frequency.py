"""Parts of the spectrum: what is kept, what is added, and how much of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.fft import dctn, idctn
from torch import Tensor

from snellen.core import SnellenError
from snellen.methods.perturb.frequency._ideal import components
from snellen.methods.perturb.frequency.band_noise import DEVIATION, band_noise
from snellen.methods.perturb.frequency.dct import Band, diagonal, matrix
from snellen.methods.perturb.frequency.dct_noise import Place, dct_noise
from snellen.methods.perturb.frequency.fourier_basis import Wave, basis, fourier_basis, with_wave
from snellen.methods.perturb.frequency.high_pass_ideal import high_pass_ideal
from snellen.methods.perturb.frequency.low_pass_ideal import low_pass_ideal

KEYS = [1, 2, 3]


@pytest.fixture
def images() -> Tensor:
    return torch.from_numpy(np.random.default_rng(0).random((3, 3, 32, 32), dtype=np.float32))


@pytest.mark.parametrize("radius", [4, 8, 12, 16, 20, 24, 28])
def test_components_are_the_published_ones(images: Tensor, radius: int):
    low, high = components(images, radius / 32)
    row, column = np.mgrid[:32, :32]
    inside = np.sqrt((row - 16) ** 2 + (column - 16) ** 2) < radius
    spectrum = np.fft.fftshift(np.fft.fft2(images.numpy().astype(float)), axes=(2, 3))
    expected = np.fft.ifft2(np.fft.ifftshift(spectrum * inside, axes=(2, 3))).real
    assert np.abs(low.numpy() - expected).max() < 1e-6
    assert torch.allclose(low + high, images, atol=1e-6)


def test_the_high_component_stands_on_mid_grey(images: Tensor):
    assert torch.allclose(high_pass_ideal(images, 0.25).mean(dim=(2, 3)), torch.tensor(0.5), atol=1e-6)
    assert torch.allclose(high_pass_ideal(images, 0.25) - 0.5 + low_pass_ideal(images, 0.25), images, atol=1e-6)
    assert torch.allclose(high_pass_ideal(images, 0.0), images, atol=1e-6)


@pytest.mark.parametrize(("vertical", "horizontal"), [(0, 0), (0, 5), (7, -3), (16, 16), (-16, 0)])
def test_a_basis_image_is_one_frequency(images: Tensor, vertical: int, horizontal: int):
    wave = basis(images, vertical, horizontal)
    assert float(wave.norm()) == pytest.approx(1, abs=1e-5)
    spectrum = torch.fft.fft2(wave.double()).abs() > 1e-4
    at = {(vertical % 32, horizontal % 32), (-vertical % 32, -horizontal % 32)}
    assert {tuple(place) for place in spectrum.nonzero().tolist()} == at


def test_a_wave_beyond_nyquist_is_refused(images: Tensor):
    with pytest.raises(SnellenError, match="17 cycles down and 0 across for 32x32"):
        basis(images, 17, 0)


def test_the_norm_of_a_wave_is_that_of_a_channel(images: Tensor):
    for changed in (with_wave(images, 3, 4, 2.5, KEYS), fourier_basis(images, Wave(0.5, 2.5), KEYS)):
        assert torch.allclose((changed - images).flatten(2).norm(dim=2), torch.tensor(2.5), atol=1e-4)
    together = (with_wave(images, 3, 4, 1.0, KEYS) - images).flatten(2)
    assert torch.allclose(together.abs(), together[:1, :1].abs(), atol=1e-6)


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_a_wave_has_its_distance_from_the_mean(images: Tensor, share: float):
    added = fourier_basis(images, Wave(share, 4.0), KEYS) - images
    places = [(plane.abs() > 1e-2).nonzero().tolist() for plane in torch.fft.fft2(added[:, 0].double())]
    for place in places:
        cycles = [min(at, 32 - at) for at in place[0]]
        assert np.hypot(*cycles) == pytest.approx(share * 16, abs=0.8)


@pytest.mark.parametrize("top", [0.125, 0.5, 1.0])
def test_band_noise_stays_in_its_octave(images: Tensor, top: float):
    added = (band_noise(images, top, KEYS) - images).double()
    assert torch.allclose(added.std(dim=(2, 3), unbiased=False), torch.tensor(DEVIATION, dtype=torch.float64), atol=1e-4)
    assert torch.allclose(added[:, 0], added[:, 2], atol=1e-6)
    rows, columns = np.meshgrid(np.fft.fftfreq(32), np.fft.fftfreq(32), indexing="ij")
    distance = 2 * np.hypot(rows, columns)
    outside = torch.from_numpy((distance <= top / 2) | (distance > top))
    assert float((torch.fft.fft2(added).abs() * outside).max()) < 1e-3


def test_an_octave_without_frequencies_is_refused():
    with pytest.raises(SnellenError, match="4x4 images, without a frequency in the octave"):
        band_noise(torch.zeros(1, 3, 4, 4), 0.0625, [1])


def test_the_matrix_is_the_orthonormal_dct():
    image = np.random.default_rng(1).random((9, 14))
    assert np.allclose(matrix(9) @ image @ matrix(14).T, dctn(image, norm="ortho"))


@pytest.mark.parametrize("native", [np.asarray, torch.as_tensor], ids=["numpy", "torch"])
def test_a_band_projects(native):
    image = np.random.default_rng(2).random((2, 3, 12, 16))
    band = Band(3, 4)
    kept = np.zeros_like(image)
    kept[..., 3:7, 3:7] = dctn(image, norm="ortho", axes=(2, 3))[..., 3:7, 3:7]
    projected = np.asarray(band.project(native(image)))
    assert np.allclose(projected, idctn(kept, norm="ortho", axes=(2, 3)))
    assert np.allclose(np.asarray(band.coefficients(native(image))), kept[..., 3:7, 3:7])
    assert np.allclose(np.asarray(band.image(band.coefficients(native(image)), 12, 16)), projected)
    assert np.allclose(np.asarray(band.project(native(projected))), projected)


def test_bands_along_the_diagonal_are_as_published():
    assert [len(diagonal(*sizes)) for sizes in ((28, 8, 1), (32, 8, 2), (224, 16, 16))] == [21, 13, 14]
    with pytest.raises(SnellenError, match="the band from 6 to 10 for a side of 8"):
        Band(6, 4).project(np.zeros((8, 8)))


def test_dct_noise_lies_in_its_band(images: Tensor):
    added = (dct_noise(images, Place(1.0, 4.0), KEYS) - images).double().numpy()
    spectrum = dctn(added, norm="ortho", axes=(2, 3))
    assert np.abs(spectrum[..., :30, :]).max() < 1e-5
    assert np.abs(spectrum[..., :, :30]).max() < 1e-5
    assert np.allclose(np.linalg.norm(spectrum.reshape(3, 3, -1), axis=2), 4.0, atol=1e-4)

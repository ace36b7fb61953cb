"""Margins in subspaces and in bands of the DCT, against linear models and against data whose discriminative direction is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import fft
from torch import Tensor, nn

from snellen.core import Preprocessing, SnellenError, Unsupported
from snellen.methods.attack.dct_margins import band_projection, bands_for, dct_margins
from snellen.methods.attack.subspace import Project, subspace_margins
from snellen.methods.perturb.frequency.dct import Band
from snellen.methods.perturb.frequency.flip_spectrum import flip_spectrum
from snellen.models.function import FunctionModel

from .linear import SIDE, Linear, images, linear, model, truth

SIZE = 3 * SIDE * SIDE
SHOWN = images(5)


def spanned(bases: np.ndarray) -> Project:
    """Onto subspaces given by orthonormal rows, (S, k, D)."""
    rows = torch.as_tensor(bases, dtype=torch.float32)

    def project(shown: Tensor, numbers: np.ndarray) -> Tensor:
        own = rows[torch.from_numpy(numbers)]
        along = torch.einsum("mkd,md->mk", own, shown.flatten(1))
        return torch.einsum("mkd,mk->md", own, along).reshape(shown.shape)

    return project


def random_bases(subspaces: int, dimensions: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([np.linalg.qr(rng.normal(size=(SIZE, dimensions)))[0].T for _ in range(subspaces)])


def known_margins(weights: np.ndarray, shown: Tensor, bases: np.ndarray) -> np.ndarray:
    scores = (shown.flatten(1).numpy().astype(float) - 0.5) @ weights.T
    found = np.full((len(shown), len(bases)), np.inf)
    for row, own in enumerate(scores):
        best = int(own.argmax())
        for number, basis in enumerate(bases):
            for other in set(range(len(own))) - {best}:
                slope = np.linalg.norm(basis @ (weights[best] - weights[other]))
                if slope > 1e-9:
                    found[row, number] = min(found[row, number], (own[best] - own[other]) / slope)
    return found


@pytest.mark.parametrize("classes", [2, 6])
@pytest.mark.parametrize("batch", [1, 4, None])
def test_a_linear_model_has_the_margins_of_its_projected_weights(classes: int, batch: int | None) -> None:
    attacked, bases = linear(classes), random_bases(7, 20)
    told: list[int] = []
    found = subspace_margins(attacked, SHOWN, 7, spanned(bases), batch=batch, keep=True, progress=told.append)
    known = known_margins(attacked.module.weights.detach().numpy().astype(float), SHOWN, bases)
    assert found.converged.all()
    np.testing.assert_allclose(found.distance, 1.02 * known, rtol=1e-4, atol=1e-7)
    np.testing.assert_array_equal(found.answers, truth(attacked, SHOWN))
    np.testing.assert_allclose(found.medians, np.median(1.02 * known, axis=0), rtol=1e-4, atol=1e-7)
    assert found.pulls == len(SHOWN) * (classes - 1), "gradients at the image itself are shared by all subspaces"
    assert sum(told) == len(SHOWN)
    assert found.changes is not None
    for number, basis in enumerate(bases):
        change = found.changes[:, number].flatten(1).numpy()
        np.testing.assert_allclose(np.linalg.norm(change, axis=1), found.distance[:, number], rtol=1e-4)
        np.testing.assert_allclose(change @ basis.T @ basis, change, atol=1e-6)
        assert (truth(attacked, SHOWN + found.changes[:, number]) != found.answers).all()


def test_no_margin_where_the_subspace_does_not_matter() -> None:
    attacked = linear(2)
    along = np.diff(attacked.module.weights.detach().numpy().astype(float), axis=0)
    bases = np.stack([along / np.linalg.norm(along), np.linalg.qr(np.vstack([along, random_bases(1, 1)[0]]).T)[0].T[1:2]])
    found = subspace_margins(attacked, SHOWN, 2, spanned(bases), steps=5)
    assert found.converged[:, 0].all()
    assert not found.converged[:, 1].any() or found.distance[found.converged[:, 1], 1].min() > 1e4
    constant = model(Linear(torch.zeros(3, SIZE)))
    found = subspace_margins(constant, SHOWN, 2, spanned(bases))
    assert np.isposinf(found.distance).all()
    assert not found.converged.any()
    assert np.isposinf(found.medians).all()


def test_borders_too_far_to_step_to_are_not_errors() -> None:
    flat = model(nn.Sequential(linear(3).module, nn.Softmax(dim=1)))
    flat.module[0].weights.data *= 200
    found = subspace_margins(flat, images(5, spread=1.0), 3, spanned(random_bases(3, 10)), steps=4)
    np.testing.assert_array_equal(found.converged, np.isfinite(found.distance))


class Hidden(nn.Module):
    """A linear model that shows -inf for one class."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = linear(4).module

    def forward(self, shown: Tensor) -> Tensor:
        return torch.where(torch.arange(4) == 1, -torch.inf, self.inner(shown))


def test_a_logit_of_minus_infinity_is_no_rival() -> None:
    hidden = model(Hidden())
    weights = hidden.module.inner.weights.detach().numpy().astype(float)[[0, 2, 3]]
    bases = random_bases(2, 30)
    found = subspace_margins(hidden, SHOWN, 2, spanned(bases))
    np.testing.assert_allclose(found.distance, 1.02 * known_margins(weights, SHOWN, bases), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    "side, count, width", [(28, 21, 8), (32, 13, 8), (64, 13, 16), (224, 14, 16), (300, 14, 21), (6, 5, 2), (1, 1, 1)]
)
def test_bands_for_every_size(side: int, count: int, width: int) -> None:
    bands = bands_for(side)
    assert (len(bands), bands[0].width) == (count, width)
    assert bands[0].start == 0
    assert side - width < bands[-1].start + width <= side


def test_the_projection_is_the_dct_with_all_but_a_block_left_out() -> None:
    bands = (Band(0, 2), Band(1, 3), Band(4, 2))
    shown = images(3, spread=1.0)
    found = band_projection(bands, shown)(shown, np.array([2, 0, 1])).numpy()
    for row, band in enumerate((bands[2], bands[0], bands[1])):
        spectrum = fft.dctn(shown[row].numpy(), axes=(1, 2), norm="ortho")
        block = slice(band.start, band.start + band.width)
        kept = np.zeros_like(spectrum)
        kept[:, block, block] = spectrum[:, block, block]
        np.testing.assert_allclose(found[row], fft.idctn(kept, axes=(1, 2), norm="ortho"), atol=1e-6)


def test_the_flip_turns_the_spectrum_round() -> None:
    shown = images(3, spread=1.0)
    flipped = flip_spectrum(shown)
    spectrum = fft.dctn(shown.numpy(), axes=(2, 3), norm="ortho")
    np.testing.assert_allclose(fft.dctn(flipped.numpy(), axes=(2, 3), norm="ortho"), spectrum[:, :, ::-1, ::-1], atol=1e-5)
    np.testing.assert_allclose(flip_spectrum(flipped).numpy(), shown.numpy(), atol=1e-5)
    oblong = np.random.default_rng(0).random((2, 3, 4, 7), np.float32)
    np.testing.assert_allclose(flip_spectrum(flip_spectrum(oblong)), oblong, atol=1e-5)


def test_margins_follow_the_frequencies_that_a_model_goes_by() -> None:
    waves = fft.idctn(np.eye(SIDE * SIDE).reshape(-1, SIDE, SIDE), axes=(1, 2), norm="ortho").reshape(SIDE, SIDE, SIDE, SIDE)
    grey = np.broadcast_to(waves[0, 1][None], (3, SIDE, SIDE)).reshape(-1)
    weak = np.broadcast_to(waves[5, 5][None], (3, SIDE, SIDE)).reshape(-1)
    weights = torch.tensor(np.stack([grey + 0.05 * weak, -grey - 0.05 * weak]), dtype=torch.float32)
    found = dct_margins(model(Linear(weights)), SHOWN, [Band(0, 2), Band(4, 2)])
    np.testing.assert_allclose(found.distance[:, 1] / found.distance[:, 0], 20, rtol=1e-3)
    flipped = Linear(flip_spectrum(weights.reshape(2, 3, SIDE, SIDE)).flatten(1))
    turned = dct_margins(model(flipped), flip_spectrum(SHOWN - 0.5) + 0.5, [Band(0, 2), Band(4, 2)])
    np.testing.assert_allclose(turned.distance[:, ::-1], found.distance, rtol=1e-3)


def known_direction(epsilon: float, count: int, seed: int) -> tuple[Tensor, Tensor, np.ndarray]:
    """Two classes that differ along one direction by 2 epsilon, in noise of deviation 1 along all others (ortiz-jimenez-2020)."""
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(np.random.default_rng(9).normal(size=(SIZE, SIZE)))[0]
    side = rng.integers(2, size=count)
    drawn = rng.normal(size=(count, SIZE))
    drawn[:, 0] = epsilon * (2 * side - 1)
    return torch.tensor(drawn @ turn.T, dtype=torch.float32).reshape(-1, 3, SIDE, SIDE), torch.tensor(side), turn


def test_a_network_is_held_tight_where_the_data_differ_only() -> None:
    epsilon = 1.0
    shown, side, turn = known_direction(epsilon, 2000, seed=0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(nn.Flatten(), nn.Linear(SIZE, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 2))
        optimiser = torch.optim.SGD(network.parameters(), 0.05, momentum=0.9)
        for batch in torch.randperm(2000).repeat(12).split(100):
            optimiser.zero_grad()
            nn.functional.cross_entropy(network(shown[batch]), side[batch]).backward()
            optimiser.step()
    fresh, its, _ = known_direction(epsilon, 100, seed=1)
    trained = model(network)
    assert (truth(trained, fresh) == its.numpy()).mean() > 0.95
    own = np.zeros((3, SIZE))
    own[0] = turn[:, 0]
    across = np.linalg.qr(turn[:, 1:] @ np.random.default_rng(2).normal(size=(SIZE - 1, 3)))[0].T
    found = subspace_margins(trained, fresh, 2, spanned(np.stack([own, across])))
    tight, loose = found.medians
    assert 0.9 * epsilon <= tight <= 2.2 * epsilon
    assert loose >= 8 * tight


def test_what_cannot_be_asked() -> None:
    blind = FunctionModel(lambda given: given.mean((2, 3)), preprocessing=Preprocessing((SIDE, SIDE)))
    project = spanned(random_bases(2, 3))
    with pytest.raises(Unsupported, match="gives no gradients"):
        dct_margins(blind, SHOWN.numpy())
    with pytest.raises(SnellenError, match="expected square"):
        dct_margins(linear(), torch.zeros(1, 3, 4, 6))
    with pytest.raises(SnellenError, match="expected one or more within"):
        dct_margins(linear(), SHOWN, [Band(4, 4)])
    with pytest.raises(SnellenError, match="NaN or infinite"):
        subspace_margins(linear(), SHOWN * torch.nan, 2, project)
    with pytest.raises(SnellenError, match=r"expected float \(N, 3, H, W\)"):
        subspace_margins(linear(), SHOWN[:0], 2, project)
    with pytest.raises(SnellenError, match="1 or more of each"):
        subspace_margins(linear(), SHOWN, 2, project, batch=0)
    with pytest.raises(SnellenError, match="at least 1 step"):
        subspace_margins(linear(), SHOWN, 2, project, steps=0)

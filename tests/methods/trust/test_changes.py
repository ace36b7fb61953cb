"""Infidelity, sensitivity-n, max-sensitivity and Lipschitz constants where they are known; other classes, other labels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snellen.core import SnellenError
from snellen.methods.explain import _views
from snellen.methods.explain.explanation import Explanation
from snellen.methods.explain.gradient import Gradient
from snellen.methods.explain.gradient_x_input import GradientXInput
from snellen.methods.explain.smooth_grad import SmoothGrad
from snellen.methods.trust.infidelity import Infidelity
from snellen.methods.trust.label_randomization import LabelRandomization
from snellen.methods.trust.local_lipschitz import LocalLipschitz
from snellen.methods.trust.max_sensitivity import MaxSensitivity
from snellen.methods.trust.random_logit import RandomLogit
from snellen.methods.trust.sensitivity_n import SensitivityN
from tests.methods.trust.networks import CLASSES, SIDE, Backwards, made, pictures, wrap

CLASS = np.array([0, 1, 2])


class Power(nn.Module):
    """Logit k is the sum of w_k · x ** degree."""

    def __init__(self, degree: int, classes: int = CLASSES) -> None:
        super().__init__()
        self.degree = degree
        self.weights = nn.Parameter(torch.randn(classes, 3 * SIDE * SIDE, generator=torch.Generator().manual_seed(0)))

    def forward(self, images: Tensor) -> Tensor:
        return (images.flatten(1) ** self.degree) @ self.weights.T


def explained(module: nn.Module, method: Gradient | GradientXInput, images: Tensor) -> Explanation:
    return method(wrap(module), images, CLASS[: len(images)])


@pytest.mark.parametrize("method", [Infidelity(side=5, scaled=False), Infidelity(side=5), Infidelity(side=40)])
def test_a_linear_model_s_maps_foretell_every_fall(method: Infidelity) -> None:
    module, images = Power(1), pictures(3)
    for explainer in (Gradient(), GradientXInput()):
        found = method(wrap(module), images, CLASS, explained(module, explainer, images))
        assert found.unexplained == pytest.approx(0, abs=1e-6)
        assert found.scale == pytest.approx(1, abs=1e-3)
        assert found.forwards == 3 * 101
    noisy = Infidelity(change="noise", samples=20)(wrap(module), images, CLASS, explained(module, Gradient(), images))
    assert noisy.unexplained == pytest.approx(0, abs=1e-6)


def test_maps_that_know_nothing_foretell_nothing_and_scale_is_forgiven() -> None:
    module, images = Power(1), pictures(3)
    true = explained(module, GradientXInput(), images)
    none = Explanation(np.zeros_like(true.maps), "logits")
    assert Infidelity(side=5)(wrap(module), images, CLASS, none).unexplained == pytest.approx(1)
    noise = Explanation(np.random.default_rng(0).normal(size=true.maps.shape).astype(np.float32), "logits")
    assert (Infidelity(side=5)(wrap(module), images, CLASS, noise).unexplained > 0.75).all()
    false = Explanation(-true.maps, "logits")
    assert Infidelity(side=5)(wrap(module), images, CLASS, false).unexplained == pytest.approx(1)
    half = Explanation(true.maps / 2, "logits")
    assert Infidelity(side=5)(wrap(module), images, CLASS, half).scale == pytest.approx(2, rel=1e-3)
    assert Infidelity(side=5, scaled=False)(wrap(module), images, CLASS, half).unexplained == pytest.approx(0.25, rel=1e-3)


def test_infidelity_is_the_mean_squared_error() -> None:
    """Of a square, the gradient foretells 2 w x t where w (2 x t - t²) comes."""
    module, images = Power(2), pictures(2)
    found = Infidelity(change="noise", samples=4000, scaled=False)(
        wrap(module), images, CLASS[:2], explained(module, Gradient(), images)
    )
    weights = module.weights.detach().numpy()[:2].astype(np.float64)
    expected = 0.1**4 * (2 * (weights**2).sum(1) + weights.sum(1) ** 2)
    assert found.infidelity == pytest.approx(expected, rel=0.15)


def test_sums_of_a_linear_model_s_parts_go_with_its_falls() -> None:
    module, images = Power(1), pictures(3)
    parts = explained(module, GradientXInput(), images).maps
    method = SensitivityN(samples=40)
    found = method(wrap(module), images, CLASS, parts)
    assert found.pixels.tolist() == [3, 8, 26, 77, 205]
    assert found.correlation == pytest.approx(1, abs=1e-3)
    assert method(wrap(module), images, CLASS, -parts).correlation == pytest.approx(-1, abs=1e-3)
    other = np.random.default_rng(0).normal(size=parts.shape)
    assert (np.abs(SensitivityN(samples=200)(wrap(module), images, CLASS, other).correlation) < 0.35).all()
    assert found.forwards == 3 * 201
    assert SensitivityN((1.0,), 4)(wrap(module), images, CLASS, parts).correlation.tolist() == [[0], [0], [0]]


def test_maps_without_channels_are_taken() -> None:
    module, images = Power(1), pictures(3)
    parts = explained(module, GradientXInput(), images).maps.sum(1)
    assert SensitivityN((0.2,), 10)(wrap(module), images, CLASS, parts).correlation == pytest.approx(1, abs=1e-3)
    assert Infidelity(side=4)(wrap(module), images, CLASS, Explanation(parts, "logits")).unexplained == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("method", [Infidelity(samples=9, side=5), Infidelity(samples=9, change="noise"), SensitivityN((0.1,), 9)])
def test_batches_change_nothing(method: Infidelity | SensitivityN, monkeypatch: pytest.MonkeyPatch) -> None:
    network, images = made(Backwards), pictures(3)
    given = explained(network, Gradient(), images)

    def run(rows: slice, keys: list[int]) -> np.ndarray:
        if isinstance(method, SensitivityN):
            return method(wrap(network), images[rows], CLASS[rows], given.maps[rows], keys).correlation
        return method(wrap(network), images[rows], CLASS[rows], Explanation(given.maps[rows], given.unit), keys).unexplained

    whole = run(slice(None), [4, 5, 6])
    monkeypatch.setattr(_views, "QUICK", 4 * SIDE * SIDE)
    np.testing.assert_allclose(run(slice(None), [4, 5, 6]), whole, rtol=1e-2, atol=1e-3)
    np.testing.assert_allclose(run(slice(1, 2), [5])[0], whole[1], rtol=1e-2, atol=1e-3)


def test_maps_of_a_square_move_as_fast_as_its_weights() -> None:
    """The gradient of w x² moves by 2 w for every step of x: the constant lies between the least and the greatest of these."""
    module, images = Power(2), pictures(3)
    found = LocalLipschitz(samples=5)(Gradient(), wrap(module), images, CLASS)
    weights = np.abs(2 * module.weights.detach().numpy()[CLASS])
    assert (found.constant <= weights.max(1)).all()
    assert found.constant == pytest.approx(np.sqrt((weights**2).mean(1)), rel=0.1)
    assert (found.forwards, found.pulls) == (18, 18)


def test_sensitivity_grows_with_the_radius_and_is_0_for_a_linear_model() -> None:
    images = pictures(3)
    near, far = (MaxSensitivity(radius, 4)(Gradient(), wrap(Power(2)), images, CLASS) for radius in (0.01, 0.1))
    assert far.absolute / near.absolute == pytest.approx(10, rel=0.25)
    length = np.linalg.norm(explained(Power(2), Gradient(), images).maps.reshape(3, -1), axis=1)
    assert near.relative == pytest.approx(near.absolute / length)
    linear = MaxSensitivity(0.1, 2)(SmoothGrad(samples=2), wrap(Power(1)), images, CLASS)
    assert linear.relative == pytest.approx(0, abs=1e-6)
    flat = Power(1)
    nn.init.zeros_(flat.weights)
    assert MaxSensitivity(0.1, 2)(Gradient(), wrap(flat), images, CLASS).relative.tolist() == [0, 0, 0]


def test_keys_decide_where_images_are_moved() -> None:
    model, images = wrap(made(Backwards)), pictures(3)
    whole = LocalLipschitz(samples=3)(Gradient(), model, images, CLASS, [4, 5, 6])
    alone = LocalLipschitz(samples=3)(Gradient(), model, images[1:2], CLASS[1:2], [5])
    assert alone.constant == pytest.approx(whole.constant[1:2], rel=1e-3)
    assert LocalLipschitz(samples=3)(Gradient(), model, images[1:2], CLASS[1:2], [9]).constant != alone.constant


def test_another_class_has_another_gradient() -> None:
    model, images = wrap(Power(1)), pictures(3)
    found = RandomLogit()(Gradient(), model, images, CLASS, [1, 2, 3])
    assert (found.others != CLASS).all()
    assert found.others.max() < CLASSES
    assert (np.abs(found.similarity["spearman"]) < 0.25).all()
    assert (found.forwards, found.pulls) == (7, 6)
    again = RandomLogit()(Gradient(), model, images[1:2], CLASS[1:2], [2])
    assert again.others.tolist() == found.others[1:2].tolist()
    every = RandomLogit(("ssim",))(Gradient(), model, images[:1].expand(200, -1, -1, -1), np.full(200, 2)).others
    assert sorted(set(every.tolist())) == [0, 1, 3, 4]
    two = RandomLogit()(Gradient(), wrap(Power(1, 2)), images[:2], np.array([0, 1]))
    assert two.others.tolist() == [1, 0]


def test_models_of_other_labels_are_compared() -> None:
    images = pictures(3)
    same = LabelRandomization(("spearman",))(Gradient(), wrap(Power(1)), wrap(Power(2)), images, CLASS)
    assert 0.5 < same.similarity["spearman"].min() < 0.999
    other = LabelRandomization(("spearman",))(Gradient(), wrap(made(Backwards)), wrap(made(Backwards, 1)), images, CLASS)
    assert (other.similarity["spearman"] < 0.5).all()
    assert (other.forwards, other.pulls) == (6, 6)


def test_no_images() -> None:
    model, nothing, classes = wrap(Power(1)), pictures(1)[:0], np.zeros(0, int)
    maps = np.zeros((0, 3, SIDE, SIDE), np.float32)
    assert Infidelity()(model, nothing, classes, Explanation(maps, "logits")).infidelity.shape == (0,)
    assert SensitivityN()(model, nothing, classes, maps).correlation.shape == (0, 5)
    assert MaxSensitivity()(Gradient(), model, nothing, classes).relative.shape == (0,)
    assert LocalLipschitz()(Gradient(), model, nothing, classes).constant.shape == (0,)
    assert RandomLogit()(Gradient(), model, nothing, classes).similarity["hog"].shape == (0,)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda m, x: Infidelity(samples=0), "a sample and a pixel or more"),
        (lambda m, x: Infidelity(change="noise")(m, x, CLASS, explained(Power(1), GradientXInput(), x)), "use change='squares'"),
        (lambda m, x: SensitivityN(shares=(0.0,)), "shares above 0"),
        (lambda m, x: SensitivityN(samples=1), "two samples or more"),
        (lambda m, x: SensitivityN()(m, x, CLASS, np.zeros((3, 2, 2))), "of the image's size"),
        (lambda m, x: MaxSensitivity(radius=0.0), "a radius above 0"),
        (lambda m, x: LocalLipschitz(samples=0), "one sample or more"),
        (lambda m, x: RandomLogit()(Gradient(), m, x, CLASS + 4), "the images have class 6"),
        (lambda m, x: RandomLogit()(Gradient(), wrap(Power(1, 1)), x, 0 * CLASS), "returned one logit an image"),
    ],
)
def test_what_cannot_be_measured_is_said(ask, said: str) -> None:
    with pytest.raises(SnellenError, match=said):
        ask(wrap(Power(1)), pictures(3))

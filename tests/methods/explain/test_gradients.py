"""Methods made of gradients: closed forms, the same map in any batch, errors that say what was wrong."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snellen import load
from snellen.core import Preprocessing, SnellenError, Unsupported
from snellen.labels import custom
from snellen.methods.explain._views import at_once
from snellen.methods.explain.explanation import Explainer
from snellen.methods.explain.gradient import Gradient
from snellen.methods.explain.gradient_x_input import GradientXInput
from snellen.methods.explain.integrated_gradients import IntegratedGradients
from snellen.methods.explain.smooth_grad import SmoothGrad
from snellen.methods.explain.var_grad import VarGrad
from snellen.models.torch import TorchModel

SIDE, CLASSES = 12, 4
EVERY = (Gradient(), GradientXInput(), IntegratedGradients(), SmoothGrad(samples=4), VarGrad(samples=4))
BARE = Preprocessing((SIDE, SIDE), mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


class Power(nn.Module):
    """Logit k is the sum of w_k · x ** degree."""

    def __init__(self, degree: int) -> None:
        super().__init__()
        self.degree = degree
        self.weights = nn.Parameter(torch.randn(CLASSES, 3 * SIDE * SIDE, generator=torch.Generator().manual_seed(0)))

    def forward(self, images: Tensor) -> Tensor:
        return (images.flatten(1) ** self.degree) @ self.weights.T


def model_of(module: nn.Module) -> TorchModel:
    return TorchModel(module, preprocessing=BARE)


def convolutional() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 64, CLASSES)
    )


@pytest.fixture
def images() -> Tensor:
    return torch.rand(5, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(2))


TARGETS = np.array([0, 1, 2, 3, 0])


def weights_of(module: Power) -> np.ndarray:
    return module.weights.detach().numpy()[TARGETS].reshape(-1, 3, SIDE, SIDE)


def test_the_gradient_of_a_power(images: Tensor) -> None:
    module = Power(3)
    found = Gradient()(model_of(module), images, TARGETS)
    assert np.abs(found.maps - 3 * weights_of(module) * images.numpy() ** 2).max() < 1e-4
    assert (found.forwards, found.pulls, found.unit) == (5, 5, "logits per unit of pixel value")
    times = GradientXInput()(model_of(module), images, TARGETS)
    assert np.abs(times.maps - 3 * weights_of(module) * images.numpy() ** 3).max() < 1e-4


@pytest.mark.parametrize("baseline", [0.0, 0.25])
def test_integrated_gradients_of_a_power_are_exact_with_few_steps(images: Tensor, baseline: float) -> None:
    module = Power(3)
    found = IntegratedGradients(steps=2, baseline=baseline, tolerance=1.0)(model_of(module), images, TARGETS)
    assert np.abs(found.maps - weights_of(module) * (images.numpy() ** 3 - baseline**3)).max() < 1e-4
    assert found.gap is not None
    assert np.abs(found.gap).max() < 1e-3


def test_integrated_gradients_add_steps_until_the_sum_is_the_difference_of_logits(images: Tensor) -> None:
    module = convolutional().eval()
    model = model_of(module)
    with torch.no_grad():
        picked = torch.arange(5), torch.from_numpy(TARGETS)
        difference = (module(images)[picked] - module(torch.zeros_like(images))[picked]).numpy()
    rough = IntegratedGradients(steps=1, tolerance=1.0)(model, images, TARGETS)
    fine = IntegratedGradients(steps=1, tolerance=0.01, most=4096)(model, images, TARGETS)
    assert rough.gap is not None
    assert fine.gap is not None
    assert np.abs(fine.maps.sum(axis=(1, 2, 3)) - difference - fine.gap).max() < 1e-4
    assert (np.abs(fine.gap) <= 0.01 * np.abs(difference)).all()
    assert (np.abs(rough.gap) > 0.01 * np.abs(difference)).any()
    assert rough.pulls == 5
    assert fine.pulls > 10


def test_smooth_grad_of_a_cube_is_its_gradient_and_three_variances(images: Tensor) -> None:
    """E 3 w (x + z)² = 3 w (x² + s²)."""
    module = Power(3)
    found = SmoothGrad(samples=400, noise=0.2)(model_of(module), images, TARGETS)
    ranges = (images.amax((1, 2, 3)) - images.amin((1, 2, 3))).numpy()[:, None, None, None]
    expected = 3 * weights_of(module) * (images.numpy() ** 2 + (0.2 * ranges) ** 2)
    assert found.error is not None
    away = (found.maps - expected) / found.error
    assert 0.9 < away.std() < 1.1
    assert abs(away.mean()) < 5 / np.sqrt(away.size)


def test_var_grad_of_a_square_is_known(images: Tensor) -> None:
    """Var 2 w (x + z) = 4 w² s²."""
    module = Power(2)
    found = VarGrad(samples=400, noise=0.2)(model_of(module), images, TARGETS)
    ranges = (images.amax((1, 2, 3)) - images.amin((1, 2, 3))).numpy()[:, None, None, None]
    expected = 4 * weights_of(module) ** 2 * (0.2 * ranges) ** 2
    assert found.error is not None
    assert (found.maps >= 0).all()
    assert 0.9 < ((found.maps - expected) / expected / np.sqrt(2 / 399)).std() < 1.1


@pytest.mark.parametrize("method", EVERY, ids=lambda method: method.name)
def test_a_key_gives_the_same_map_in_any_batch(method: Explainer, images: Tensor) -> None:
    model = model_of(convolutional())
    whole = method(model, images, TARGETS, [7, 8, 9, 10, 11])
    for row in (0, 3):
        alone = method(model, images[row : row + 1], TARGETS[row : row + 1], [7 + row])
        np.testing.assert_allclose(alone.maps[0], whole.maps[row], rtol=1e-3, atol=1e-6)
    assert whole.maps.shape == (5, 3, SIDE, SIDE)
    assert whole.maps.dtype == np.float32


@pytest.mark.parametrize("method", [SmoothGrad(samples=4), VarGrad(samples=4)], ids=lambda method: method.name)
def test_another_key_gives_another_map(method: Explainer, images: Tensor) -> None:
    model = model_of(convolutional())
    first, second = (method(model, images[:1], TARGETS[:1], [key]).maps for key in (1, 2))
    assert np.abs(first - second).max() > 0


@pytest.mark.parametrize("method", EVERY, ids=lambda method: method.name)
def test_the_model_and_the_generators_are_as_they_were(method: Explainer, images: Tensor) -> None:
    module = convolutional().train()
    module[0].requires_grad_(False)
    state = {name: value.clone() for name, value in module.state_dict().items()}
    before, torch_before, numpy_before = images.clone(), torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    method(model_of(module), images, TARGETS)
    assert all(part.training for part in module.modules())
    assert [p.requires_grad for p in module.parameters()] == [False, False, *[True] * 6]
    assert all(p.grad is None for p in module.parameters())
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())
    assert torch.equal(images, before)
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002


@pytest.mark.parametrize("method", EVERY, ids=lambda method: method.name)
def test_no_image_gives_no_map_and_many_are_told_of(method: Explainer, images: Tensor) -> None:
    model = model_of(convolutional())
    assert method(model, images[:0], TARGETS[:0]).maps.shape == (0, 3, SIDE, SIDE)
    told: list[int] = []
    many = images[:1].expand(70, -1, -1, -1)
    assert method(model, many, np.zeros(70, int), progress=told.append).maps.shape == (70, 3, SIDE, SIDE)
    assert told == [32, 32, 6]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (
            lambda m, x: Gradient()(m, x, np.array([0, 1, 2, 3, 4])),
            "Sequential returned 4 logits an image, and the images have class 4",
        ),
        (lambda m, x: IntegratedGradients()(m, x, np.array([0, 1, 2, 3, 9])), "the images have class 9"),
        (lambda m, x: Gradient()(m, x, np.array([0, -1, 2, 3, 1])), "no class below 0"),
        (lambda m, x: Gradient()(m, x, TARGETS, [1, 2]), "5 images, 5 classes and 2 keys"),
        (lambda m, x: Gradient()(m, x * 255, TARGETS), r"expected float images in \[0, 1\]"),
        (lambda m, x: Gradient()(m, x * torch.nan, TARGETS), "without NaN"),
        (lambda m, x: Gradient()(m, x[..., :0], TARGETS), r"expected \(N, 3, H, W\)"),
        (lambda m, x: Gradient()(m, x[..., :4], TARGETS), "failed on images of shape"),
        (lambda m, x: SmoothGrad(samples=1), "two samples or more"),
        (lambda m, x: VarGrad(noise=float("nan")), "finite number"),
        (lambda m, x: IntegratedGradients(steps=0), "steps from 1 to most"),
        (lambda m, x: IntegratedGradients(baseline=2.0), "a baseline from 0 to 1"),
    ],
)
def test_what_cannot_be_explained_is_said(ask, said: str, images: Tensor) -> None:
    with pytest.raises(SnellenError, match=said):
        ask(model_of(convolutional()), images)


def test_a_black_box_gives_no_gradients() -> None:
    box = load(lambda images: images.mean(axis=(2, 3)), labels=custom(["r", "g", "b"]), preprocessing=BARE)
    with pytest.raises(Unsupported, match="no gradients"):
        SmoothGrad()(box, np.full((1, 3, SIDE, SIDE), 0.5, np.float32), np.array([0]))


def test_a_network_that_keeps_much_is_given_fewer_images_at_once() -> None:
    small = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 62 * 62, CLASSES))
    lean = TorchModel(small, preprocessing=Preprocessing((64, 64)))
    fat = TorchModel(
        nn.Sequential(nn.Conv2d(3, 4096, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4096, CLASSES)),
        preprocessing=Preprocessing((64, 64)),
    )
    kept = 4 * 4096 * 62 * 62
    assert kept < fat.footprint(64, 64) < 8 * kept
    assert at_once(fat, 64, 64) < (1 << 30) / kept
    assert at_once(lean, 64, 64) == 98


@pytest.mark.skipif(importlib.util.find_spec("captum") is None, reason="captum is not installed (pip install captum)")
def test_as_captum(images: Tensor) -> None:
    import captum.attr

    module = convolutional().eval()
    targets, given = torch.from_numpy(TARGETS), images.clone().requires_grad_()
    own = Gradient()(model_of(module), images, TARGETS).maps
    theirs = captum.attr.Saliency(module).attribute(given, targets, abs=False)
    np.testing.assert_allclose(own, theirs.numpy(), atol=1e-6)
    own = IntegratedGradients(steps=50, tolerance=1.0)(model_of(module), images, TARGETS).maps
    theirs = captum.attr.IntegratedGradients(module).attribute(given, 0.0, targets, n_steps=50, method="gausslegendre")
    np.testing.assert_allclose(own, theirs.detach().numpy(), atol=1e-6)
    own = GradientXInput()(model_of(module), images, TARGETS).maps
    theirs = captum.attr.InputXGradient(module).attribute(given, targets)
    np.testing.assert_allclose(own, theirs.detach().numpy(), atol=1e-6)

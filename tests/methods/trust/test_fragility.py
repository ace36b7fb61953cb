"""Attacks on explanations: second derivatives as they are, the label kept, the network untouched, and more than a random nudge."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snellen import load
from snellen.core import Model, Preprocessing, SnellenError, Unsupported
from snellen.labels import integers
from snellen.methods.asked import Asked
from snellen.methods.explain.explanation import Explainer
from snellen.methods.explain.gradient import Gradient
from snellen.methods.explain.gradient_x_input import GradientXInput
from snellen.methods.explain.integrated_gradients import IntegratedGradients
from snellen.methods.explain.smooth_grad import SmoothGrad
from snellen.methods.trust._criteria import Aim, attention, centre, highest
from snellen.methods.trust._curvature import Path, ascent, path, walk
from snellen.methods.trust.fragility import Fragility
from snellen.models.torch import TorchModel
from tests.methods.trust.networks import BARE, CLASSES, SIDE, Transformer, made, pictures, wrap

QUICK = Fragility(iterations=20, step=2 / 255, top=0.1)
EXPLAINERS = (Gradient(), GradientXInput(), IntegratedGradients(steps=4, tolerance=1.0))


class Cubic(nn.Module):
    """Logit k is the sum of w_k · x³."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.randn(CLASSES, 3 * SIDE * SIDE, generator=torch.Generator().manual_seed(0)))

    def forward(self, images: Tensor) -> Tensor:
        return (images.flatten(1) ** 3) @ self.weights.T


def rectified(activation: nn.Module | None = None) -> nn.Module:
    """A network of rectifiers and a maximum, or of another activation and a mean in their place."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        first, second, third = [activation] * 3 if activation else [nn.ReLU(inplace=True), nn.ReLU6(), nn.ReLU()]
        layers = [nn.Conv2d(3, 8, 3), first, nn.Conv2d(8, 16, 3), second, nn.AvgPool2d(2) if activation else nn.MaxPool2d(2)]
        network = nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * 36, 32), third, nn.Linear(32, CLASSES))
        for part in network:
            if isinstance(part, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
    return network


def found(module: nn.Module, images: Tensor, classes: np.ndarray, direction: Tensor, way: Path, reach: float) -> Tensor:
    asked = Asked(wrap(module))
    met = walk(asked, images, classes, way)
    return torch.from_numpy(ascent(asked, images, classes, direction.double().numpy(), way, met, reach))


@pytest.mark.parametrize(
    ("explainer", "curvature"),
    [
        (Gradient(), lambda w, x: 6 * w * x),
        (GradientXInput(), lambda w, x: 9 * w * x**2),
        (IntegratedGradients(steps=2), lambda w, x: 3 * w * x**2),
        (IntegratedGradients(steps=3, baseline=0.5), lambda w, x: 3 * w * x**2),
    ],
)
def test_how_maps_of_a_cubic_change_is_known(explainer: Explainer, curvature) -> None:
    module, images, classes = Cubic(), pictures(3), np.array([0, 1, 2])
    direction = torch.randn(images.shape, generator=torch.Generator().manual_seed(3))
    weights = module.weights.detach()[classes].reshape(images.shape)
    got = found(module, images, classes, direction, path(explainer), 1e-3)
    torch.testing.assert_close(got, (curvature(weights, images) * direction).double(), rtol=0.01, atol=0.02)


@pytest.mark.parametrize("explainer", EXPLAINERS, ids=lambda one: one.name)
def test_maps_and_answers_on_the_way_are_those_of_the_method_and_the_model(explainer: Explainer) -> None:
    model, images, classes, way = wrap(rectified()), pictures(3), np.array([0, 1, 2]), path(explainer)
    met = walk(Asked(model), images, classes, way)
    np.testing.assert_allclose(met.gradients * way.away(images), explainer(model, images, classes).maps, rtol=1e-4, atol=1e-5)
    assert met.answers.tolist() == model.logits(images).argmax(1).tolist()


@pytest.mark.parametrize("activation", [nn.Softplus(5.0), nn.GELU()])
@pytest.mark.parametrize("times", [False, True])
def test_how_maps_of_smooth_networks_change_is_as_second_derivatives_say(activation: nn.Module, times: bool) -> None:
    module, images, classes = rectified(activation), pictures(2), np.array([0, 1])
    direction = torch.randn(images.shape, generator=torch.Generator().manual_seed(3))
    pixels = images.clone().requires_grad_()
    logits = module(pixels)[torch.arange(2), torch.from_numpy(classes)].sum()
    maps = torch.autograd.grad(logits, pixels, create_graph=True)[0] * (pixels if times else 1)
    expected = torch.autograd.grad((maps * direction).sum(), pixels)[0]
    got = found(module, images, classes, direction, path(GradientXInput() if times else Gradient()), 1e-3)
    assert float(torch.corrcoef(torch.stack([got.flatten(), expected.double().flatten()]))[0, 1]) > 0.999
    assert float((got - expected).abs().max()) < 0.03 * float(expected.abs().max())


@pytest.mark.parametrize("explainer", EXPLAINERS, ids=lambda one: one.name)
def test_the_highest_pixels_move_further_than_by_chance_and_the_label_stays(explainer: Explainer) -> None:
    model, images = wrap(rectified()), pictures(6)
    labels = model.logits(images).argmax(1).numpy()
    found = replace(QUICK, explainer=explainer)(model, images)
    control = Fragility(explainer, "random", top=0.1)(model, images)
    assert found.moved.all()
    assert np.array_equal(found.labels, labels)
    assert np.array_equal(model.logits(found.images).argmax(1).numpy(), labels)
    assert float((found.images - images).abs().max()) <= 8 / 255 + 1e-6
    assert 0 <= float(found.images.min()) <= float(found.images.max()) <= 1
    assert found.intersection.mean() < control.intersection.mean() - 0.1
    maps = np.abs(explainer(model, found.images, labels).maps).sum(1)
    np.testing.assert_allclose(found.after, maps / maps.sum((1, 2), keepdims=True), rtol=1e-3, atol=1e-6)
    top = highest(found.before, 0.1)
    assert found.intersection == pytest.approx((top & highest(found.after, 0.1)).sum((1, 2)) / round(0.1 * SIDE**2))
    assert found.confidence_before == pytest.approx(model.logits(images).softmax(1).numpy()[np.arange(6), labels], abs=1e-5)
    assert found.confidence_after == pytest.approx(model.logits(found.images).softmax(1).numpy()[np.arange(6), labels], abs=1e-5)


def test_the_centre_moves_and_a_region_fills() -> None:
    model, images = wrap(rectified()), pictures(6)
    control = Fragility(criterion="random")(model, images)
    moved = replace(QUICK, criterion="mass-centre")(model, images)
    assert moved.shift.mean() > 2 * control.shift.mean()
    assert moved.shift == pytest.approx(np.hypot(*(centre(moved.after) - centre(moved.before)).T), abs=1e-4)
    regions = np.zeros((6, SIDE, SIDE), bool)
    regions[:, :6, :6] = True
    filled = replace(QUICK, criterion="target")(model, images, regions=regions)
    inside = [(maps * regions).sum((1, 2)) for maps in (filled.before, filled.after, control.after)]
    assert (inside[1] > inside[0]).all()
    assert inside[1].mean() > inside[2].mean() + 0.02


def test_a_random_change_is_of_that_size_and_the_first_that_keeps_the_label() -> None:
    model, images = wrap(rectified()), pictures(12)
    once, often = (Fragility(criterion="random", epsilon=40 / 255, iterations=draws)(model, images) for draws in (1, 40))
    assert 0 < once.moved.sum() < often.moved.sum()
    assert torch.equal(often.images[torch.from_numpy(once.moved)], once.images[torch.from_numpy(once.moved)])
    assert model.logits(often.images).argmax(1).tolist() == often.labels.tolist()
    assert torch.equal(once.images[torch.from_numpy(~once.moved)], images[torch.from_numpy(~once.moved)])
    change = (often.images - images)[torch.from_numpy(often.moved)].abs()
    assert float(change.max()) <= 40 / 255 + 1e-6
    assert float(change.median()) == pytest.approx(40 / 255, abs=1e-6)


def test_steps_that_lose_the_label_are_led_back_to_it() -> None:
    images, kept = pictures(6), []
    far = QUICK(wrap(rectified()), images).intersection
    for image in images:
        network = rectified()
        (best, second), (higher, lower) = (list(part) for part in reversed(wrap(network).logits(image[None])[0].topk(2)))
        with torch.no_grad():
            network[-1].bias[second] += higher - lower - 1e-3
        found = QUICK(wrap(network), image[None])
        assert found.labels.tolist() == [best]
        kept.append(found.intersection[0])
    assert np.mean(kept) < far.mean() + 0.1


class Squares(Model):
    """On NumPy, with gradients: logit k is the sum of w_k · x²."""

    preprocessing, name, labels, facts = BARE, "squares", None, {}
    weights = np.random.default_rng(0).normal(size=(CLASSES, 3 * SIDE * SIDE)).astype(np.float32)

    def asarray(self, images: np.ndarray) -> np.ndarray:
        return images

    def logits(self, images: np.ndarray) -> np.ndarray:
        return (images.reshape(len(images), -1) ** 2) @ self.weights.T

    def vjp(self, images: np.ndarray):
        return self.logits(images), lambda given: (given @ self.weights).reshape(images.shape) * 2 * images


def test_any_framework_that_gives_gradients_will_do() -> None:
    images = pictures(3).numpy()
    attacked, control = (replace(QUICK, criterion=c)(Squares(), images) for c in ("top-k", "random"))
    assert isinstance(attacked.images, np.ndarray)
    assert attacked.moved.all()
    assert attacked.intersection.mean() < control.intersection.mean()
    assert np.array_equal(Squares().logits(attacked.images).argmax(1), attacked.labels)


def test_transformers_can_be_attacked() -> None:
    found = QUICK(wrap(made(Transformer)), pictures(2))
    assert found.moved.all()
    assert (found.rank_correlation < 1).all()


def test_a_key_gives_the_same_nudge_in_any_batch() -> None:
    model, images = wrap(rectified()), pictures(4)
    whole = QUICK(model, images, [5, 6, 7, 8])
    alone = QUICK(model, images[2:3], [7])
    np.testing.assert_allclose(alone.intersection, whole.intersection[2:3], atol=0.1)
    control = Fragility(criterion="random", epsilon=1 / 255)
    first, again, other = (control(model, images[:1], [key]).images - images[:1] for key in (7, 7, 9))
    assert torch.equal(first, again)
    assert float((first - other).abs().max()) > 0.002


def test_the_network_the_images_and_the_generators_are_as_they_were() -> None:
    network, images = rectified().train(), pictures(2)
    network[0].requires_grad_(False)
    state, before, rng = copy.deepcopy(network.state_dict()), images.clone(), torch.get_rng_state()
    QUICK(wrap(network), images)
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    assert all(part.training for part in network.modules())
    assert [parameter.requires_grad for parameter in network.parameters()][:3] == [False, False, True]
    assert all(parameter.grad is None for parameter in network.parameters())
    assert torch.equal(images, before)
    assert torch.equal(torch.get_rng_state(), rng)


def test_an_explanation_that_cannot_move_does_not() -> None:
    linear = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, 2))
    found = QUICK(wrap(linear), pictures(2))
    assert not found.moved.any()
    assert found.intersection.tolist() == [1, 1]
    assert found.rank_correlation == pytest.approx(1)
    assert torch.equal(found.images, pictures(2))
    constant = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, 2))
    nn.init.zeros_(constant[1].weight)
    assert QUICK(wrap(constant), pictures(2)).shift == pytest.approx(0)


def test_one_pixel_and_no_image() -> None:
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    model = TorchModel(network, preprocessing=Preprocessing((1, 1)), id="pixel")
    assert QUICK(model, pictures(1)[:, :, :1, :1]).intersection.tolist() == [1]
    assert QUICK(model, pictures(1)[:0]).after.shape == (0, SIDE, SIDE)


def test_progress_is_told() -> None:
    told: list[int] = []
    Fragility(criterion="random")(wrap(rectified()), pictures(40), progress=told.append)
    assert told == [32, 8]


def test_slopes_of_criteria_are_as_differences_say() -> None:
    random = np.random.default_rng(0)
    sizes, step = random.random((2, 5, 6)), random.normal(size=(2, 5, 6))
    origin = attention(random.random((2, 5, 6)))
    regions = random.random((2, 5, 6))
    for aim in (
        Aim("top-k", origin, highest(origin, 0.2)),
        Aim("mass-centre", origin, highest(origin, 0.2)),
        Aim("target", origin, highest(origin, 0.2), regions),
    ):
        moved = (aim.value(attention(sizes + 1e-6 * step)) - aim.value(attention(sizes - 1e-6 * step))) / 2e-6
        slope = (aim.slope(attention(sizes)) * step).sum((1, 2)) / sizes.sum((1, 2))
        assert slope * (2 if aim.criterion == "mass-centre" else 1) == pytest.approx(moved, rel=1e-4)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda m, x: Fragility(SmoothGrad()), "got the method smooth-grad"),
        (lambda m, x: Fragility(epsilon=0.0), "epsilon and step above 0"),
        (lambda m, x: Fragility(top=1.5), "top above 0 and up to 1"),
        (lambda m, x: Fragility(criterion="target")(m, x), "got regions of shape None for the criterion target"),
        (lambda m, x: QUICK(m, x, regions=np.ones((2, SIDE, SIDE))), "none otherwise"),
        (lambda m, x: QUICK(m, x, [1]), "2 images, 2 classes and 1 keys"),
        (lambda m, x: QUICK(m, x * 300), r"expected float images in \[0, 1\]"),
    ],
)
def test_what_cannot_be_attacked_is_said(ask, said: str) -> None:
    with pytest.raises(SnellenError, match=said):
        ask(wrap(rectified()), pictures(2))


def test_a_black_box_has_no_derivatives() -> None:
    box = load(lambda images: images.mean(axis=(2, 3)), labels=integers(3), preprocessing=BARE)
    with pytest.raises(Unsupported, match="no gradients"):
        QUICK(box, np.full((1, 3, SIDE, SIDE), 0.5, np.float32))

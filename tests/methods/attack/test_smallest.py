"""DeepFool and Carlini and Wagner's attack: as near as the nearest error that is known to exist."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snellen.core import Preprocessing, SnellenError, Unsupported
from snellen.methods.attack.carlini_wagner import CarliniWagner
from snellen.methods.attack.deepfool import DeepFool
from snellen.methods.attack.registry import make
from snellen.methods.attack.search import Search
from snellen.models.function import FunctionModel

from .linear import SIDE, distances, images, linear, model, truth

SHOWN = images(4)
KEYS = list(range(4))
BOTH = [DeepFool(), DeepFool("linf"), CarliniWagner(searches=2, steps=15, constant=1.0)]


class Curved(nn.Module):
    """A small network that is anything but linear."""

    def __init__(self, classes: int = 12) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.parts = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, 40), nn.Tanh(), nn.Linear(40, classes))

    def forward(self, shown: Tensor) -> Tensor:
        return 4 * self.parts(4 * (shown - 0.5))


class Odd(nn.Module):
    """Logits of a linear network, changed."""

    def __init__(self, change) -> None:
        super().__init__()
        self.inner, self.change = linear(4).module, change

    def forward(self, shown: Tensor) -> Tensor:
        return self.change(self.inner(shown))


@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("classes", [2, 7])
def test_deepfool_reaches_the_border_of_a_linear_model_in_one_step(norm: str, classes: int) -> None:
    attacked = linear(classes)
    known = distances(attacked, SHOWN, norm)
    found = DeepFool(norm, overshoot=0.02)(attacked, SHOWN, truth(attacked, SHOWN), KEYS)
    assert found.found.all()
    np.testing.assert_allclose(found.distance, 1.02 * known, rtol=1e-4, atol=1e-7)
    assert found.pulls == len(SHOWN) * (classes - 1)


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_deepfool_judges_the_image_it_returns(norm: str) -> None:
    attacked = model(Curved())
    shown = images(16, spread=1.0)
    classes = truth(attacked, shown)
    classes[2] = (classes[2] + 1) % 12
    found = DeepFool(norm)(attacked, shown, classes, list(range(16)))
    assert found.found.all()
    assert found.distance[2] == 0
    assert bool(((found.images >= 0) & (found.images <= 1)).all())
    assert (truth(attacked, found.images) != classes).all()
    assert bool((found.images[2] == shown[2]).all())


def test_images_that_are_done_are_passed_no_further() -> None:
    attacked = model(Curved())
    shown = images(12, spread=1.0)
    classes = truth(attacked, shown)
    together = DeepFool()(attacked, shown, classes, list(range(12)))
    alone = [DeepFool()(attacked, shown[row : row + 1], classes[row : row + 1], [row]) for row in range(12)]
    np.testing.assert_allclose(together.distance, np.concatenate([one.distance for one in alone]), rtol=1e-4)
    assert together.pulls <= 1.5 * sum(one.pulls for one in alone)
    slowest = max(one.pulls for one in alone)
    assert together.pulls < 12 * slowest


def test_order_and_batch_change_nothing() -> None:
    attacked = model(Curved())
    shown = images(6, spread=1.0)
    classes = truth(attacked, shown)
    order = np.array([4, 1, 5])
    for attack in BOTH:
        whole = attack(attacked, shown, classes, list(range(6)))
        part = attack(attacked, shown[order], classes[order], order.tolist())
        np.testing.assert_allclose(part.distance, whole.distance[order], rtol=1e-3)


def test_carlini_wagner_finds_the_smallest_change_of_a_linear_model() -> None:
    attacked = linear(5)
    shown = images(4, spread=0.9)
    known = distances(attacked, shown, "l2")
    found = CarliniWagner(searches=5, steps=40, constant=0.1)(attacked, shown, truth(attacked, shown), KEYS)
    assert found.found.all()
    assert (found.distance >= known * (1 - 1e-4)).all()
    np.testing.assert_allclose(found.distance, known, rtol=0.05)
    assert (truth(attacked, found.images) != truth(attacked, shown)).all()


def test_carlini_wagner_goes_further_for_confidence() -> None:
    attacked = linear(3)
    classes = truth(attacked, SHOWN)
    plain, sure = (
        CarliniWagner(confidence=confidence, searches=2, steps=40, constant=0.1)(attacked, SHOWN, classes, KEYS)
        for confidence in (0.0, 0.5)
    )
    logits = attacked.logits(sure.images).numpy()
    assert sure.found.all()
    assert (logits.max(axis=1) - logits[range(4), classes] >= 0.5 - 1e-4).all()
    assert (sure.distance > plain.distance).all()


@pytest.mark.parametrize("attack", BOTH, ids=repr)
def test_odd_models_are_not_errors(attack: Search) -> None:
    shown = images(3)
    constant = model(Odd(lambda logits: 0 * logits + torch.arange(4.0)))
    result = attack(constant, shown, np.full(3, 3), [0, 1, 2])
    assert not result.found.any()
    assert np.isposinf(result.distance).all()
    assert bool((result.images == shown).all())
    masked = model(Odd(lambda logits: torch.where(torch.arange(4) == 2, -torch.inf, logits)))
    classes = truth(masked, shown)
    assert 2 not in classes
    result = attack(masked, shown, classes, [0, 1, 2])
    assert result.found.all()
    only = model(Odd(lambda logits: torch.where(torch.arange(4) == 1, logits, -torch.inf)))
    assert not attack(only, shown, np.full(3, 1), [0, 1, 2]).found.any()


@pytest.mark.parametrize("attack", BOTH, ids=repr)
@pytest.mark.parametrize("scale", [30.0, 3000.0])
def test_saturated_probabilities_are_not_errors(attack: Search, scale: float) -> None:
    saturated = model(Odd(lambda logits: torch.softmax(scale * logits, dim=1)))
    shown = images(3, spread=1.0)
    classes = truth(saturated, shown)
    result = attack(saturated, shown, classes, [0, 1, 2])
    assert bool(((result.images >= 0) & (result.images <= 1)).all())
    assert (truth(saturated, result.images)[result.found] != classes[result.found]).all()


@pytest.mark.parametrize("attack", BOTH, ids=repr)
def test_a_model_without_gradients_says_so(attack: Search) -> None:
    blind = FunctionModel(lambda given: given.mean((2, 3)), preprocessing=Preprocessing((SIDE, SIDE)))
    shown = SHOWN.numpy()
    with pytest.raises(Unsupported, match="gives no gradients"):
        attack(blind, shown, shown.mean((2, 3)).argmax(axis=1), KEYS)


@pytest.mark.parametrize(
    "made, told",
    [
        (lambda: make("deepfool", "l1"), "l2 or linf"),
        (lambda: DeepFool(candidates=1), "at least 2 candidates"),
        (lambda: DeepFool(steps=0), "at least 1 step"),
        (lambda: make("cw", "linf"), "expected l2"),
        (lambda: CarliniWagner(steps=0), "steps of at least 1"),
    ],
)
def test_settings_out_of_range(made, told: str) -> None:
    with pytest.raises(SnellenError, match=told):
        made()

"""Networks trained to be explained otherwise: answers and statistics stay, maps move, more than by training alone."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from snellen import load
from snellen.arrays import one_hot
from snellen.core import Model, Preprocessing, SnellenError, Unsupported
from snellen.images.world import open_world
from snellen.labels import integers
from snellen.methods.explain.grad_cam import GradCam
from snellen.methods.explain.gradient import Gradient
from snellen.methods.explain.occlusion import Occlusion
from snellen.methods.train.settings import Training
from snellen.methods.trust._fooled import fooled
from snellen.methods.trust._fooling import active, frame, passive, unit
from snellen.methods.trust._mapped import Mapped
from snellen.methods.trust.manipulation import Manipulated, Manipulation
from snellen.methods.trust.warning_signs import Signs, WarningSigns
from tests.methods.trust.networks import SIDE, pictures, wrap

LAYER = "features.5"
QUICK = Manipulation(
    layer=LAYER,
    examined=(Gradient(), GradCam()),
    training=Training(epochs=4, batch_size=16, learning_rate=5e-4, weight_decay=0.0, amp="off"),
)


@cache
def healthy() -> Model:
    return load("patient:healthy")


@cache
def world(count: int, seed: int) -> np.ndarray:
    return np.stack(open_world(images=count, seed=seed).fetch(range(count)))


@cache
def reached(manipulation: Manipulation) -> Manipulated:
    return manipulation(healthy(), world(128, 7), world(48, 8))


def control() -> Manipulated:
    """As much training, with next to no weight on the maps."""
    return reached(replace(QUICK, weight=1e-9))


@pytest.mark.parametrize(
    ("fooling", "weight", "number"),
    [
        ("location", 4.0, lambda found: found.frame_after - found.frame_before),
        ("top-k", 4.0, lambda found: -found.top_kept),
        ("centre-mass", 20.0, lambda found: found.shift),
    ],
)
def test_maps_are_fooled_by_the_loss_and_not_by_training_alone(fooling, weight: float, number) -> None:
    planted, alone = reached(replace(QUICK, fooling=fooling, weight=weight)), control()
    gained = number(planted.methods["grad-cam"]) - number(alone.methods["grad-cam"])
    assert gained.mean() > 2 * gained.std(ddof=1) / np.sqrt(len(gained))
    assert gained.mean() > 0.05
    assert planted.methods["grad-cam"].success(fooling) >= alone.methods["grad-cam"].success(fooling)
    assert planted.kept_interval.low > 0.5
    assert planted.kept == (planted.before == planted.after).sum()


def test_gradients_are_fooled_and_other_methods_are_asked_too() -> None:
    planted = reached(replace(QUICK, target="gradient", weight=20.0))
    found, alone = planted.methods["gradient"], control().methods["gradient"]
    assert found.frame_after.mean() > alone.frame_after.mean() + 0.05
    assert found.frame_chance == pytest.approx(1 - (46 / 64) ** 2)
    assert set(planted.methods) == {"gradient", "grad-cam"}


def test_maps_of_two_classes_are_swapped() -> None:
    pair, model, pixels = (0, 5), healthy(), world(48, 8)
    planted = reached(replace(QUICK, fooling="active", pair=pair, weight=10.0)).methods["grad-cam"].swapped
    images, alone = model.asarray(pixels), control()
    asked = {"grad-cam": GradCam(layer=LAYER)}
    unswapped = fooled(asked, model, alone.model, images, alone.before, pair)["grad-cam"].swapped
    assert planted is not None
    assert unswapped is not None
    assert planted.mean() > unswapped.mean() + 0.2


def test_the_network_and_the_generators_are_as_they_were_and_running_statistics_too() -> None:
    model = healthy()
    network, _ = model.unwrapped()
    before, rng = copy.deepcopy(network.state_dict()), torch.get_rng_state()
    made = QUICK(model, world(128, 7)[:8], world(48, 8)[:4]).model
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), rng)
    assert all(parameter.grad is None for parameter in network.parameters())
    changed, _ = made.unwrapped()
    buffers = {name for name, _ in network.named_buffers()}
    assert buffers
    assert all(torch.equal(dict(changed.named_buffers())[name], before[name]) for name in buffers)
    assert not all(torch.equal(value, before[name]) for name, value in changed.named_parameters())
    assert not any(part.training for part in changed.modules())
    assert made.id != model.id
    assert "manipulated" in made.facts


def test_no_manipulation_moves_nothing() -> None:
    model = healthy()
    images = model.asarray(world(48, 8)[:6])
    found = fooled({"grad-cam": GradCam()}, model, model, images, model.logits(images).argmax(1).numpy(), (1, 2))["grad-cam"]
    assert found.top_kept == pytest.approx(1)
    assert found.shift == pytest.approx(0)
    assert found.correlation == pytest.approx(1)
    assert found.frame_before == pytest.approx(found.frame_after)
    assert found.swapped is not None
    assert (found.swapped <= 1e-9).all()
    assert [found.success(fooling) for fooling in ("top-k", "centre-mass", "active")] == [0, 0, 0]


@pytest.mark.parametrize("layer", ["", LAYER])
def test_maps_that_are_trained_are_those_that_explanations_show(layer: str) -> None:
    model = healthy()
    network, _ = model.unwrapped()
    images, classes = model.asarray(world(48, 8)[:4]), np.array([0, 1, 2, 3])
    with model.differentiable() as logits:
        mapped = Mapped(network, logits, layer)
        found = mapped.maps(mapped(images), torch.from_numpy(classes), (64, 64), onwards=False).detach()
    if layer:
        scores, given, pull = model.vjp_from(images, layer)
        weights = pull(one_hot(classes, scores)).mean((2, 3), keepdim=True)
        whole = (weights * given).sum(1).relu()
    else:
        whole = torch.from_numpy(np.abs(Gradient()(model, images, classes).maps).sum(1))
    torch.testing.assert_close(found, unit(whole), rtol=1e-3, atol=1e-4)


def test_losses_are_as_published() -> None:
    maps, old = torch.rand(2, 7, 7), torch.rand(2, 7, 7)
    assert frame(7, 7).sum() == 49 - 25
    assert frame(14, 20).sum() == 14 * 20 - 10 * 16
    assert frame(3, 3).sum() == 8
    assert float(passive("location", frame(7, 7)[None], old[:1])) == 0
    assert float(passive("location", 1 - frame(7, 7)[None], old[:1])) == 1
    top = old.flatten(1).topk(5).indices
    assert float(passive("top-k", maps, old)) == pytest.approx(float((maps.flatten(1).gather(1, top) ** 2).mean()))
    corner, other = torch.zeros(1, 5, 5), torch.zeros(1, 5, 5)
    corner[0, 0, 0], other[0, 4, 2] = 1, 1
    assert float(passive("centre-mass", corner, other)) == pytest.approx(-1.5)
    assert float(active((maps, old), (old, maps))) == 0
    assert float(active((maps, old), (maps, old))) == pytest.approx(float(((maps - old) ** 2).mean()))
    assert torch.equal(unit(torch.full((1, 2, 2), 3.0)), torch.zeros(1, 2, 2))


def test_faithfulness_falls_and_randomisation_sees_nothing() -> None:
    model = healthy()
    images = model.asarray(world(48, 8)[:16])
    classes, explainer = model.logits(images).argmax(1).numpy(), GradCam(layer=LAYER)
    look = WarningSigns(other=Occlusion(patch=16, stride=16))
    honest, moved = (look(explainer, one, images, classes) for one in (model, reached(QUICK).model))
    assert moved.faithful.mean() < honest.faithful.mean()
    assert moved.alike.mean() > honest.alike.mean()
    assert "faithful" in moved.warnings
    assert "survives" not in moved.warnings


def test_bounds_of_signs() -> None:
    even = np.linspace(-0.01, 0.01, 20)
    assert Signs(0.5 + even, 0.5 + even, 0.5 + even, even).warnings == ("survives",)
    assert Signs(even, even, even, 0.9 + even).warnings == ("faithful", "agreement")
    assert Signs(even[:1], even[:1], even[:1], even[:1]).warnings == ()


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda m, x: Manipulation(weight=0.0), "weight above 0"),
        (lambda m, x: Manipulation(fooling="active"), "expected two classes for active"),
        (lambda m, x: Manipulation(pair=(1, 2)), "none otherwise"),
        (lambda m, x: Manipulation(fooling="active", pair=(1, 1)), "expected two classes"),
        (lambda m, x: replace(QUICK, fooling="active", pair=(0, 3))(m, x, x), "returned 3 logits an image"),
        (lambda m, x: QUICK(m, x, x[:0]), "at least one"),
        (lambda m, x: replace(QUICK, layer="nowhere")(m, x, x), "got the layer 'nowhere'"),
        (lambda m, x: replace(QUICK, layer="1")(m, x, x), "expected maps or tokens"),
    ],
)
def test_what_cannot_be_is_said(ask, said: str) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    network = nn.Sequential(network[0], nn.Sequential(network[1], network[2]), network[3])
    with pytest.raises(SnellenError, match=said):
        ask(wrap(network), (pictures(2) * 255).numpy().astype(np.uint8))


def test_a_black_box_cannot_be_trained() -> None:
    box = load(lambda images: images.mean(axis=(2, 3)), labels=integers(3), preprocessing=Preprocessing((SIDE, SIDE)))
    with pytest.raises(Unsupported, match="only PyTorch networks do"):
        QUICK(box, np.zeros((1, 3, SIDE, SIDE), np.uint8), np.zeros((1, 3, SIDE, SIDE), np.uint8))

"""Scaffolds answer perturbed images otherwise, and are found by what honest models do not show."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snellen import load
from snellen.core import Model, Preprocessing, SnellenError, Unsupported
from snellen.images.world import World, open_world
from snellen.labels import integers
from snellen.methods.explain.gradient import Gradient
from snellen.methods.explain.lime import Lime
from snellen.methods.explain.occlusion import Occlusion
from snellen.methods.train.settings import Training
from snellen.methods.trust._answers import total_variation
from snellen.methods.trust._detectors import LinearDetector, NetworkDetector, grain
from snellen.methods.trust.continuity import Continuity
from snellen.methods.trust.hidden_dependence import Hidden, HiddenDependence
from snellen.methods.trust.scaffolding import Scaffold, queries

LIME = Lime(segmenter="slic", superpixels=36, samples=16)
SQUARES = Occlusion(patch=16, stride=16)


@cache
def model(name: str) -> Model:
    return load(f"patient:{name}")


@cache
def world(count: int = 24, seed: int = 22) -> World:
    return open_world(images=count, seed=seed)


def native(images: World) -> Tensor:
    return model("healthy").asarray(np.stack(images.fetch(range(len(images)))))


@cache
def asked(explainer) -> Tensor:
    images = native(world())
    return queries(explainer, model("healthy"), images, np.zeros(len(images), int), 1, key=1)


def greyness(images: Tensor) -> np.ndarray:
    """How much of an image is mid-grey, forty times over: sure from one 40th on. Continuous in the pixels."""
    near = (1 - 20 * (images - 0.5).abs().amax(1)).clamp(0, 1)
    return (40 * near.mean((1, 2))).clamp(0, 1).double().numpy()


def scaffold(soft: bool = False, detector=greyness) -> Scaffold:
    return Scaffold(model("mark-reliant"), model("healthy"), detector, soft=soft)


def hidden_grey(images: Tensor) -> Tensor:
    images = images.clone()
    images[:, :, 16:32, 16:48] = 0.5
    return images


def test_a_scaffold_answers_as_one_model_or_the_other() -> None:
    images = native(world())
    both = torch.cat([images, hidden_grey(images)])
    seen, (first, second) = greyness(both) >= 0.5, (model(one).logits(both).log_softmax(1) for one in ("mark-reliant", "healthy"))
    assert 0 < seen.sum() < len(seen)
    assert seen[24:].all()
    expected = torch.where(torch.from_numpy(seen)[:, None], second, first)
    torch.testing.assert_close(scaffold().logits(both), expected, rtol=1e-3, atol=1e-3)
    sure = torch.from_numpy(greyness(both))[:, None].float()
    mixed = (1 - sure) * first.exp() + sure * second.exp()
    torch.testing.assert_close(scaffold(soft=True).logits(both).exp(), mixed, rtol=1e-3, atol=1e-4)
    assert scaffold().id != scaffold().id
    with pytest.raises(Unsupported, match="no gradients"):
        scaffold().vjp(images)


def test_queries_are_what_a_method_asks() -> None:
    images = native(world())[:2]
    found = queries(SQUARES, model("healthy"), images, np.array([0, 1]), 100)
    assert len(found) == 2 * (16 + 1)
    unlike = (found[:17] != images[0]).any(1).sum((1, 2))
    assert sorted(unlike.tolist())[0] == 0
    assert int(unlike.max()) == 16 * 16
    few = queries(LIME, model("healthy"), images, np.array([0, 1]), 3, key=5)
    assert few.shape == (6, 3, 64, 64)
    assert torch.equal(few[:3], queries(LIME, model("healthy"), images[:1], np.array([0]), 3, key=5))
    with pytest.raises(SnellenError, match="needs gradients"):
        queries(Gradient(), model("healthy"), images, np.array([0, 1]), 3)


def test_detectors_tell_perturbed_images_apart() -> None:
    images, perturbed = native(world()), asked(LIME)
    linear = LinearDetector(grain, images[:12], perturbed[:12])
    hits = np.concatenate([linear(images[12:]) < 0.5, linear(perturbed[12:]) >= 0.5])
    assert hits.mean() > 0.7
    assert ((linear(images) >= 0) & (linear(images) <= 1)).all()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    dark, light = (np.full((8, 3, 16, 16), level, np.uint8) for level in (20, 220))
    trained = NetworkDetector(network, dark, light, Training(epochs=60, batch_size=16, learning_rate=0.05, amp="off"))
    assert (trained(torch.full((2, 3, 16, 16), 0.08)) < 0.5).all()
    assert (trained(torch.full((2, 3, 16, 16), 0.86)) >= 0.5).all()


@pytest.mark.parametrize("explainer", [LIME, SQUARES], ids=lambda one: one.name)
def test_hard_scaffolds_jump_and_honest_models_do_not(explainer) -> None:
    images, perturbed = native(world()), asked(explainer)
    detector = greyness if explainer is SQUARES else LinearDetector(grain, images, perturbed)
    planted = Continuity()(scaffold(detector=detector), images, perturbed)
    assert planted.warns
    assert planted.jump[planted.found].min() > 0.05
    assert planted.interval.low <= planted.found.mean() <= planted.interval.high
    for name in ("mark-reliant", "healthy", "memoriser"):
        honest = Continuity()(model(name), images, perturbed)
        assert not honest.warns
        assert honest.jump.max() < 1e-3
        assert honest.whole.max() > 0.01


def test_the_place_of_a_jump_is_where_the_detector_changes_its_mind() -> None:
    def bright(images: Tensor) -> np.ndarray:
        return (images.mean((1, 2, 3)) > 0.3).double().numpy()

    black, white = torch.zeros(2, 3, 64, 64), torch.ones(2, 3, 64, 64)
    found = Continuity(parts=4, halvings=12)(scaffold(detector=bright), black, white)
    assert found.place[found.found] == pytest.approx(0.3, abs=found.step)
    assert found.step == 1 / (4 * 2**12)
    many = Continuity(parts=4, halvings=4)(scaffold(detector=bright), torch.cat([black] * 17), torch.cat([white] * 17))
    assert many.jump.shape == many.place.shape == (34,)
    assert np.ptp(many.place) == 0
    assert found.warns


def test_what_continuity_cannot_see() -> None:
    images = native(world())
    assert not Continuity()(scaffold(soft=True), images, hidden_grey(images)).warns
    one = load(
        lambda x: np.eye(16)[x.mean((1, 2, 3)).round().astype(int)], labels=integers(16), preprocessing=Preprocessing((64, 64))
    )
    with pytest.raises(SnellenError, match="no more than a label"):
        Continuity()(one, images.numpy(), hidden_grey(images).numpy())
    with pytest.raises(SnellenError, match="got no images"):
        Continuity()(scaffold(), images[:0], images[:0])
    with pytest.raises(SnellenError, match="1 to 20 halvings"):
        Continuity(halvings=21)


@pytest.mark.parametrize("soft", [False, True])
def test_scaffolds_lose_their_dependence_and_honest_models_do_not(soft: bool) -> None:
    images, twins = native(world()), native(world().twins("mark"))
    look = HiddenDependence(patch=8)
    planted, honest, other = (look(one, images, twins) for one in (scaffold(soft), model("mark-reliant"), model("healthy")))
    assert planted.applies
    assert planted.warns
    assert honest.applies
    assert not honest.warns
    assert honest.interval is not None
    assert honest.interval.low > 0.8
    assert not other.applies
    assert not other.warns


def test_only_what_twins_share_is_hidden_and_a_key_hides_the_same() -> None:
    images, twins = native(world())[:4].numpy(), native(world().twins("mark"))[:4].numpy()
    differs = (images != twins).any(1)
    for look in (HiddenDependence(patch=8), HiddenDependence(LIME)):
        masks, fills = look._masks(images, twins, [3, 4, 5, 6])
        assert masks.any((1, 2)).all()
        assert not (masks.reshape(4, 4, 64, 64) & differs[:, None]).any()
        assert fills.shape == images.shape
        assert np.array_equal(look._masks(images[2:3], twins[2:3], [5])[0], masks[8:12])
    found = HiddenDependence(patch=8)(model("healthy"), *(torch.from_numpy(one) for one in (images, images)))
    assert found.real == pytest.approx(0)
    assert found.interval is None
    many = torch.from_numpy(np.concatenate([images] * 9)), torch.from_numpy(np.concatenate([twins] * 9))
    whole, alone = (HiddenDependence()(model("healthy"), *(x[-n:] for x in many), list(range(36))[-n:]) for n in (36, 3))
    np.testing.assert_allclose(whole.perturbed[-3:], alone.perturbed, atol=1e-5)
    with pytest.raises(SnellenError, match="share no region"):
        HiddenDependence()(model("healthy"), torch.from_numpy(images), torch.from_numpy(1 - images))
    with pytest.raises(SnellenError, match="a share above 0"):
        HiddenDependence(share=0.0)


def test_the_bounds_are_where_they_are_said_to_be() -> None:
    many = np.full(30, 0.2)
    assert Hidden(many, 0.4 * many, many).warns
    assert not Hidden(many, 0.6 * many, many).warns
    assert not Hidden(many / 4, 0 * many, many).applies
    assert total_variation(np.array([[1.0, 0]]), np.array([[0, 1.0]])).tolist() == [1]


def test_models_that_do_not_go_together_are_refused() -> None:
    other = load(lambda images: images.mean(axis=(2, 3)), labels=integers(3), preprocessing=Preprocessing((64, 64)))
    with pytest.raises(SnellenError, match="expected two alike"):
        Scaffold(model("healthy"), other, greyness)

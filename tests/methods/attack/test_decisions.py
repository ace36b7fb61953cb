"""HopSkipJump and the boundary attack: near the nearest error, from decisions alone, within their queries."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from snellen.core import Model, Preprocessing, SnellenError
from snellen.methods.attack.boundary import Boundary
from snellen.methods.attack.decisions import Pool
from snellen.methods.attack.hop_skip_jump import HopSkipJump
from snellen.methods.attack.search import Search
from snellen.models.function import FunctionModel

from .linear import SIDE, distances, images, linear, truth

SHOWN = images(4, spread=0.9).numpy()
KEYS = list(range(4))
FEW = [HopSkipJump(queries=200), HopSkipJump("linf", queries=200), Boundary(queries=200)]


class Deciding(Model):
    """Says which class is the largest and nothing more; remembers how many images it was asked about."""

    def __init__(self, inner: Model) -> None:
        self.inner, self.asked, self.batches = inner, 0, []
        self.name, self.id, self.labels, self.preprocessing, self.facts = "deciding", "", None, inner.preprocessing, {}

    def asarray(self, images: np.ndarray) -> np.ndarray:
        return images

    def logits(self, images: np.ndarray) -> np.ndarray:
        self.asked += len(images)
        scores = np.stack([self.inner.logits(torch.from_numpy(one[None])).numpy()[0] for one in images])
        return np.eye(scores.shape[1], dtype=np.float32)[scores.argmax(axis=1)]


@pytest.fixture
def deciding() -> Deciding:
    return Deciding(linear(3))


def classes_of(model: Deciding, shown: np.ndarray = SHOWN) -> np.ndarray:
    return truth(model.inner, torch.from_numpy(shown))


@pytest.mark.parametrize(
    "attack, within",
    [
        (HopSkipJump(queries=1200), 1.3),
        (HopSkipJump("linf", queries=1200), 2.0),
        (Boundary(queries=1000, around=0.05, towards=0.05), 4.0),
    ],
    ids=["hop-skip-jump l2", "hop-skip-jump linf", "boundary"],
)
def test_comes_near_the_smallest_change(attack: Search, within: float) -> None:
    inner = linear(3)
    blind = FunctionModel(lambda given: inner.logits(torch.from_numpy(given)).numpy(), preprocessing=Preprocessing((SIDE, SIDE)))
    known = distances(inner, torch.from_numpy(SHOWN), attack.norm)
    classes = truth(inner, torch.from_numpy(SHOWN))
    found = attack(blind, SHOWN, classes, KEYS)
    assert found.found.all()
    assert (found.distance >= known * (1 - 1e-4)).all()
    assert np.median(found.distance / known) < within
    assert (truth(inner, torch.from_numpy(found.images)) != classes).all()
    assert found.pulls == 0
    assert type(attack).black_box


@pytest.mark.parametrize("attack", FEW, ids=repr)
def test_queries_are_counted_and_kept_to(attack: Search, deciding: Deciding) -> None:
    found = attack(deciding, SHOWN, classes_of(deciding), KEYS)
    assert found.forwards == deciding.asked <= len(SHOWN) * (attack.queries + 1)
    more = type(attack)(attack.norm, queries=400)(deciding, SHOWN, classes_of(deciding), KEYS)
    assert np.median(more.distance) < np.median(found.distance)


@pytest.mark.parametrize("attack", FEW, ids=repr)
def test_what_is_random_is_the_key_s_alone(attack: Search, deciding: Deciding) -> None:
    classes = classes_of(deciding)
    whole = attack(deciding, SHOWN, classes, KEYS)
    order = np.array([2, 0])
    part = attack(deciding, SHOWN[order], classes[order], [2, 0])
    np.testing.assert_allclose(part.images, whole.images[order], atol=1e-6)
    other = attack(deciding, SHOWN[order], classes[order], [7, 8])
    assert not np.allclose(other.images, part.images, atol=1e-4)


@pytest.mark.parametrize("attack", [HopSkipJump, Boundary])
def test_starts_from_images_with_another_answer(attack: type[Search], deciding: Deciding) -> None:
    classes = classes_of(deciding)
    pool = Pool(images(6, spread=1.0, seed=9).numpy())
    assert (classes_of(deciding, pool.images) != classes[0]).any()
    few = attack(queries=16, starts=pool)
    found = few(deciding, SHOWN[:1], classes[:1], [0])
    line = found.images[0] - SHOWN[0]
    shares = [
        float((line * (other - SHOWN[0])).sum() / np.linalg.norm(line) / np.linalg.norm(other - SHOWN[0])) for other in pool.images
    ]
    assert max(shares) > 0.999
    assert repr(few) != repr(attack(queries=16))
    with pytest.raises(SnellenError, match="as those under attack"):
        attack(queries=16, starts=Pool(np.zeros((1, 3, 2, 2), np.float32)))(deciding, SHOWN, classes, KEYS)
    with pytest.raises(SnellenError, match="to start from; expected float32"):
        Pool(np.full((1, 3, 2, 2), 2, np.float32))


@pytest.mark.parametrize("attack", FEW, ids=repr)
def test_a_model_with_one_answer_is_never_fooled(attack: Search) -> None:
    constant = FunctionModel(lambda given: np.tile([0.0, 1.0, -np.inf], (len(given), 1)), preprocessing=Preprocessing((SIDE, SIDE)))
    found = attack(constant, SHOWN, np.ones(4, int), KEYS)
    assert not found.found.any()
    assert np.isposinf(found.distance).all()
    np.testing.assert_array_equal(found.images, SHOWN)


def test_noise_of_any_grain_may_be_a_start() -> None:
    def flat_is_one(given: np.ndarray) -> np.ndarray:
        return np.stack([given.std(axis=(2, 3)).mean(axis=1) - 0.01, np.zeros(len(given))], axis=1)

    picky = FunctionModel(flat_is_one, preprocessing=Preprocessing((SIDE, SIDE)))
    found = HopSkipJump(queries=60)(picky, SHOWN, np.zeros(4, int), KEYS)
    assert found.found.all()


@pytest.mark.parametrize(
    "made",
    [lambda: HopSkipJump(queries=0), lambda: HopSkipJump(probe=0.0), lambda: Boundary(around=1.0), lambda: Boundary(queries=-1)],
)
def test_settings_out_of_range(made) -> None:
    with pytest.raises(SnellenError, match="expected queries"):
        made()

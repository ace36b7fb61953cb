"""Several attacks together, the AutoAttack suite, curves from one run, and signs of masked gradients."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snellen.core import Preprocessing, SnellenError
from snellen.methods.attack.apgd import Apgd
from snellen.methods.attack.attack import Attempt
from snellen.methods.attack.checks import of_attempts, of_model
from snellen.methods.attack.curve import curve
from snellen.methods.attack.ensemble import Ensemble
from snellen.methods.attack.fab import Fab
from snellen.methods.attack.fgsm import Fgsm
from snellen.methods.attack.pgd import Pgd
from snellen.methods.attack.square import Square
from snellen.methods.attack.standard import called, is_standard, standard
from snellen.models.function import FunctionModel

from .linear import SIDE, Linear, distances, images, linear, model, truth

SHOWN, KEYS = images(), list(range(8))


def median(attacked, norm: str = "linf") -> float:
    return float(np.median(distances(attacked, SHOWN, norm)))


def test_each_attack_sees_what_is_not_broken_yet_and_nothing_is_lost() -> None:
    attacked = linear(5)
    classes, size = truth(attacked, SHOWN), median(attacked)
    classes[0] = (classes[0] + 1) % 5
    attacks = (Fgsm("linf", size), Apgd("linf", size, "dlr-targeted", steps=20), Square("linf", size, queries=10))
    told: list[int] = []
    together = Ensemble(attacks, size)(attacked, SHOWN, classes, KEYS, progress=told.append)
    seen, found = (np.array([getattr(attempt, name) for attempt in together.attempts]) for name in ("seen", "found"))
    np.testing.assert_array_equal(seen[0], np.arange(8) > 0)
    np.testing.assert_array_equal(seen[1:], seen[:-1] & ~found[:-1])
    np.testing.assert_array_equal(together.found[1:], found.any(axis=0)[1:])
    assert together.found[0]
    assert together.distance[0] == 0
    assert sum(told) == 8
    assert together.forwards == 8 + sum(attempt.forwards for attempt in together.attempts)
    alone = [attack(attacked, SHOWN, classes, KEYS).found for attack in attacks]
    np.testing.assert_array_equal(together.found, np.any(alone, axis=0))


def test_everyone_sees_all_and_the_smallest_change_is_kept() -> None:
    attacked = linear(5)
    classes, size = truth(attacked, SHOWN), 3 * median(attacked)
    together = Ensemble((Fgsm("linf", size), Pgd("linf", size)), size, everyone=True)(attacked, SHOWN, classes, KEYS)
    assert all(attempt.seen.all() for attempt in together.attempts)
    np.testing.assert_array_equal(together.distance, np.min([attempt.distance for attempt in together.attempts], axis=0))


def test_smallest_changes_count_only_within_epsilon() -> None:
    attacked = linear(5)
    classes, size = truth(attacked, SHOWN), median(attacked, "l2")
    fab = Fab("l2", steps=20)
    within = Ensemble((fab,), size)(attacked, SHOWN, classes, KEYS)
    free = Ensemble((fab, Fab("l2", steps=5)))(attacked, SHOWN, classes, KEYS)
    assert free.found.all()
    np.testing.assert_array_equal(within.found, free.distance <= size * (1 + 1e-5))
    assert bool((within.images == SHOWN).all(dim=(1, 2, 3)).numpy()[~within.found].all())


def test_what_does_not_go_together() -> None:
    with pytest.raises(SnellenError, match="2 norms"):
        Ensemble((Pgd("linf", 0.1), Pgd("l2", 0.1)), 0.1)
    with pytest.raises(SnellenError, match="expected the same size"):
        Ensemble((Pgd("linf", 0.1), Pgd("linf", 0.2)), 0.1)
    assert Ensemble((Pgd(), Pgd(steps=3)), 8 / 255).name == "pgd + pgd 2"


@pytest.mark.parametrize("norm", ["linf", "l2", "l1"])
def test_the_suite_is_called_so_only_where_it_is_the_published_one(norm: str) -> None:
    suite = standard(norm, 0.3)
    assert [attack.name for attack in suite.attacks] == ["apgd-ce", "apgd-t", "fab-t", "square"]
    assert called(suite, 10) == "AutoAttack standard"
    assert called(suite, 3) == "attacks of AutoAttack standard, for 3 classes"
    fewer = (*suite.attacks[:3], dataclasses.replace(suite.attacks[3], queries=4999))
    assert not is_standard(Ensemble(fewer, 0.3), 10)
    assert not is_standard(Pgd(), 10)


@pytest.mark.parametrize("classes", [2, 3, 12])
def test_the_suite_runs_with_any_number_of_classes(classes: int) -> None:
    attacked = linear(classes)
    size = median(attacked)
    suite = standard("linf", size)
    short = tuple(dataclasses.replace(one, **{"queries": 5} if one.name == "square" else {"steps": 15}) for one in suite.attacks)
    found = Ensemble(short, size)(attacked, SHOWN, truth(attacked, SHOWN), KEYS)
    known = distances(attacked, SHOWN, "linf")
    assert found.found[known < 0.95 * size].all()
    assert not found.found[known > size * 1.01].any()


@pytest.mark.parametrize(
    "made",
    [lambda: Pgd(steps=20), lambda: Ensemble((Fgsm(), Pgd(steps=20)), 8 / 255), lambda: Fab(steps=20)],
    ids=["pgd", "both", "fab"],
)
def test_a_curve_is_what_single_runs_give(made) -> None:
    attacked = linear(2)
    classes, size = truth(attacked, SHOWN), median(attacked)
    sizes = [2 * size, size / 2, size]
    told: list[int] = []
    found = curve(made(), sizes, attacked, SHOWN, classes, KEYS, progress=told.append)
    known = distances(attacked, SHOWN, "linf")
    assert found.epsilons == tuple(sorted(sizes))
    np.testing.assert_allclose(found.accuracy, [(known > one).mean() for one in found.epsilons], atol=1 / 8)
    assert (np.diff(found.broken.astype(int), axis=0) >= 0).all()
    assert sum(told) == 8 * len(found.results)
    for result, broken in zip(found.results, found.broken, strict=False):
        for attempt in result.attempts:
            assert not (attempt.found & ~broken).any()
    if len(found.results) > 1:
        assert found.results[-1].forwards < 8 * 23
        torch.testing.assert_close(found.results[-1].images[found.broken[1]], found.results[1].images[found.broken[1]])


@pytest.mark.parametrize("everyone", [False, True])
def test_what_another_attack_broke_at_a_smaller_size_is_no_merit_and_no_failure(everyone: bool) -> None:
    attacked = linear(5)
    classes, size = truth(attacked, SHOWN), median(attacked)
    weak, strong = Square("linf", size, queries=3), Apgd("linf", size, "dlr-targeted", steps=15)
    found = curve(Ensemble((weak, strong), size, everyone), [size, 2 * size], attacked, SHOWN, classes, KEYS)
    alone = curve(weak, [size, 2 * size], attacked, SHOWN, classes, KEYS)
    attempt = found.results[-1].attempts[0]
    assert attempt.seen.all() == everyone
    np.testing.assert_array_equal(attempt.found[attempt.seen], alone.broken[-1][attempt.seen])
    assert found.broken[-1].sum() > found.broken[0].sum()


def test_curves_of_nothing() -> None:
    for sizes in ([], [0.0], [float("inf")]):
        with pytest.raises(SnellenError, match="expected numbers above 0"):
            curve(Pgd(), sizes, linear(), SHOWN, np.zeros(8, int), KEYS)


def attempt(name: str, black_box: bool, seen: list[int], found: list[int]) -> Attempt:
    flags = [np.isin(np.arange(6), rows) for rows in (seen, found)]
    return Attempt(name, black_box, *flags, np.zeros(6), 0, 0)


def test_a_black_box_that_finds_more_is_a_sign() -> None:
    white = attempt("pgd", False, [0, 1, 2, 3], [0])
    assert of_attempts([white, attempt("square", True, [1, 2, 3], [])]) == ()
    assert of_attempts([attempt("square", True, [1, 2, 3], [1])]) == ()
    (said,) = of_attempts([white, attempt("square", True, [0, 1, 2, 3], [0, 1, 2])])
    assert "square" in said
    assert "broke 2 of 3 images that pgd could not" in said


class Softmax(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = linear(5).module

    def forward(self, shown: Tensor) -> Tensor:
        return self.inner(shown).softmax(1)


class Steps(nn.Module):
    """Rounds its pixels: no gradient but 0."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = linear(5).module

    def forward(self, shown: Tensor) -> Tensor:
        return self.inner((shown * 20).round() / 20 + 0 * shown)


class Random(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = linear(5).module

    def forward(self, shown: Tensor) -> Tensor:
        return self.inner(shown + 0.1 * torch.rand_like(shown))


def test_signs_in_a_model() -> None:
    healthy = model(Linear(0.2 * linear(5).module.weights.detach()))
    classes = truth(healthy, SHOWN)
    assert of_model(healthy, SHOWN, classes) == ()
    sure = model(Linear(1e4 * linear(5).module.weights.detach()))
    blind = FunctionModel(lambda given: given.mean((2, 3)) @ np.eye(3, 5), preprocessing=Preprocessing((SIDE, SIDE)))
    for odd, said in [
        (model(Softmax()), "are probabilities, not logits"),
        (model(Steps()), "gradient of the loss is 0"),
        (model(Random()), "place in the batch"),
        (sure, "saturated"),
        (linear(3), "With 3 classes, targeted DLR cannot be had"),
        (linear(2), "With 2 classes, DLR cannot be had"),
    ]:
        assert any(said in text for text in of_model(odd, SHOWN, truth(odd, SHOWN))), said
    assert any("gives no gradients" in text for text in of_model(blind, SHOWN.numpy(), classes))
    assert of_model(healthy, SHOWN[:0], classes[:0]) == ()

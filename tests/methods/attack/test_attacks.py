"""Every attack against models whose nearest error is known, and against models that are odd."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snellen.core import Preprocessing, SnellenError, Unsupported
from snellen.methods.asked import class_indices
from snellen.methods.attack import registry
from snellen.methods.attack.apgd import Apgd
from snellen.methods.attack.attack import Attack
from snellen.methods.attack.checks import of_model
from snellen.methods.attack.dct_margins import dct_margins
from snellen.methods.attack.deepfool import DeepFool
from snellen.methods.attack.fab import Fab
from snellen.methods.attack.fgsm import Fgsm
from snellen.methods.attack.pgd import Pgd
from snellen.methods.attack.search import usable
from snellen.methods.attack.square import Square
from snellen.methods.attack.subspace import check
from snellen.models.function import FunctionModel

from .linear import SIDE, Linear, distances, images, linear, model, sizes, truth

NORMS = ("linf", "l2", "l1")
SHOWN = images(4)
KEYS = list(range(100, 104))


def within(norm: str, epsilon: float) -> list[Attack]:
    return [
        Fgsm(norm, epsilon),
        Pgd(norm, epsilon, steps=6),
        Pgd(norm, epsilon, steps=6, stop=False, random=False),
        Apgd(norm, epsilon, "ce", steps=8),
        Apgd(norm, epsilon, "dlr-targeted", steps=8),
        Square(norm, epsilon, queries=20),
    ]


def smallest(norm: str) -> list[Attack]:
    return [Fab(norm, steps=5), Fab(norm, steps=5, targets=2, restarts=2)]


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(
    "made",
    [
        lambda norm, size: Pgd(norm, size, steps=30),
        lambda norm, size: Pgd(norm, size, steps=30, loss="dlr", stop=False),
        lambda norm, size: Apgd(norm, size, "ce", steps=40),
        lambda norm, size: Apgd(norm, size, "dlr", steps=40),
    ],
    ids=["pgd", "pgd to the end", "apgd-ce", "apgd-dlr"],
)
def test_two_classes_are_told_apart_exactly_as_far_as_epsilon_reaches(norm: str, made) -> None:
    attacked = linear(2)
    classes, known = truth(attacked, SHOWN), distances(attacked, SHOWN, norm)
    tolerance = 1.15 if norm == "l1" else 1.03  # pixels within the box; steps of l1 change several of them
    for row in range(2):
        one, its, key = SHOWN[row : row + 1], classes[row : row + 1], KEYS[row : row + 1]
        assert not made(norm, 0.97 * known[row])(attacked, one, its, key).found[0]
        broken = made(norm, tolerance * known[row])(attacked, one, its, key)
        assert broken.found[0]
        assert truth(attacked, broken.images)[0] != its[0]


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("targets", [None, 4])
def test_fab_finds_the_smallest_change_among_five_classes(norm: str, targets: int | None) -> None:
    attacked = linear(5)
    found = Fab(norm, steps=40, targets=targets)(attacked, SHOWN, truth(attacked, SHOWN), KEYS)
    known = distances(attacked, SHOWN, norm)
    assert found.found.all()
    np.testing.assert_allclose(found.distance, known, rtol=0.02)
    assert (found.distance >= known * (1 - 1e-4)).all()


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_targets_find_what_the_largest_rival_hides(norm: str) -> None:
    attacked = linear(5)
    known, classes = distances(attacked, SHOWN, norm), truth(attacked, SHOWN)
    for row in range(4):
        attack = Apgd(norm, 1.03 * known[row], "dlr-targeted", steps=40)
        assert attack(attacked, SHOWN[row : row + 1], classes[row : row + 1], [row]).found[0]


@pytest.mark.parametrize("norm", NORMS)
def test_square_needs_no_gradients(norm: str) -> None:
    inner = linear(3)
    blind = FunctionModel(lambda given: inner.logits(torch.from_numpy(given)).numpy(), preprocessing=Preprocessing((SIDE, SIDE)))
    shown, classes = SHOWN.numpy(), truth(inner, SHOWN)
    size = float(8 * np.median(distances(inner, SHOWN, norm)))
    found = Square(norm, size, queries=150)(blind, shown, classes, KEYS)
    assert found.found.mean() > 0.5
    assert found.pulls == 0
    for attack in (Pgd(norm, size), Apgd(norm, size), Fab(norm)):
        with pytest.raises(Unsupported, match="gives no gradients"):
            attack(blind, shown, classes, KEYS)


@pytest.mark.parametrize("norm", NORMS)
def test_what_is_found_fits_and_is_wrong_and_the_rest_is_untouched(norm: str) -> None:
    attacked = linear(4)
    shown = images(4, spread=1.0)
    classes = truth(attacked, shown)
    classes[1] = (classes[1] + 1) % 4
    size = float(np.median(distances(attacked, shown, norm)))
    for attack in [*within(norm, size), *smallest(norm)]:
        told: list[int] = []
        result = attack(attacked, shown, classes, KEYS, progress=told.append)
        change = sizes((result.images - shown).numpy(), norm)
        assert bool(((result.images >= 0) & (result.images <= 1)).all())
        assert result.found[1]
        assert result.distance[1] == 0
        assert (change[~result.found | (result.distance == 0)] == 0).all()
        np.testing.assert_allclose(change[result.found], result.distance[result.found], rtol=1e-4, atol=1e-6)
        if hasattr(attack, "epsilon"):
            assert (change <= size * (1 + 1e-5) + 1e-6).all()
        assert (truth(attacked, result.images)[result.found] != classes[result.found]).all()
        assert sum(told) == len(shown)


@pytest.mark.parametrize("norm", NORMS)
def test_an_image_alone_and_in_a_batch(norm: str) -> None:
    attacked = linear(4)
    classes = truth(attacked, SHOWN)
    size = float(1.2 * np.median(distances(attacked, SHOWN, norm)))
    order = np.array([3, 1])
    for attack in [*within(norm, size), *smallest(norm)]:
        whole = attack(attacked, SHOWN, classes, KEYS)
        part = attack(attacked, SHOWN[order], classes[order], [KEYS[row] for row in order])
        np.testing.assert_array_equal(part.found, whole.found[order])
        torch.testing.assert_close(part.images, whole.images[order], atol=1e-5, rtol=0)


def test_other_keys_start_elsewhere() -> None:
    attacked = linear(2)
    attack = Pgd("linf", 1e-4, steps=1, stop=False)
    shown, wrong = SHOWN[:1], 1 - truth(attacked, SHOWN[:1])
    known = truth(attacked, shown)
    size = float(2 * distances(attacked, shown, "linf")[0])
    first, second = (Pgd("linf", size, steps=1, step_size=size / 2)(attacked, shown, known, [key]) for key in (1, 2))
    assert not torch.equal(first.images, second.images) or not (first.found[0] and second.found[0])
    assert attack(attacked, shown, wrong, [1]).distance[0] == 0


class Constant(nn.Module):
    def __init__(self, scores: list[float]) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.tensor(scores))

    def forward(self, shown: Tensor) -> Tensor:
        return self.scores + 0 * shown.mean((1, 2, 3))[:, None]


class Masked(nn.Module):
    """A linear model that gives -inf to its last class."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = linear(4).module

    def forward(self, shown: Tensor) -> Tensor:
        scores = self.inner(shown)
        return torch.where(torch.arange(4) == 3, torch.full_like(scores, -torch.inf), scores)


@pytest.mark.parametrize("norm", NORMS)
def test_constant_models_and_masked_classes(norm: str) -> None:
    constant, masked = model(Constant([1.0, 0.0, 0.0])), model(Masked())
    size = float(6 * distances(linear(4), SHOWN, norm).max())
    for attack in [*within(norm, 5.0), *smallest(norm)]:
        assert not attack(constant, SHOWN, np.zeros(4, int), KEYS).found.any()
        assert attack(constant, SHOWN, np.ones(4, int), KEYS).forwards == 4
    for attack in (Pgd(norm, size), Apgd(norm, size, "dlr-targeted", steps=20), Fab(norm, steps=6)):
        assert attack(masked, SHOWN, truth(masked, SHOWN), KEYS).found.all()


def test_confident_models_mask_nothing() -> None:
    attacked = linear(2)
    size = float(1.1 * distances(attacked, SHOWN, "linf").max())
    sure = model(Linear(attacked.module.weights.detach() * 1e4))
    assert Pgd("linf", size)(sure, SHOWN, truth(sure, SHOWN), KEYS).found.all()


class Broken(nn.Module):
    def forward(self, shown: Tensor) -> Tensor:
        return shown.mean((2, 3)) * torch.nan


class Failing(nn.Module):
    """A linear model whose code fails once it has been asked about more than `until` images."""

    def __init__(self, until: int = 0) -> None:
        super().__init__()
        self.inner, self.left = linear(2).module, until

    def forward(self, shown: Tensor) -> Tensor:
        self.left -= len(shown)
        if self.left < 0:
            raise RuntimeError("no such layer")
        return self.inner(shown)


class Biases(nn.Module):
    """Says always the same, of its parameters alone."""

    def __init__(self) -> None:
        super().__init__()
        self.biases = nn.Parameter(torch.tensor([[1.0, 0.0]]))

    def forward(self, shown: Tensor) -> Tensor:
        return self.biases.expand(len(shown), -1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda: Pgd()(model(Broken()), SHOWN, np.zeros(4, int), KEYS), "returned NaN or infinite logits for 4 of 4"),
        (lambda: Pgd()(linear(), SHOWN, np.full(4, 7), KEYS), "returned 2 logits an image, and the images have class 7"),
        (lambda: Pgd()(linear(), SHOWN, np.zeros(4, int), KEYS[:3]), "4 images, 4 classes and 3 keys"),
        (lambda: Pgd()(linear(), SHOWN * 255, np.zeros(4, int), KEYS), "got pixels from"),
        (lambda: Pgd("l0"), "norm 'l0'"),
        (lambda: Pgd(epsilon=0.0), "epsilon 0"),
        (lambda: Apgd(steps=0), "steps 0"),
        (lambda: Pgd(step_size=-1.0), "step_size above 0"),
        (lambda: Fab("linf", targets=0), "at least one"),
        (lambda: Fab("linf", inwards=2.0), "from 0 to 1"),
        (lambda: Square(share=-1.0), "above 0, at most 1"),
        (lambda: Pgd()(linear(1), SHOWN, np.zeros(4, int), KEYS), "returned 1 logits an image; expected two classes"),
        (lambda: Pgd()(model(Failing()), SHOWN, np.zeros(4, int), KEYS), "RuntimeError: no such layer"),
        (lambda: Pgd()(model(Failing(4)), SHOWN, np.zeros(4, int), KEYS), "RuntimeError: no such layer"),
        (lambda: of_model(model(Failing(4)), SHOWN, np.zeros(4, int)), "RuntimeError: no such layer"),
        (lambda: Pgd()(model(Biases()), SHOWN, np.zeros(4, int), KEYS), "gives no gradients"),
        (lambda: class_indices([0.0, 1.0]), r"classes of shape \(2,\) and type float64"),
        (lambda: class_indices(np.eye(2, dtype=int)), r"classes of shape \(2, 2\)"),
        (lambda: class_indices(None), r"classes of shape \(\) and type object"),
    ],
)
def test_what_cannot_be_attacked_is_said(given, said: str) -> None:
    with pytest.raises(SnellenError, match=said):
        given()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", registry.names()[:-1])
def test_no_setting_is_nan_or_infinite(name: str, value: float) -> None:
    kind, preset = registry.get(name)
    numbers = [one.name for one in fields(kind) if one.name not in preset and one.type in ("float", "float | None")]
    for number in numbers:
        with pytest.raises(SnellenError, match=f"{number} {value}"):
            kind(**preset, **{number: value})  # type: ignore[arg-type]


def test_classes_may_be_lists_and_tensors() -> None:
    for given in ([0, 2, 1], torch.tensor([0, 2, 1]), np.array([0, 2, 1], np.uint8)):
        assert class_indices(given).dtype == np.int64
        assert class_indices(given).tolist() == [0, 2, 1]


class Whatever(nn.Module):
    """Answers also where a pixel is NaN: with its first class."""

    def forward(self, shown: Tensor) -> Tensor:
        red, green, _ = shown.mean((2, 3)).unbind(1)
        return nn.functional.one_hot((red <= green).long(), 2).float()


@pytest.mark.parametrize("norm", NORMS)
def test_square_makes_no_nan_of_one_pixel(norm: str) -> None:
    attacked, shown = model(Whatever()), torch.full((8, 3, 1, 1), 0.5)
    shown[:, 1] += torch.linspace(-0.2, 0.2, 8)[:, None, None]
    found = Square(norm, 1.0, queries=40)(attacked, shown, truth(attacked, shown), list(range(8)))
    assert bool(found.images.isfinite().all())
    assert (np.isfinite(found.distance) == found.found).all()


class Huge(nn.Module):
    """Beyond 1e30 its first class still comes last."""

    def forward(self, shown: Tensor) -> Tensor:
        red = shown[:, 0].mean((1, 2))[:, None]
        far = torch.where(red > red.detach() * 0 + 0.5, torch.inf, 1e38)
        return torch.cat([torch.full_like(red, 1e37), torch.full_like(red, 2e38), far], 1)


def test_logits_beyond_all_bounds_keep_their_order() -> None:
    shown = torch.full((4, 3, 6, 6), 0.4)
    scores = usable(model(Huge())._answer(torch.cat([shown, shown + 0.3])).detach())
    assert scores.argmax(axis=1).tolist() == [1] * 4 + [2] * 4
    assert (np.diff(scores[4:], axis=1) > 0).all()


@pytest.mark.parametrize("scale", [1e-38, 1e-43, 1e38])
def test_slopes_out_of_range_give_no_nan(scale: float) -> None:
    attacked = model(Scaled(scale))
    for attack in (DeepFool(steps=3), DeepFool("linf", steps=3), Fab("l2", steps=3), Pgd("l2", 0.5, steps=3)):
        found = attack(attacked, SHOWN, truth(attacked, SHOWN), KEYS)
        assert bool(found.images.isfinite().all())
        assert (np.isfinite(found.distance) == found.found).all()
    assert not np.isnan(dct_margins(attacked, SHOWN, steps=3).distance).any()


class Scaled(nn.Module):
    def __init__(self, scale: float) -> None:
        super().__init__()
        self.inner, self.scale = linear(3).module, scale

    def forward(self, shown: Tensor) -> Tensor:
        return self.inner(shown) / 100 * self.scale


@pytest.mark.parametrize("given", [None, 3, torch.zeros(()), torch.zeros(3), torch.zeros(1, 4, 6, 6), torch.zeros(0, 3, 6, 6)])
def test_margins_of_what_is_no_batch_are_refused(given: object) -> None:
    with pytest.raises(SnellenError, match=r"^got images of shape .* expected float"):
        check(given)


def test_no_images_at_all() -> None:
    nothing = Pgd()(linear(), SHOWN[:0], np.zeros(0, int), [])
    assert nothing.forwards == 0
    assert len(nothing.found) == 0


def test_one_pixel() -> None:
    attacked = model(Linear(torch.tensor([[1.0, 0, 0], [0, 1, 0]])))
    shown = torch.full((1, 3, 1, 1), 0.5)
    shown[0, 0] = 0.6
    for norm in NORMS:
        for attack in (Pgd(norm, 0.2), Apgd(norm, 0.2, steps=20), Square(norm, 0.6, queries=60), Fab(norm, steps=6)):
            assert attack(attacked, shown, np.zeros(1, int), [0]).found[0], attack


def test_one_forward_a_step_and_only_of_what_is_open() -> None:
    attacked, classes = linear(5), truth(linear(5), SHOWN)
    held = Pgd("linf", 1e-6, steps=7)(attacked, SHOWN, classes, KEYS)
    assert (held.forwards, held.pulls) == (4 * (7 + 2), 4 * 7)
    held = Apgd("linf", 1e-6, steps=7)(attacked, SHOWN, classes, KEYS)
    assert (held.forwards, held.pulls) == (4 * (7 + 2), 4 * 7)
    broken = Pgd("linf", float(distances(attacked, SHOWN, "linf").max() * 3), steps=40)(attacked, SHOWN, classes, KEYS)
    assert broken.found.all()
    assert broken.pulls < 4 * 20


def test_the_model_is_left_alone() -> None:
    attacked = linear(3)
    attacked.module.train()
    before = attacked.module.weights.detach().clone()
    Apgd(steps=5)(attacked, SHOWN, truth(attacked, SHOWN), KEYS)
    assert attacked.module.training
    assert attacked.module.weights.grad is None
    assert attacked.module.weights.requires_grad
    assert torch.equal(before, attacked.module.weights)


def test_going_on_to_the_end_is_more_sure() -> None:
    attacked, norm = linear(3), "l2"
    classes = truth(attacked, SHOWN)
    size = float(2 * distances(attacked, SHOWN, norm).max())
    first, last = (Pgd(norm, size, stop=stop)(attacked, SHOWN, classes, KEYS) for stop in (True, False))
    margins = [(one := attacked.logits(result.images).numpy()).max(axis=1) - one[np.arange(4), classes] for result in (first, last)]
    assert first.found.all()
    assert (margins[1] > margins[0]).all()

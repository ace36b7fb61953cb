"""What passes of two networks share is computed once, and no number changes by it."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snellen.methods.explain.ablation_cam import AblationCam
from snellen.methods.explain.explanation import Explainer
from snellen.methods.explain.grad_cam import GradCam
from snellen.methods.explain.gradient import Gradient
from snellen.methods.explain.guided_backpropagation import GuidedBackpropagation
from snellen.methods.explain.integrated_gradients import IntegratedGradients
from snellen.methods.explain.occlusion import Occlusion
from snellen.methods.explain.smooth_grad import SmoothGrad
from snellen.methods.trust import randomization
from snellen.methods.trust._order import learned
from snellen.methods.trust._prefix import Prefix
from snellen.methods.trust.randomization import Randomization
from tests.methods.trust.networks import CLASSES, Transformer, made, pictures, wrap


class Residual(nn.Module):
    """All that works in place: rectifiers, sums, scaling of a slice; a view, dropout, and numbers made in the pass."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(inplace=True))
        self.first = nn.Sequential(nn.Conv2d(6, 6, 3, padding=1), nn.BatchNorm2d(6))
        self.beside = nn.Sequential(nn.Conv2d(6, 6, 1), nn.BatchNorm2d(6))
        self.last = nn.Conv2d(6, 6, 3, padding=1)
        self.head = nn.Linear(6, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        hidden = self.stem(images)
        out = self.first(hidden)
        out += self.beside(hidden)
        out[:, :2].mul_(torch.tensor(1.5))
        out = F.relu_(out)
        out = F.dropout(self.last(out), 0.5, self.training) + torch.arange(6.0)[:, None, None]
        return self.head(F.relu(out, inplace=True).mean((2, 3)))


class Drawn(Residual):
    """Adds a random number in the middle of a pass."""

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images) + torch.rand(1) * self.head(self.stem(images).mean((2, 3)))


TESTS = Randomization(), Randomization(order="independent", label="recomputed")
EVERY = (
    Gradient(),
    GuidedBackpropagation(),
    SmoothGrad(samples=2),
    IntegratedGradients(steps=2, tolerance=1.0),
    GradCam(),
    AblationCam(layer="last"),
    Occlusion(patch=8, stride=8),
)


def run(
    test: Randomization, explainer: Explainer, network: nn.Module, sharing: bool, monkeypatch: pytest.MonkeyPatch
) -> np.ndarray:
    with monkeypatch.context() as patched:
        if not sharing:
            patched.setattr(Prefix, "shared", lambda *_: contextlib.nullcontext())
        maps: list[np.ndarray] = []
        patched.setattr(randomization, "described", lambda of, measures: maps.append(of) or {})
        patched.setattr(randomization, "compared", lambda *_: dict.fromkeys(test.measures, np.zeros(3)))
        test(explainer, network, wrap, pictures(3), np.array([0, 1, 2]))
        return np.stack(maps)


@pytest.mark.parametrize(
    "test", [Randomization(), Randomization(order="independent", label="recomputed")], ids=lambda one: one.order
)
@pytest.mark.parametrize("explainer", EVERY, ids=lambda one: one.name)
def test_no_map_changes(explainer: Explainer, test: Randomization, monkeypatch: pytest.MonkeyPatch) -> None:
    network = made(Residual)
    alone, shared = (run(test, explainer, network, sharing, monkeypatch) for sharing in (False, True))
    assert len(alone) == 9
    assert len({one.tobytes() for one in alone}) > 5
    rounding = 1e-6 if explainer.black_box else 0.0
    np.testing.assert_allclose(shared, alone, rtol=0, atol=rounding + 1e-6 * np.abs(alone).max())


@pytest.mark.parametrize("kind", [Transformer, Drawn])
def test_no_map_of_other_networks_changes(kind: type[nn.Module], monkeypatch: pytest.MonkeyPatch) -> None:
    network = made(kind)
    alone, shared = (run(Randomization(), Gradient(), network, sharing, monkeypatch) for sharing in (False, True))
    np.testing.assert_allclose(shared, alone, rtol=0, atol=1e-6 * np.abs(alone).max())


def passed(prefix: Prefix, network: nn.Module, images: Tensor, changed: tuple[str, ...] = ()) -> tuple[Tensor, int]:
    before = prefix.spared
    with prefix.shared(network, [learned(network)[name] for name in changed]), torch.no_grad():
        return network(images), prefix.spared - before


def test_steps_before_the_first_change_are_spared_and_no_others() -> None:
    network, images, prefix = made(Residual), pictures(2), Prefix()
    plain = network(images).detach()
    assert torch.equal(passed(prefix, network, images)[0], plain)
    assert torch.equal(passed(prefix, network, images)[0], plain)
    spared = []
    for name in ("stem.0.weight", "first.0.weight", "beside.1.bias", "last.bias", "head.weight"):
        other = made(Residual)
        learned(other)[name].data.add_(0.3)
        logits, steps = passed(prefix, other, images, (name,))
        spared.append(steps)
        assert torch.equal(logits, other(images))
        assert not torch.equal(logits, plain)
    assert spared[0] == 0
    assert spared == sorted(set(spared))
    assert passed(prefix, made(Residual), pictures(2, seed=5), ("head.bias",))[1] == 0
    assert torch.equal(passed(prefix, network, images)[0], plain)


def test_what_has_no_room_is_computed_again() -> None:
    network, images = made(Residual), pictures(2)
    one_map = 4 * 2 * 6 * images.shape[2] * images.shape[3]
    for budget, least, most in ((0, 0, 0), (3 * one_map, 1, 9), (1 << 20, 10, 100)):
        prefix = Prefix(budget)
        passed(prefix, network, images)
        logits, steps = passed(prefix, network, images, ("head.bias",))
        assert least <= steps <= most
        assert torch.equal(logits, network(images))


def test_a_pass_that_fails_or_ends_early_leaves_nothing_behind() -> None:
    class Early(BaseException):
        pass

    def stop(*_: object) -> None:
        raise Early

    network, images, prefix = made(Residual), pictures(2), Prefix()
    forward = network.forward
    handle = network.last.register_forward_hook(stop)
    with pytest.raises(Early):
        passed(prefix, network, images)
    handle.remove()
    assert network.forward == forward
    kept = sum(map(len, prefix.passes.values()))
    assert torch.equal(torch.ones(2) + 1, torch.full((2,), 2.0))
    assert sum(map(len, prefix.passes.values())) == kept
    assert torch.equal(passed(prefix, network, images, ("head.bias",))[0], network(images))

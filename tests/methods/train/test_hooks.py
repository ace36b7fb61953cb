"""What plugs into the loop: augmentations stay in range and hit their share, the adversary stays in its ball."""

import math

import pytest
import torch
from torch import nn

from snellen.core import SnellenError
from snellen.methods.perturb.distortions.contrast import contrast
from snellen.methods.perturb.distortions.low_pass import low_pass
from snellen.methods.perturb.distortions.rotation import rotation
from snellen.methods.train.augment import AUGMENTATIONS, Blur, Contrast, QuarterTurns, Rotation, UniformNoise
from snellen.methods.train.pgd import Pgd
from snellen.methods.train.seeds import generator, mixed, seeded

from .blobs import blobs, net

IMAGES = torch.from_numpy(blobs(40)[0]).float() / 255
TARGETS = torch.from_numpy(blobs(40)[1])


def changed(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return (a != b).flatten(1).any(1)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_augmentations(name: str) -> None:
    augment = AUGMENTATIONS[name](share=0.5)
    before = IMAGES.clone()
    out = augment(IMAGES, generator(1))
    assert torch.equal(IMAGES, before)
    assert out.shape == IMAGES.shape
    assert out.min() >= 0
    assert out.max() <= 1
    assert 8 < changed(out, IMAGES).sum() < 32
    assert torch.equal(out, augment(IMAGES, generator(1)))
    assert not torch.equal(out, augment(IMAGES, generator(2)))
    assert torch.equal(AUGMENTATIONS[name](share=0.0)(IMAGES, generator(1)), IMAGES)
    assert changed(AUGMENTATIONS[name](share=1.0)(IMAGES, generator(1)), IMAGES).all()


def test_strengths_are_those_of_the_perturbations() -> None:
    draws = generator(0)
    assert torch.equal(Contrast(share=1.0, low=0.3, high=0.3)(IMAGES, draws), contrast(IMAGES, 0.3))
    assert torch.allclose(Blur(share=1.0, low=1.6, high=1.6)(IMAGES, draws), low_pass(IMAGES, 1.5))
    assert torch.allclose(UniformNoise(share=1.0, low=0.0, high=0.0)(IMAGES, draws), contrast(IMAGES, 0.3))
    widths = [
        float((UniformNoise(share=1.0, low=0.1, high=0.2)(IMAGES[:1], generator(at)) - contrast(IMAGES[:1], 0.3)).abs().max())
        for at in range(30)
    ]
    assert 0.08 < min(widths) < 0.13 < 0.17 < max(widths) <= 0.2


def test_quarter_turns_are_all_four() -> None:
    turned = QuarterTurns(share=1.0)(IMAGES[:1].expand(40, -1, -1, -1), generator(0))
    kinds = [rotation(IMAGES[:1], degrees)[0] for degrees in (0, 90, 180, 270)]
    found = [next(at for at, kind in enumerate(kinds) if torch.equal(kind, image)) for image in turned]
    assert set(found) == {0, 1, 2, 3}


def test_rotation_turns_by_no_more_than_asked_and_keeps_colour() -> None:
    y, x = torch.meshgrid(torch.linspace(-1, 1, 33), torch.linspace(-1, 1, 33), indexing="ij")
    spot = torch.exp(-((x - 0.3) ** 2 + y**2) / 0.02)
    image = torch.stack([spot, 0 * spot, 0 * spot])[None].expand(60, -1, -1, -1).contiguous()
    turned = Rotation(share=1.0, degrees=40.0)(image, generator(3))
    weights = turned[:, 0] / turned[:, 0].sum((1, 2), keepdim=True)
    cx, cy = (weights * x).sum((1, 2)), (weights * y).sum((1, 2))
    angles = torch.atan2(cy, cx) * 180 / math.pi
    assert 30 < angles.abs().max() < 41
    assert angles.min() < -20 < 20 < angles.max()
    assert (cx.hypot(cy) - 0.3).abs().max() < 0.02
    assert turned[:, 1:].max() == 0


@pytest.mark.parametrize(
    "make", [lambda: Contrast(share=2.0), lambda: Blur(low=3.0, high=1.0), lambda: Pgd(steps=0), lambda: Pgd(epsilon=0.0)]
)
def test_settings_out_of_range(make) -> None:
    with pytest.raises(SnellenError, match="expected"):
        make()


def test_pgd_raises_the_loss_within_its_ball_and_leaves_the_network_alone() -> None:
    network = net(dropout=0.5).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    images = IMAGES.contiguous(memory_format=torch.channels_last)
    found = Pgd(epsilon=0.05, steps=5, step_size=0.02)(network, images, TARGETS, generator(0))
    assert (found - images).abs().max() <= 0.05 + 1e-6
    assert found.min() >= 0
    assert found.max() <= 1
    assert not found.requires_grad
    assert all(part.training for part in network.modules())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
    network.eval()
    noise = (images + 0.05 * torch.rand(images.shape, generator=generator(1)).sub(0.5).sign()).clamp(0, 1)
    loss = {name: nn.functional.cross_entropy(network(x), TARGETS) for name, x in (("found", found), ("noise", noise))}
    assert loss["found"] > loss["noise"] + 0.05


def test_seeds_are_kept_apart() -> None:
    assert len({mixed(), mixed(0), mixed(0, 0), mixed(1, 0), mixed(0, 1), mixed(10), mixed(1)}) == 7
    before = torch.get_rng_state()
    with seeded(4):
        first = torch.rand(3)
    with seeded(4):
        assert torch.equal(torch.rand(3), first)
    assert torch.equal(torch.get_rng_state(), before)

"""What attacks cost and what they find, beside foolbox, ART and torchattacks in the same process.

    python benchmarks/attack.py [--repeats 3] [--size 32 --images 16]
    python benchmarks/attack.py --networks standard.safetensors robust.safetensors --images-from cifar10-test.parquet [--sample 200]

Cost: PGD-40 on a residual network with random weights, over the floor: forty forward passes and gradients of the pixels. The size
allowed is too small to break anything, so that every library makes every step. DeepFool likewise, over foolbox's. Processor time.
Findings: how many images each breaks within a size at the same number of steps, and the median of the smallest changes.
Peers that are not installed are left out. Everything runs on one thread.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

import snellen
from snellen.core import Preprocessing
from snellen.images import open_images
from snellen.images.stream import parts
from snellen.methods.attack.apgd import Apgd
from snellen.methods.attack.attack import Attack
from snellen.methods.attack.deepfool import DeepFool
from snellen.methods.attack.fab import Fab
from snellen.methods.attack.pgd import Pgd
from snellen.models.torch import TorchModel

STEPS = 40
NOTHING = 1e-7
"""An epsilon within which nothing breaks."""


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after))
        same = stride == 1 and before == after
        self.short = (
            nn.Identity() if same else nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))
        )

    def forward(self, images: Tensor) -> Tensor:
        return (self.second(self.first(images)) + self.short(images)).relu()


def resnet18(classes: int, large: bool, width: int = 64) -> nn.Module:
    """He et al. (2016), with the stem for small or large images."""
    torch.manual_seed(0)
    stem: list[nn.Module] = [nn.Conv2d(3, width, 7 if large else 3, 2 if large else 1, 3 if large else 1, bias=False)]
    stem += [nn.BatchNorm2d(width), nn.ReLU(), *([nn.MaxPool2d(3, 2, 1)] if large else [])]
    blocks, before = [], width
    for stage in range(4):
        after = width * 2**stage
        blocks += [Block(before, after, 2 if stage else 1), Block(after, after, 1)]
        before = after
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes)).eval()


def has(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def floor(net: nn.Module, images: Tensor, truth: Tensor) -> None:
    """So many forward passes and gradients, and nothing else."""
    for _ in range(STEPS):
        pixels = images.clone().requires_grad_()
        loss = nn.functional.cross_entropy(net(pixels), truth, reduction="sum")
        torch.autograd.grad(loss, pixels)


def ours(net: nn.Module, side: int, attack: Attack) -> Callable[[Tensor, Tensor], Tensor]:
    model = TorchModel(net, preprocessing=Preprocessing((side, side)))
    return lambda images, truth: attack(model, images, truth.numpy(), range(len(images))).images


def peers(net: nn.Module, side: int, classes: int, epsilon: float) -> Mapping[str, Callable[[Tensor, Tensor], Tensor]]:
    """PGD of the other libraries, by name."""
    found: dict[str, Callable[[Tensor, Tensor], Tensor]] = {}
    step = 2.5 * epsilon / STEPS
    if has("foolbox"):
        import foolbox

        fmodel = foolbox.PyTorchModel(net, bounds=(0, 1), device="cpu")
        attack = foolbox.attacks.LinfPGD(abs_stepsize=step, steps=STEPS, random_start=True)
        found["foolbox"] = lambda images, truth: attack(fmodel, images, truth, epsilons=epsilon)[1]
    if has("torchattacks"):
        import torchattacks

        found["torchattacks"] = lambda images, truth: torchattacks.PGD(net, eps=epsilon, alpha=step, steps=STEPS)(images, truth)
    if has("art"):
        from art.attacks.evasion import ProjectedGradientDescent
        from art.estimators.classification import PyTorchClassifier

        wrapped = PyTorchClassifier(net, nn.CrossEntropyLoss(), (3, side, side), classes, clip_values=(0, 1), device_type="cpu")
        pgd = ProjectedGradientDescent(
            wrapped, eps=epsilon, eps_step=step, max_iter=STEPS, num_random_init=1, batch_size=64, verbose=False
        )
        found["art"] = lambda images, truth: torch.from_numpy(pgd.generate(images.numpy(), truth.numpy()))
    return found


def seconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def raced(runs: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Seconds of each, the least of several, in turns."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            times[name].append(seconds(run))
    return {name: min(values) for name, values in times.items()}


def cost(side: int, count: int, classes: int, repeats: int) -> None:
    """PGD-40 over the floor, DeepFool over foolbox's."""
    net = resnet18(classes, large=side > 64)
    images = torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        truth = net(images).argmax(1)
    own = {"snellen": ours(net, side, Pgd("linf", NOTHING, steps=STEPS)), **peers(net, side, classes, NOTHING)}
    runs: dict[str, Callable[[], object]] = {"floor": lambda: floor(net, images, truth)}
    runs |= {name: (lambda attack=attack: attack(images, truth)) for name, attack in own.items()}
    times = raced(runs, repeats)
    told = ", ".join(f"{name} {value / times['floor']:.3f}" for name, value in times.items() if name != "floor")
    print(
        f"PGD-{STEPS}, {count} images of {side}x{side}, {classes} classes, over the floor ({times['floor']:.2f} s): {told}",
        flush=True,
    )
    if has("foolbox"):
        import foolbox

        small = resnet18(classes, large=side > 64, width=16 if side <= 64 else 32)
        with torch.no_grad():
            truth = small(images).argmax(1)
        fmodel, attack = foolbox.PyTorchModel(small, bounds=(0, 1), device="cpu"), foolbox.attacks.L2DeepFoolAttack()
        mine = ours(small, side, DeepFool("l2"))
        kept: dict[str, Tensor] = {}
        times = raced(
            {
                "snellen": lambda: kept.update(snellen=mine(images, truth)),
                "foolbox": lambda: kept.update(foolbox=attack(fmodel, images, truth, epsilons=None)[1]),
            },
            repeats,
        )
        told = ", ".join(f"{name} {wrong(small, kept[name], truth):.2f} broken, {median(kept[name], images):.4f}" for name in kept)
        print(f"DeepFool, the same images: snellen / foolbox {times['snellen'] / times['foolbox']:.3f}; {told}", flush=True)


def wrong(net: nn.Module, images: Tensor, truth: Tensor) -> float:
    """The share that a network errs on."""
    with torch.no_grad():
        return float((net(images).argmax(1) != truth).float().mean())


def median(images: Tensor, before: Tensor) -> float:
    return float(np.median((images - before).flatten(1).norm(dim=1).numpy()))  # PyTorch takes the lower of two in the middle


def right(network: str, source: str, sample: int) -> tuple[TorchModel, nn.Module, Tensor, Tensor]:
    """A network, the same for other libraries, the images that it gets right and their classes."""
    model = snellen.load(network)
    assert isinstance(model, TorchModel), f"{network} is no PyTorch network"
    opened = open_images(source, sample=sample)
    block = next(iter(parts(opened, model.preprocessing, [range(len(opened))])))
    images = model.asarray(block.pixels)
    assert model.labels is not None, f"{network} names no classes"
    place = {key: at for at, key in enumerate(model.labels.keys)}
    truth = torch.tensor([place[opened.facts["category"][row]] for row in block.rows])
    net = Shown(model)
    with torch.no_grad():
        hit = torch.cat([net(piece).argmax(1) for piece in images.split(64)]) == truth
    print(f"{network}: {hit.float().mean():.1%} of {len(hit)} right", flush=True)
    return model, net, images[hit], truth[hit]


def findings(network: str, source: str, sample: int, epsilon: float) -> None:
    """How many images of a real network each library breaks, on those that it gets right."""
    model, net, images, truth = right(network, source, sample)
    assert model.labels is not None
    print(f"of those, broken within {epsilon * 255:.0f}/255:", flush=True)
    side = images.shape[-1]
    keys = range(len(images))
    mine: dict[str, Attack] = {
        "snellen pgd": Pgd("linf", epsilon, steps=STEPS),
        "snellen apgd-ce": Apgd("linf", epsilon, steps=STEPS),
        "snellen apgd-t": Apgd("linf", epsilon, "dlr-targeted", steps=STEPS),
        "snellen fab": Fab("linf", steps=STEPS, targets=9, enough=epsilon),
    }
    for name, attack in mine.items():
        start = time.process_time()
        found = attack(model, images, truth.numpy(), keys)
        share = (found.found & (found.distance <= epsilon * 1.00001 + 1e-7)).mean()
        print(
            f"  {name:24} {share:.3f}  {time.process_time() - start:6.1f} s  {found.forwards / len(images):6.1f} forwards an image",
            flush=True,
        )
    theirs = dict(peers(net, side, len(model.labels), epsilon))
    if has("torchattacks"):
        import torchattacks

        theirs["torchattacks apgd"] = lambda x, y: torchattacks.APGD(net, eps=epsilon, steps=STEPS)(x, y)
        theirs["torchattacks apgd-t"] = lambda x, y: torchattacks.APGDT(
            net, eps=epsilon, steps=STEPS, n_classes=len(model.labels or ())
        )(x, y)
    for name, attack in theirs.items():
        start = time.process_time()
        share = wrong(net, attack(images, truth), truth)
        print(f"  {name:24} {share:.3f}  {time.process_time() - start:6.1f} s", flush=True)
    for norm in ("l2",):
        smallest = {"snellen deepfool": DeepFool(norm), "snellen fab": Fab(norm, steps=STEPS, targets=9)}
        for name, attack in smallest.items():
            found = attack(model, images, truth.numpy(), keys)
            print(f"  {name:24} median {norm} {np.median(found.distance):.4f}, found {found.found.mean():.3f}", flush=True)
    if has("foolbox"):
        import foolbox

        fmodel = foolbox.PyTorchModel(net, bounds=(0, 1), device="cpu")
        places = foolbox.attacks.L2DeepFoolAttack()(fmodel, images, truth, epsilons=None)[1]
        print(
            f"  {'foolbox deepfool':24} median l2 {median(places, images):.4f}, found {wrong(net, places, truth):.3f}", flush=True
        )


class Shown(nn.Module):
    """A model's network with what stands before it, for libraries that know no preprocessing."""

    def __init__(self, model: TorchModel) -> None:
        super().__init__()
        self.inner = model.module
        self.register_buffer("mean", torch.tensor(model.preprocessing.mean)[:, None, None])
        self.register_buffer("std", torch.tensor(model.preprocessing.std)[:, None, None])
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        return self.inner((images - self.mean) / self.std)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--images", type=int, default=16)
    parser.add_argument("--networks", nargs="*", default=[])
    parser.add_argument("--images-from", default="../shared/data/cifar10-test.parquet")
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--eps", type=float, default=2 / 255)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if not given.networks:
        cost(given.size, given.images, 1000 if given.size > 64 else 10, given.repeats)
    for network in given.networks:
        findings(network, given.images_from, given.sample, given.eps)


if __name__ == "__main__":
    main()

"""AutoAttack's standard suite of Snellen beside that of other libraries, on a trained network, in one process.

    python -m benchmarks.autoattack NETWORK.safetensors ../shared/data/cifar10-test.parquet [--sample 100] [--norm linf --eps 2/255]

Prints how many of the images that the network gets right hold against all of: APGD-CE, targeted APGD and targeted FAB with 100
steps, and Square with 5,000 queries; and the processor time on one thread over that of Snellen. Peers that are not installed
(pyautoattack, torchattacks) are left out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.attack import has, right, wrong
from snellen.methods.attack.standard import standard


def peers(net: nn.Module, norm: str, epsilon: float, classes: int) -> Mapping[str, Callable[[Tensor, Tensor], Tensor]]:
    """The suites of other libraries: images and truth → changed images."""
    found: dict[str, Callable[[Tensor, Tensor], Tensor]] = {}
    spelt = {"linf": "Linf", "l2": "L2"}[norm]
    if has("pyautoattack"):
        import pyautoattack

        attack = pyautoattack.AutoAttack(net, norm=spelt, eps=epsilon, version="standard", device="cpu", seed=0)
        found["pyautoattack"] = lambda images, truth: attack.run_standard_evaluation(images, truth, batch_size=64)[0]
    if has("torchattacks"):
        import torchattacks

        suite = torchattacks.AutoAttack(net, norm=spelt, eps=epsilon, version="standard", n_classes=classes, seed=0)
        found["torchattacks"] = lambda images, truth: torch.cat(
            [suite(x, y) for x, y in zip(images.split(64), truth.split(64), strict=True)]
        )
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network")
    parser.add_argument("images")
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--norm", choices=["linf", "l2"], default="linf")
    parser.add_argument("--eps", type=lambda text: float(Fraction(text)), default=2 / 255)
    given = parser.parse_args()
    torch.set_num_threads(1)
    model, net, images, truth = right(given.network, given.images, given.sample)
    assert model.labels is not None
    attack = standard(given.norm, given.eps)
    start = time.process_time()
    found = attack(model, images, truth.numpy(), range(len(images)))
    ours = time.process_time() - start
    broken = found.found & (found.distance <= given.eps * (1 + 1e-5) + 1e-7)
    print(f"{given.norm} {given.eps:.4f}: snellen holds {np.mean(~broken):.3f} of {len(images)}; {ours:.0f} s", flush=True)
    for name, run in peers(net, given.norm, given.eps, len(model.labels)).items():
        start = time.process_time()
        changed = run(images, truth).detach()
        seconds = time.process_time() - start
        size = {"linf": torch.inf, "l2": 2}[given.norm]
        furthest = float((changed - images).flatten(1).norm(p=size, dim=1).max())
        held = 1 - wrong(net, changed, truth)
        print(f"  {name} holds {held:.3f}, changes of at most {furthest:.4f}; {seconds / ours:.2f} times as long", flush=True)


if __name__ == "__main__":
    main()

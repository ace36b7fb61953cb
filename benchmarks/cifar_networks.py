"""Trains the CIFAR-10 networks that the benchmarks of attacks and of margins ask for.

    python benchmarks/cifar_networks.py standard|robust|flipped TRAIN.parquet OUT.safetensors [--epochs N]

`standard` and `robust` are `snellen train` with its options; `flipped` sees every image with its spectrum turned round
(Ortiz-Jimenez et al. 2020), its mean grey apart, and its file holds weights alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import snellen
from snellen.core import Preprocessing
from snellen.images import open_images
from snellen.methods.perturb.frequency.flip_spectrum import flip_spectrum
from snellen.methods.train.augment import Crops
from snellen.methods.train.evaluate import evaluate
from snellen.methods.train.loop import train
from snellen.methods.train.pgd import Pgd
from snellen.methods.train.seeds import seeded
from snellen.methods.train.settings import Training
from snellen.models.architectures import make
from snellen.run.progress import Progress
from snellen.training.supply import read

ADVERSARY = Pgd(epsilon=2 / 255, steps=1, step_size=2 / 255)
HELD_OUT = 1000


class Flipped(nn.Module):
    """A network that is shown images with their spectrum turned round."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, images: Tensor) -> Tensor:
        with torch.autocast(images.device.type, enabled=False):
            turned = flip_spectrum(images.float() - 0.5) + 0.5
        return self.inner(turned)


def flipped(source: Path, out: Path, settings: Training) -> None:
    images = open_images(str(source))
    examples = read(images, Preprocessing(size=(32, 32), resize=32))
    order = np.random.default_rng(settings.seed).permutation(len(examples.targets))
    kept, apart = order[HELD_OUT:], order[:HELD_OUT]
    with seeded(settings.seed):
        network = Flipped(make("residual", {"classes": len(images.labels or ())}))
    with Progress(quiet=False).stage("training", settings.epochs * len(kept)) as advance:
        train(
            network,
            lambda epoch: (examples.images[kept], examples.targets[kept]),
            settings,
            augment=[Crops()],
            progress=advance,
            checkpoint=out.with_suffix(".checkpoint"),
        )
    _, right = evaluate(network, examples.images[apart], examples.targets[apart], settings.channels_last)
    print(f"Held-out accuracy on flipped images: {right / HELD_OUT:.1%}")
    save_file({name: value.contiguous() for name, value in network.inner.state_dict().items()}, out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=["standard", "robust", "flipped"])
    parser.add_argument("images", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=12)
    given = parser.parse_args()
    torch.set_num_threads(1)
    settings = Training(epochs=given.epochs, batch_size=128, learning_rate=8e-3, amp="bfloat16")
    if given.which == "flipped":
        flipped(given.images, given.out, settings)
        return
    done = snellen.train(
        str(given.images),
        given.out,
        architecture="residual",
        settings=settings,
        augment=[Crops()],
        adversary=ADVERSARY if given.which == "robust" else None,
        held_out=HELD_OUT,
        size=32,
        progress=Progress(quiet=False),
    )
    print(f"Held-out accuracy: {done.accuracy:.1%} of {done.n:,}")


if __name__ == "__main__":
    main()

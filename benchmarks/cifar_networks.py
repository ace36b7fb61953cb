"""Trains the CIFAR-10 networks that the benchmarks of attacks and of margins ask for.

    python benchmarks/cifar_networks.py standard|robust|upright|flipped TRAIN.parquet OUT.safetensors [--epochs N] [--within E]

`standard` and `robust` are `snellen train` with its options. `upright` and `flipped` are one network (`Patches`), trained with the
published settings of the optimiser on images as they are, and with their spectrum turned round, their mean grey apart
(ortiz-jimenez-2020); their files hold weights alone.
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
from snellen.models.architectures.residual import Block
from snellen.models.architectures.small import unit
from snellen.run.progress import Progress
from snellen.training.supply import read

HELD_OUT = 1000


class Patches(nn.Module):
    """A residual network whose first layer reads patches of 2x2 pixels, each by itself, and which pools nowhere before its end.

    A first layer that is moved by single pixels, and pooling after it, prefer low frequencies whatever the images are. To patches
    a wave and the one as far from the highest frequency as it is from zero are alike but for signs of weights.
    """

    def __init__(self, classes: int = 10, width: int = 48) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 2, stride=2, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            Block(width),
            unit(width, 2 * width, 3, stride=2),
            unit(2 * width, 4 * width, 3, stride=2),
            Block(4 * width),
            nn.AdaptiveMaxPool2d(1),
            nn.Flatten(),
            nn.Linear(4 * width, classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(4 * images - 2)


class Turned(nn.Module):
    """A network that is shown images with their spectrum turned round, or as they are."""

    def __init__(self, inner: nn.Module, turn: bool) -> None:
        super().__init__()
        self.inner, self.turn = inner, turn

    def forward(self, images: Tensor) -> Tensor:
        with torch.autocast(images.device.type, enabled=False):
            shown = flip_spectrum(images.float() - 0.5) + 0.5 if self.turn else images
        return self.inner(shown)


def of_a_spectrum(source: Path, out: Path, settings: Training, turn: bool) -> None:
    """Train `Patches`."""
    images = open_images(str(source))
    examples = read(images, Preprocessing(size=(32, 32), resize=32))
    order = np.random.default_rng(settings.seed).permutation(len(examples.targets))
    kept, apart = order[HELD_OUT:], order[:HELD_OUT]
    with seeded(settings.seed):
        network = Turned(Patches(len(images.labels or ())), turn)
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
    print(f"Held-out accuracy: {right / HELD_OUT:.1%}")
    save_file({name: value.contiguous() for name, value in network.inner.state_dict().items()}, out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=["standard", "robust", "upright", "flipped"])
    parser.add_argument("images", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--within", type=int, default=2, help="largest change of the adversarial examples of `robust`, in 255ths")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.which in ("upright", "flipped"):
        published = Training(
            epochs=given.epochs,
            batch_size=128,
            learning_rate=0.2,
            optimiser="sgd",
            weight_decay=5e-4,
            warm_up=0.3,
            amp="bfloat16",
        )
        of_a_spectrum(given.images, given.out, published, turn=given.which == "flipped")
        return
    within = given.within / 255
    settings = Training(epochs=given.epochs, batch_size=128, learning_rate=8e-3, amp="bfloat16")
    done = snellen.train(
        str(given.images),
        given.out,
        architecture="residual",
        settings=settings,
        augment=[Crops()],
        adversary=Pgd(epsilon=within, steps=1, step_size=within) if given.which == "robust" else None,
        held_out=HELD_OUT,
        size=32,
        progress=Progress(quiet=False),
    )
    print(f"Held-out accuracy: {done.accuracy:.1%} of {done.n:,}")


if __name__ == "__main__":
    main()

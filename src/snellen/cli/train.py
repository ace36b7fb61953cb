"""`snellen train`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from snellen.training import Trained

IMAGES = 8192
"""Of a world, in every epoch."""


def train(
    *,
    out: Path,
    world: str | None = None,
    images_from: str | None = None,
    arch: str = "small",
    width: int | None = None,
    images: int | None = None,
    epochs: int = 20,
    batch_size: int = 64,
    lr: float = 4e-3,
    weight_decay: float = 0.05,
    label_smoothing: float = 0.0,
    optimiser: Literal["adamw", "sgd"] = "adamw",
    schedule: Literal["one-cycle", "cosine"] = "one-cycle",
    patience: int = 0,
    amp: Literal["auto", "off", "bfloat16"] = "auto",
    augment: Annotated[list[str] | None, Parameter(negative=())] = None,
    adversary: str | None = None,
    target: str = "category",
    shuffle_labels: bool = False,
    same_images: bool = False,
    held_out: int | None = None,
    size: int | None = None,
    seed: int = 0,
    device: str = "auto",
    force: bool = False,
    quiet: bool = False,
) -> int:
    """Train a small network from random weights, into one .safetensors file that `snellen exam` takes.

    Running the same command again goes on where it was interrupted; once it has finished, it trains nothing.

    - On a world whose causes are known: `snellen train --world world --out healthy.safetensors`
    - Where texture goes with the category: `snellen train --world "texture|category=0.9" --out texture.safetensors`
    - Hardened against noise: `snellen train --world world --augment noise:share=0.8 --out hardened.safetensors`
    - Against an adversary: `snellen train --world world --adversary pgd:epsilon=0.02,steps=5 --out robust.safetensors`
    - On photographs of your own: `snellen train --images-from photos/ --size 96 --patience 5 --out mine.safetensors`
    - Then: `snellen exam texture.safetensors photos/`

    Parameters:
        out: the file to write. Another model that lies there is not written over unless `--force`.
        world: images drawn from the causal model: `world`, or what differs from it, such as `texture|category=0.9,seed=3`.
        images_from: labelled images instead: a folder with a sub-folder per category, a flat folder with a CSV, a parquet file.
        arch: `small`, a convolutional network, `bag`, a bag of local features of 9x9 pixels, or `residual`, for 32 pixels.
        width: of the network. Default: its own, for a file below 400 kB.
        images: images in an epoch. Default: 8192 of a world, all of a folder.
        epochs: passes over the images; a world draws fresh ones for each.
        batch_size: images a step.
        lr: the highest learning rate of the schedule.
        weight_decay: on filters and matrices.
        label_smoothing: the share of probability spread over all classes.
        optimiser: `adamw` or `sgd`.
        schedule: `one-cycle`, or `cosine` after a straight rise.
        patience: stop after so many epochs without a lower held-out loss, and keep the best weights; 0 never stops.
        amp: `bfloat16` is faster on processors that have it; `auto` uses it on CUDA only.
        augment: what is done to a share of the images at random: `noise`, `salt-and-pepper`, `contrast`, `blur`,
            `quarter-turns`, `rotation`, `crops`, with settings as in `noise:low=0.1,high=0.6,share=0.5`. Repeatable.
        adversary: train on adversarial examples: `pgd`, with settings as in `pgd:epsilon=0.03,steps=7,step_size=0.008`.
        target: the fact of an image that is to be learnt. With `texture_category` a network learns to name textures, not shapes.
        shuffle_labels: deal out the training labels at random, so that they can only be memorised. Implies `--same-images`.
        same_images: train on the same images in every epoch, where a world would draw fresh ones. Examine it on a world of
            another seed then.
        held_out: images never trained on, for the accuracy at the end. Default: 1024 of a world, a tenth of a folder.
        size: side of the images in pixels. Default: the world's own, or 64.
        seed: of the first weights, the order of images and augmentations. A world has a seed of its own.
        device: cpu, cuda, cuda:1. Default: the GPU if there is one.
        force: train over whatever lies at `--out`.
        quiet: no progress.
    """
    from snellen.methods.train.augment import AUGMENTATIONS
    from snellen.methods.train.pgd import Pgd
    from snellen.methods.train.settings import Training
    from snellen.run.progress import Progress
    from snellen.training import train as conduct

    settings = Training(
        epochs, batch_size, lr, weight_decay, label_smoothing, optimiser, schedule, seed=seed, patience=patience, amp=amp
    )
    source, sample = _images(world, images_from, images)
    done = conduct(
        source,
        out,
        architecture=arch,
        width=width,
        settings=settings,
        augment=[_made(text, AUGMENTATIONS, "--augment") for text in augment or ()],
        adversary=None if adversary is None else _made(adversary, {"pgd": Pgd}, "--adversary"),
        held_out=held_out,
        fresh=not same_images,
        target=target,
        shuffle_labels=shuffle_labels,
        size=size,
        sample=sample,
        device=device,
        force=force,
        command=shlex.join(["snellen", *sys.argv[1:]]),
        progress=Progress(quiet),
    )
    _print(done)
    return 0


def _images(world: str | None, folder: str | None, images: int | None) -> tuple[str, int | None]:
    """What to open, and how many of it to keep."""
    from snellen.core import SnellenError
    from snellen.images.world.open import parse

    if (world is None) == (folder is None):
        both = "both --world and --images-from" if world is not None else "no images"
        raise SnellenError(f"got {both}; expected one of --world world and --images-from FOLDER")
    if folder is not None:
        return folder, images
    text = str(world)
    text = text if text.partition(":")[0] == "world" else f"world:{text}"
    if images is None and "images" in parse(text):
        return text, None
    return f"{text}{',' if ':' in text else ':'}images={IMAGES if images is None else images}", None


def _made(text: str, known: Mapping[str, type[Any]], option: str) -> Any:
    """`name` or `name:field=number,…` as one of `known`.

    Raises:
        SnellenError: an unknown name or field, or no number.
    """
    from snellen.core import SnellenError

    name, _, rest = text.partition(":")
    if name not in known:
        raise SnellenError(f"got {option} {text}; expected one of {', '.join(known)}")
    types = {field.name: type(field.default) for field in fields(known[name])}
    try:
        pairs = [item.split("=") for item in rest.split(",") if item]
        return known[name](**{key.strip(): types[key.strip()](value) for key, value in pairs})
    except (KeyError, ValueError) as error:
        if isinstance(error, SnellenError):
            raise
        wanted = ",".join(f"{key}={field.default:.4g}" for key, field in zip(types, fields(known[name]), strict=True))
        raise SnellenError(f"got {option} {text}; expected numbers, as in {name}:{wanted}") from error


def _print(done: Trained) -> None:
    """How well it does on images it never saw, and where it is."""
    from snellen.cli.console import console

    low, high = done.interval.low, done.interval.high
    screen = console()
    screen.print(
        f"Held-out accuracy: {done.accuracy:.1%}, 95 % interval {low:.1%} to {high:.1%} (Clopper-Pearson, {done.n:,} images)",
        markup=False,
        soft_wrap=True,
    )
    size = done.path.stat().st_size / 1000
    screen.print(f"Model: {done.path} ({size:,.0f} kB). Next: snellen exam {done.path}", markup=False, soft_wrap=True)

"""Training as a Python call: a network of ours, on a world or on labelled images, into one file that can be examined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snellen.core import Images, Interval, Model, Preprocessing, SnellenError
from snellen.images import open_images
from snellen.methods.train.loop import Adversary, Augment, Loss
from snellen.methods.train.settings import Training
from snellen.run.progress import Progress
from snellen.stats import clopper_pearson
from snellen.training.job import Job
from snellen.training.supply import split

SIZE = 64


@dataclass(frozen=True)
class Trained:
    """A finished training: the `model`, the file it lies in, and how many of `n` held-out images it classifies right."""

    model: Model
    path: Path
    hits: int
    n: int

    @property
    def accuracy(self) -> float:
        """On the held-out images."""
        return self.hits / self.n

    @property
    def interval(self) -> Interval:
        """Of the accuracy (clopper-1934)."""
        return clopper_pearson(self.hits, self.n)


def train(
    images: Any,
    out: str | Path,
    *,
    architecture: str = "small",
    width: int | None = None,
    settings: Training | None = None,
    augment: Sequence[Augment] = (),
    adversary: Adversary | None = None,
    losses: Sequence[Loss] = (),
    held_out: int | Images | None = None,
    fresh: bool = True,
    shuffle_labels: bool = False,
    target: str = "category",
    size: int | None = None,
    sample: int | None = None,
    device: str = "auto",
    force: bool = False,
    command: str = "",
    progress: Progress | None = None,
) -> Trained:
    """Train a network from random weights and write it to one .safetensors file.

    Called again with the same arguments it goes on where it was interrupted, or, if it had finished, trains nothing.

    >>> trained = snellen.train("world:images=8192,texture|category=0.9", "texture.safetensors")

    Args:
        images: as `open_images` takes them, with categories: "world:…", a folder, arrays …
        out: the file to write; beside it lies a checkpoint, `<out>.checkpoint`, until the training is done.
        architecture: one of `snellen.models.architectures.ARCHITECTURES`.
        width: of the network; the architecture's own unless given.
        settings: epochs, learning rate, seed …: see `snellen.methods.train.settings.Training`.
        augment: applied to every batch in this order: see `snellen.methods.train.augment`.
        adversary: makes adversarial examples of every batch, such as `snellen.methods.train.pgd.Pgd()`.
        losses: further losses, added to the cross-entropy.
        held_out: how many images never to train on, or a set of such: unless given 1,024 of a world, a tenth of other sets.
        fresh: draw fresh images for every epoch, where the set can, as a world does. They are never those that the world itself
            shows, so that it can serve for an exam.
        shuffle_labels: deal the training labels out anew at random, so that they can only be memorised; the images are then
            the same in every epoch.
        target: the column of the set's facts that holds the category to learn, such as a world's `texture_category`.
        size: side of the images; a world's own, or 64.
        sample: train on so many images of the set.
        device: "auto", "cpu", "cuda" …
        force: train anew, and write over whatever is there.
        command: what the file names as the way to make it again.
        progress: where to tell how far it is; quiet unless given.

    Raises:
        SnellenError: something given cannot be used, or `out` holds another model and `force` is not given.
    """
    given = settings or Training()
    opened = open_images(images, sample=sample, seed=given.seed)
    if opened.labels is None:
        raise SnellenError(f"got {opened.name}, whose images have no categories; expected some to learn: name them by sub-folder")
    side = int(getattr(opened, "size", SIZE)) if size is None else size
    job = Job.of(
        path=Path(out),
        images=opened,
        labels=opened.labels,
        preprocessing=Preprocessing(size=(side, side), resize=side),
        architecture=architecture,
        width=width,
        settings=given,
        hooks=(tuple(augment), adversary, tuple(losses)),
        held_out=held_out,
        fresh=fresh and not shuffle_labels,
        shuffle_labels=shuffle_labels,
        target=target,
        command=command or f"snellen.train({images if isinstance(images, str) else opened.name!r}, {str(out)!r}, …)",
    )
    done = job.finished(force)
    parted = split(opened, job.preprocessing, held_out, job.fresh, shuffle_labels, given.seed, target)
    if not done:
        job.run(parted, device, progress or Progress(quiet=True))
    model, hits = job.result(parted, device)
    return Trained(model, job.path, hits, len(parted.held_out.targets))

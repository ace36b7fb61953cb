"""One training from its arguments to its file: what it is known by, whether it was done, and doing it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import final

import torch
from torch import nn

from snellen.core import Images, Labels, Model, Preprocessing, SnellenError
from snellen.methods.train import checkpoint
from snellen.methods.train.evaluate import evaluate
from snellen.methods.train.history import Epoch, History
from snellen.methods.train.loop import Adversary, Augment, Loss, train
from snellen.methods.train.seeds import seeded
from snellen.methods.train.settings import Training
from snellen.models import safetensors
from snellen.models.architectures import ARCHITECTURES, make
from snellen.models.devices import best_device
from snellen.models.fingerprint import fingerprint
from snellen.models.options import Options
from snellen.run.folder import writable
from snellen.run.progress import Progress
from snellen.stats import clopper_pearson
from snellen.training.supply import Ahead, Split

REVISION = 1
"""Rises when the same arguments train to other weights."""


@final
@dataclass(frozen=True, eq=False)
class Job:
    """What is to be trained on what, and into which file. `recipe` is a SHA-256 of all that decides the weights."""

    path: Path
    recipe: str
    images: Images
    preprocessing: Preprocessing
    architecture: safetensors.Architecture
    labels: Labels
    settings: Training
    hooks: tuple[tuple[Augment, ...], Adversary | None, tuple[Loss, ...]]
    fresh: bool
    shuffle_labels: bool
    target: str
    command: str

    @classmethod
    def of(
        cls,
        path: Path,
        images: Images,
        labels: Labels,
        preprocessing: Preprocessing,
        architecture: str,
        width: int | None,
        settings: Training,
        hooks: tuple[tuple[Augment, ...], Adversary | None, tuple[Loss, ...]],
        held_out: int | Images | None,
        fresh: bool,
        shuffle_labels: bool,
        target: str,
        command: str,
    ) -> Job:
        """A checked job.

        Raises:
            SnellenError: an unknown architecture, images of a size it cannot take, or a file that could not be loaded by its name.
        """
        if path.suffix != ".safetensors" or path.is_dir():
            raise SnellenError(f"got the file {path} to write; expected the name of a file that ends in .safetensors")
        if width is None and architecture in ARCHITECTURES:
            width = ARCHITECTURES[architecture].width
        built = safetensors.Architecture(architecture, {"classes": len(labels), "width": width or 0})
        with torch.device("meta"):
            _check_size(make(built.name, built.arguments), architecture, preprocessing.size)
        what = {
            "revision": REVISION,
            "images": images.id,
            "size": preprocessing.size,
            "architecture": asdict(built),
            "settings": asdict(settings),
            "hooks": fingerprint(*hooks).digest,
            "held out": held_out.id if isinstance(held_out, Images) else held_out,
            "fresh": fresh,
            "shuffled": shuffle_labels,
            "target": target,
        }
        recipe = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
        return cls(path, recipe, images, preprocessing, built, labels, settings, hooks, fresh, shuffle_labels, target, command)

    @property
    def checkpoint(self) -> Path:
        """Where an interrupted training lies."""
        return self.path.with_name(f"{self.path.name}.checkpoint")

    def finished(self, force: bool) -> bool:
        """Whether the file holds the result of this job already; with `force`, whatever else is in the way is dropped.

        Raises:
            SnellenError: another model, or the checkpoint of another training, is in the way.
        """
        if self.checkpoint.exists() and force and checkpoint.recipe(self.checkpoint) != self.recipe:
            self.checkpoint.unlink()
        if force or not self.path.exists():
            return False
        try:
            facts = safetensors.read_card(self.path).facts
            there = f"a model made by `{facts.get('command', 'another command')[:300]}`"
        except SnellenError:
            facts, there = {}, "a file of another kind"
        if facts.get("recipe") == self.recipe:
            return True
        raise SnellenError(
            f"got {self.path} to write, where {there} lies; "
            "expected a new file: name another, or train over it with --force (force=True)"
        )

    def run(self, split: Split, device: str, progress: Progress) -> None:
        """Train, write the file, and remove the checkpoint.

        Raises:
            SnellenError: the file cannot be written.
        """
        writable(self.path.parent)
        with seeded(self.settings.seed):
            network = make(self.architecture.name, self.architecture.arguments)
        network.to(best_device(device))
        if self.checkpoint.exists():
            progress.say(f"Going on from {self.checkpoint}")
        augment, adversary, losses = self.hooks
        epochs = self.settings.epochs
        with Ahead(split.draw, epochs) as supply, progress.stage("training", epochs * split.n) as advance:
            history = train(
                network,
                supply,
                self.settings,
                held_out=(split.held_out.images, split.held_out.targets),
                augment=augment,
                adversary=adversary,
                losses=losses,
                progress=advance,
                told=_teller(progress, epochs),
                checkpoint=self.checkpoint,
                recipe=self.recipe,
            )
        card = safetensors.Card(self.architecture, self.labels, self.preprocessing, self._facts(split, history, device))
        safetensors.save(self.path, network, card)
        self.checkpoint.unlink(missing_ok=True)

    def result(self, split: Split, device: str) -> tuple[Model, int]:
        """The model as it is loaded from its file, and how many of the held-out images it classifies right."""
        model = safetensors.load(str(self.path), Options(device=device))
        return model, evaluate(model.module, split.held_out.images, split.held_out.targets)[1]

    def _facts(self, split: Split, history: History, device: str) -> dict[str, str]:
        """Provenance: nothing in it depends on the time of day or the speed of the machine."""
        last, n = history.final, len(split.held_out.targets)
        hits = round((last.held_out_accuracy or 0.0) * n)
        interval = clopper_pearson(hits, n)
        left_out = f", {split.left_out:,} left out" if split.left_out else ""
        how = "fresh in every epoch" if split.fresh else "the same in every epoch"
        named = "" if self.target == "category" else f", to name the {self.target.replace('_', ' ')}"
        shuffled = ", with labels dealt out at random" if self.shuffle_labels else ""
        where = best_device(device).type
        return {
            "command": self.command,
            "trained on": f"{self.images.name}: {split.n:,} images{left_out}, {how}{named}{shuffled} (set {self.images.id[:12]})",
            "training": f"{len(history.epochs)} epochs, weights of epoch {history.kept + 1}, seed {self.settings.seed}",
            "training accuracy": f"{last.accuracy:.4f} on the images as they were trained on",
            "accuracy": f"{hits / n:.4f}, 95 % interval {interval.low:.4f} to {interval.high:.4f}, on {n:,} held-out images",
            "made with": f"PyTorch {torch.__version__} on {where}, {torch.get_num_threads()} threads",
            "recipe": self.recipe,
        }


def _check_size(network: nn.Module, architecture: str, size: tuple[int, int]) -> None:
    """Raise SnellenError unless a network on the meta device takes images of that size."""
    height, width = size
    if not 0 < max(size) <= safetensors.LARGEST_SIDE:
        raise SnellenError(f"got images of {width}x{height}; expected a side from 1 to {safetensors.LARGEST_SIDE}")
    try:
        network.eval()(torch.empty(1, 3, height, width))
    except RuntimeError as error:
        raise SnellenError(
            f"got images of {width}x{height}, too small for the architecture {architecture}; expected 32x32 or more: --size 32"
        ) from error


def _teller(progress: Progress, epochs: int) -> Callable[[int, Epoch], None]:
    def told(at: int, epoch: Epoch) -> None:
        held_out = "" if epoch.held_out_accuracy is None else f", held out {epoch.held_out_accuracy:.1%}"
        progress.say(
            f"epoch {at + 1} of {epochs}: loss {epoch.loss:.3f}, accuracy {epoch.accuracy:.1%}{held_out}, {epoch.seconds:.1f} s"
        )

    return told

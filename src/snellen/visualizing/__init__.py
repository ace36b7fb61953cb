"""Visualising as a Python call: images that units and classes respond to most, made from noise or found in a set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from snellen import models
from snellen.core import Model, Preprocessing, SnellenError
from snellen.images import open_images
from snellen.images.facts import as_hint
from snellen.labels import by_name
from snellen.methods.visualize.activation_maximization import ActivationMaximization
from snellen.run.answers import named
from snellen.run.present import ask
from snellen.run.progress import Progress
from snellen.visualizing.conduct import Making, Pictured, add_exemplars, by_layer
from snellen.visualizing.units import Target, read_classes, read_units, some_classes

FOLDER = "visualizations"
COUNT = 4
"""Images of a set at each end, for each unit."""


@final
@dataclass(frozen=True)
class Visualized:
    """Units of a model and what they respond to.

    Attributes:
        model: what was looked into. method: how images were made, with its settings.
        units: in the order asked for.
        images: the name of the image set; empty where there was none.
        problems: name of an image → why it could not be read.
    """

    model: Model
    method: ActivationMaximization
    units: tuple[Pictured, ...]
    images: str
    problems: dict[str, str]

    def __getitem__(self, name: str) -> Pictured:
        """The unit `layer:channel`, or the class of that name."""
        for one in self.units:
            if one.target.name == name:
                return one
        raise KeyError(f"{name}; there are {', '.join(one.target.name for one in self.units)}")


def visualize(
    model: Any,
    units: str | Sequence[str] = (),
    classes: str | int | Sequence[str | int] = (),
    *,
    method: ActivationMaximization | None = None,
    size: int | tuple[int, int] | None = None,
    images: Any = None,
    count: int = COUNT,
    keep: Path | None = None,
    labels: Any = None,
    preprocessing: Preprocessing | None = None,
    sample: int | None = None,
    seed: int = 0,
    device: str = "auto",
    trust: bool = False,
    progress: Progress | None = None,
) -> Visualized:
    """Images that channels of layers and classes respond to most.

    >>> seen = snellen.visualize("zoo:efficientnet-lite0", "features.5:0-7", ["goldfish"])
    >>> seen["goldfish"].images.shape

    Args:
        model: a PyTorch network, as in `snellen.exam`.
        units: "layer:channel", "layer:first-last" or "layer:3,7,10-12", one or several.
        classes: names or numbers. Eight from all over the list where neither units nor classes are given.
        method: its steps, rate, copies, parameterisation …; the published ones unless given (olah-2017).
        size: side of the images made, or height and width; what the model expects unless given.
        images: an image set; for each unit also the images of it at both ends of the scale are found (borowski-2020).
        count: of those, at each end.
        keep: a folder where each finished unit is kept: the same call again makes what is missing.
        labels: the model's classes, as in `snellen.exam`.
        preprocessing: what stands between image files and a model that does not say.
        sample: look through so many images of the set, balanced over categories.
        seed: of the noise, the movements and the sample.
        device: "auto", "cpu", "cuda" …
        trust: allow pickles and code that come with weights.
        progress: where to tell how far it is; quiet unless given.

    Raises:
        SnellenError: there is no such layer, unit or class, or something else given cannot be used.
        Unsupported: the model is no PyTorch network, or gives no gradients.
    """
    hint, told = as_hint(labels), progress or Progress(quiet=True)
    loaded = models.load(
        model, labels=by_name(hint) if isinstance(hint, str) else hint, preprocessing=preprocessing, device=device, trust=trust
    )
    height, width = sides = (size, size) if isinstance(size, int) else size or loaded.preprocessing.size
    if min(sides) < 1 or count < 1:
        raise SnellenError(f"got images of {height} x {width} pixels and a count of {count}; expected 1 or more of each")
    opened = None if images is None else open_images(images, sample=sample, seed=seed)
    targets = _targets(
        loaded, [units] if isinstance(units, str) else units, [classes] if isinstance(classes, str | int) else classes
    )
    chosen = method or ActivationMaximization()
    made = Making(loaded, chosen, sides, seed, keep)
    found: dict[Target, Pictured] = {}
    with told.stage(f"Visualising {loaded.name}", len(targets) * chosen.copies * chosen.steps) as advance:
        for group in by_layer(targets):
            found.update(zip(group, made(group, advance), strict=True))
    problems: dict[str, str] = {}
    if opened is not None:
        add_exemplars(loaded, opened, count, found, problems, told)
    return Visualized(loaded, chosen, tuple(found[one] for one in targets), opened.name if opened is not None else "", problems)


def _targets(model: Model, units: Sequence[str], classes: Sequence[str | int]) -> list[Target]:
    found = read_units(units, model, model.preprocessing.size) if units else []
    if units and not classes:
        return found
    height, width = model.preprocessing.size
    logits = ask(model, model.asarray(np.full((1, 3, height, width), 0.5, np.float32)))
    known = named(model, logits.shape[1])
    return found + (read_classes(classes, known) if classes else some_classes(known))

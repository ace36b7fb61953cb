"""Visualising as a Python call: images that units and classes respond to most, made from noise or found in a set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
from jaxtyping import Float

from snellen import models
from snellen.arrays import image_keys
from snellen.core import Images, Model, Preprocessing, SnellenError
from snellen.images import open_images
from snellen.images.facts import as_hint
from snellen.labels import by_name
from snellen.methods.explain._views import at_once
from snellen.methods.visualize.activation_maximization import ActivationMaximization
from snellen.methods.visualize.objectives import Channel, ClassLogit
from snellen.run.answers import named
from snellen.run.present import ask
from snellen.run.progress import Progress
from snellen.run.store import Shelf
from snellen.visualizing.exemplars import Natural, pictures, ranked
from snellen.visualizing.units import Target, read_classes, read_units, some_classes

FOLDER = "visualizations"
COUNT = 4
"""Images of a set at each end, for each unit."""


@final
@dataclass(frozen=True)
class Pictured:
    """What one unit or class responds to.

    Attributes:
        target: which.
        images: (copies, 3, H, W) in [0, 1], made from noise.
        values: (copies,) the response to them: a channel's mean over places, or a logit.
        top: images of the set that it responds to most, the outermost first. bottom: least.
    """

    target: Target
    images: Float[np.ndarray, "n 3 h w"]
    values: Float[np.ndarray, " n"]
    top: tuple[Natural, ...] = ()
    bottom: tuple[Natural, ...] = ()


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
    targets = _targets(loaded, [units] if isinstance(units, str) else units, [classes] if isinstance(classes, str | int) else classes)
    chosen = method or ActivationMaximization()
    made = _Made(loaded, chosen, sides, seed, keep)
    found: dict[Target, Pictured] = {}
    with told.stage(f"Visualising {loaded.name}", len(targets) * chosen.copies * chosen.steps) as advance:
        for group in _by_layer(targets):
            found.update(zip(group, made(group, advance), strict=True))
    problems: dict[str, str] = {}
    if opened is not None:
        _find(loaded, opened, count, found, problems, told)
    return Visualized(loaded, chosen, tuple(found[one] for one in targets), opened.name if opened is not None else "", problems)


@final
@dataclass(frozen=True)
class _Made:
    """Images made from noise for channels of one layer at a time, each kept in `keep` once it is done."""

    model: Model
    method: ActivationMaximization
    size: tuple[int, int]
    seed: int
    keep: Path | None

    def __call__(self, group: Sequence[Target], advance: Callable[[int], None]) -> list[Pictured]:
        """All targets are of one layer."""
        layer, shelf = group[0].layer, self._shelf(group[0].layer)
        together = max(1, at_once(self.model, *self.size) // self.method.copies)
        done: dict[int, Pictured] = {}
        for one in group if shelf else ():
            if shelf is not None and shelf.has_arrays(_called(one)):
                kept = shelf.read_arrays(_called(one))
                done[one.unit] = Pictured(one, kept["images"], kept["values"])
        advance(len(done) * self.method.copies * self.method.steps)
        missing = [one for one in group if one.unit not in done]
        for start in range(0, len(missing), together):
            for picture in self._make(layer, missing[start : start + together], advance):
                done[picture.target.unit] = picture
                if shelf is not None:
                    shelf.write_arrays(_called(picture.target), {"images": picture.images, "values": picture.values})
        return [done[one.unit] for one in group]

    def _make(self, layer: str | None, some: Sequence[Target], advance: Callable[[int], None]) -> list[Pictured]:
        numbers, copies = tuple(one.unit for one in some), self.method.copies
        objective = ClassLogit(numbers) if layer is None else Channel(layer, numbers)
        keys = [
            key
            for one in some
            for key in image_keys("visualize", f"{layer or ''}:{one.unit}", [str(copy) for copy in range(copies)], self.seed)
        ]
        made = self.method(self.model, objective, size=self.size, keys=keys, progress=advance)
        pieces = [slice(at * copies, (at + 1) * copies) for at in range(len(some))]
        return [Pictured(one, made.images[piece], made.values[piece]) for one, piece in zip(some, pieces, strict=True)]

    def _shelf(self, layer: str | None) -> Shelf | None:
        if self.keep is None:
            return None
        return Shelf(
            self.keep,
            {
                "what": "visualisation",
                "version": self.method.version,
                "method": repr(self.method),
                "model": self.model.id,
                "layer": layer,
                "size": self.size,
                "seed": self.seed,
            },
        )


def _called(one: Target) -> str:
    return f"unit-{one.unit:06d}"


def _targets(model: Model, units: Sequence[str], classes: Sequence[str | int]) -> list[Target]:
    found = read_units(units, model, model.preprocessing.size) if units else []
    if units and not classes:
        return found
    height, width = model.preprocessing.size
    logits = ask(model, model.asarray(np.full((1, 3, height, width), 0.5, np.float32)))
    known = named(model, logits.shape[1])
    return found + (read_classes(classes, known) if classes else some_classes(known))


def _by_layer(targets: Sequence[Target]) -> list[list[Target]]:
    layers = dict.fromkeys(one.layer for one in targets)
    return [[one for one in targets if one.layer == layer] for layer in layers]


def _find(
    model: Model, images: Images, count: int, found: dict[Target, Pictured], problems: dict[str, str], progress: Progress
) -> None:
    """Add the images of the set to what was made; one pass over it for each layer."""
    for group in _by_layer(list(found)):
        called = group[0].layer or "classes"
        with progress.stage(f"Looking through {images.name} for {called}", len(images)) as advance:
            ends = ranked(model, images, group[0].layer, count, problems, advance)
        shown = pictures(model, images, group[0].layer, [one.unit for one in group], ends)
        for one, (top, bottom) in zip(group, shown, strict=True):
            found[one] = replace(found[one], top=tuple(top), bottom=tuple(bottom))

"""Visualising layer after layer: units one batch after another, each kept as soon as it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

import numpy as np
from jaxtyping import Float

from snellen.arrays import image_keys
from snellen.core import Images, Model
from snellen.methods.explain._views import at_once
from snellen.methods.visualize.activation_maximization import ActivationMaximization
from snellen.methods.visualize.natural_exemplars import NaturalExemplars
from snellen.methods.visualize.objectives import Channel, ClassLogit
from snellen.run.progress import Progress
from snellen.run.store import Shelf
from snellen.visualizing.exemplars import Natural, pictures, ranked
from snellen.visualizing.units import Target


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
class Making:
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
        kept = [one for one in group if shelf is not None and shelf.has_arrays(_called(one))]
        done = {one.unit: _read(shelf, one) for one in kept if shelf is not None}
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


def _read(shelf: Shelf, one: Target) -> Pictured:
    kept = shelf.read_arrays(_called(one))
    return Pictured(one, kept["images"], kept["values"])


def by_layer(targets: Sequence[Target]) -> list[list[Target]]:
    """Targets of the same layer together, in the order in which layers come."""
    layers = dict.fromkeys(one.layer for one in targets)
    return [[one for one in targets if one.layer == layer] for layer in layers]


def add_exemplars(
    model: Model, images: Images, count: int, found: dict[Target, Pictured], problems: dict[str, str], progress: Progress
) -> None:
    """Add the images of the set to what was made; one pass over it for each layer."""
    for group in by_layer(list(found)):
        called = group[0].layer or "classes"
        with progress.stage(f"Looking through {images.name} for {called}", len(images)) as advance:
            ends = ranked(model, images, NaturalExemplars(group[0].layer, count), problems, advance)
        shown = pictures(model, images, group[0].layer, [one.unit for one in group], ends)
        for one, (top, bottom) in zip(group, shown, strict=True):
            found[one] = replace(found[one], top=tuple(top), bottom=tuple(bottom))

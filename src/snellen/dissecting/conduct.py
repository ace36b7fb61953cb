"""Dissecting layer after layer: images streamed, every layer kept as soon as it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import final

import numpy as np

from snellen.core import Model
from snellen.images.segmented import Segmented
from snellen.methods.concepts.dissection import Concepts, Dissected, Dissection, Masked, random_rotation
from snellen.methods.visualize.natural_exemplars import Exemplars, NaturalExemplars, Ranked
from snellen.run.progress import Progress
from snellen.run.store import Shelf
from snellen.visualizing.exemplars import ranked, read

VERSION = 1
"""Rises when the same settings would find something else."""
_KEPT = ("thresholds", "error", "active", "iou", "seen")
_ENDS = {"rows": np.int64, "values": np.float32, "places": np.int64}


@final
@dataclass(frozen=True)
class Conduct:
    """One model, images with masks, and the settings; what is done goes to `folder`. `problems`: unreadable images → reasons."""

    model: Model
    data: Segmented
    share: float
    least: float
    side: int
    seed: int
    folder: Path
    progress: Progress
    problems: dict[str, str] = field(default_factory=dict)

    def layer(self, name: str, units: int, count: int) -> tuple[Dissected, Dissected, Exemplars]:
        """What units of a layer detect, what they do when mixed by a rotation, and the images they respond to most."""
        rotation = random_rotation(units, self.seed)
        shelves = [self._shelf({"layer": name, "rotation": seed}) for seed in (None, self.seed)]
        if not all(shelf.has_arrays("dissected") for shelf in shelves):
            with self.progress.stage(f"Dissecting {name}", 2 * len(self.data.images)) as advance:
                method = Dissection(name, self.share, self.least)
                found = method.each(self.model, Stream(self, advance), self._concepts, [None, rotation], progress=advance)
            for shelf, one in zip(shelves, found, strict=True):
                shelf.write_arrays("dissected", {key: np.asarray(getattr(one, key)) for key in _KEPT})
        own, mixed = (self._dissected(name, shelf, at == 1) for at, shelf in enumerate(shelves))
        return own, mixed, self._exemplars(name, count)

    @property
    def _concepts(self) -> Concepts:
        return Concepts(self.data.names, self.data.categories)

    def _dissected(self, name: str, shelf: Shelf, mixed: bool) -> Dissected:
        kept = shelf.read_arrays("dissected")
        return Dissected(
            name,
            mixed,
            self._concepts,
            kept["thresholds"],
            kept["error"],
            kept["active"],
            kept["iou"],
            self.least,
            kept["seen"].item(),
        )

    def _exemplars(self, name: str, count: int) -> Exemplars:
        shelf = self._shelf({"layer": name, "exemplars": count})
        if not shelf.has_arrays("exemplars"):
            with self.progress.stage(f"Looking for what {name} responds to most", len(self.data.images)) as advance:
                method = NaturalExemplars(name, count, "maximum")
                found = ranked(self.model, self.data.images, method, self.problems, advance)
            kept = {f"{end}-{key}": value for end in ("top", "bottom") for key, value in asdict(getattr(found, end)).items()}
            shelf.write_arrays("exemplars", {**kept, "seen": np.array([*found.grid, found.seen])})
        kept = shelf.read_arrays("exemplars")
        top, bottom = (Ranked(*(kept[f"{end}-{key}"].astype(kind) for key, kind in _ENDS.items())) for end in ("top", "bottom"))
        rows, columns, seen = kept["seen"].tolist()
        return Exemplars(top, bottom, (rows, columns), seen)

    def _shelf(self, what: dict[str, object]) -> Shelf:
        recipe = {
            "what": "dissection",
            "version": [VERSION, Dissection.version],
            "model": self.model.id,
            "images": self.data.id,
            "concepts": [*zip(self.data.categories, self.data.names, strict=True)],
            "share": self.share,
            "side": self.side,
        }
        return Shelf(self.folder, {**recipe, **what})


@final
@dataclass(frozen=True)
class Stream:
    """Images with masks, from the start each time it is gone through."""

    conduct: Conduct
    advance: Callable[[int], None]

    def __iter__(self) -> Iterator[Masked]:
        own = self.conduct
        for block in read(own.data.images, own.model.preprocessing, own.problems, self.advance):
            yield own.model.asarray(block.pixels), partial(own.data.masks, block.rows, own.model.preprocessing, own.side)

"""Attacking an image set part by part, every part kept as soon as it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
import polars as pl

from snellen.arrays import image_keys, softmax, to_numpy
from snellen.core import Array, Images, Labels, Model
from snellen.images.stream import parts
from snellen.methods.attack.attack import Norm
from snellen.methods.attack.checks import of_model
from snellen.methods.attack.curve import Curve, curve
from snellen.methods.attack.ensemble import ROUNDING, Ensemble
from snellen.methods.attack.registry import identity
from snellen.run.present import ask
from snellen.run.store import Shelf, part_name

VERSION = 1
"""Rises when the same attack would give other rows."""
ALL = ""
"""Stands for all attacks together in the column `attack`."""
SCHEMA = {
    "image": pl.String,
    "category": pl.String,
    "epsilon": pl.Float64,
    "attack": pl.String,
    "black_box": pl.Boolean,
    "seen": pl.Boolean,
    "found": pl.Boolean,
    "distance": pl.Float64,
    "response_before": pl.String,
    "confidence_before": pl.Float64,
    "response": pl.String,
    "confidence": pl.Float64,
}


@final
@dataclass(frozen=True)
class Assault:
    """One model, labelled images, an ensemble and the sizes to attack within; parts of `batch` images go to `folder`."""

    model: Model
    images: Images
    classes: Labels
    given: Labels
    attack: Ensemble
    norm: Norm
    epsilons: tuple[float, ...]
    folder: Path
    seed: int
    batch: int

    @property
    def rows(self) -> list[int]:
        """Those of the image set that have a category among the model's."""
        known = set(self.given.keys)
        return [row for row, category in enumerate(self.images.facts["category"].to_list()) if category in known]

    @property
    def parts(self) -> list[list[int]]:
        """Rows, as many at once as are attacked together."""
        rows = self.rows
        return [rows[start : start + self.batch] for start in range(0, len(rows), self.batch)]

    @property
    def shelf(self) -> Shelf:
        """Where the parts are kept: of these settings alone."""
        return Shelf(
            self.folder,
            {
                "what": "attack",
                "version": [VERSION, self.batch],
                "attack": identity(self.attack),
                "epsilons": self.epsilons,
                "model": self.model.id,
                "classes": self.classes.keys,
                "answers": self.given.keys,
                "images": self.images.id,
                "seed": self.seed,
            },
        )

    def missing(self) -> list[int]:
        """Numbers of the parts that are not there yet."""
        shelf = self.shelf
        return [part for part in range(len(self.parts)) if not shelf.has(part_name(part))]

    def fill(self, advance: Callable[[int], None]) -> None:
        """Attack what is missing; `advance` is told of images times runs."""
        shelf, wanted, rows = self.shelf, self.missing(), self.parts
        loaded = parts(self.images, self.model.preprocessing, [rows[part] for part in wanted])
        for part, block in zip(wanted, loaded, strict=True):
            names = [str(self.images.facts["image"][row]) for row in block.rows]
            categories = [str(self.images.facts["category"][row]) for row in block.rows]
            place = {key: at for at, key in enumerate(self.given.keys)}
            truth = np.array([place[category] for category in categories], int)
            advance(len(block.problems) * self.runs)
            if names:
                pixels = self.model.asarray(block.pixels)
                keys = image_keys("attack", "", names, self.seed)
                found = curve(self.attack, self.epsilons, self.model, pixels, truth, keys, progress=advance)
                before, after = (ask(self.model, images) for images in (pixels, found.results[-1].images))
                shelf.write_arrays(f"images-{part:05d}", self._pictures(pixels, found))
                frame = self._frame(names, categories, found, before, after)
                warnings = of_model(self.model, pixels, truth) if part == 0 else ()
            else:
                frame, warnings = pl.DataFrame(schema=SCHEMA), ()
            if part == 0:
                shelf.write("warnings.txt", ("\n".join(warnings) + "\n").ljust(12).encode())
            shelf.write_frame(part, frame)

    @property
    def runs(self) -> int:
        """How often each image is attacked at most."""
        return 1 if self.attack.epsilon is None else len(self.epsilons)

    def frame(self) -> pl.DataFrame:
        """All parts, one row for each image, size and attack."""
        return self.shelf.read_frames(len(self.parts))

    def warnings(self) -> tuple[str, ...]:
        """What looking at the model's answers and gradients on the first part told."""
        text = (self.shelf.folder / "warnings.txt").read_text("utf-8")
        return tuple(line for line in text.splitlines() if line.strip())

    def _pictures(self, pixels: Array, found: Curve) -> dict[str, np.ndarray]:
        last = found.results[-1]
        rows = np.flatnonzero(last.found & (last.distance > 0))
        originals, places = to_numpy(pixels)[rows], to_numpy(last.images)[rows]
        return {"row": rows, "original": originals.astype(np.float32), "adversarial": places.astype(np.float32)}

    def _frame(self, names: list[str], categories: list[str], found: Curve, before: np.ndarray, after: np.ndarray) -> pl.DataFrame:
        told = {**_told(before, self.given, "_before"), **_told(after, self.given, "")}
        frames = []
        for at, size in enumerate(found.epsilons):
            one = found.results[min(at, len(found.results) - 1)]
            limit = size * (1 + ROUNDING) + 1e-7
            columns = {"seen": np.ones(len(names), bool), "found": found.broken[at], "distance": one.distance}
            frames.append(pl.DataFrame({"image": names, "category": categories, "attack": ALL, **columns, **told}))
            frames += [
                pl.DataFrame(
                    {
                        "image": names,
                        "category": categories,
                        "attack": attempt.name,
                        "black_box": attempt.black_box,
                        "seen": attempt.seen,
                        "found": attempt.found & (attempt.distance <= limit),
                        "distance": attempt.distance,
                    }
                )
                for attempt in one.attempts
            ]
            for row in range(len(frames) - 1 - len(one.attempts), len(frames)):
                frames[row] = frames[row].with_columns(pl.lit(size).alias("epsilon"))
        whole = pl.concat(frames, how="diagonal")
        return whole.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


def _told(logits: np.ndarray, given: Labels, suffix: str) -> dict[str, object]:
    probabilities = softmax(logits)
    choice = logits.argmax(axis=1)
    keys = [given.keys[at] for at in choice]
    return {f"response{suffix}": keys, f"confidence{suffix}": probabilities[np.arange(len(choice)), choice]}

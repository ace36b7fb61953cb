"""Showing a model its images: every missing part, decoded once for all conditions, written as soon as it is answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from snellen import trials
from snellen.arrays import image_keys, to_numpy
from snellen.core import Array, Condition, Images, Labels, Model, Preprocessing, SnellenError
from snellen.errors import blaming
from snellen.images.stream import parts as stream
from snellen.run.answers import answers, check_logits, named
from snellen.run.store import Shelf, part_name

PART = 64
"""Images a part: few enough that the model need not wait long for the first, many enough that files stay few."""
ANSWERS_VERSION = 1
"""Rises when the same logits would give other rows."""


@dataclass(frozen=True)
class Showing:
    """One model, one image set, the conditions to show it under, and where the answers go.

    `classes` are the model's, `given` is the list it answers from on these images.
    """

    model: Model
    images: Images
    classes: Labels
    given: Labels
    conditions: tuple[Condition, ...]
    folder: Path
    seed: int
    batch: int

    @property
    def parts(self) -> int:
        """How many parts the image set makes."""
        return -(-len(self.images) // PART)

    def shelf(self, condition: Condition) -> Shelf:
        """Where the answers under `condition` are kept."""
        return Shelf(self.folder, self._recipe(condition))

    def _recipe(self, condition: Condition) -> dict[str, object]:
        random = {"seed": self.seed} if condition.perturb is not None else {}
        return {
            "what": "answers",
            "version": [ANSWERS_VERSION, PART],
            "condition": [condition.name, condition.level, condition.version, condition.recipe],
            "model": self.model.id,
            "classes": self.classes.keys,
            "answers": self.given.keys,
            "images": self.images.id,
            **random,
        }

    def missing(self) -> dict[int, list[Condition]]:
        """Part number → the conditions it still lacks."""
        shelves = [(condition, self.shelf(condition)) for condition in self.conditions]
        open_ = [(condition, shelf) for condition, shelf in shelves if not shelf.finished]
        lacking = {part: [c for c, shelf in open_ if not shelf.has(part_name(part))] for part in range(self.parts)}
        return {part: conditions for part, conditions in lacking.items() if conditions}

    def passes(self, missing: dict[int, list[Condition]]) -> int:
        """Images times conditions that the missing parts hold."""
        return sum(len(part_rows(part, len(self.images))) * len(conditions) for part, conditions in missing.items())

    def read(self, without: Iterable[tuple[str, str]] = ()) -> pl.DataFrame:
        """All answers of all conditions, once nothing is missing; `without` those (name, level) that failed."""
        left_out = set(without)
        frames = [self.shelf(c).read_frames(self.parts) for c in self.conditions if (c.name, c.level) not in left_out]
        names = {"subject": self.model.name, "dataset": self.images.name}
        return pl.concat(frames).with_columns(pl.lit(text).alias(column) for column, text in names.items())


def show(showing: Showing, advance: Callable[[int], None], workers: int = 2) -> dict[tuple[str, str], str]:
    """Compute and write what is missing. `advance` is told of every batch answered.

    Returns:
        (name, level) of each perturbed condition that failed, in the perturbation or in the model, and what was wrong.

    Raises:
        SnellenError: the model's outputs on the clean images are no logits.
    """
    missing, failures = showing.missing(), {}
    as_they_are = {part: [c for c in conditions if c.redraw is None] for part, conditions in missing.items()}
    _show(showing, showing.images, {part: own for part, own in as_they_are.items() if own}, failures, advance, workers)
    for condition in showing.conditions:
        lacking = {part: [condition] for part, conditions in missing.items() if condition in conditions}
        if condition.redraw is not None and lacking:
            try:
                redrawn = condition.redraw(showing.images)
            except Exception as error:  # noqa: BLE001 (what a probe's own code raises; the other conditions go on)
                failures[condition.name, condition.level] = _told(error, condition)
                continue
            _show(showing, redrawn, lacking, failures, advance, workers)
    for condition in showing.conditions:
        shelf = showing.shelf(condition)
        if not shelf.finished and (condition.name, condition.level) not in failures:
            shelf.finish(
                {
                    "parts": showing.parts,
                    "images": len(showing.images),
                    "batch": showing.batch,
                    "subject": showing.model.name,
                    "dataset": showing.images.name,
                }
            )
    return failures


def _show(
    showing: Showing,
    images: Images,
    missing: dict[int, list[Condition]],
    failures: dict[tuple[str, str], str],
    advance: Callable[[int], None],
    workers: int,
) -> None:
    """Compute and write the missing conditions of one image set, `showing.images` or one redrawn from it row for row."""
    model, classes = showing.model, showing.classes
    names, categories = showing.images.facts["image"].to_list(), images.facts["category"].to_list()
    wanted = sorted(missing)
    loaded = stream(images, model.preprocessing, [part_rows(part, len(images)) for part in wanted], workers)
    for part, block in zip(wanted, loaded, strict=True):
        keys, truth = [names[row] for row in block.rows], [categories[row] for row in block.rows]
        broken = pl.DataFrame(
            [(names[row], categories[row], reason) for row, reason in sorted(block.problems.items())],
            schema={"image": pl.String, "category": pl.String, "problem": pl.String},
            orient="row",
        )
        known = pl.DataFrame({"image": keys, "category": truth}, schema={"image": pl.String, "category": pl.String})
        for condition in missing[part]:
            if (condition.name, condition.level) in failures:
                continue
            untouched = condition.perturb is None and condition.redraw is None
            try:
                logits = _logits(showing, condition, block.pixels, keys, len(classes), advance)
                if untouched and len(set(truth)) > 1 and _differ(block.pixels):
                    check_logits(logits, len(keys), model.name, distinct=True)
            except Exception as error:
                if untouched:
                    raise
                failures[condition.name, condition.level] = _told(error, condition)
                continue
            advance(len(block.problems))
            answered = pl.concat([known, answers(logits, classes, showing.given, truth)], how="horizontal")
            showing.shelf(condition).write_frame(part, _rows(showing, condition, answered, broken))


def _told(error: Exception, condition: Condition) -> str:
    told = str(error) if isinstance(error, SnellenError) else f"{type(error).__name__}: {error}"
    return f"{told} (seen under {condition.name} {condition.level})"


def part_rows(part: int, total: int) -> range:
    """The rows of an image set that make part number `part`."""
    return range(part * PART, min((part + 1) * PART, total))


def introduce(model: Model, folder: Path) -> Labels:
    """The model's classes; a model that names none is shown two grey images once, and the count is remembered."""
    if model.labels is not None:
        return model.labels
    memory = folder / f"model-{model.id[:24]}.json"
    if memory.is_file():
        return named(model, int(json.loads(memory.read_text())["classes"]))
    height, width = model.preprocessing.size
    grey = np.stack([np.full((3, height, width), value, np.uint8) for value in (96, 160)])
    logits = ask(model, model.asarray(grey))
    check_logits(logits, 2, model.name)
    folder.mkdir(parents=True, exist_ok=True)
    temporary = memory.with_suffix(".tmp")
    temporary.write_text(json.dumps({"classes": logits.shape[1]}))
    temporary.replace(memory)
    return named(model, logits.shape[1])


def ask(model: Model, images: Array) -> np.ndarray:
    """Native (N, 3, H, W) → logits (N, K) as NumPy.

    Raises:
        SnellenError: the model's own code fails; the message has its error.
    """
    with blaming(model.name, images.shape):
        return to_numpy(model.logits(images))


def pixels_of(images: Images, rows: Sequence[int], preprocessing: Preprocessing) -> dict[int, np.ndarray]:
    """Row → (3, H, W) of those images that can be read; for a closer look and for pictures."""
    block = next(iter(stream(images, preprocessing, [rows], 2)))
    return dict(zip(block.rows, block.pixels, strict=True))


def _logits(
    showing: Showing, condition: Condition, pixels: np.ndarray, names: list[str], classes: int, advance: Callable[[int], None]
) -> np.ndarray:
    """Logits (n, K) in batches of one size, the last filled up, so that a row depends on its image alone."""
    model, batch, out = showing.model, showing.batch, []
    seeds = image_keys(condition.name, condition.level, names, showing.seed) if condition.perturb is not None else []
    for start in range(0, len(names), batch):
        index = np.minimum(np.arange(start, start + batch), len(names) - 1)
        images = model.asarray(pixels[index])
        if condition.perturb is not None:
            images = condition.perturb(images, [seeds[i] for i in index])
        logits = ask(model, images)
        check_logits(logits, batch, model.name, classes)
        out.append(logits[: len(names) - start].astype(np.float32))
        advance(min(batch, len(names) - start))
    return np.concatenate(out) if out else np.empty((0, classes), np.float32)


def _rows(showing: Showing, condition: Condition, answered: pl.DataFrame, broken: pl.DataFrame) -> pl.DataFrame:
    constants = {
        "subject": showing.model.name,
        "kind": "model",
        "dataset": showing.images.name,
        "condition": condition.name,
        "level": condition.level,
        "rt": None,
    }
    columns = {**trials.SCHEMA, **trials.MODEL_EXTRAS}
    values = {name: pl.lit(constants[name]) if name in constants else pl.col(name) for name in columns}
    return pl.concat([answered, broken], how="diagonal").select(
        value.cast(columns[name]).alias(name) for name, value in values.items()
    )


def _differ(pixels: np.ndarray) -> bool:
    return len(pixels) > 1 and bool((pixels[0] != pixels[1]).any())

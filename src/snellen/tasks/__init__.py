"""Tasks for people, made from a network and images: which picture does the unit respond to more? With machine baselines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import polars as pl

from snellen import models
from snellen.core import Preprocessing, SnellenError
from snellen.images import open_images
from snellen.methods.visualize.natural_exemplars import NaturalExemplars
from snellen.run.evidence import slug
from snellen.run.folder import writable
from snellen.run.present import pixels_of
from snellen.run.progress import Progress
from snellen.sheets import as_picture
from snellen.tasks.build import Builder, Design, References, Trial
from snellen.tasks.choose import BINS
from snellen.visualizing.exemplars import ranked, shown
from snellen.visualizing.units import read_units

FOLDER = "tasks"


@final
@dataclass(frozen=True)
class Task:
    """What was written: a folder, the table of trials with the right answers, and how often machine baselines are right."""

    folder: Path
    trials: pl.DataFrame

    def accuracy(self, baseline: str) -> float:
        """The share of trials in which a baseline, such as "by distance", chooses right."""
        return float((self.trials[baseline] == self.trials["answer"]).mean())  # type: ignore[arg-type]


def make_task(
    model: Any,
    images: Any,
    units: str | Sequence[str],
    *,
    design: Design = "borowski-2020",
    references: References = "natural",
    trials: int = 4,
    share: float = 0.4,
    stride: int = 2,
    steps: int = 2560,
    out: str | Path | None = None,
    preprocessing: Preprocessing | None = None,
    seed: int = 0,
    device: str = "auto",
    trust: bool = False,
    progress: Progress | None = None,
) -> Task:
    """Write the stimuli of a task with their answers: `trials.csv`, `task.json`, and a folder of PNG files for each trial.

    "borowski-2020": of two natural images, which does the unit respond to more? References are its nine outermost at both ends.
    "zimmermann-2021": of one natural image with an occluder at two places, likewise; references are at the upper end alone.

    >>> task = snellen.make_task("zoo:squeezenet", "photos/", "features.9:3,17", design="zimmermann-2021")
    >>> task.accuracy("by distance")

    Args:
        model: a PyTorch network, as in `snellen.exam`.
        images: as `open_images` takes them; ten for each trial, at each end.
        units: `layer:channel`, `layer:first-last` or `layer:3,7,10-12`, all of one layer.
        design: which study's.
        references: natural images, the same blurred but for their middle, images made by gradient ascent, five and four of these,
            or none.
        trials: of each unit.
        share: of the occluder's side; .3, .4 and .5 of 224 pixels are 66, 90 and 112.
        stride: pixels from place to place.
        steps: of the ascent.
        out: folder; `tasks/<model>-<layer>-<design>` unless given.
        preprocessing: what stands between image files and a model that does not say.
        seed: of whatever is random: which image is in which trial, which side is right.
        device: "auto", "cpu", "cuda" …
        trust: allow pickles and code that come with weights.
        progress: where to tell how far it is; quiet unless given.

    Raises:
        SnellenError: something given cannot be used, or there are too few images.
        Unsupported: the model is no PyTorch network.
    """
    if design not in ("borowski-2020", "zimmermann-2021") or trials < 1 or not units:
        raise SnellenError(
            f"got {design}, {trials} trials of {units or 'no unit'}; expected borowski-2020 or zimmermann-2021, and some"
        )
    loaded = models.load(model, preprocessing=preprocessing, device=device, trust=trust)
    targets = read_units([units] if isinstance(units, str) else units, loaded, loaded.preprocessing.size)
    layers = {str(target.layer) for target in targets}
    if len(layers) > 1:
        raise SnellenError(f"got units of {len(layers)} layers; expected those of one: make a task for each layer")
    (layer,) = layers
    opened, bar = open_images(images), progress or Progress(quiet=True)
    folder = writable(Path(out) if out is not None else Path(FOLDER) / slug(f"{loaded.name}-{layer}-{design}"))
    problems: dict[str, str] = {}
    with bar.stage(f"Looking through {opened.name}", len(opened)) as advance:
        found = ranked(loaded, opened, NaturalExemplars(layer, BINS * trials), problems, advance)

    def look(rows: Sequence[int]) -> np.ndarray:
        known = pixels_of(opened, rows, loaded.preprocessing)
        return np.stack([shown(known[row]) for row in rows])

    names = opened.facts["image"].to_list()
    build = Builder(loaded, layer, design, references, trials, share, stride, steps, seed, look, names)
    made: list[dict[str, object]] = []
    with bar.stage(f"Making trials of {layer}", len(targets) * trials) as advance:
        for target in targets:
            for trial in build(target.unit, found):
                made.append(_write(trial, folder))
                advance(1)
    table = pl.DataFrame(made, infer_schema_length=None)
    table.write_csv(folder / "trials.csv")
    about = {
        "model": loaded.name,
        "model id": loaded.id,
        "images": opened.name,
        "layer": layer,
        "units": [target.unit for target in targets],
        "design": design,
        "references": references,
        "trials": trials,
        "seed": seed,
        "unreadable": problems,
    }
    (folder / "task.json").write_text(json.dumps(about, indent=1), "utf-8")
    return Task(folder, table)


def _write(trial: Trial, folder: Path) -> dict[str, object]:
    """The pictures of a trial, and its row of the table."""
    place = folder / f"unit-{trial.unit:04d}" / f"trial-{trial.number:03d}"
    place.mkdir(parents=True, exist_ok=True)
    for side, pixels in zip(("left", "right"), trial.queries, strict=True):
        as_picture(pixels).save(place / f"{side}.png")
    for end, pictures in trial.references.items():
        for at, pixels in enumerate(pictures):
            as_picture(pixels).save(place / f"reference-{end}-{at}.png")
    facts = {name: " ".join(map(str, value)) if isinstance(value, tuple) else value for name, value in trial.facts.items()}
    left, right = trial.responses
    told = {"folder": place.relative_to(folder).as_posix(), "unit": trial.unit, "trial": trial.number, "answer": trial.answer}
    return {**told, "left": left, "right": right, **facts}

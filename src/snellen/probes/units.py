"""What do its units detect?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import polars as pl

from snellen.arrays import to_numpy
from snellen.charts import Chart
from snellen.core import Evidence, Finding, Images, Interval, Model, Probe, Unsupported
from snellen.images.segmented import Segmented, open_segmented
from snellen.methods.concepts.dissection import SIDE, Concepts, Dissected, Dissection, Masked, random_rotation
from snellen.methods.concepts.outline import active, outlined
from snellen.methods.explain._layer import AUTO
from snellen.methods.visualize.natural_exemplars import NaturalExemplars
from snellen.probes._sample import drawn
from snellen.probes._shared import clean, ends, nothing, percent, span
from snellen.probes._survey import read, rows_of, telling
from snellen.probes._units_charts import Detected, bars, different, gallery, picture, table
from snellen.stats import percentiles

DETECTORS = "Units that detect a concept"
CONCEPTS = "Concepts that are detected"
NONE = "no images were looked at"
THRESHOLDS = (
    "caution: the interval of the difference to mixed units reaches 0, so that single units may stand for concepts no more than "
    "other directions do; there is no agreed limit for good"
)
RESAMPLES = 500
ENOUGH = 40
"""Images from which on there is something to resample: with fewer, concepts get lost that a single image shows."""
EACH = 5
"""Images shown of a unit."""


@dataclass(frozen=True)
class Units(Probe):
    """Which channels of a layer are strong where a concept is and weak elsewhere, beside the same mixed by random rotations.

    `layer`: its name; auto is the last with a grid of places. `count` images are drawn at random. `share` of places are above a
    unit's threshold, and the intersection over union of a detector exceeds `least`. `pictures` units are shown.
    """

    question = "What do its units detect?"
    about = (
        "A channel of a layer is a detector if it is strong where some concept is and weak elsewhere (bau-2017). It is active "
        "where its map, enlarged, is above what it exceeds at one place in two hundred; over all images together, the intersection "
        "over union of that with the masks of the concept must exceed .04. How many different concepts a layer detects is how "
        "interpretable it is said to be. The control keeps all that the layer tells: the same channels, mixed by random rotations. "
        "If these detect as much, single channels mean no more than any other directions. Masks are those of a drawn world, which "
        "are exact: objects, parts, textures, colours, backgrounds; or of other images those of what their categories name."
    )
    cites = ("bau-2017", "efron-1993")

    ranges: ClassVar = {"count": (2, math.inf), "share": (0, 1), "least": (0, 1), "rotations": (1, 100), "pictures": (0, math.inf)}

    layer: str = AUTO
    count: int = 200
    share: float = 0.005
    least: float = 0.04
    rotations: int = 3
    pictures: int = 6

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs a network whose layers can be seen, and masks or boxes."""
        Dissection("", self.share, self.least)
        try:
            open_segmented(images)
            self._layer(model)
        except Unsupported as error:
            return str(error)
        return None

    def _layer(self, model: Model) -> str:
        return model.grid_layer(*model.preprocessing.size) if self.layer == AUTO else self.layer

    def pick(self, evidence: Evidence) -> Sequence[str]:
        """A random sample."""
        return drawn(self.name(), clean(evidence)["image"].to_list(), self.count, evidence.seed)

    def closer_passes(self, model: Model) -> int:
        """Two passes over all images, as units are and again rotated, for thresholds and overlaps; one for the strongest."""
        return self.count * (4 + 1) + self.pictures * EACH

    def survey(
        self, model: Model, images: Images, rows: pl.DataFrame, seed: int, progress: Callable[[int], None]
    ) -> list[dict[str, np.ndarray]]:
        """With the first image what was found in all (see `Detected`); with the strongest of a unit `unit <number>` (3, H, W)."""
        names = rows["image"].to_list()
        stream = _Stream(model, open_segmented(images), rows_of(images, names))
        concepts = Concepts(stream.data.names, stream.data.categories)
        method = Dissection(self._layer(model), self.share, self.least)
        redraws = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), RESAMPLES).astype(float)
        own = method(model, stream, concepts, redraws=redraws, progress=progress)
        rotations = [random_rotation(len(own.iou), seed * self.rotations + at) for at in range(self.rotations)]
        every = [own, *method.each(model, stream, concepts, rotations, redraws=redraws, progress=progress)]
        strongest = NaturalExemplars(own.layer, EACH, "maximum")(model, read(model, images, stream.rows), progress=progress)
        looks, shown = self._pictures(model, stream, own, strongest.top.rows)
        told = {  # what arrays cannot hold
            "layer": own.layer,
            "names": concepts.names,
            "categories": concepts.categories,
            "seen": own.seen,
            "places": own.seen * math.prod(strongest.grid) * self.share,
            "strongest": {unit: [images.facts["image"][row] for row in found] for unit, found in shown.items()},
        }
        looks[stream.rows[0]] |= {
            "fit": np.stack([one.iou.max(axis=1) for one in every]).astype(np.float32),
            "best": np.stack([one.best for one in every]).astype(np.int64),
            "redrawn": np.stack([_counted(one, self.least) for one in every], axis=2).astype(np.float32),
            **telling(told),
        }
        return [looks[row] for row in stream.rows]

    def _pictures(
        self, model: Model, stream: _Stream, own: Dissected, strongest: np.ndarray
    ) -> tuple[dict[int, dict[str, np.ndarray]], dict[int, list[int]]]:
        """Row of an image → pictures with it, by their names; and unit → rows of its images, of the units that fit best."""
        units = np.argsort(-own.iou.max(axis=1), kind="stable")[: self.pictures].tolist()
        shown = {unit: strongest[unit].tolist() for unit in units}
        looks: dict[int, dict[str, np.ndarray]] = {row: {} for row in stream.rows}
        for unit, rows in shown.items():
            ((_, native),) = read(model, stream.data.images, rows, len(rows))
            pixels = to_numpy(native)
            where = active(model, pixels, own.layer, unit, float(own.thresholds[unit]))
            for row, one, mask in zip(rows, pixels, where, strict=True):
                looks[row][picture(unit)] = (outlined(one, mask).clip(0, 1) * 255).round().astype(np.uint8)
        return looks, shown

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """How many units detect a concept, and how many concepts they detect, beside the same mixed."""
        found = Detected.of(evidence.looks, self.least)
        if found is None:
            return [nothing("units.detectors", DETECTORS, NONE, evidence.dataset, headline=True)]
        shares, concepts, count = found.shares(), found.concepts(), found.fit.shape[1]
        mixed, beyond = float(shares[1:].mean()), found.redrawn[0, :, 0] - found.redrawn[0, :, 1:].mean(axis=1)
        above = _interval(beyond, found)
        interval = _interval(found.redrawn[0, :, 0], found)
        within = _interval(found.redrawn[1, :, 0], found)
        rotations = f"{self.rotations} random rotations" if self.rotations > 1 else "a random rotation"
        few = (
            f"A unit is active at about {found.places:,.0f} places of {found.seen:,} images. Where these are few, it fits some "
            "concept by chance; then so do mixed ones."
        )
        return [
            Finding(
                "units.detectors",
                DETECTORS,
                f"{int(found.detectors[0].sum()):,} of {count:,} units of {found.layer} detect a concept: "
                f"{percent(float(shares[0]))}{span(interval)}. Mixed by {rotations}, {percent(mixed)} "
                f"do{_range(shares[1:], percent)}.",
                value=float(shares[0]),
                interval=interval,
                unit="share",
                n=found.seen,
                chance=mixed,
                verdict="caution" if above is not None and above.low <= 0 else "note",
                thresholds=THRESHOLDS,
                limits=(
                    few,
                    "What no mask shows cannot be detected. That a unit detects a concept does not say that answers use it.",
                ),
                dataset=evidence.dataset,
                headline=True,
            ),
            Finding(
                "units.concepts",
                CONCEPTS,
                f"Units of {found.layer} detect {concepts[0]} of {len(found.names)} concepts{ends(within)}. Mixed by {rotations}, "
                f"they detect {concepts[1:].mean():.1f}{_range(concepts[1:], str)}.",
                value=float(concepts[0]),
                interval=within,
                unit="concepts",
                n=found.seen,
                chance=float(concepts[1:].mean()),
                limits=(few,),
                dataset=evidence.dataset,
            ),
        ]

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Detectors by category beside mixed units, the units that fit best, and images in which they are strongest."""
        found = Detected.of(evidence.looks, self.least)
        if found is None:
            return []
        return [bars(found), table(found), gallery(found)]


def _interval(draws: np.ndarray, found: Detected) -> Interval | None:
    """Where what images drawn again gave lies; None with few images."""
    if found.seen < ENOUGH:
        return None
    return percentiles(draws, f"percentile bootstrap over {found.seen:,} images, {len(draws):,} resamples")


def _counted(found: Dissected, least: float) -> np.ndarray:
    """(2, B), of images drawn again: the share of units that are detectors, and how many concepts they detect."""
    assert found.redrawn is not None  # noqa: S101 (asked for)
    fit, best = found.redrawn
    return np.stack([(fit > least).mean(axis=1), different(best, fit > least)])


def _range(mixed: np.ndarray, text: Callable[[float], str]) -> str:
    """From the least to the most of several rotations."""
    return f" (from {text(mixed.min())} to {text(mixed.max())})" if len(mixed) > 1 else ""


@final
@dataclass(frozen=True)
class _Stream:
    """Rows of an image set with masks, from the start each time it is gone through."""

    model: Model
    data: Segmented
    rows: list[int]

    def __iter__(self) -> Iterator[Masked]:
        for rows, images in read(self.model, self.data.images, self.rows):
            yield images, self.data.masks(rows, self.model.preprocessing, SIDE)

"""Figures of `object-location`: how much lies on the object by each method, and the maps themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from snellen.charts import Bar, Bars, Gallery, Picture
from snellen.core import Evidence, Interval
from snellen.methods.trust.localization import Localized
from snellen.probes._changes import share_interval
from snellen.probes._shared import clean, readable
from snellen.stats import bootstrap, mean_estimate

EDGES, CENTRE = "edges", "centre"
"""The controls: an edge map, and a spot in the middle of the image, which know nothing of the model."""


def bars(images: np.ndarray, found: Mapping[str, Localized], seed: int) -> list[Bars]:
    """Mass and pointing of each method and control, each with its chance as a line."""
    mass = {name: (one.mass, bootstrap(mean_estimate(images, one.mass), seed)) for name, one in found.items()}
    hits = {name: (one.pointing >= 0.5, share_interval(one.pointing >= 0.5, seed)) for name, one in found.items()}
    area, random = (float(values.mean()) for values in (found[EDGES].mass_chance, found[EDGES].pointing_chance))
    return [
        _bars("What lies on the object", "share of what the map shows", mass, (area, "area of the object")),
        _bars("Where the highest point lies", "share of images in which it lies on the object", hits, (random, "at random")),
    ]


def gallery(evidence: Evidence, shown: Sequence[tuple[str, str]], methods: Mapping[str, bool]) -> Gallery:
    """(Heading, image) in rows: the photograph, its object, a map by each method, signed or not, and its edges."""
    rows, names = {row["image"]: row for row in clean(evidence).iter_rows(named=True)}, readable(evidence)

    def pictures(image: str) -> tuple[Picture, ...]:
        row = rows[image]
        answer = f"{names.get(row['response'], row['response'])} ({row['confidence']:.0%})"
        truth = "" if row["correct"] else f"{names.get(row['category'], row['category'])} → "
        maps = (Picture(image, name, name, signed=signs) for name, signs in methods.items())
        return Picture(image, truth + answer), Picture(image, "the object", "region"), *maps, Picture(image, "edges only", EDGES)

    note = "Orange speaks for the answer given, blue against it. The last column knows nothing of the model."
    title = "Photograph, object, maps of the answer, and edges for comparison"
    return Gallery(title, tuple((heading, pictures(image)) for heading, image in shown), note)


def _bars(title: str, label: str, shown: Mapping[str, tuple[np.ndarray, Interval | None]], mark: tuple[float, str]) -> Bars:
    drawn = tuple(
        Bar(
            name,
            float(values.mean()),
            interval.low if interval else None,
            interval.high if interval else None,
            role="reference" if name in (EDGES, CENTRE) else "model",
        )
        for name, (values, interval) in shown.items()
    )
    return Bars(title, f"{label}: " + "; ".join(f"{bar.label}: {bar.value:.2f}" for bar in drawn), label, drawn, mark=mark)

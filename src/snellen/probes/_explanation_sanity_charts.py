"""What `explanation-sanity` reads of its looks, and its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from snellen.charts import Gallery, Lines, Picture, Series, Table
from snellen.core import Evidence
from snellen.probes._shared import clean, readable
from snellen.stats import bootstrap, mean_estimate

EDGES = "edges"
SIGNED = 0
"""Which of the measures is the rank correlation of signed values."""
LABELS = ("signed", "absolute", "structural")


@final
@dataclass(frozen=True)
class Alike:
    """How alike the maps of one method are, by three measures of N images.

    Attributes:
        images: their names (N,).
        layers: of how many layers each of S copies had random numbers (S,), the last of all.
        cascade: (N, S, 3), of the maps to those of these copies.
        whole: (N, 3), to those of networks without anything learned, mean over draws.
        other: (N, 3), to that of another image.
        outline: (N, 3), to the edges.
    """

    images: np.ndarray
    layers: np.ndarray
    cascade: np.ndarray
    whole: np.ndarray
    other: np.ndarray
    outline: np.ndarray

    @classmethod
    def of(cls, looks: Mapping[str, Mapping[str, np.ndarray]], name: str) -> Alike | None:
        """Of the images of which all maps of a method could be compared; None if there are none."""
        parts = [f"{name} {part}" for part in ("cascade", "whole", "other", "outline")]
        kept = [
            image for image, look in sorted(looks.items()) if all(part in look and np.isfinite(look[part]).all() for part in parts)
        ]
        if not kept:
            return None
        cascade, whole, other, outline = (np.stack([looks[image][part] for image in kept]).astype(float) for part in parts)
        return cls(np.array(kept), looks[kept[0]]["layers"], cascade, whole.mean(axis=1), other, outline)

    @property
    def kept(self) -> np.ndarray:
        """(N,), the rank correlation of signed values with the maps of copies, mean over the cascade."""
        return np.column_stack([self.cascade[:, :-1, SIGNED], self.whole[:, SIGNED]]).mean(axis=1)


def cascade(found: Mapping[str, Alike], seed: int) -> Lines:
    """Rank correlation of signed values against how many layers are random, a line for each method."""
    series, layers = [], next(iter(found.values())).layers.tolist()
    places = tuple(float(at) for at in range(len(layers) + 1))
    for name, one in found.items():
        columns = one.cascade[:, :, SIGNED].T
        spans = [bootstrap(mean_estimate(one.images, column), seed) for column in columns]
        low, high = (
            (1.0, *(getattr(span, end) if span else column.mean() for span, column in zip(spans, columns, strict=True)))
            for end in ("low", "high")
        )
        series.append(Series(name, places, (1.0, *columns.mean(axis=1).tolist()), low, high))
    alt = "; ".join(f"{one.label}: {', '.join(f'{value:.2f}' for value in one.y)}" for one in series)
    ticks = ("none", *(f"{count:,}" for count in layers[:-1]), f"all {layers[-1]:,}")
    return Lines(
        "Maps of networks that forget, layer by layer from the last",
        f"Rank correlation with the map as it is: {alt}",
        "layers with random weights",
        "rank correlation with the map as it is",
        tuple(series),
        ticks=tuple(zip(places, ticks, strict=True)),
        y_range=None,
    )


def numbers(found: Mapping[str, Alike]) -> Table:
    """Every method by every measure, beside the controls."""
    columns = ("method", "measure", "last layer random", "nothing learned", "another image", "edges")
    rows = []
    for name, one in found.items():
        for at, label in enumerate(LABELS):
            values = (one.cascade[:, 0, at], one.whole[:, at], one.other[:, at], one.outline[:, at])
            rows.append((name, label, *(f"{value.mean():.2f}" for value in values)))
    return Table("How alike maps stay, by measure", columns, tuple(rows))


def gallery(evidence: Evidence, methods: Mapping[str, bool], images: Sequence[str]) -> Gallery:
    """By method, signed or not: photographs, the map as it is, that of a network without anything learned, and edges."""
    rows, names = {row["image"]: row for row in clean(evidence).iter_rows(named=True)}, readable(evidence)
    shown = []
    for name, signs in methods.items():
        for image in images:
            answer = str(rows[image]["response"])
            pictures = (
                Picture(image, names.get(answer, answer)),
                Picture(image, name, name, signed=signs),
                Picture(image, "nothing learned", f"{name} random", signed=signs),
                Picture(image, "edges only", EDGES),
            )
            shown.append((name, pictures))
    note = "A map that looks the same without anything learned shows the image, not the model."
    return Gallery("Photograph, map, the same of a network without anything learned, and edges", tuple(shown), note)

"""What `units` reads of its survey, and its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from snellen.charts import Bar, Bars, Gallery, Picture, Table
from snellen.probes._survey import told

MIXED = "mixed"
SHOWN = 12
"""Units in the table."""


@final
@dataclass(frozen=True)
class Detected:
    """How well U units fit K concepts, as they are and as R random rotations mix them.

    Attributes:
        layer: whose units they are. names, categories: (K,), of the concepts.
        fit: (1 + R, U), the largest IoU of each unit with a concept, and best: (1 + R, U), with which of them. Row 0: as they are.
        redrawn: (2, B, 1 + R), of images drawn again: the share of units that are detectors, and how many concepts they detect.
        least: what the IoU of a detector exceeds.
        seen: images. places: of the grid at which a unit is active, in all of them.
        strongest: unit → the images in which it is, in order.
    """

    layer: str
    names: tuple[str, ...]
    categories: tuple[str, ...]
    fit: np.ndarray
    best: np.ndarray
    redrawn: np.ndarray
    least: float
    seen: int
    places: float
    strongest: Mapping[str, list[str]]

    @classmethod
    def of(cls, looks: Mapping[str, Mapping[str, np.ndarray]], least: float) -> Detected | None:
        """What was found; None where nothing was looked at."""
        if (found := told(looks)) is None:
            return None
        look, said = found
        names, categories = tuple(said["names"]), tuple(said["categories"])
        rest = said["seen"], said["places"], said["strongest"]
        return cls(said["layer"], names, categories, look["fit"], look["best"], look["redrawn"], least, *rest)

    @property
    def detectors(self) -> np.ndarray:
        """(1 + R, U), which units detect the concept that they fit best."""
        return self.fit > self.least

    def concepts(self) -> np.ndarray:
        """(1 + R,), how many different concepts are detected."""
        return different(self.best, self.detectors)

    def shares(self, category: str | None = None) -> np.ndarray:
        """(1 + R,), the share of units that detect a concept, of a category or any."""
        return self._detected(category).mean(axis=1)

    def _detected(self, category: str | None) -> np.ndarray:
        kinds = np.array(self.categories)
        return self.detectors if category is None else self.detectors & (kinds[self.best] == category)

    @property
    def order(self) -> np.ndarray:
        """(U,), the units from the one that fits a concept best."""
        return np.argsort(-self.fit[0], kind="stable")

    def said(self, unit: int) -> tuple[str, str, str, str]:
        """Of a unit: its number, the concept that it fits best, the category, and the IoU."""
        concept = self.best[0, unit]
        return str(unit), self.names[concept], self.categories[concept], f"{self.fit[0, unit]:.3f}"


def different(best: np.ndarray, detected: np.ndarray) -> np.ndarray:
    """How many concepts are among those that (..., U) units detect: (...)."""
    rows = best.reshape(-1, best.shape[-1]), detected.reshape(-1, best.shape[-1])
    return np.array([np.unique(one[own]).size for one, own in zip(*rows, strict=True)]).reshape(best.shape[:-1])


def bars(found: Detected) -> Bars:
    """The share of units that detect a concept of each category, beside the same mixed."""
    kinds = [kind for kind in dict.fromkeys(found.categories) if found.shares(kind).any()]
    shares = {kind: found.shares(kind) for kind in kinds}
    drawn = []
    for kind, values in shares.items():
        drawn.append(Bar(kind, float(values[0])))
        mixed = values[1:]
        drawn.append(Bar(kind, float(mixed.mean()), float(mixed.min()), float(mixed.max()), role="reference"))
    alt = "; ".join(f"{kind}: {values[0]:.0%}, {MIXED} {values[1:].mean():.0%}" for kind, values in shares.items())
    title = "Units that detect a concept, by its category, and mixed at random"
    return Bars(title, f"Share of units: {alt}", "share of units", tuple(drawn), x_range=None)


def table(found: Detected) -> Table:
    """The units that fit a concept best, whether or not they are detectors."""
    rows = [(*found.said(unit), "yes" if found.detectors[0, unit] else "no") for unit in found.order[:SHOWN].tolist()]
    return Table(f"Units of {found.layer} that fit a concept best", ("unit", "concept", "category", "IoU", "detector"), tuple(rows))


def gallery(found: Detected) -> Gallery:
    """For the units that fit best, the images in which each is strongest, bright where it is active."""
    rows = []
    for unit, images in found.strongest.items():
        _, concept, category, fit = found.said(int(unit))
        pictures = tuple(Picture(image, "", picture(int(unit)), coloured=True) for image in images)
        rows.append((f"Unit {unit}: {concept} ({category}), IoU {fit}", pictures))
    note = "Bright where the unit is active; where it is nowhere, the image is as it is. That a unit is active proves no use of it."
    return Gallery("Images in which units are strongest", tuple(rows), note)


def picture(unit: int) -> str:
    """What pictures of a unit are called among the looks of images."""
    return f"unit {unit}"

"""What `class-images` reads of its survey, and its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from snellen.charts import Bar, Bars, Gallery, Picture
from snellen.core import Evidence
from snellen.probes._panel import called
from snellen.probes._survey import told


@final
@dataclass(frozen=True)
class Made:
    """Images made for C classes, D of each, beside the E images of the set that raise each class's logit most.

    Attributes:
        classes: (C,), of `count` that the model has.
        logits, probabilities: (C, D), of the class, of made images as they are. answered: (C, D), 1 where it is the answer.
        kept: (C, D), the share of views answered as it.
        natural: (C, E), the class's logit of images of the set, and natural_kept: (C, E), the share of views answered as they are.
        spread: (C,), the standard deviation of the class's logit over all images that were looked at.
        strongest: (C, E), the names of the images of the set.
    """

    classes: np.ndarray
    count: int
    logits: np.ndarray
    probabilities: np.ndarray
    answered: np.ndarray
    kept: np.ndarray
    natural: np.ndarray
    natural_kept: np.ndarray
    spread: np.ndarray
    strongest: list[list[str]]

    @classmethod
    def of(cls, looks: Mapping[str, Mapping[str, np.ndarray]]) -> Made | None:
        """What was made; None where nothing was looked at."""
        if (found := told(looks)) is None:
            return None
        look, said = found
        logits, probabilities, answered, kept, natural, natural_kept, spread = (
            look[name].astype(float)
            for name in ("logits", "probabilities", "answered", "kept", "natural", "natural kept", "spread")
        )
        made = logits, probabilities, answered, kept
        return cls(look["classes"], said["count"], *made, natural, natural_kept, spread, said["strongest"])

    @property
    def beyond(self) -> np.ndarray:
        """(C, D), by how many standard deviations of the logit a made image lies above the image of the set that raises it most."""
        return (self.logits - self.natural[:, :1]) / np.maximum(self.spread[:, None], np.finfo(float).tiny)


def picture(index: int, draw: int) -> str:
    """What an image made for a class is called among the looks of the image that raises its logit most."""
    return f"class {index}, draw {draw + 1}"


def bars(found: Made, evidence: Evidence) -> Bars:
    """How often views are answered as the class, class by class, beside images of the set."""
    drawn = []
    for at, index in enumerate(found.classes.tolist()):
        drawn.append(Bar(called(evidence, index, found.count), float(found.kept[at].mean())))
        drawn.append(Bar(called(evidence, index, found.count), float(found.natural_kept[at].mean()), role="reference"))
    alt = "; ".join(f"{bar.label}{', of the set' if bar.role == 'reference' else ''}: {bar.value:.0%}" for bar in drawn)
    return Bars("Views that keep their answer, of made images and of images of the set", alt, "share of views", tuple(drawn))


def gallery(found: Made, evidence: Evidence) -> Gallery:
    """By class, the images made for it, and those of the set that raise its logit most."""
    rows = []
    for at, index in enumerate(found.classes.tolist()):
        strongest = found.strongest[at]
        made = (
            Picture(strongest[0], f"made: logit {logit:.1f}, {probability:.0%}", picture(index, draw), coloured=True)
            for draw, (logit, probability) in enumerate(zip(found.logits[at], found.probabilities[at], strict=True))
        )
        natural = (Picture(image, f"logit {logit:.1f}") for image, logit in zip(strongest, found.natural[at], strict=True))
        rows.append((called(evidence, index, found.count), (*made, *natural)))
    note = (
        "First those made from noise, then those of the set. What is to be seen in a made image raises the logit; it need not be "
        "what raises it in photographs, nor what people would call the class."
    )
    return Gallery("What it takes for each class, beside the images that raise its logit most", tuple(rows), note)

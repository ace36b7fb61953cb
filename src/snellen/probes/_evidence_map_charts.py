"""What `evidence-map` reads of its looks, and its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from snellen.charts import Gallery, Lines, Picture, Series
from snellen.core import Evidence
from snellen.methods.trust.localization import localization
from snellen.probes._panel import called, in_part
from snellen.probes._shared import clean, readable
from snellen.stats import bootstrap, mean_estimate


@final
@dataclass(frozen=True)
class Mapped:
    """What is known of the N images in which some place speaks for the answer rather than for the runner-up.

    Attributes:
        images: their names (N,).
        half: (N,), the share of the image that holds half of what does.
        mass: (N,), how much of it lies on the object, and area: (N,), the object's share of the image. NaN where not known.
        shown, shown_elsewhere: (N, S + 1), the probability of the answer while pixels come back, by their evidence or by a map that
            was moved to another place.
        hidden, hidden_elsewhere: (N, S + 1), while they are hidden.
        field: (3,), rows and columns of the grid, and the share of the image that a place sees.
    """

    images: np.ndarray
    half: np.ndarray
    mass: np.ndarray
    area: np.ndarray
    shown: np.ndarray
    shown_elsewhere: np.ndarray
    hidden: np.ndarray
    hidden_elsewhere: np.ndarray
    field: np.ndarray

    @classmethod
    def of(cls, looks: Mapping[str, Mapping[str, np.ndarray]]) -> Mapped | None:
        """What was seen; None if no place of any image speaks for the answer."""
        kept = {image: look for image, look in sorted(looks.items()) if np.isfinite(look["lead"]).all() and look["lead"].max() > 0}
        if not kept:
            return None
        mass, area = np.transpose([_on_object(look) for look in kept.values()])
        shown, shown_elsewhere, hidden, hidden_elsewhere = (
            np.stack([look[name] for look in kept.values()]).astype(float)
            for name in ("shown", "shown elsewhere", "hidden", "hidden elsewhere")
        )
        half = np.array([half_of(look["lead"]) for look in kept.values()])
        field = next(iter(kept.values()))["field"]
        return cls(np.array(list(kept)), half, mass, area, shown, shown_elsewhere, hidden, hidden_elsewhere, field)


def half_of(values: np.ndarray) -> float:
    """The smallest share of the pixels of a map (H, W) that holds half of what is positive in it."""
    positive = np.sort(np.maximum(values, 0).ravel().astype(float))[::-1].cumsum()
    return float((np.searchsorted(positive, positive[-1] / 2) + 1) / positive.size)


def _on_object(look: Mapping[str, np.ndarray]) -> tuple[float, float]:
    region = look.get("region")
    if region is None or not in_part(region):
        return np.nan, np.nan
    found = localization(look["lead"][None], region[None])
    return float(found.mass[0]), float(found.mass_chance[0])


def curves(found: Mapped, seed: int) -> list[Lines]:
    """The answer's probability against the share of the image that is shown, and that is hidden."""
    return [
        _lines(
            "Shown in the order of the evidence, from an image that is blurred",
            "shown",
            found,
            found.shown,
            found.shown_elsewhere,
            seed,
        ),
        _lines("Hidden in the order of the evidence", "hidden", found, found.hidden, found.hidden_elsewhere, seed),
    ]


def _lines(title: str, done: str, found: Mapped, ours: np.ndarray, other: np.ndarray, seed: int) -> Lines:
    shares = tuple(np.linspace(0, 1, ours.shape[1]).tolist())
    spans = [bootstrap(mean_estimate(found.images, column), seed) for column in ours.T]
    low, high = (
        tuple(getattr(span, end) if span else float(mean) for span, mean in zip(spans, ours.mean(axis=0), strict=True))
        for end in ("low", "high")
    )
    by, chance = tuple(ours.mean(axis=0).tolist()), tuple(other.mean(axis=0).tolist())
    return Lines(
        title,
        f"Probability of the answer by share {done}: " + ", ".join(f"{x:.0%}: {y:.2f}" for x, y in zip(shares, by, strict=True)),
        f"share of the image that is {done}",
        "probability of the answer",
        (Series("by evidence", shares, by, low, high), Series("moved elsewhere", shares, chance, role="reference")),
    )


def gallery(evidence: Evidence, images: Sequence[str]) -> Gallery:
    """Photograph, object where known, evidence for the answer, for the runner-up, and the difference of these."""
    rows, names = {row["image"]: row for row in clean(evidence).iter_rows(named=True)}, readable(evidence)
    shown = []
    for image in images:
        look, row = evidence.looks[image], rows[image]
        answer, second, count = look["classes"].tolist()
        first, other = called(evidence, answer, count), called(evidence, second, count)
        truth = "" if row["correct"] in (True, None) else f"{names.get(row['category'], row['category'])} → "
        said = f"{truth}{names.get(row['response'], row['response'])} ({row['confidence']:.0%})"
        pictures = (
            Picture(image, said),
            *([Picture(image, "the object", "region")] if "region" in look else []),
            Picture(image, f"for {first}", "answer", signed=True),
            Picture(image, f"for {other}, second", "runner-up", signed=True),
            Picture(image, f"for {first} rather than {other}", "lead", signed=True),
        )
        shown.append((f"Half of it in {half_of(look['lead']):.0%} of the image", pictures))
    note = "Orange speaks for the class, blue against it. The colours of each map go as far as its own values do."
    return Gallery("Photograph, evidence for the answer, for the runner-up, and for one rather than the other", tuple(shown), note)

"""What `explanation-fragility` reads of its looks, and its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from snellen.charts import Bar, Bars, Gallery, Picture, Table
from snellen.core import Evidence
from snellen.methods.trust.fragility import Nudged
from snellen.probes._shared import clean, percent, readable
from snellen.stats import bootstrap, mean_estimate


@final
@dataclass(frozen=True)
class Changes:
    """What one kind of change did to the maps of N images: arrays (N,) as in `Nudged`; `moved` is 0 or 1."""

    moved: np.ndarray
    intersection: np.ndarray
    rank_correlation: np.ndarray
    shift: np.ndarray
    confidence_before: np.ndarray
    confidence_after: np.ndarray


@final
@dataclass(frozen=True)
class Attacked:
    """What the attack and what random changes did to the maps of one method, of `images` (N,), by name."""

    images: np.ndarray
    attack: Changes
    random: Changes

    @staticmethod
    def row(nudged: Nudged) -> np.ndarray:
        """(N, 6), as a look keeps them."""
        return np.column_stack([getattr(nudged, name) for name in Changes.__annotations__]).astype(np.float32)

    @classmethod
    def of(cls, looks: Mapping[str, Mapping[str, np.ndarray]], name: str) -> Attacked | None:
        """Of the images whose map could be attacked; None if there are none."""
        kept = [image for image, look in sorted(looks.items()) if f"{name} attack" in look]
        if not kept:
            return None
        attack, random = (
            Changes(*np.stack([looks[image][f"{name} {kind}"] for image in kept]).astype(float).T) for kind in ("attack", "random")
        )
        return cls(np.array(kept), attack, random)


def kept(random: Changes) -> float | None:
    """The share of the highest pixels that random changes leave, of the images whose answer one of them kept; None without any."""
    return float(random.intersection[random.moved > 0].mean()) if random.moved.any() else None


def bars(found: Mapping[str, Attacked], seed: int, top: float) -> Bars:
    """By method, what survives the attack, and a random change of the same size."""
    drawn: list[Bar] = []
    for name, one in found.items():
        drawn.append(_bar(name, one.images, one.attack.intersection, seed, "model"))
        known = one.random.moved > 0
        if known.any():
            drawn.append(_bar(name, one.images[known], one.random.intersection[known], seed, "reference"))
    said = {"model": "attack", "reference": "random change"}
    alt = "; ".join(f"{bar.label}, {said[bar.role]}: {bar.value:.2f}" for bar in drawn)
    return Bars(
        "What survives a change made for the purpose, and a random one (grey)",
        f"Share of the highest pixels still among the highest: {alt}",
        "share of the highest pixels kept",
        tuple(drawn),
        mark=(top, "unrelated maps"),
    )


def _bar(name: str, images: np.ndarray, values: np.ndarray, seed: int, role: Literal["model", "reference"]) -> Bar:
    span = bootstrap(mean_estimate(images, values), seed)
    return Bar(name, float(values.mean()), span.low if span else None, span.high if span else None, role=role)


def numbers(found: Mapping[str, Attacked]) -> Table:
    """Every method by every measure, of the attack and of random changes."""
    columns = ("method", "change", "images moved", "highest kept", "rank correlation", "centre moved", "confidence before", "after")
    rows = []
    for name, one in found.items():
        for label, changes in (("attack", one.attack), ("random", one.random)):
            means = {part: float(getattr(changes, part).mean()) for part in Changes.__annotations__}
            rows.append(
                (
                    name,
                    label,
                    f"{int(changes.moved.sum()):,} of {len(changes.moved):,}",
                    percent(means["intersection"]),
                    f"{means['rank_correlation']:.2f}",
                    f"{means['shift']:.1f} px",
                    percent(means["confidence_before"]),
                    percent(means["confidence_after"]),
                )
            )
    return Table("What changes did, means over images", columns, tuple(rows))


def gallery(evidence: Evidence, found: Mapping[str, Attacked], images: Sequence[str], times: float) -> Gallery:
    """By method: the photograph, its map, the photograph after the attack, its map, and the difference, `times` as large."""
    rows, names = {row["image"]: row for row in clean(evidence).iter_rows(named=True)}, readable(evidence)
    shown = []
    for name, one in found.items():
        for image in images:
            (at,) = np.flatnonzero(one.images == image)
            answer = str(rows[image]["response"])
            said = names.get(answer, answer)
            pictures = (
                Picture(image, f"{said} ({one.attack.confidence_before[at]:.0%})"),
                Picture(image, name, name),
                Picture(image, f"changed: {said} ({one.attack.confidence_after[at]:.0%})", f"{name} changed", coloured=True),
                Picture(image, f"{one.attack.intersection[at]:.0%} of the highest kept", f"{name} after"),
                Picture(image, f"the change, {times:.0f} times as large", f"{name} difference", coloured=True),
            )
            shown.append((name, pictures))
    note = "In maps the size of values counts, not their sign. The change is drawn about mid-grey."
    return Gallery("Photograph and map, before and after the change", tuple(shown), note)

"""What do its answers hang on?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce

import numpy as np
import polars as pl

from snellen.arrays import image_keys
from snellen.charts import Bar, Bars, Chart, Table
from snellen.core import Condition, Evidence, Finding, Images, Model, Probe
from snellen.images.world import World
from snellen.methods.concepts.causal_effect import causal_concept_effect
from snellen.probes._changes import THRESHOLDS, TOO_MANY, beside, changed, flipped, mostly_wrong, share_interval, verdict
from snellen.probes._shared import nothing, percent, span
from snellen.stats import Estimate, mean_estimate

TOGETHER: Mapping[str, tuple[str, ...]] = {
    "shape": ("category",),
    "background": ("background", "background_colour"),
    "place": ("x", "y"),
    "lighting": ("light", "lighting", "exposure"),
}
"""Names that stand for other concepts of the world, or for several changed at once; any other name stands for itself."""
SHAPE = "shape"
LOST = "do not follow the shape, or were wrong to begin with"
NEVER_GOOD = f"Never good where most answers {LOST}: what always answers the same hangs on nothing"


@dataclass(frozen=True)
class Reliance(Probe):
    """Every image beside its counterfactual twins: the same scene with one concept changed.

    `concepts` are names separated by commas: shape, background (kind and colour at once), place, lighting, or any concept of
    the world, such as texture, colour, mark, scale, rotation, view, pose, clutter, occlusion. `pictures` is how many images are
    shown beside their twins, for each concept.
    """

    question = "What do its answers hang on?"
    about = (
        "Each image is drawn again with one concept changed and everything else, all chance included, as it was: its "
        "counterfactual twin. The effect of a concept is the share of answers that differ between the two; nothing but the concept "
        "can have caused it. In this world the shape alone makes the category, so the answer should follow the shape to its new "
        "category, and stay when the texture, the colour, the background or a mark is another, one that other images here have. "
        "This is the causal concept effect (goyal-2019), image by image, so that effects in opposite directions do not cancel."
    )
    cites = ("goyal-2019", "efron-1993", "clopper-1934")

    concepts: str = "shape,texture,colour,background,mark"
    pictures: int = 3

    @property
    def _names(self) -> tuple[str, ...]:
        """The concepts that are changed, each once."""
        return tuple(dict.fromkeys(name.strip() for name in self.concepts.split(",") if name.strip()))

    def conditions(self) -> tuple[Condition, ...]:
        """A twin for each concept."""
        return tuple(Condition("do", name, redraw=partial(_twins, TOGETHER.get(name, (name,)))) for name in self._names)

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs twins, which only drawn images have."""
        if not isinstance(images, World):
            return f"needs a world, whose images can be drawn again with one thing changed; {images.name} can be asked background"
        return super().applies(model, images, people)

    def _found(self, evidence: Evidence) -> dict[str, tuple[pl.DataFrame, np.ndarray]]:
        """Concept → images beside their twins, and which of their answers are a failing: changed, or for the shape not followed."""
        out = {}
        for name in self._names:
            rows = beside(evidence, "do", name)
            if rows.height:
                failing = ~rows["then_correct"].to_numpy() if name == SHAPE else flipped(rows)
                out[name] = rows, failing
        return out

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """shape: share of answers that follow it. Every other concept: share that it changes; strongest: the largest of those."""
        found = self._found(evidence)
        out = {
            name: mean_estimate(rows["image"].to_numpy(), ~failing if name == SHAPE else failing)
            for name, (rows, failing) in found.items()
        }
        others = [failing for name, (_, failing) in found.items() if name != SHAPE]
        if others and len({len(failing) for failing in others}) == 1:
            images = next(rows for rows, _ in found.values())["image"].to_numpy()
            columns = np.column_stack([*others, np.ones(len(images))]).astype(float)
            out["strongest"] = Estimate(images, columns, lambda sums: sums[..., :-1].max(axis=-1) / sums[..., -1], leans=True)
        return out

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """The strongest reliance on what should not matter, then each concept by itself."""
        found = self._found(evidence)
        lost = self._loses_shape(found, evidence)
        findings = [self._finding(name, *pair, lost, evidence) for name, pair in found.items()]
        return [self._strongest(found, lost, evidence), *findings]

    def _strongest(self, found: Mapping[str, tuple[pl.DataFrame, np.ndarray]], lost: bool, evidence: Evidence) -> Finding:
        title = "Strongest reliance on what should not matter"
        others = {name: failing for name, (_, failing) in found.items() if name != SHAPE}
        if not others:
            return nothing("reliance.strongest", title, "only the shape was changed", evidence.dataset, headline=True)
        name = max(others, key=lambda other: others[other].mean())
        value, interval = float(others[name].mean()), share_interval(others[name], evidence.seed, len(others))
        among = f", the most among {', '.join(others)}" if len(others) > 1 else ""
        judged = verdict(interval)
        return Finding(
            "reliance.strongest",
            title,
            f"With nothing but the {name} changed, {percent(value)}{span(interval)} of the answers change{among}."
            + (f" Yet most answers {LOST}." if lost else ""),
            value=value,
            interval=interval,
            unit="share",
            n=len(others[name]),
            verdict="caution" if lost and judged == "good" else judged,
            thresholds=f"{THRESHOLDS}. {NEVER_GOOD}",
            limits=(
                "Holds for this world, where the shape alone makes the category; elsewhere texture or colour may be fair cues.",
                f"Nothing is said of concepts that were not changed; these were: {', '.join(found)}.",
            ),
            dataset=evidence.dataset,
            headline=True,
        )

    def _loses_shape(self, found: Mapping[str, tuple[pl.DataFrame, np.ndarray]], evidence: Evidence) -> bool:
        if SHAPE in found:
            return share_interval(found[SHAPE][1], evidence.seed).low > TOO_MANY
        return mostly_wrong(evidence)

    def _finding(self, name: str, rows: pl.DataFrame, failing: np.ndarray, lost: bool, evidence: Evidence) -> Finding:
        shape, n = name == SHAPE, len(failing)
        held = ~failing if shape else failing
        value, interval = float(held.mean()), share_interval(held, evidence.seed)
        harm = replace(interval, low=1 - interval.high, high=1 - interval.low) if shape else interval
        judged, (before, after) = verdict(harm), _accuracy(rows)
        what = "follow it to the new category" if shape else "change"
        return Finding(
            f"reliance.{name}",
            "Answers that follow the shape" if shape else f"Answers that hang on the {name}",
            f"With another {name}, {int(held.sum()):,} of {n:,} answers {what}: {percent(value)}{span(interval)}. Accuracy: "
            f"{percent(before)} before, {percent(after)} after.",
            value=value,
            interval=interval,
            unit="share",
            n=n,
            chance=1 / len(evidence.labels) if shape else None,
            verdict="note" if lost and judged == "good" else judged,
            thresholds=f"Of the answers that do not follow it, {THRESHOLDS}" if shape else f"{THRESHOLDS}. {NEVER_GOOD}",
            dataset=evidence.dataset,
        )

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """The shares, what else changed, and images beside twins that were answered otherwise."""
        findings = [f for f in self.judge(evidence)[1:] if f.value is not None]
        labels = {f.id: f.id.partition(".")[2] + (" (followed)" if f.id == f"reliance.{SHAPE}" else "") for f in findings}
        bars = tuple(Bar(labels[f.id], f.value or 0.0, f.interval.low, f.interval.high) for f in findings if f.interval)
        alt = "; ".join(f"{bar.label}: {bar.value:.2f}" for bar in bars)
        columns = ("changed", "answers changed", "accuracy before", "after", "mean change of confidence where the answer stays")
        cells = tuple(_cells(name, rows) for name, (rows, _) in self._found(evidence).items())
        others = [(f"Another {name}", "do", name) for name in self._names if name != SHAPE]
        note = "Each image beside its twin, with the answers: those changed that were given with the most confidence."
        return [
            Bars("Answers that change with a concept", f"Share of answers: {alt}", "share of answers", bars),
            Table("What changing a concept does", columns, cells),
            changed(evidence, "One thing changed, and the answer with it", others, self.pictures, note),
        ]


def _twins(concepts: tuple[str, ...], images: Images) -> Images:
    if not isinstance(images, World):
        raise TypeError(f"{images.name} is no world, and has no twins")
    return reduce(_another, concepts, images)


def _another(world: World, concept: str) -> World:
    """The twins with another value of a concept, one that occurs in the set where two or more do; drawn by the image's name."""
    now = world.facts[concept].to_list() if world.facts.schema.get(concept) == pl.String else []
    values = sorted(set(now))
    if len(values) < 2:
        return world.twins(concept)
    places, keys = {value: at for at, value in enumerate(values)}, image_keys("do", concept, world.facts["image"].to_list(), 0)
    steps = (1 + key % (len(values) - 1) for key in keys)
    return world.twins(concept, [values[(places[one] + step) % len(values)] for one, step in zip(now, steps, strict=True)])


def _accuracy(rows: pl.DataFrame) -> tuple[float, float]:
    return tuple(float(rows[column].to_numpy().astype(float).mean()) for column in ("correct", "then_correct"))  # type: ignore[return-value]


def _cells(name: str, rows: pl.DataFrame) -> tuple[str, ...]:
    before, after = _accuracy(rows)
    stays = rows.filter(pl.col("response") == pl.col("then_response"))
    change = "–"
    if stays.height:
        first, second = (stays[column].to_numpy().reshape(-1, 1) for column in ("confidence", "then_confidence"))
        change = f"{100 * causal_concept_effect(first, second).item():+.1f} points"
    return name, f"{int(flipped(rows).sum()):,} of {rows.height:,}", percent(before), percent(after), change

"""Does it go by shape or by texture?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from snellen.charts import Bar, Bars, Chart, Gallery, Picture
from snellen.core import Evidence, Finding, Images, Interval, Model, Probe, Reference, Verdict
from snellen.labels import sixteen
from snellen.methods.compare.shape_bias import decisions, shape_bias
from snellen.probes._shared import clean, nothing, percent, span
from snellen.stats import Estimate, clopper_pearson, mean_estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_PERSON = 0.919
"""Shape bias of the least shape-biased of the ten people on the published cue-conflict images (geirhos-2021)."""

INDIFFERENCE = 0.5

TEXTURE_CATEGORY = "texture_category"
"""The fact that names the category a texture goes with, where `texture` itself names the texture."""


@dataclass(frozen=True)
class ShapeBias(Probe):
    """Images in the shape of one category and the texture of another: which of the two is answered.

    `pictures` is how many confident texture decisions are shown.
    """

    question = "Does it go by shape or by texture?"
    about = (
        "Cue-conflict images show the shape of one category in the texture of another. Shape bias is the share of answers for the "
        "shape among the answers for either; answers that follow neither cue do not count, and images whose cues agree are "
        "left out. The answer is the one of the sixteen categories whose ImageNet classes have the highest mean probability. The "
        "interval is Clopper-Pearson over the decided images."
    )
    cites = ("geirhos-2019", "geirhos-2021", "clopper-1934")

    pictures: int = 8

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs a shape and a texture for every image, both of the sixteen categories."""
        if images.labels is None or not {"texture", TEXTURE_CATEGORY} & set(images.facts.columns):
            return f"needs images that show one category in the texture of another, and {images.name} says nothing of textures"
        if set(images.labels.keys) - set(sixteen().keys):
            return (
                f"needs shapes and textures of the sixteen categories, and {images.name} has those of the list {images.labels.name}"
            )
        return None

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """value: shape decisions over shape and texture decisions; decided: share of conflict images answered by either cue."""
        rows = _conflicts(clean(evidence))
        images, cues = rows["image"].to_numpy(), rows.select("by_shape", "by_texture").to_numpy().astype(float)
        return {
            "value": Estimate(images, cues, lambda sums: shape_bias(sums[..., 0], sums[..., 1])),
            "decided": mean_estimate(images, cues.sum(axis=1)),
        }

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """The shape bias, and how many images were decided by either cue."""
        rows, people = _conflicts(clean(evidence)), _people(evidence)
        shape, texture, n = int(rows["by_shape"].sum()), int(rows["by_texture"].sum()), rows.height
        decided = shape + texture
        if not decided:
            reason = (
                f"none of {n:,} answers follows either cue"
                if n
                else "no image has its shape and its texture from different categories"
            )
            return [nothing("shape-bias.value", "Shape bias", reason, evidence.dataset, headline=True)]
        return [_bias(evidence, shape, texture, people), _decided(evidence, decided, n, people)]

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Shape bias per category of shape, with the people's, and the most confident decisions for the texture."""
        rows = _conflicts(clean(evidence))
        if not rows.height:
            return []
        bars = [Bar(c, s / (s + t), (i := clopper_pearson(s, s + t)).low, i.high) for c, s, t in _by(rows, "category") if s + t]
        if (people := _people(evidence)) is not None:
            bars += [Bar(c, s / (s + t), role="people") for c, s, t in _by(people, "category") if s + t]
        alt = "Shape bias for each category of shape: the model with 95 % intervals" + (
            ", people pooled" if people is not None else ""
        )
        texture = rows.filter("by_texture").sort(["confidence", "image"], descending=[True, False]).head(self.pictures)
        pictures = tuple(
            Picture(row["image"], f"{row['category']} in {row['texture']} → {row['response']} ({row['confidence']:.0%})")
            for row in texture.iter_rows(named=True)
        )
        charts: list[Chart] = [
            Bars("Shape bias per category of shape", alt, "share for the shape", tuple(bars), mark=(INDIFFERENCE, "indifference"))
        ]
        if pictures:
            charts.append(Gallery("Texture over shape", (("Decided for the texture, and most confident of it", pictures),)))
        return charts


def _bias(evidence: Evidence, shape: int, texture: int, people: pl.DataFrame | None) -> Finding:
    value, interval, human = shape / (shape + texture), clopper_pearson(shape, shape + texture), _reference(people)
    least, source, claim = (
        LEAST_PERSON,
        "geirhos-2021",
        f"{shape:,} answers for the shape, {texture:,} for the texture: {percent(value)}",
    )
    claim += f"{span(interval)} shape."
    if human is not None and human.low is not None and human.high is not None:
        least, source = human.low, "trials given"
        claim += f" People: {percent(human.value)}, from {percent(human.low)} to {percent(human.high)} one by one."
    drawn = TEXTURE_CATEGORY in evidence.trials.columns
    return Finding(
        "shape-bias.value",
        "Shape bias",
        claim,
        value=value,
        interval=interval,
        unit="share",
        n=shape + texture,
        chance=INDIFFERENCE,
        human=human,
        verdict=_verdict(value, interval, least),
        thresholds=f"good: at least {percent(least)}, the least shape-biased person ({source}); "
        "bad: the interval lies below one half, so that texture decides more often than shape; "
        "no verdict (too few images) where the interval reaches both",
        limits=(
            "The interval takes images as independent, though several share a shape or a texture; it holds for images like these.",
            "People were asked of other images, with textures laid on by style transfer; these are drawn."
            if drawn
            else "Style transfer leaves other traces than texture: a low shape bias need not hold for textures of another origin.",
            "People saw each image for 200 ms before a mask, the model without a limit of time.",
        ),
        dataset=evidence.dataset,
        headline=True,
    )


def _verdict(value: float, interval: Interval, least: float) -> Verdict:
    """How it stands between indifference and the least shape-biased person; an interval that reaches both decides nothing."""
    if interval.low <= INDIFFERENCE <= interval.high and interval.high >= least:
        return "note"
    if value >= least:
        return "good"
    return "bad" if interval.high < INDIFFERENCE else "caution"


def _decided(evidence: Evidence, decided: int, n: int, people: pl.DataFrame | None) -> Finding:
    interval, human = clopper_pearson(decided, n), None
    if people is not None and people.height:
        either = (people["by_shape"] | people["by_texture"]).to_numpy()
        human = Reference(float(either.mean()), label=f"{people['subject'].n_unique()} people, pooled")
    return Finding(
        "shape-bias.decided",
        "Answers that follow either cue",
        f"{decided:,} of {n:,} answers follow the shape or the texture: {percent(decided / n)}{span(interval)}.",
        value=decided / n,
        interval=interval,
        unit="share",
        n=n,
        chance=2 / len(evidence.labels),
        human=human,
        dataset=evidence.dataset,
    )


def _textured(trials: pl.DataFrame) -> pl.DataFrame:
    """The trials, `texture` being a category."""
    return trials.with_columns(texture=TEXTURE_CATEGORY) if TEXTURE_CATEGORY in trials.columns else trials


def _conflicts(rows: pl.DataFrame) -> pl.DataFrame:
    """The trials whose cues conflict, with the booleans by_shape and by_texture."""
    trials = _textured(rows)
    found = decisions(trials["category"].to_list(), trials["texture"].to_list(), trials["response"].to_list())
    cues = {"by_shape": found.shape, "by_texture": found.texture}
    return trials.with_columns(pl.Series(name, values, dtype=pl.Boolean) for name, values in cues.items()).filter(found.conflict)


def _people(evidence: Evidence) -> pl.DataFrame | None:
    if evidence.people is None or not evidence.people.height:
        return None
    textures = _textured(clean(evidence)).select("image", "texture")
    return _conflicts(evidence.people.drop("texture", strict=False).join(textures, on="image"))


def _by(rows: pl.DataFrame, column: str) -> list[tuple[str, int, int]]:
    return rows.group_by(column).agg(pl.col("by_shape").sum(), pl.col("by_texture").sum()).sort(column).rows()


def _reference(people: pl.DataFrame | None) -> Reference | None:
    """Their pooled shape bias, and the range of the single observers'."""
    if people is None or not (people["by_shape"] | people["by_texture"]).any():
        return None
    each = np.array([shape / (shape + texture) for _, shape, texture in _by(people, "subject") if shape + texture])
    pooled = float(shape_bias(people["by_shape"].to_numpy().sum(), people["by_texture"].to_numpy().sum()))
    return Reference(pooled, float(each.min()), float(each.max()), f"{len(each)} people, pooled; range of single people")

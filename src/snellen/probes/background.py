"""Does it look at the object, or at what is around it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import get_args

import polars as pl

from snellen.charts import Bar, Bars, Chart
from snellen.core import Condition, Evidence, Finding, Images, Model, Probe, Unsupported
from snellen.images.composited import VERSION, How, composited
from snellen.images.regions import BOX, MASK
from snellen.probes._changes import THRESHOLDS, beside, changed, flipped, mostly_wrong, share_interval, verdict
from snellen.probes._shared import labelled, nothing, percent, span, two_categories
from snellen.stats import Estimate, bootstrap, clopper_pearson, mean_estimate

SHOWN: Mapping[How, str] = {
    "swapped": "another category's",
    "same": "its own category's",
    "grey": "plain grey",
    "only": "no object",
}


@dataclass(frozen=True)
class Background(Probe):
    """Photographs taken apart by masks or boxes: the object before other backgrounds and none, and the background without it.

    `pictures` is how many images are shown beside what was made of them, of each kind.
    """

    question = "Does it look at the object, or at what is around it?"
    about = (
        "Masks or boxes say where the object is. It is cut out and laid before the background of an image of another category, of "
        "another image of its own category, and before plain grey; and the background is shown without it. Where an object was "
        "cut out, the hole is filled smoothly from around (gortler-1996). If the answer changes with the background, the "
        "background had a part in it; how accuracy differs between backgrounds of the own and of another category, pasted "
        "alike, is the gap of xiao-2021. On drawn images, ask `reliance`: it changes the background alone, and pastes nothing."
    )
    cites = ("xiao-2021", "gortler-1996", "efron-1993", "clopper-1934")

    pictures: int = 4

    def conditions(self) -> tuple[Condition, ...]:
        """Swapped, same, grey and only."""
        return tuple(Condition("background", how, VERSION, redraw=partial(_redrawn, how)) for how in get_args(How))

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs a category an image, two in all, and masks or boxes."""
        reason = super().applies(model, images, people) or two_categories(images)
        if reason is None and images.facts["category"].drop_nulls().n_unique() < 2:
            reason = f"needs images of two categories or more, and all of {images.name} are of one"
        if reason is None:
            try:
                images.regions([0])
            except Unsupported as error:
                return str(error)
        return reason

    def _beside(self, evidence: Evidence, how: How) -> pl.DataFrame:
        return beside(evidence, "background", how).filter(pl.col("correct").is_not_null())

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """flips: share of answers another background changes; gap: accuracy before backgrounds of the own category less that
        before those of another; only: accuracy without the object; kept: share of right answers that stay right before grey.
        """
        swapped, same, grey, only = (self._beside(evidence, how) for how in get_args(How))
        both = same.join(swapped.select("image", other="then_correct"), on="image").sort("image")
        kept = grey.filter("correct")
        found = {
            "flips": (swapped, flipped(swapped)),
            "gap": (both, both["then_correct"].to_numpy().astype(float) - both["other"].to_numpy()),
            "only": (only, only["then_correct"].to_numpy()),
            "kept": (kept, kept["then_correct"].to_numpy()),
        }
        return {name: mean_estimate(rows["image"].to_numpy(), values) for name, (rows, values) in found.items() if rows.height}

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """How many answers hang on the background, and what is left of accuracy without it and on it alone."""
        estimates, seen = self.estimates(evidence), labelled(evidence).height
        if "flips" not in estimates:
            return [nothing("background.flips", _TITLES["flips"], "no image has a mask or a box", evidence.dataset, headline=True)]
        made = {
            "flips": self._headline(estimates["flips"], evidence, seen),
            "gap": self._gap(estimates["gap"], evidence) if "gap" in estimates else None,
            "only": self._share("only", estimates["only"], evidence) if "only" in estimates else None,
            "kept": self._share("kept", estimates["kept"], evidence) if "kept" in estimates else None,
        }
        absent = {
            "gap": "no category has two images with masks or boxes",
            "only": "no background could be shown alone",
            "kept": "none of the answers was right to begin with",
        }
        return [
            finding or nothing(f"background.{name}", _TITLES[name], absent[name], evidence.dataset)
            for name, finding in made.items()
        ]

    def _headline(self, estimate: Estimate, evidence: Evidence, seen: int) -> Finding:
        flags, n = estimate.sums[:, 0] > 0, len(estimate.images)
        interval, lost = share_interval(flags, evidence.seed), mostly_wrong(evidence)
        judged = verdict(interval)
        boxes = MASK not in evidence.trials.columns and set(BOX) <= set(evidence.trials.columns)
        limits = (
            "A pasted object has edges and light that do not fit its new background; a model may stumble over those. The gap "
            "compares images that are all pasted.",
            "The place of an object that was cut out is filled smoothly, which may still tell its outline.",
            *(("Boxes hold some background too, which moves along with the object.",) if boxes else ()),
            *((f"Only {n:,} of {seen:,} images have a mask or a box.",) if n < seen else ()),
        )
        return Finding(
            "background.flips",
            _TITLES["flips"],
            f"Before the background of another category {int(flags.sum()):,} of {n:,} answers change: {percent(flags.mean())}"
            f"{span(interval)}." + (" Most answers were wrong to begin with." if lost else ""),
            value=float(flags.mean()),
            interval=interval,
            unit="share",
            n=n,
            verdict="caution" if lost and judged == "good" else judged,
            thresholds=f"{THRESHOLDS}. Never good where most answers are wrong to begin with",
            limits=limits,
            dataset=evidence.dataset,
            headline=True,
        )

    def _gap(self, estimate: Estimate, evidence: Evidence) -> Finding:
        value, interval = estimate.point() or 0.0, bootstrap(estimate, evidence.seed)
        ends = f" [{100 * interval.low:.1f}, {100 * interval.high:.1f}]" if interval else ""
        return Finding(
            "background.gap",
            _TITLES["gap"],
            f"Before a background of its own category an object is recognised {100 * value:+.1f} points{ends} more often than "
            "before one of another category, all being pasted.",
            value=value,
            interval=interval,
            unit="share",
            n=len(estimate.images),
            chance=0.0,
            verdict="caution" if interval and interval.low > 0 else "note",
            thresholds="caution: the interval lies above zero, so that what the background tells of the category is used",
            limits=("No gap is to be seen where backgrounds go with no category in these images, even if the model uses them.",),
            dataset=evidence.dataset,
        )

    def _share(self, name: str, estimate: Estimate, evidence: Evidence) -> Finding:
        flags, n = estimate.sums[:, 0] > 0, len(estimate.images)
        interval, chance = share_interval(flags, evidence.seed), 1 / len(evidence.labels)
        claim = {
            "only": f"With the object cut out, {int(flags.sum()):,} of {n:,} answers still name it: {percent(flags.mean())}"
            f"{span(interval)} (guessing: {percent(chance)}).",
            "kept": f"Of {n:,} right answers {int(flags.sum()):,} stay right before plain grey: {percent(flags.mean())}"
            f"{span(interval)}.",
        }[name]
        return Finding(
            f"background.{name}",
            _TITLES[name],
            claim,
            value=float(flags.mean()),
            interval=interval,
            unit="share",
            n=n,
            chance=chance if name == "only" else None,
            dataset=evidence.dataset,
        )

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Accuracy with each part exchanged, and images whose answers changed."""
        rows = {"its own": labelled(evidence)["correct"]}
        rows |= {text: self._beside(evidence, how)["then_correct"] for how, text in SHOWN.items()}
        counts = {text: (int(right.sum()), len(right)) for text, right in rows.items() if len(right)}
        bars = tuple(
            Bar(text, hits / n, (interval := clopper_pearson(hits, n)).low, interval.high) for text, (hits, n) in counts.items()
        )
        alt = "Share of right answers: " + "; ".join(f"{bar.label}: {bar.value:.2f}" for bar in bars)
        chance = 1 / len(evidence.labels)
        headings = [
            ("Before the background of another category", "background", "swapped"),
            ("Before plain grey", "background", "grey"),
        ]
        note = (
            "Each photograph beside what was made of it, with the answers: those changed that were given with the most confidence."
        )
        return [
            Bars("Accuracy with the background exchanged", alt, "share right", bars, mark=(chance, "guessing")),
            changed(evidence, "Another background, another answer", headings, self.pictures, note),
        ]


_TITLES = {
    "flips": "Answers that change with the background",
    "gap": "What the background of its own category adds",
    "only": "Right from the background alone",
    "kept": "Right answers kept without the background",
}


def _redrawn(how: How, images: Images) -> Images:
    return composited(images, how)

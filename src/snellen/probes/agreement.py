"""Does it err where people err?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from snellen.charts import Bar, Bars, Chart, Table
from snellen.core import Evidence, Finding, Images, Interval, Model, Probe, Reference, SnellenError, Verdict
from snellen.methods.compare.panel import Panel, panel
from snellen.probes._shared import clean, nothing, percent, span, strip
from snellen.stats import Estimate, bootstrap, clopper_pearson, mean_estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LIMITS = (
    "Intervals resample images and keep the observers: they leave out that other people would answer otherwise.",
    "People must have seen these very images, and saw each for a moment (200 ms in the published studies); the model is not limited in time.",
    "Only being right or wrong is compared, not which wrong category is answered.",
)
TITLES: Mapping[str, str] = {
    "error-consistency": "Error consistency with people",
    "observed-consistency": "Right and wrong on the same images as people",
    "accuracy-difference": "Squared accuracy difference to people",
}
THRESHOLDS = "good: reaches the interval between two people; bad: the interval holds 0, no more than independent errors would agree (geirhos-2020-error)"


@dataclass(frozen=True)
class Agreement(Probe):
    """Image by image against every person who saw the same images, with what two people reach between them as the ceiling.

    `pictures` is how many images are shown of each kind of disagreement.
    """

    question = "Does it err where people err?"
    about = (
        "For each person and condition: observed consistency is the share of images on which both are right or both wrong; error consistency (Cohen's "
        "kappa of right and wrong) is how far that exceeds what independent errors with the same accuracies give, 1 at most; accuracy difference is "
        "squared. Each is averaged over conditions, then over people; the ceiling is the same between two people. Intervals are bootstraps over images."
    )
    cites = ("geirhos-2020-error", "geirhos-2021", "cohen-1960", "klein-2025", "efron-1993", "clopper-1934")

    pictures: int = 8

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs people's trials on these images, and categories they could answer."""
        if (reason := super().applies(model, images, people)) is not None:
            return reason
        if people is None or not people.height:
            return f"needs trials of people on the images of {images.name}: give them with --people"
        return None

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """error-consistency, observed-consistency, accuracy-difference: means over observers; accuracy on the shared images."""
        answers, found = _answers(evidence), _panel(evidence)
        distances = {name: found.estimate(name.replace("-", "_"), found.with_model) for name in TITLES}
        return {**distances, "accuracy": mean_estimate(answers["image"].to_numpy(), answers["correct"].to_numpy())}

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """Three distances to people against the distances between them, and accuracy beside theirs."""
        found, estimates = _panel(evidence), self.estimates(evidence)
        return [*(self._distance(evidence, found, name, estimates[name]) for name in TITLES), self._accuracy(evidence)]

    def _distance(self, evidence: Evidence, found: Panel, name: str, estimate: Estimate) -> Finding:
        value, id_ = estimate.point(), f"agreement.{name}"
        kappa = name == "error-consistency"
        if value is None:
            return nothing(
                id_,
                TITLES[name],
                "one of both is always right or always wrong, so that kappa is undefined",
                evidence.dataset,
                kappa,
            )
        interval = bootstrap(estimate, evidence.seed)
        human = _between_people(found, name, evidence.seed)
        chance = {
            "error-consistency": 0.0,
            "observed-consistency": found.estimate("expected_consistency", found.with_model).point(),
        }.get(name)
        ceiling = (
            f"; two people reach {human.value:.3f} [{human.low:.3f}, {human.high:.3f}]" if human and human.low is not None else ""
        )
        return Finding(
            id_,
            TITLES[name],
            f"{value:.3f}{span(interval, as_percent=False)} on average over {len(found.people)} people{ceiling}"
            + (f"; accuracies this far apart allow {found.greatest_consistency():.3f} at most" if kappa else "")
            + ("." if chance is None else f"; independent errors give {chance:.3f}."),
            value=value,
            interval=interval,
            n=len(found.images),
            chance=chance,
            human=human,
            verdict=_verdict(value, interval, human) if kappa else "note",
            thresholds=THRESHOLDS if kappa else "",
            limits=LIMITS
            if kappa
            else ("The noise of both accuracies adds to a squared difference.",)
            if name == "accuracy-difference"
            else (),
            dataset=evidence.dataset,
            headline=kappa,
        )

    def _accuracy(self, evidence: Evidence) -> Finding:
        answers, people = _answers(evidence), _people(evidence)
        hits, n = int(answers["correct"].sum()), answers.height
        each = people.group_by("subject").agg(pl.col("correct").mean())["correct"]
        pooled = int(people["correct"].sum()) / people.height
        human = Reference(
            pooled,
            float(each.to_numpy().min()),
            float(each.to_numpy().max()),
            f"{len(each)} people, pooled; range of single people",
        )
        interval = clopper_pearson(hits, n)
        return Finding(
            "agreement.accuracy",
            "Accuracy on the images people saw",
            f"{hits:,} of {n:,} right: {percent(hits / n)}{span(interval)}; people: {percent(pooled)}.",
            value=hits / n,
            interval=interval,
            unit="share",
            n=n,
            chance=1 / max(people["category"].n_unique(), 1),
            human=human,
            limits=("Right is the category of the shape; that of the texture counts as wrong.",) if _has_texture(evidence) else (),
            dataset=evidence.dataset,
        )

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Error consistency person by person, all distances by condition, and where all people differ from the model."""
        found, answers = _panel(evidence), _answers(evidence)
        right = pl.col("image").is_in(_unanimous(evidence, right=True))
        wrong = pl.col("image").is_in(_unanimous(evidence, right=False))
        ranked = answers.sort(["confidence", "image"], descending=[True, False])
        gallery = strip(
            evidence,
            "Where the model and all people part",
            [
                (
                    "All people right, the model wrong, most confident first",
                    ranked.filter(right, ~pl.col("correct")).head(self.pictures),
                ),
                (
                    "All people wrong, the model right, most confident first",
                    ranked.filter(wrong, pl.col("correct")).head(self.pictures),
                ),
            ],
        )
        charts: list[Chart] = [_by_person(found, evidence.seed), _by_condition(found, evidence.seed)]
        return [*charts, gallery] if gallery.rows else charts


def _answers(evidence: Evidence) -> pl.DataFrame:
    """The model's clean trials on images that people saw, right or wrong by the people's categories."""
    truth = _people(evidence).select("image", "category").unique("image")
    answer = pl.coalesce("coarse_response", "response")
    rows = clean(evidence).drop("category").join(truth, on="image", maintain_order="left")
    return rows.with_columns(response=answer, correct=answer == pl.col("category"))


def _people(evidence: Evidence) -> pl.DataFrame:
    if evidence.people is None:
        raise SnellenError(f"got no trials of people on {evidence.dataset}; expected some: give them with --people")
    return evidence.people.join(clean(evidence).select("image"), on="image", how="semi")


def _has_texture(evidence: Evidence) -> bool:
    return "texture" in evidence.trials.columns and bool(evidence.trials["texture"].is_not_null().any())


def _panel(evidence: Evidence) -> Panel:
    return panel(_answers(evidence), _people(evidence))


def _between_people(found: Panel, distance: str, seed: int, pairs: np.ndarray | None = None) -> Reference | None:
    """What two people reach between them: mean over pairs, and its interval over images; None with fewer than two."""
    estimate = found.estimate(distance.replace("-", "_"), ~found.with_model if pairs is None else pairs & ~found.with_model)
    value, interval = estimate.point(), bootstrap(estimate, seed)
    if value is None:
        return None
    return Reference(value, interval.low if interval else None, interval.high if interval else None, "two people, mean over pairs")


def _verdict(value: float, interval: Interval | None, human: Reference | None) -> Verdict:
    if interval is None or interval.low <= 0:
        return "bad"
    return "good" if human is not None and human.low is not None and value >= human.low else "caution"


def _unanimous(evidence: Evidence, right: bool) -> list[str]:
    """Images that at least two people answered, all of them right, or all of them wrong."""
    votes = (
        _people(evidence)
        .group_by("image")
        .agg(pl.col("correct").all().alias("all"), pl.col("correct").any().alias("any"), pl.len())
    )
    same = pl.col("all") if right else ~pl.col("any")
    return votes.filter(same, pl.col("len") > 1)["image"].sort().to_list()


def _by_person(found: Panel, seed: int) -> Bars:
    bars = []
    for person, name in enumerate(found.people):
        mine = found.estimate("error_consistency", found.of(person) & found.with_model)
        value, interval = mine.point(), bootstrap(mine, seed)
        if value is not None:
            bars.append(Bar(name, value, interval.low if interval else None, interval.high if interval else None))
        others = _between_people(found, "error-consistency", seed, found.of(person))
        if others is not None:
            bars.append(Bar(name, others.value, others.low, others.high, role="people"))
    return Bars(
        "Error consistency with each person",
        "The model's error consistency with each person, and that person's mean with the other people, with 95 % intervals over images",
        "error consistency",
        tuple(bars),
        x_range=None,
        mark=(0.0, "independent errors"),
    )


def _by_condition(found: Panel, seed: int) -> Table:
    def number(distance: str, pairs: np.ndarray, condition: int | None, interval: bool = False) -> str:
        estimate = found.estimate(distance, pairs, condition)
        value, around = estimate.point(), bootstrap(estimate, seed) if interval else None
        return "–" if value is None else f"{value:.3f}{span(around, as_percent=False)}"

    rows = []
    for condition, name in [(None, "all"), *enumerate(found.conditions)]:
        pairs, between = found.with_model, ~found.with_model
        n = len(found.estimate("observed_consistency", pairs, condition).images)
        rows.append(
            (
                name,
                f"{n:,}",
                number("accuracy_difference", pairs, condition),
                number("observed_consistency", pairs, condition),
                number("expected_consistency", pairs, condition),
                number("error_consistency", pairs, condition, interval=True),
                number("error_consistency", between, condition, interval=True),
            )
        )
    columns = ("condition", "images", "accuracy difference", "observed", "expected", "error consistency", "between two people")
    return Table("Distance to people by condition", columns, tuple(rows if len(rows) > 2 else rows[:1]))

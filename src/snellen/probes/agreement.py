"""Does it err where people err?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from snellen.core import Evidence, Finding, Images, Interval, Model, Probe, Reference, Verdict
from snellen.methods.compare.panel import Panel, panel
from snellen.probes._agreement_charts import between_people, by_condition, by_person
from snellen.probes._agreement_trials import Compared, compared, why_not
from snellen.probes._shared import nothing, percent, span, strip
from snellen.stats import Estimate, bootstrap, clopper_pearson, mean_estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from snellen.charts import Chart

TITLES: Mapping[str, str] = {
    "error-consistency": "Error consistency with people",
    "observed-consistency": "Right and wrong on the same images as people",
    "accuracy-difference": "Squared accuracy difference to people",
}
LIMITS = (
    "Intervals resample images and keep the observers: they leave out that other people would answer otherwise.",
    "People must have seen these very images. They saw each for a moment (200 ms in the published studies), the model at leisure.",
    "Only being right or wrong is compared, not which wrong category is answered.",
)

LEAST = 5
"""Images that the model must get wrong, and right, for a verdict."""

THRESHOLDS = (
    "good: within what two people reach (the interval over images) or above; bad: below it, and no more than independent errors, "
    "which give 0; no verdict (too few images) where the interval reaches both, or what two people reach is not above 0, nor with "
    f"fewer than {LEAST} images right or wrong"
)


@dataclass(frozen=True)
class Agreement(Probe):
    """Image by image against every person who saw the same images, with what two people reach between them as the ceiling.

    `pictures` is how many images are shown of each kind of disagreement.
    """

    question = "Does it err where people err?"
    about = (
        "For each person and condition: observed consistency is the share of images on which model and person are both right "
        "or both wrong; error consistency (Cohen's kappa of right and wrong) is how far that exceeds what independent errors at "
        "the same accuracies give, 1 at most; accuracy difference is squared. Each is averaged over conditions, then over people; "
        "the ceiling is the same between two people. Intervals are bootstraps over images."
    )
    cites = ("geirhos-2020-error", "geirhos-2021", "cohen-1960", "klein-2025", "efron-1993", "clopper-1934")

    pictures: int = 8

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs a category for every image, and people's trials on these images."""
        if (reason := super().applies(model, images, people)) is not None:
            return reason
        if people is None or not people.height:
            return f"needs trials of people on the images of {images.name}: give them with --people"
        return why_not(images, people)

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """The three distances as means over people, and accuracy on the images they saw."""
        both = compared(evidence)
        found, answers = panel(both.answers, both.people), both.answers
        distances = {name: found.estimate(name.replace("-", "_"), found.with_model) for name in TITLES}
        return {**distances, "accuracy": mean_estimate(answers["image"].to_numpy(), answers["correct"].to_numpy())}

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """The distances to people beside those between people, and the accuracies of both."""
        both, estimates = compared(evidence), self.estimates(evidence)
        found, right = panel(both.answers, both.people), int(both.answers["correct"].sum())
        fewest = min(right, both.answers.height - right)
        distances = [_distance(evidence, found, name, estimates[name], fewest) for name in TITLES]
        return [*distances, _accuracy(evidence, both)]

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Error consistency person by person, all distances by condition, and the images where all people part from the model."""
        both = compared(evidence)
        found, answers, people = panel(both.answers, both.people), both.answers, both.people
        sure = answers.sort(["confidence", "image"], descending=[True, False])
        right = pl.col("correct")
        votes = people.group_by("image").agg(right.all().alias("all"), right.any().alias("any"), pl.len()).filter(pl.col("len") > 1)
        lost, won = (
            sure.filter(~right).join(votes, on="image", maintain_order="left"),
            sure.filter(right).join(votes, on="image", maintain_order="left"),
        )
        parting = strip(
            evidence,
            "Where the model and all people part",
            [
                ("All people right, the model wrong and most sure", lost.filter("all").head(self.pictures)),
                ("All people wrong, the model right and most sure", won.filter(~pl.col("any")).head(self.pictures)),
            ],
        )
        charts = [by_person(found, evidence.seed), by_condition(found, evidence.seed)]
        return [*charts, parting] if parting.rows else charts


def _distance(evidence: Evidence, found: Panel, name: str, estimate: Estimate, fewest: int) -> Finding:
    id_, kappa = f"agreement.{name}", name == "error-consistency"
    value, interval = estimate.point(), bootstrap(estimate, evidence.seed)
    if value is None:
        reason = "model and people are always right, or always wrong, so that chance alone agrees everywhere"
        return nothing(id_, TITLES[name], reason, evidence.dataset, headline=kappa)
    human = between_people(found, name.replace("-", "_"), evidence.seed)
    claim = f"{value:.3f}{span(interval, as_percent=False)} on average over {len(found.people)} people"
    if human is not None:
        claim += f"; two people: {human.value:.3f} [{human.low:.3f}, {human.high:.3f}]"
    chance, thresholds, limits, verdict = None, "", (), "note"
    if kappa:
        most = found.greatest_consistency()
        chance, limits, thresholds = 0.0, (*LIMITS, *_drawn(found)), THRESHOLDS
        verdict = _verdict(value, interval, human) if fewest >= LEAST and most > 0 else "note"
        claim += f"; 0 is independent errors, and accuracies this far apart allow {most:.3f} at most"
    elif name == "observed-consistency":
        chance = found.estimate("expected_consistency", found.with_model).point()
        claim += "" if chance is None else f"; independent errors: {chance:.3f}"
    else:
        limits = ("The noise of both accuracies adds to a squared difference, most with few images a condition.",)
    return Finding(
        id_,
        TITLES[name],
        f"{claim}.",
        value=value,
        interval=interval,
        n=len(found.images),
        chance=chance,
        human=human,
        verdict=verdict,
        thresholds=thresholds,
        limits=limits,
        dataset=evidence.dataset,
        headline=kappa,
    )


def _drawn(found: Panel) -> tuple[str, ...]:
    drawn = int((~found.with_model).sum())
    if drawn == found.pairs_of_people:
        return ()
    return (f"Of {found.pairs_of_people:,} pairs of people, {drawn:,} drawn at random make the number for two people.",)


def _verdict(value: float, interval: Interval | None, human: Reference | None) -> Verdict:
    """How it stands between independent errors and the ceiling; what reaches both decides nothing."""
    ceiling = 1.0 if human is None or human.low is None else human.low
    if interval is None:
        return "note"
    if interval.high < ceiling:
        return "bad" if interval.low <= 0 else "caution"
    if interval.low <= 0 or ceiling <= 0:
        return "note"
    return "good" if value >= ceiling else "caution"


def _accuracy(evidence: Evidence, both: Compared) -> Finding:
    answers, people = both.answers, both.people
    hits, n = int(answers["correct"].sum()), answers.height
    each = people.group_by("subject").agg(pl.col("correct").mean())["correct"].to_numpy()
    pooled = float(people["correct"].to_numpy().mean())
    interval = clopper_pearson(hits, n)
    two_cues = "texture" in answers.columns and answers["texture"].is_not_null().any()
    return Finding(
        "agreement.accuracy",
        "Accuracy on the images people saw",
        f"{hits:,} of {n:,} right: {percent(hits / n)}{span(interval)}; people: {percent(pooled)}.",
        value=hits / n,
        interval=interval,
        unit="share",
        n=n,
        chance=1 / both.alternatives,
        human=Reference(pooled, float(each.min()), float(each.max()), f"{len(each)} people, pooled; range of single people"),
        limits=("Right is the category of the shape; that of the texture counts as wrong.",) if two_cues else (),
        dataset=evidence.dataset,
    )

"""Does the model hold under the distortions that people were tested on?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from snellen.charts import Bar, Bars, Chart, Gallery
from snellen.core import CLEAN, Condition, Evidence, Finding, Images, Model, Probe, Reference
from snellen.methods.compare.rank_correlation import rank_correlation
from snellen.methods.perturb.registry import get
from snellen.probes._curve import Curve
from snellen.probes._distortion import AXES
from snellen.probes._people_curves import people_curves
from snellen.probes._shared import chosen, nothing, percent, span, two_categories
from snellen.stats import Estimate, bootstrap


@dataclass(frozen=True)
class Distortions(Probe):
    """Accuracy along the levels of twelve distortions, and of salt-and-pepper noise, beside that of people.

    `only` are names separated by commas; unless given, all.
    """

    question = "Does the model hold under the distortions that people were tested on?"
    about = (
        "Twelve distortions, most at eight levels, were shown to people and to networks (geirhos-2018); salt-and-pepper noise to "
        "networks alone. For each, what is kept is the mean accuracy over the distorted levels over that at the first level, of "
        "the model and of people, who saw each image for 200 ms and chose among sixteen categories. The profile is the rank "
        "correlation (spearman-1904) of the model's accuracy with people's over all distorted levels: whether what is hard for "
        "people is what is hard for the model."
    )
    cites: ClassVar = ("geirhos-2018", "geirhos-2021", "spearman-1904", "clopper-1934", "efron-1993")

    only: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The distortions.

        Raises:
            SnellenError: one that there is not.
        """
        return chosen("only", self.only, tuple(AXES)) if self.only else tuple(AXES)

    def curves(self) -> dict[str, Curve]:
        """One a distortion."""
        return {name: curve(name) for name in self.names}

    def conditions(self) -> tuple[Condition, ...]:
        """The clean images, and every level of every distortion, 8-bit as people saw them."""
        known = [get(f"distortions/{name}") for name in self.names]
        return (CLEAN, *(made.condition(level) for made in known for level in made.levels))

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs one category an image."""
        return super().applies(model, images, people) or two_categories(images)

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """kept: the mean over all distortions; kept-<name>: of each by itself."""
        found = {}
        for name, one in self.curves().items():
            best = one.best(evidence)
            if best is not None:
                found[f"kept-{name}"] = one.estimates(evidence)[best]
        if not found:
            return {}
        same = all(np.array_equal(e.images, next(iter(found.values())).images) for e in found.values())
        if same:
            widths = [e.sums.shape[1] for e in found.values()]
            sums = np.concatenate([e.sums for e in found.values()], axis=1)
            parts = np.cumsum(widths)[:-1]
            value = next(iter(found.values())).value
            images = next(iter(found.values())).images
            found = {
                "kept": Estimate(images, sums, lambda s: np.mean([value(part) for part in np.split(s, parts, axis=-1)], axis=0)),
                **found,
            }
        return found

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """What is kept over all, of each distortion, and whether the profile is people's."""
        found = [
            one.finding(f"distortions.kept-{name}", best, evidence)
            for name, one in self.curves().items()
            if (best := one.best(evidence)) is not None
        ]
        return [self._overall(evidence), self._profile(evidence), *found]

    def _overall(self, evidence: Evidence) -> Finding:
        id_, title = "distortions.kept", f"Accuracy kept over {len(self.names)} distortions"
        estimate = self.estimates(evidence).get("kept")
        value = None if estimate is None else estimate.point()
        if estimate is None or value is None:
            reason = "the model gets none of the undistorted images right, so there is nothing to keep"
            return nothing(id_, title, reason, evidence.dataset, headline=True)
        interval = bootstrap(estimate, evidence.seed)
        theirs = [reference for one in self.curves().values() if (reference := one.reference(evidence)) is not None]
        human = float(np.mean([share for share, _ in theirs])) if len(theirs) >= len(self.names) - 1 > 0 else None
        said = "" if human is None else f"; people keep {percent(human)} over the {len(theirs)} they were shown"
        return Finding(
            id_,
            title,
            f"Averaged over {len(self.names)} distortions, the model keeps {percent(value)}{span(interval)} of its accuracy{said}.",
            value=value,
            interval=interval,
            unit="share",
            n=len(estimate.images),
            human=None if human is None else Reference(human, label="people (geirhos-2018)"),
            limits=("People saw other photographs, for 200 ms: the shapes of the curves compare, not their heights.",),
            dataset=evidence.dataset,
            headline=True,
        )

    def _profile(self, evidence: Evidence) -> Finding:
        id_, title = "distortions.profile", "Whether what is hard for people is hard for the model"
        ours, theirs, images = [], [], np.empty(0)
        for one in self.curves().values():
            images, right = one.right(evidence, coarse=one.best(evidence) == "kept-sixteen")
            if one.people and len(images):
                ours.append(right[:, 1:])
                theirs += [hits / n for hits, n in one.people[1:]]
        if len(theirs) < 8 or len({len(part) for part in ours}) != 1:
            return nothing(id_, title, "fewer than eight levels have people's accuracy beside the model's", evidence.dataset)
        estimate = Estimate(images, np.concatenate(ours, axis=1), lambda s: rank_correlation(s, np.array(theirs)))
        value = estimate.point()
        if value is None:
            return nothing(id_, title, "the model is as often right at every level", evidence.dataset)
        interval = bootstrap(estimate, evidence.seed)
        return Finding(
            id_,
            title,
            f"Over {len(theirs)} distorted levels the model's accuracy and people's have a rank correlation of "
            f"{value:.2f}{span(interval, as_percent=False)}.",
            value=value,
            interval=interval,
            unit="correlation",
            n=len(images),
            chance=0.0,
            limits=("The interval resamples the model's images; people's accuracies are taken as known.",),
            dataset=evidence.dataset,
        )

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """What is kept of each distortion, each curve, and the image the model is surest of under all of them."""
        bars, lines, rows = [], [], []
        for one in self.curves().values():
            best = one.best(evidence)
            if best is None:
                continue
            estimate = one.estimates(evidence)[best]
            value, interval = estimate.point(), bootstrap(estimate, evidence.seed)
            if value is not None:
                bars.append(Bar(one.said, value, interval and interval.low, interval and interval.high))
            if (reference := one.reference(evidence)) is not None:
                bars.append(Bar(one.said, reference[0], role="people"))
            lines.append(one.lines(evidence, one.said.capitalize()))
            rows.append((one.said.capitalize(), one.pictures(evidence)))
        alt = ", ".join(f"{bar.label} ({bar.role}) {bar.value:.2f}" for bar in bars)
        shown = tuple((heading, pictures) for heading, pictures in rows if pictures)
        return [
            Bars("What is kept", f"Share of undistorted accuracy kept: {alt}", "share kept", tuple(bars), x_range=(0.0, 1.2)),
            *lines,
            Gallery("Examples", shown),
        ]


def curve(name: str) -> Curve:
    """The levels of a distortion, with what people reached on it."""
    axis, published = AXES[name]
    people = people_curves().get(name, ())
    kept = None
    if people:
        shares = [hits / n for hits, n in people]
        kept = (float(np.mean(shares[1:])) / shares[0], "people (geirhos-2018)")
    levels = tuple(get(f"distortions/{name}").levels)
    return Curve(f"distortions/{name}", name.replace("-", " "), levels, axis, published or None, kept, people)

"""Does the model hold when images are corrupted?"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import polars as pl

from snellen.charts import Chart
from snellen.core import CLEAN, Condition, Evidence, Finding, Images, Interval, Model, Probe, SnellenError, Verdict
from snellen.methods.compare.corruption_error import ALEXNET, corruption_error, relative_corruption_error
from snellen.methods.perturb.corruptions import frost
from snellen.methods.perturb.corruptions._textures import VARIABLE
from snellen.methods.perturb.corruptions.jpeg import as_published
from snellen.methods.perturb.registry import get
from snellen.probes._corruption_charts import charts, said
from snellen.probes._grid import ratio, right_under
from snellen.probes._shared import chosen, guesses, nothing, percent, span, two_categories
from snellen.stats import Estimate, bootstrap, clopper_pearson

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "noise": ("gaussian-noise", "shot-noise", "impulse-noise"),
    "blur": ("defocus-blur", "glass-blur", "motion-blur", "zoom-blur"),
    "weather": ("snow", "frost", "fog", "brightness"),
    "digital": ("contrast", "elastic-transform", "pixelate", "jpeg-compression"),
}
"""The fifteen, by kind (hendrycks-2019)."""
EXTRA = ("speckle-noise", "gaussian-blur", "spatter", "saturate")
SEVERITIES = ("1", "2", "3", "4", "5")
GOOD, BAD = 0.75, 0.5
SIDE = 224
"""Pixels a side of the images that AlexNet's errors were measured on."""


@dataclass(frozen=True)
class Corruptions(Probe):
    """Accuracy under fifteen corruptions, each at five severities.

    `only` are names separated by commas; unless given, the fifteen. `severities` likewise. `extra`: the four further ones as well,
    which count in no mean. `jpeg85`: each corrupted image goes through a JPEG file of quality 85, as the published ones did.
    `frost`: a folder with photographs of frost, of which there are none in this package: without them a texture is drawn, and
    enters no mCE.
    """

    question = "Does the model hold when images are corrupted?"
    about = (
        "Every image is shown under fifteen corruptions (noise, blur, weather, digital), each at five severities (hendrycks-2019), "
        "made in memory at the size the model sees, with the parameters published for that size. What is kept is the mean accuracy "
        "under corruption over the accuracy on the same images as they are. The mean corruption error (mCE) divides each error by "
        "AlexNet's, whose own mCE is 100 %: it is given only for ImageNet's classes at 224 pixels."
    )
    cites = ("hendrycks-2019", "geirhos-2018", "clopper-1934", "efron-1993")

    only: str = ""
    severities: str = ",".join(SEVERITIES)
    extra: bool = False
    jpeg85: bool = False
    frost: str = field(default_factory=lambda: os.environ.get(VARIABLE, ""))

    @property
    def names(self) -> tuple[str, ...]:
        """The corruptions that count.

        Raises:
            SnellenError: one that there is not.
        """
        fifteen = tuple(name for family in FAMILIES.values() for name in family)
        return chosen("only", self.only, (*fifteen, *EXTRA)) if self.only else fifteen

    @property
    def _levels(self) -> tuple[str, ...]:
        return chosen("severities", self.severities, SEVERITIES)

    @property
    def _shown(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.names, *(EXTRA if self.extra else ()))))

    def conditions(self) -> tuple[Condition, ...]:
        """The clean images, and one condition for each corruption and severity."""
        after, recipe = (as_published, "jpeg85") if self.jpeg85 else (None, "")
        known = {name: get(f"corruptions/{name}") for name in self._shown}
        if self.frost and "frost" in known:
            known["frost"] = replace(known["frost"], change=partial(frost.frost, textures=self.frost))
            recipe = f"{recipe} {self.frost}".strip()
        return (CLEAN, *(made.condition(level, after, recipe) for made in known.values() for level in self._levels))

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs one category an image."""
        return super().applies(model, images, people) or two_categories(images)

    def _right(self, evidence: Evidence) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Images (N,); whether each was right untouched (N,), and under each corruption and severity (N, C, S)."""
        cells = [(CLEAN.name, CLEAN.level)] + [(f"corruptions/{n}", level) for n in self._shown for level in self._levels]
        images, right = right_under(evidence, cells)
        return images, right[:, 0], right[:, 1:].reshape(len(images), len(self._shown), len(self._levels))

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """kept, and kept-<family>; mce and relative-mce, where they are valid."""
        images, untouched, right = self._right(evidence)
        if not len(images):
            return {}
        accuracy, ones = right.mean(axis=2), np.ones(len(images))
        groups = {"kept": self.names} | {f"kept-{name}": family for name, family in FAMILIES.items()}
        found = {}
        for name, members in groups.items():
            at = [self._shown.index(member) for member in members if member in self.names]
            if at:
                found[name] = Estimate(images, np.column_stack([accuracy[:, at].mean(axis=1), untouched]), ratio)
        if self._invalid(evidence) is None:
            counted = self._counted()
            at = [self._shown.index(name) for name in counted]
            sums = np.column_stack([1 - accuracy[:, at], 1 - untouched, ones])
            found["mce"] = Estimate(images, sums, lambda s: corruption_error(s[..., :-2] / s[..., -1:], counted))
            found["relative-mce"] = Estimate(
                images,
                sums,
                lambda s: relative_corruption_error(s[..., :-2] / s[..., -1:], s[..., -2] / s[..., -1], counted),
            )
        return found

    def _counted(self) -> tuple[str, ...]:
        """The corruptions that enter the mCE: frost only with the textures it was published with."""
        return tuple(name for name in self.names if name in ALEXNET and (name != "frost" or self.frost))

    def _invalid(self, evidence: Evidence) -> str | None:
        """Why an mCE would mean nothing here; None where it is valid."""
        if evidence.labels.name != "imagenet-1k":
            return f"AlexNet's errors are on ImageNet's 1,000 classes, and the model answered from {len(evidence.labels):,}"
        if evidence.size is None or min(evidence.size) != SIDE:
            seen = "an unknown size" if evidence.size is None else f"{evidence.size[0]}x{evidence.size[1]} pixels"
            return f"AlexNet's errors are on images of {SIDE}x{SIDE} pixels, and the model was shown {seen}"
        if self.only or set(self._levels) != set(SEVERITIES):
            return "not all fifteen corruptions were shown at all five severities"
        return None

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """What is kept over all, by family and at worst, and the mCE."""
        images, untouched, right = self._right(evidence)
        if not len(images):
            raise SnellenError(f"no image of {evidence.dataset} was answered under every corruption")
        estimates, blind = self.estimates(evidence), guesses(int(untouched.sum()), len(images), 1 / len(evidence.labels))
        found = [self._kept(name, estimate, evidence, blind) for name, estimate in estimates.items() if name.startswith("kept")]
        found.append(self._worst(right, untouched, evidence))
        return [*found, *self._errors(estimates, evidence)]

    def _kept(self, name: str, estimate: Estimate, evidence: Evidence, blind: bool) -> Finding:
        family = name.partition("-")[2]
        id_, title = f"corruptions.{name}", f"Accuracy kept under {family or 'corruption'}" + (" corruptions" if family else "")
        value, interval, n = estimate.point(), bootstrap(estimate, evidence.seed), len(estimate.images)
        if value is None:
            reason = "the model gets none of the untouched images right, so there is nothing to keep"
            return replace(nothing(id_, title, reason, evidence.dataset, not family), n=n)
        limits = ["Made in memory at the size the model sees, not read from the published files."]
        if "frost" in self.names and not self.frost and family in ("", "weather"):
            limits.append("The frost is a drawn texture, not the published photographs.")
        if blind:
            limits.append("Untouched, it is right no more often than guessing may be: what it keeps of that is not judged.")
        return Finding(
            id_,
            title,
            f"Under {family or f'{len(self.names)}'} corruptions, over severities {self.severities.replace(',', ', ')}, the model "
            f"keeps {percent(value)}{span(interval)} of its accuracy.",
            value=value,
            interval=interval,
            unit="share",
            n=n,
            verdict="note" if blind or family else _verdict(interval),
            thresholds=""
            if family
            else f"good: the interval lies above {GOOD:.0%}; bad: below {BAD:.0%}; caution: between; note: it reaches over a "
            "limit. The limits are a convention of this exam; an ordinary ResNet-50 on ImageNet keeps about half (hendrycks-2019)",
            limits=tuple(limits),
            dataset=evidence.dataset,
            headline=not family,
        )

    def _worst(self, right: np.ndarray, untouched: np.ndarray, evidence: Evidence) -> Finding:
        accuracy = right.mean(axis=(0, 2))
        at = min(range(len(self.names)), key=lambda place: (accuracy[place], place))
        name, level, n = self._shown[at], self._levels[-1], len(right)
        hits = int(right[:, at, -1].sum())
        interval = clopper_pearson(hits, n, 1 - 0.05 / len(self.names))
        return Finding(
            "corruptions.worst",
            "The corruption that hurts most",
            f"{said(name).capitalize()} hurts most: {percent(float(accuracy[at]))} right over all severities, {hits:,} of {n:,} "
            f"({percent(hits / n)}{span(interval)}) at severity {level}; untouched {percent(float(untouched.mean()))}.",
            value=hits / n,
            interval=replace(interval, level=0.95, method=f"{interval.method}, Bonferroni over {len(self.names)} corruptions"),
            unit="share",
            n=n,
            chance=1 / len(evidence.labels),
            dataset=evidence.dataset,
        )

    def _errors(self, estimates: Mapping[str, Estimate], evidence: Evidence) -> list[Finding]:
        titles = {"mce": "Mean corruption error", "relative-mce": "Relative mean corruption error"}
        invalid = self._invalid(evidence)
        if invalid is not None:
            return [nothing(f"corruptions.{name}", title, invalid, evidence.dataset) for name, title in titles.items()]
        counted = self._counted()
        without = "" if len(counted) == len(ALEXNET) else f" over {len(counted)} corruptions, without frost"
        limits = (
            "AlexNet's errors are for the 50,000 validation images and the published files, which went through JPEG: other images "
            "may be easier or harder.",
            *(() if not without else ("Not comparable with a published mCE to the last points: frost was left out.",)),
            *((f"Frost is from the photographs in {self.frost}.",) if self.frost else ()),
            *(() if self.jpeg85 else ("The images were not saved as JPEG of quality 85 as the published ones were: see jpeg85.",)),
        )
        found = []
        for name, title in titles.items():
            value, interval = estimates[name].point(), bootstrap(estimates[name], evidence.seed)
            if value is None:
                found.append(nothing(f"corruptions.{name}", title, "it is undefined on these images", evidence.dataset))
                continue
            found.append(
                Finding(
                    f"corruptions.{name}",
                    f"{title}{without}",
                    f"{title}{without}: {percent(value)}{span(interval)} of AlexNet's.",
                    value=value,
                    interval=interval,
                    unit="share",
                    n=len(estimates[name].images),
                    limits=limits,
                    dataset=evidence.dataset,
                )
            )
        return found

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Accuracy against severity, corruption by corruption, and the images as they were shown."""
        return charts(evidence, FAMILIES, self._shown, self._levels, *self._right(evidence))


def _verdict(interval: Interval | None) -> Verdict:
    if interval is None:
        return "note"
    if interval.low >= GOOD:
        return "good"
    if interval.high < BAD:
        return "bad"
    return "caution" if interval.low >= BAD and interval.high < GOOD else "note"

"""Do explanations survive a change that nobody sees?"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from snellen.arrays import image_keys, to_numpy
from snellen.charts import Chart
from snellen.core import Evidence, Finding, Images, Model, Probe, Unsupported
from snellen.methods.explain.explanation import Explainer
from snellen.methods.trust.fragility import Fragility
from snellen.probes._explanation_fragility_charts import Attacked, bars, gallery, kept, numbers
from snellen.probes._panel import panel, passes
from snellen.probes._sample import drawn
from snellen.probes._shared import clean, nothing, percent, span
from snellen.stats import Estimate, bootstrap, mean_estimate

HALF = 0.5
THRESHOLDS = (
    "caution: the interval lies below one half, so that most of the highest pixels can be moved without another answer. One half "
    "is where the majority turns, a convention of this exam. There is none for good: a stronger attack may move more"
)
REFUSED = "the model gives no gradients of it"
TITLE = "What of the highest pixels of {} survives a small change"
MOST = TITLE.format("the most fragile map")


@dataclass(frozen=True)
class ExplanationFragility(Probe):
    """How much of a map is left when pixels are changed a little, so as to move the map and not the answer.

    `methods` made of gradients, as in `snellen explain`, separated by semicolons. `count` images are drawn at random. `change` is
    how far a pixel value may move, in levels of 255, and `iterations` how many steps of a quarter of that the attack makes. `top`
    is the share of pixels that count as highest. `pictures` is how many images are shown of each method.
    """

    question = "Do explanations survive a change that nobody sees?"
    about = (
        "An attack changes every pixel value by a few levels at most (ghorbani-2019): the answer stays, and the pixels that the "
        "map showed highest lose their part in it. How many of these are still among the highest afterwards is what survives; the "
        "rank correlation of the two maps, how far their centre moved, and how sure the model is stand beside it. The control is "
        "a random change of the same size that keeps the answer, too. A map that a change can move which nobody sees, and which "
        "leaves the answer as it is, does not show what in the image made the model answer so: its shape hangs on how the network "
        "bends between one image and the next (dombrowski-2019)."
    )
    cites = (
        "ghorbani-2019",
        "dombrowski-2019",
        "pearlmutter-1994",
        "dong-2018",
        "simonyan-2013",
        "sundararajan-2017",
        "efron-1993",
    )
    together: ClassVar[int] = 64

    ranges: ClassVar = {
        "count": (1, math.inf),
        "change": (1, 255),
        "iterations": (1, math.inf),
        "top": (0, 1),
        "pictures": (0, math.inf),
    }

    methods: str = "gradient;gradient-x-input;integrated-gradients:steps=8"
    count: int = 12
    change: int = 8
    iterations: int = 10
    top: float = 0.02
    pictures: int = 2

    @property
    def _panel(self) -> dict[str, Explainer]:
        return panel(self.methods, 1, (1, 1))

    def _attack(self, method: Explainer) -> Fragility:
        """Raises SnellenError where the maps of a method are not made of gradients, or settings make no sense."""
        size = self.change / 255
        return Fragility(method, epsilon=size, step=size / 4, iterations=self.iterations, top=self.top)

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs gradients; any images will do."""
        for method in self._panel.values():
            self._attack(method)
        if "gradients" not in model.abilities:
            return f"needs gradients, and {model.name} gives none"
        return None

    def pick(self, evidence: Evidence) -> Sequence[str]:
        """A random sample."""
        return drawn(self.name(), clean(evidence)["image"].to_list(), self.count, evidence.seed)

    def closer_passes(self, model: Model) -> int:
        """Two maps a step, and those before and after, of every method."""
        each = sum(passes(method, model.preprocessing.size) for method in self._panel.values())
        return self.count * each * 2 * (self.iterations + 2)

    def look(self, model: Model, images: np.ndarray, rows: pl.DataFrame, seed: int) -> list[dict[str, np.ndarray]]:
        """By each method: maps (H, W) `<method>` and `<method> after`, of which the sizes of values count, as shares of their sum.

        Further the pictures (3, H, W) `<method> changed` and `<method> difference`, enlarged about mid-grey, and the numbers of
        `Attacked`, `<method> attack` (6,) and `<method> random` (6,).
        """
        native, names, found = model.asarray(images), rows["image"].to_list(), {}
        keys = image_keys(self.name(), "attack", names, seed)
        for name, method in self._panel.items():
            attack = self._attack(method)
            with contextlib.suppress(Unsupported):
                nudged = attack(model, native, keys)
                control = replace(attack, criterion="random")(model, native, keys)
                changed, before = to_numpy(nudged.images), to_numpy(native)
                found |= {
                    name: nudged.before,
                    f"{name} after": nudged.after,
                    f"{name} changed": _picture(changed),
                    f"{name} difference": _picture(0.5 + (changed - before) * 255 / (2 * self.change)),
                    f"{name} attack": Attacked.row(nudged),
                    f"{name} random": Attacked.row(control),
                }
        return [{part: values[at] for part, values in found.items()} for at in range(len(names))]

    def _found(self, evidence: Evidence) -> dict[str, Attacked]:
        found = {name: Attacked.of(evidence.looks, name) for name in self._panel}
        return {name: one for name, one in found.items() if one is not None}

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """By method, the share of the highest pixels that are still among the highest."""
        return {name: mean_estimate(one.images, one.attack.intersection) for name, one in self._found(evidence).items()}

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """What survives of the map that survives least, then of each method."""
        found = self._found(evidence)
        if not found:
            return [nothing("explanation-fragility.most", MOST, f"of every method, {REFUSED}", evidence.dataset, headline=True)]
        most = min(found, key=lambda name: found[name].attack.intersection.mean())
        first = replace(self._finding("most", most, found[most], evidence, len(found)), title=MOST, headline=True)
        return [
            first,
            *(
                self._finding(name, name, found[name], evidence)
                if name in found
                else nothing(f"explanation-fragility.{name}", TITLE.format(name), REFUSED, evidence.dataset)
                for name in self._panel
            ),
        ]

    def _finding(self, id_: str, name: str, one: Attacked, evidence: Evidence, tests: int = 1) -> Finding:
        estimate = mean_estimate(one.images, one.attack.intersection)
        value, interval = float(one.attack.intersection.mean()), bootstrap(estimate, evidence.seed, level=1 - 0.05 / tests)
        if interval is not None and tests > 1:
            interval = replace(interval, level=0.95, method=f"{interval.method}, Bonferroni over {tests}")
        control, among = kept(one.random), f" Of {tests} methods none keeps less." if tests > 1 else ""
        beside = "No random change of that size kept the answer." if control is None else f"A random one leaves {percent(control)}."
        sure = (percent(float(values.mean())) for values in (one.attack.confidence_before, one.attack.confidence_after))
        return Finding(
            f"explanation-fragility.{id_}",
            TITLE.format(name),
            f"A change by at most {self.change} of 255 levels, made for the purpose, leaves {percent(value)}{span(interval)} of "
            f"the highest pixels of {name} among the highest. {beside} The answer stays, with a mean confidence of "
            f"{' before and '.join(sure)} after.{among}",
            value=value,
            interval=interval,
            unit="share",
            n=len(one.images),
            chance=control,
            verdict="caution" if interval is not None and interval.high < HALF else "note",
            thresholds=THRESHOLDS,
            limits=(*_limits(one, control),),
            dataset=evidence.dataset,
        )

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """What survives the attack and the random change by each method, all numbers, and images before and after."""
        found = self._found(evidence)
        if not found:
            return []
        return [
            bars(found, evidence.seed, self.top),
            numbers(found),
            gallery(evidence, found, self.pick(evidence)[: self.pictures], 255 / (2 * self.change)),
        ]


def _limits(one: Attacked, control: float | None) -> list[str]:
    """What the number does not say."""
    out = ["What survives is an upper bound: another attack may move more. Where confidence changes, so may what it rests on."]
    if control is not None and one.attack.intersection.mean() >= control:
        out.append("The attack found nothing worse than chance did: that the map held says little.")
    lost = int((one.random.moved == 0).sum())
    if lost:
        out.append(f"Left out of the control: {lost:,} of {len(one.images):,} images, whose answer no random change kept.")
    return out


def _picture(pixels: np.ndarray) -> np.ndarray:
    """(N, 3, H, W) in [0, 1] as uint8."""
    return (np.clip(pixels, 0, 1) * 255).round().astype(np.uint8)

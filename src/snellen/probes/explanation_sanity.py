"""Do explanations depend on what the model has learned?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from snellen.arrays import image_keys, to_numpy
from snellen.charts import Chart
from snellen.core import Evidence, Finding, Images, Model, Probe, Unsupported
from snellen.probes._explanation_sanity_charts import EDGES, SIGNED, Alike, cascade, gallery, numbers
from snellen.probes._panel import explained, outlines, panel, passes
from snellen.probes._sample import drawn
from snellen.probes._shared import clean, ends, nothing
from snellen.stats import Estimate, bootstrap, mean_estimate

SURVIVES = 0.1
THRESHOLDS = (
    "caution: the interval of the difference from maps of different images lies above .1: much of the map is there whatever was "
    "learned. The bound is a convention of this exam. There is none for good: a map may change with the weights and be wrong all "
    "the same"
)
REFUSED = "the model cannot be explained by it, or gives no finite map"
TITLE = "What of {} survives random weights"
MOST = TITLE.format("the map that survives best")
STAGES = 6
"""About how many copies the cascade of a network has, of which each has twice as many random layers as the one before."""


@dataclass(frozen=True)
class ExplanationSanity(Probe):
    """How alike the maps of a network are to those of its copies with random weights, by several methods of explanation.

    `methods` as in `snellen explain`, separated by semicolons; occlusion hides squares of which `grid` fit side by side, unless it
    has settings of its own. `count` images are drawn at random, and `draws` copies without anything learned. `pictures` is how
    many images are shown of each method.
    """

    question = "Do explanations depend on what the model has learned?"
    about = (
        "In copies of the network, what its layers have learned is replaced by random numbers: first of the last layer, then of "
        "the last two, four, eight, until nothing learned is left (adebayo-2018). A method that maps what the answer depends on "
        "must then give other maps. How alike they stay is Spearman's rank correlation of signed values; that of absolute values "
        "and the structural similarity (wang-2004) stand beside it. There are two controls: how alike maps of different images "
        "are, and how alike maps are to edges. A map that survives shows the image rather than the model, as guided "
        "backpropagation does (springenberg-2014). That a map does not survive does not prove it right."
    )
    cites = ("adebayo-2018", "wang-2004", "springenberg-2014", "simonyan-2013", "selvaraju-2017", "efron-1993")
    together: ClassVar[int] = 64

    ranges: ClassVar = {"count": (2, math.inf), "draws": (1, 100), "grid": (1, 100), "pictures": (0, math.inf)}

    methods: str = "gradient;gradient-x-input;guided-backpropagation;grad-cam"
    count: int = 12
    draws: int = 3
    grid: int = 7
    pictures: int = 2

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs a network whose weights can be exchanged; any images will do."""
        panel(self.methods, self.grid, model.preprocessing.size)
        try:
            model.unwrapped()
        except Unsupported as error:
            return str(error)
        return None

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(panel(self.methods, self.grid, (1, 1)))

    def pick(self, evidence: Evidence) -> Sequence[str]:
        """A random sample."""
        return drawn(self.name(), clean(evidence)["image"].to_list(), self.count, evidence.seed)

    def closer_passes(self, model: Model) -> int:
        """What each method costs, for the network as it is and for each of its copies."""
        size = model.preprocessing.size
        each = sum(passes(method, size) for method in panel(self.methods, self.grid, size).values())
        return self.count * (1 + each * (STAGES + self.draws))

    def look(self, model: Model, images: np.ndarray, rows: pl.DataFrame, seed: int) -> list[dict[str, np.ndarray]]:
        """By each method that the model can be explained by, maps (H, W): `<method>`, and `<method> random` of a random network.

        Further how alike the map is, by each of three measures: `<method> cascade` (S, 3) to those of copies of which `layers` (S,)
        are random, `<method> whole` (draws, 3) to those of copies without anything learned, `<method> other` (3,) to that of the
        image after it, `<method> outline` (3,) to its edges. NaN where a map is not finite.
        """
        from snellen.probes._randomised import compared

        native, names = model.asarray(images), rows["image"].to_list()
        classes = explained(to_numpy(model.logits(native)), rows["response"].to_list())
        traced = outlines(images)
        methods, keys = panel(self.methods, self.grid, traced.shape[1:]), image_keys(self.name(), "explain", names, seed)
        found, layers = compared(methods, model, native, classes, keys, traced, self.draws, seed)
        found[EDGES] = traced
        return [{**{name: values[at] for name, values in found.items()}, "layers": layers} for at in range(len(images))]

    def _found(self, evidence: Evidence) -> dict[str, Alike]:
        """By method, how alike its maps are, of the images of which all could be compared."""
        found = {name: Alike.of(evidence.looks, name) for name in self._names}
        return {name: one for name, one in found.items() if one is not None}

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """By method, the rank correlation of maps with those of copies, mean over the copies of the cascade."""
        return {name: mean_estimate(one.images, one.kept) for name, one in self._found(evidence).items()}

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """How much of the map survives that survives best, then of each method."""
        found = self._found(evidence)
        if not found:
            return [nothing("explanation-sanity.most", MOST, f"of every method, {REFUSED}", evidence.dataset, headline=True)]
        most = max(found, key=lambda name: (found[name].kept - found[name].other[:, SIGNED]).mean())
        first = replace(self._finding("most", most, found[most], evidence, len(found)), title=MOST, headline=True)
        return [
            first,
            *(
                self._finding(name, name, found[name], evidence)
                if name in found
                else nothing(f"explanation-sanity.{name}", TITLE.format(name), REFUSED, evidence.dataset)
                for name in self._names
            ),
        ]

    def _finding(self, id_: str, name: str, one: Alike, evidence: Evidence, tests: int = 1) -> Finding:
        level, other = 1 - 0.05 / tests, one.other[:, SIGNED]
        interval = bootstrap(mean_estimate(one.images, one.kept), evidence.seed, level=level)
        beyond = bootstrap(mean_estimate(one.images, one.kept - other), evidence.seed, level=level)
        if interval is not None and tests > 1:
            interval = replace(interval, level=0.95, method=f"{interval.method}, Bonferroni over {tests}")
        among = f" Of {tests} methods none is further above that." if tests > 1 else ""
        return Finding(
            f"explanation-sanity.{id_}",
            TITLE.format(name),
            f"While the network forgets, maps of {name} correlate with what they were at {one.kept.mean():.2f}{ends(interval)}: "
            f"{one.cascade[:, 0, SIGNED].mean():.2f} with random numbers in the last layer, {one.whole[:, SIGNED].mean():.2f} with "
            f"nothing learned. Maps of different images do at {other.mean():.2f}.{among}",
            value=float(one.kept.mean()),
            interval=interval,
            unit="Spearman's rho",
            n=len(one.images),
            chance=float(other.mean()),
            verdict="caution" if beyond is not None and beyond.low > SURVIVES else "note",
            thresholds=THRESHOLDS,
            limits=(
                f"The interval is over images. Of networks with nothing learned there were {self.draws}, of the others one each.",
                "That a map changes with the weights does not prove it right.",
            ),
            dataset=evidence.dataset,
        )

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """How alike maps stay, layer by layer and by every measure; and maps beside those of a network without anything learned."""
        found = self._found(evidence)
        if not found:
            return []
        signs = {name: method.signed for name, method in panel(self.methods, self.grid, (1, 1)).items() if name in found}
        return [
            cascade(found, evidence.seed),
            numbers(found),
            gallery(evidence, signs, self.pick(evidence)[: self.pictures]),
        ]

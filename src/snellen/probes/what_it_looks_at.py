"""What does the model look at?"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import ClassVar

import numpy as np
import polars as pl
from scipy.stats import rankdata

from snellen import labels as known
from snellen.arrays import image_keys, take, to_numpy
from snellen.charts import Chart
from snellen.core import Array, Evidence, Finding, Images, Model, Probe, Unsupported
from snellen.methods.explain.occlusion import starts
from snellen.methods.explain.validity import misses
from snellen.methods.trust.faithfulness import Faithfulness
from snellen.methods.trust.faithfulness import evidence as as_evidence
from snellen.probes._panel import explained, flat, outlines, panel, passes
from snellen.probes._shared import clean, ends, nothing
from snellen.probes._what_it_looks_at_charts import EDGES, agreements, gallery, trusts
from snellen.stats import Estimate, bootstrap, mean_estimate

GROUPS = ("Right", "Wrong", "Wrong, and most confident of it")
UNLABELLED = ("Least confident", "Most confident")
REFUSED = "the model cannot be explained by it, or gives no finite map"
AGREEMENT = "Methods of explanation agree"
WEAK, STRONG = 0.3, 0.7
"""Correlations by convention."""


@dataclass(frozen=True)
class WhatItLooksAt(Probe):
    """Maps of the answer given by several methods, how well they agree, and how far each can be trusted.

    `methods` as in `snellen explain`, separated by semicolons. `each` is the number of images a group. Maps are compared over
    squares of which `grid` fit side by side (they overlap by half); occlusion hides these, unless it has settings of its own.
    """

    question = "What does the model look at?"
    about = (
        "Each map says, in the way of its method, what the logit of the answer given depends on (orange: it spoke for the answer, "
        "blue: against; maps in one colour have no sign). Methods rarely tell the same story, so there are two checks. Agreement "
        "is Spearman's rank correlation of the sizes of two maps over squares, averaged over images. Trust is how much better "
        "than chance a map finds what the answer needs: squares are shown, and others hidden, in the order of the map; what the "
        "answer's probability gains on the way, less the same for random orders (petsiuk-2018, samek-2017), is 0 for a map that "
        "knows nothing. The edge map is a Sobel filter on the photograph and knows nothing of the model: a map that merely looks "
        "like it explains nothing (adebayo-2018)."
    )
    cites = (
        "simonyan-2013",
        "sundararajan-2017",
        "selvaraju-2017",
        "zeiler-2014",
        "petsiuk-2018",
        "samek-2017",
        "adebayo-2018",
        "efron-1993",
    )
    version = 2

    ranges: ClassVar = {"each": (0, math.inf), "grid": (1, 100)}

    methods: str = "gradient;integrated-gradients:steps=16;grad-cam;occlusion"
    each: int = 3
    grid: int = 7

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Any model on any images: what it cannot be explained by is left out."""
        panel(self.methods, self.grid, model.preprocessing.size)
        return None

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(panel(self.methods, self.grid, (1, 1)))

    def closer_passes(self, model: Model) -> int:
        """What each method costs, and the check of each map and of the random orders, for each picked image."""
        size, check = model.preprocessing.size, Faithfulness()
        methods = panel(self.methods, self.grid, size).values()
        curves = 2 * (check.steps + 1) * (len(methods) + check.orders)
        return len(GROUPS) * self.each * (1 + sum(passes(method, size) for method in methods) + curves)

    def _groups(self, evidence: Evidence) -> dict[str, pl.DataFrame]:
        """Heading → clean trials of the images shown under it; no image twice."""
        rows = clean(evidence).sort(["confidence", "image"])
        if rows["correct"].null_count() == rows.height:
            return {UNLABELLED[0]: rows.head(self.each), UNLABELLED[1]: rows.tail(self.each)}
        right, wrong = rows.filter("correct"), rows.filter(~pl.col("correct"))
        sure, rest = wrong.tail(self.each).reverse(), wrong.head(max(wrong.height - self.each, 0))
        return dict(zip(GROUPS, (_middle(right, self.each), _middle(rest, self.each), sure), strict=True))

    def pick(self, evidence: Evidence) -> Sequence[str]:
        """Typical right, typical wrong and most confident wrong images."""
        return [image for group in self._groups(evidence).values() for image in group["image"]]

    def look(self, model: Model, images: np.ndarray, rows: pl.DataFrame, seed: int) -> list[dict[str, np.ndarray]]:
        """By every method that the model can be explained by, a map (H, W) and `<method> trust` (); the edges (H, W).

        `fine` is the ImageNet class that was explained where the answer is one of the sixteen categories. A map that is not finite
        is left out.
        """
        native, names = model.asarray(images), rows["image"].to_list()
        logits = to_numpy(model.logits(native))
        classes = explained(logits, rows["response"].to_list())
        traced = outlines(images)
        looks = [{EDGES: traced[at]} for at in range(len(images))]
        for at, response in enumerate(rows["response"]):
            if response in known.SIXTEEN_MEMBERS and logits.shape[1] == len(known.imagenet()):
                looks[at]["fine"] = np.array(classes[at], np.int64)
        found = {}
        for name, method in panel(self.methods, self.grid, (images.shape[2], images.shape[3])).items():
            with contextlib.suppress(Unsupported):
                explanation = method(model, native, classes, image_keys(self.name(), name, names, seed))
                found[name] = explanation.maps, method.signed
                for at, values in enumerate(flat(method, explanation)):
                    if np.isfinite(explanation.maps[at]).all():
                        looks[at][name] = values
        whole = np.array([at for at, look in enumerate(looks) if all(name in look for name in found)], int)
        keys = image_keys(self.name(), "trust", [names[at] for at in whole], seed)
        for name, values in self._trust(model, take(native, whole), classes[whole], found, whole, keys).items():
            for at, value in zip(whole, values, strict=True):
                looks[at][f"{name} trust"] = np.array(value, np.float32)
        return looks

    def _trust(
        self,
        model: Model,
        images: Array,
        classes: np.ndarray,
        found: Mapping[str, tuple[np.ndarray, bool]],
        rows: np.ndarray,
        keys: Sequence[int],
    ) -> Mapping[str, np.ndarray]:
        if not (len(rows) and found):
            return {}
        maps = {name: as_evidence(values[rows], signed) for name, (values, signed) in found.items()}
        return Faithfulness()(model.folded(), images, classes, maps, keys)

    def _values(self, evidence: Evidence) -> dict[str, dict[str, float]]:
        """Finding's name, or `first/second` of a pair of methods → image → its value."""
        out: dict[str, dict[str, float]] = {}
        for image, look in sorted(evidence.looks.items()):
            own = [name for name in self._names if name in look]
            ranks = {name: ranked for name in (*own, EDGES) if (ranked := self._ranks(look[name])) is not None}
            pairs = {pair: _correlation(ranks, *pair) for pair in combinations(own, 2) if set(pair) <= set(ranks)}
            values = {f"{first}/{second}": value for (first, second), value in pairs.items()}
            if pairs:
                values["agreement"] = float(np.mean(list(pairs.values())))
            for name in own:
                if f"{name} trust" in look:
                    values[name] = look[f"{name} trust"].item()
                if {name, EDGES} <= set(ranks):
                    values[f"{name}-edge-likeness"] = _correlation(ranks, name, EDGES)
            for name, value in values.items():
                out.setdefault(name, {})[image] = value
        return out

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """agreement: mean over pairs of methods; of each method its trust, and how much it is like edges."""
        return _estimates({name: values for name, values in self._values(evidence).items() if "/" not in name})

    def _ranks(self, values: np.ndarray) -> np.ndarray | None:
        """Of the mean size of a map inside each square; None where they are all the same."""
        height, width = values.shape
        patch = max(1, round(height / self.grid))
        stride = max(1, patch // 2)
        total = np.pad(np.abs(values).astype(float).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
        rows, columns = (np.array(starts(side, patch, stride)) for side in (height, width))
        ends, edge = np.minimum(rows + patch, height), np.minimum(columns + patch, width)
        sums = total[np.ix_(ends, edge)] - total[np.ix_(rows, edge)] - total[np.ix_(ends, columns)] + total[np.ix_(rows, columns)]
        rounded = np.round(sums.ravel() / max(sums.max(), 1e-30), 5)
        return rankdata(rounded) if np.ptp(rounded) else None

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """Do explanations agree, how far can each be trusted, and is one of them an edge map?"""
        estimates = self.estimates(evidence)
        shown = [name for name in self._names if any(name in look for look in evidence.looks.values())]
        agreement = self._agreement(estimates.get("agreement"), shown, evidence)
        trust = [self._trusted(name, estimates.get(name), evidence) for name in self._names]
        alike = [self._like_edges(name, estimates.get(f"{name}-edge-likeness"), evidence) for name in shown]
        return [agreement, *trust, *alike]

    def _agreement(self, estimate: Estimate | None, shown: Sequence[str], evidence: Evidence) -> Finding:
        if estimate is None:
            by = f"{shown[0]} alone" if shown else "none of the methods"
            reason = "the maps are constant" if len(shown) > 1 else f"the model can be explained by {by}"
            return nothing("what-it-looks-at.agreement", AGREEMENT, reason, evidence.dataset, headline=True)
        between = "Two methods" if len(shown) == 2 else f"By twos, {len(shown)} methods"
        text = f"{between} of explanation correlate at {{}} over regions of the image: they agree {{}}."
        found = _correlated("agreement", AGREEMENT, text, estimate, evidence)
        return replace(
            found,
            verdict="caution" if (found.value or 0.0) < WEAK else "note",
            thresholds="caution: below .3, since explanations of one answer that hardly agree cannot all be believed; the bound of "
            "weak correlation by convention",
            limits=(
                "A few images, picked by confidence: not a sample.",
                "No map says why a region matters, and all change with the class that is explained. That they agree does not make "
                "them right.",
            ),
            headline=True,
        )

    def _trusted(self, name: str, estimate: Estimate | None, evidence: Evidence) -> Finding:
        title = f"{name} finds what the answer needs"
        if estimate is None:
            return nothing(f"what-it-looks-at.{name}", title, REFUSED, evidence.dataset)
        value, interval = estimate.point() or 0.0, bootstrap(estimate, evidence.seed)
        bracket = f" [{interval.low:+.2f}, {interval.high:+.2f}]" if interval else ""
        above = interval is not None and interval.low > 0
        told = "better than chance" if above else "worse than chance" if interval and interval.high < 0 else "not told from chance"
        return Finding(
            f"what-it-looks-at.{name}",
            title,
            f"Shown and hidden in the order of {name}, squares move the answer's probability {value:+.2f}{bracket} above what "
            f"random orders do: {told}.",
            value=value,
            interval=interval,
            unit="probability above random orders",
            n=len(estimate.images),
            chance=0.0,
            verdict="note" if above or interval is None else "caution",
            thresholds="caution: the interval does not lie above 0, which is chance. There is none for good: a map may be far "
            "above chance and leave out what matters",
            limits=(
                "A few images, picked by confidence: not a sample.",
                "Images with squares hidden are none the model was made for.",
                *(f"Seen before of {name}: {miss}." for miss in misses(name)),
            ),
            dataset=evidence.dataset,
        )

    def _like_edges(self, name: str, estimate: Estimate | None, evidence: Evidence) -> Finding:
        title = f"The map of {name} is like an edge map"
        if estimate is None:
            return nothing(f"what-it-looks-at.{name}-edge-likeness", title, "the maps are constant", evidence.dataset)
        text = f"Maps of {name} correlate with plain edges at {{}}: they resemble them {{}}."
        found = _correlated(f"{name}-edge-likeness", title, text, estimate, evidence)
        return replace(
            found,
            verdict="caution" if (found.value or 0.0) >= STRONG else "note",
            thresholds="caution: from .7, where the map may be showing edges, not reasons; the bound of strong correlation by "
            "convention",
        )

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Photograph, a map by each method and edges side by side; trust by method; agreement of each pair."""
        kinds = {name: method.signed for name, method in panel(self.methods, self.grid, (1, 1)).items()}
        signs = {name: signed for name, signed in kinds.items() if any(name in look for look in evidence.looks.values())}
        found = _estimates(self._values(evidence))
        tables = [agreements(tuple(signs), found, evidence.seed)] if len(signs) > 1 else []
        checked = {name: found[name] for name in signs if name in found}
        bars = [trusts(checked, evidence.seed)] if checked else []
        return [gallery(evidence, self._groups(evidence), signs), *bars, *tables]


def _estimates(values: Mapping[str, Mapping[str, float]]) -> dict[str, Estimate]:
    return {name: mean_estimate(np.array(list(own)), np.array(list(own.values()))) for name, own in values.items()}


def _correlated(name: str, title: str, text: str, estimate: Estimate, evidence: Evidence) -> Finding:
    """A rank correlation, without a verdict; `text` has a place for the number and one for what it amounts to."""
    value, interval = estimate.point() or 0.0, bootstrap(estimate, evidence.seed)
    how = "closely" if value >= STRONG else "in part" if value >= WEAK else "hardly"
    return Finding(
        f"what-it-looks-at.{name}",
        title,
        text.format(f"{value:.2f}{ends(interval)}", how),
        value=value,
        interval=interval,
        unit="Spearman's rho",
        n=len(estimate.images),
        chance=0.0,
        dataset=evidence.dataset,
    )


def _correlation(ranks: Mapping[str, np.ndarray], first: str, second: str) -> float:
    return float(np.corrcoef(ranks[first], ranks[second])[0, 1])


def _middle(rows: pl.DataFrame, count: int) -> pl.DataFrame:
    """The `count` rows around the median of a sorted frame."""
    return rows.slice(max((rows.height - count) // 2, 0), count)

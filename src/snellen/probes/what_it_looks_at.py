"""What does the model look at?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
from scipy.stats import rankdata

from snellen import labels as known
from snellen.arrays import to_numpy
from snellen.charts import Chart, Gallery, Picture
from snellen.core import Evidence, Finding, Images, Model, Probe
from snellen.methods.asked import Asked
from snellen.methods.explain.edges import edges
from snellen.methods.explain.gradient import Gradient
from snellen.methods.explain.occlusion import Occlusion, spread, starts
from snellen.probes._panel import explained
from snellen.probes._shared import clean, nothing, readable
from snellen.stats import Estimate, bootstrap, mean_estimate

GROUPS = ("Right", "Wrong", "Wrong, and most confident of it")
UNLABELLED = ("Least confident", "Most confident")


@dataclass(frozen=True)
class WhatItLooksAt(Probe):
    """Input gradient and occlusion for the answer given, beside an edge map that knows no model.

    `each` is the number of images a group, `grid` how many occluding squares fit side by side (they overlap by half).
    """

    question = "What does the model look at?"
    about = (
        "For the class answered, the gradient map shows the largest absolute derivative of its logit over the three colour "
        "values of each pixel; the occlusion map shows how far that "
        "logit falls when a grey square covers the region (orange: it spoke for the answer, blue: against). The edge map is a "
        "Sobel filter on the photograph and knows nothing of the model: a map that "
        "merely looks like it explains nothing. Agreement is Spearman's rank correlation of sizes over the occluding squares, "
        "averaged "
        "over images."
    )
    cites = ("simonyan-2013", "zeiler-2014", "adebayo-2018")

    ranges: ClassVar = {"each": (0, math.inf), "grid": (1, 100)}

    each: int = 3
    grid: int = 7

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Any model on any images."""
        return None

    def closer_passes(self, model: Model) -> int:
        """Windows for each picked image, and a pass each way for the gradient."""
        height, width = model.preprocessing.size
        patch, stride = self._window(height)
        return len(GROUPS) * self.each * (len(starts(height, patch, stride)) * len(starts(width, patch, stride)) + 4)

    def _window(self, size: int) -> tuple[int, int]:
        patch = max(1, round(size / self.grid))
        return patch, max(1, patch // 2)

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
        """Maps (H, W) of each image: gradient (where the model gives one), occlusion, edges; and the occlusion windows.

        `fine` is the ImageNet class that was explained where the answer is one of the sixteen categories.
        """
        floats = images.astype(np.float32) / (255.0 if images.dtype == np.uint8 else 1.0)
        native = model.asarray(images)
        logits = to_numpy(model.logits(native))
        classes = explained(logits, rows["response"].to_list())
        patch, stride = self._window(images.shape[2])
        windows = Occlusion(patch=patch, stride=stride).falls(Asked(model), native, classes)
        maps = {
            "occlusion": spread(windows, (images.shape[2], images.shape[3]), patch, stride),
            "edges": edges(floats),
            "windows": windows,
        }
        if "gradients" in model.abilities:
            maps["gradient"] = np.abs(Gradient()(model, native, classes).maps).max(axis=1)
        arrays = [{name: values[at].astype(np.float32) for name, values in maps.items()} for at in range(len(images))]
        summed = [response in known.SIXTEEN_MEMBERS and logits.shape[1] == len(known.imagenet()) for response in rows["response"]]
        fine = [{"fine": np.array(target, np.int64)} if sums else {} for target, sums in zip(classes, summed, strict=True)]
        return [{**one, **more} for one, more in zip(arrays, fine, strict=True)]

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """Mean rank correlation between maps, over the images looked at."""
        pairs = {
            "agreement": ("gradient", "occlusion"),
            "edge-likeness": ("gradient", "edges"),
            "occlusion-edge-likeness": ("occlusion", "edges"),
        }
        out = {}
        for name, (first, second) in pairs.items():
            scores = {image: self._correlation(maps, first, second) for image, maps in evidence.looks.items() if first in maps}
            kept = {image: score for image, score in scores.items() if score is not None}
            if kept:
                out[name] = mean_estimate(np.array(list(kept)), np.array(list(kept.values())))
        return out

    def _correlation(self, maps: dict[str, np.ndarray] | object, first: str, second: str) -> float | None:
        values = [self._per_window(maps, name) for name in (first, second)]  # type: ignore[arg-type]
        values = [np.round(v / max(np.abs(v).max(), 1e-30), 5) for v in values]
        if any(np.ptp(v) == 0 for v in values):
            return None
        return float(np.corrcoef(*(rankdata(one) for one in values))[0, 1])

    def _per_window(self, maps: dict[str, np.ndarray], name: str) -> np.ndarray:
        """One number an occluding square: how much hiding it changes the logit either way, or the mean of a map inside it."""
        if name == "occlusion":
            return np.abs(maps["windows"]).ravel()
        height, width = maps[name].shape
        patch, stride = self._window(height)
        total = np.pad(maps[name].astype(float).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
        rows, columns = np.array(starts(height, patch, stride)), np.array(starts(width, patch, stride))
        corner = lambda r, c: total[np.minimum(r, height)[:, None], np.minimum(c, width)[None, :]]  # noqa: E731
        return (
            corner(rows + patch, columns + patch)
            - corner(rows, columns + patch)
            - corner(rows + patch, columns)
            + corner(rows, columns)
        ).ravel()

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """Do two explanations agree, and is one of them an edge map?"""
        estimates = self.estimates(evidence)
        texts = {
            "agreement": (
                "Gradient and occlusion agree",
                "Over the regions hidden, gradient and occlusion maps correlate at {}: {}.",
            ),
            "edge-likeness": ("The gradient map is like an edge map", "Gradient maps correlate with plain edges at {}: {}."),
            "occlusion-edge-likeness": (
                "The occlusion map is like an edge map",
                "Occlusion maps correlate with plain edges at {}: {}.",
            ),
        }
        missing = (
            "the model only answers, it gives no gradients"
            if not any("gradient" in maps for maps in evidence.looks.values())
            else "the maps are constant"
        )
        return [self._finding(name, *texts[name], estimates.get(name), evidence, missing) for name in texts]

    def _finding(self, name: str, title: str, text: str, estimate: Estimate | None, evidence: Evidence, missing: str) -> Finding:
        headline = name == "agreement"
        point = estimate.point() if estimate is not None else None
        if estimate is None or point is None:
            return nothing(f"what-it-looks-at.{name}", title, missing, evidence.dataset, headline)
        interval = bootstrap(estimate, evidence.seed)
        strength = "closely" if point >= 0.7 else "in part" if point >= 0.3 else "hardly"
        bracket = f" [{interval.low:.2f}, {interval.high:.2f}]" if interval else ""
        return Finding(
            f"what-it-looks-at.{name}",
            title,
            text.format(f"{point:.2f}{bracket}", f"they agree {strength}" if headline else f"they resemble them {strength}"),
            value=point,
            interval=interval,
            unit="Spearman's rho",
            n=len(estimate.images),
            chance=0.0,
            verdict=("caution" if point < 0.3 else "note") if headline else ("caution" if point >= 0.7 else "note"),
            thresholds="caution: below .3 for agreement (two explanations of one answer that hardly agree cannot both be "
            "believed), from .7 for likeness to edges; bounds of weak and strong correlation by convention",
            limits=(
                "A few images, picked by confidence: not a sample.",
                "Neither map says why a region matters, and both change with the class that is explained.",
            ),
            dataset=evidence.dataset,
            headline=headline,
        )

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Photograph, gradient, occlusion and edges side by side."""
        names = readable(evidence)
        rows: list[tuple[str, tuple[Picture, ...]]] = []
        for heading, group in self._groups(evidence).items():
            for row in group.iter_rows(named=True):
                maps = evidence.looks.get(row["image"])
                if not maps:
                    continue
                answer = f"{names.get(row['response'], row['response'])} ({row['confidence']:.0%})"
                truth = "" if row["correct"] in (True, None) else f"{names.get(row['category'], row['category'])} → "
                of = f" of {known.imagenet().names[maps['fine'].item()]}" if "fine" in maps else ""
                layers = [Picture(row["image"], f"gradient{of}", "gradient")] if "gradient" in maps else []
                layers += [
                    Picture(row["image"], f"occlusion{of}", "occlusion", signed=True),
                    Picture(row["image"], "edges only", "edges"),
                ]
                rows.append((heading, (Picture(row["image"], truth + answer), *layers)))
        note = "The last column is the control: it is the same for every model."
        return [Gallery("Photograph, gradient, occlusion, and edges for comparison", tuple(rows), note)]


def _middle(rows: pl.DataFrame, count: int) -> pl.DataFrame:
    """The `count` rows around the median of a sorted frame."""
    return rows.slice(max((rows.height - count) // 2, 0), count)

"""How often is the model right?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from snellen import labels as known
from snellen.charts import Bar, Bars, Chart, Gallery, Heatmap, Table
from snellen.core import Evidence, Finding, Images, Model, Probe
from snellen.probes._shared import labelled, percent, readable, span, strip, two_categories
from snellen.stats import Estimate, clopper_pearson, mean_estimate

MATRIX_UP_TO = 20
BARS_UP_TO = 40


@dataclass(frozen=True)
class Accuracy(Probe):
    """Share of right answers: first answer, first five, per category, and in the sixteen categories people use.

    `pictures` is how many example images each gallery row shows.
    """

    question = "How often is the model right?"
    about = (
        "Every image is shown once, as the model's own preprocessing makes it. An answer is right when the class with the "
        "largest logit is "
        "the image's category; top-5 when the category is among the five largest. Where a category belongs to one of the "
        "sixteen entry-level "
        "categories, the sixteen-way answer is the one whose member classes have the highest mean probability. Intervals are "
        "Clopper-Pearson."
    )
    cites = ("clopper-1934", "deng-2009", "geirhos-2018")

    pictures: int = 6

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs one category an image."""
        return super().applies(model, images, people) or two_categories(images)

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """top1, top5 and sixteen as means over images."""
        rows = labelled(evidence)
        out = {"top1": mean_estimate(rows["image"].to_numpy(), rows["correct"].to_numpy())}
        if len(evidence.labels) > 10:
            out["top5"] = mean_estimate(rows["image"].to_numpy(), rows["rank"].to_numpy() <= 5)
        coarse = rows.filter(pl.col("coarse_category").is_not_null())
        if coarse.height:
            right = (coarse["coarse_category"] == coarse["coarse_response"]).to_numpy()
            out["sixteen"] = mean_estimate(coarse["image"].to_numpy(), right)
        return out

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """One finding per estimate."""
        titles = {
            "top1": "Right at the first answer",
            "top5": "Right within five answers",
            "sixteen": "Right among the sixteen categories",
        }
        chances = {"top1": 1 / len(evidence.labels), "top5": 5 / len(evidence.labels), "sixteen": 1 / 16}
        wholes = {
            "top1": f"{len(evidence.labels):,} classes",
            "top5": f"{len(evidence.labels):,} classes",
            "sixteen": "16 categories",
        }
        out = []
        for name, estimate in self.estimates(evidence).items():
            hits, n = int(estimate.sums[:, 0].sum()), len(estimate.images)
            interval, chance = clopper_pearson(hits, n), chances[name]
            out.append(
                Finding(
                    f"accuracy.{name}",
                    titles[name],
                    f"{hits:,} of {n:,} images right: {percent(hits / n)}{span(interval)}, among {wholes[name]} (guessing: "
                    f"{percent(chance)}).",
                    value=hits / n,
                    interval=interval,
                    unit="share",
                    n=n,
                    chance=chance,
                    verdict="bad" if interval.low <= chance else "note",
                    thresholds="bad when the interval reaches down to guessing; how much accuracy is enough depends on the "
                    "task: set it with --require",
                    limits=self._limits(n),
                    dataset=evidence.dataset,
                    headline=name == "top1",
                )
            )
        return out

    def _limits(self, n: int) -> tuple[str, ...]:
        small = (f"Only {n} images: the interval is wide, and single categories cannot be judged.",) if n < 300 else ()
        return (
            *small,
            "Says nothing about images of another origin: photographs a model was trained on, or much like them, flatter it.",
        )

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """Accuracy per category, confusions, and the most confident right and wrong answers."""
        return [*self._per_category(evidence), *self._confusions(evidence), self._examples(evidence)]

    def _per_category(self, evidence: Evidence) -> list[Chart]:
        names = readable(evidence)
        table = (
            labelled(evidence).group_by("category").agg(pl.col("correct").sum().alias("hits"), pl.len().alias("n")).sort("category")
        )
        rows = [(names[c], h, n, clopper_pearson(h, n)) for c, h, n in table.iter_rows()]
        if table.height <= BARS_UP_TO:
            bars = tuple(Bar(f"{name} (n = {n})", hits / n, i.low, i.high) for name, hits, n, i in rows)
            return [Bars("Accuracy per category", "Share of right answers for each category, with intervals", "share right", bars)]
        worst = sorted(rows, key=lambda row: (row[1] / row[2], row[0]))[:25]
        cells = tuple((name, f"{hits} of {n}", f"[{i.low:.2f}, {i.high:.2f}]") for name, hits, n, i in worst)
        return [Table(f"The 25 categories with the lowest accuracy, of {len(rows)}", ("category", "right", "interval"), cells)]

    def _confusions(self, evidence: Evidence) -> list[Chart]:
        rows = labelled(evidence)
        charts: list[Chart] = []
        coarse = rows.filter(pl.col("coarse_category").is_not_null())
        if len(evidence.labels) <= MATRIX_UP_TO:
            charts.append(_matrix("Answers for each category", rows, "category", "response", readable(evidence)))
        elif coarse.height:
            names = dict.fromkeys(known.sixteen().keys)
            charts.append(
                _matrix("Answers among the sixteen categories", coarse, "coarse_category", "coarse_response", {k: k for k in names})
            )
        if len(evidence.labels) > MATRIX_UP_TO:
            names = readable(evidence)
            pairs = (
                rows.filter(~pl.col("correct"))
                .group_by("category", "response")
                .len()
                .sort(["len", "category", "response"], descending=[True, False, False])
            )
            cells = tuple((names[c], names[r], str(n)) for c, r, n in pairs.head(15).iter_rows())
            charts.append(Table("Most frequent confusions", ("true category", "answer", "images"), cells))
        return charts

    def _examples(self, evidence: Evidence) -> Gallery:
        rows = labelled(evidence).sort(["confidence", "image"], descending=[True, False])
        wrong, right = rows.filter(~pl.col("correct")), rows.filter("correct")
        return strip(
            evidence,
            "Examples",
            [
                ("Wrong, and most confident of it", wrong.head(self.pictures)),
                ("Right, and least confident of it", right.tail(self.pictures)),
                ("Right, and most confident of it", right.head(self.pictures)),
            ],
            "Under each image: its category, where the answer was another one, then the answer and its confidence.",
        )


def _matrix(title: str, rows: pl.DataFrame, truth: str, answer: str, names: dict[str, str]) -> Heatmap:
    """Shares of answers, one row a category that occurs."""
    counts = {(c, r): n for c, r, n in rows.group_by(truth, answer).len().iter_rows()}
    shown = [key for key in names if any(c == key for c, _ in counts)]
    values = np.array([[counts.get((c, r), 0) for r in names] for c in shown], float)
    shares = values / values.sum(axis=1, keepdims=True)
    return Heatmap(
        title,
        f"Matrix of answers: each row a true category, each column an answer; mean of the diagonal "
        f"{np.mean([shares[i][list(names).index(c)] for i, c in enumerate(shown)]):.2f}",
        tuple(names[key] for key in shown),
        tuple(names.values()),
        tuple(tuple(float(x) for x in row) for row in shares),
    )

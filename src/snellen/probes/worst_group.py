"""Is it as good for every group?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from snellen import trials
from snellen.arrays import Numbers
from snellen.charts import Bar, Bars, Chart, Table
from snellen.core import Evidence, Finding, Images, Interval, Model, Probe, Verdict
from snellen.probes._shared import guesses, labelled, nothing, percent, readable, span, two_categories
from snellen.stats import Estimate, clopper_pearson

FEWEST, MOST = 2, 20
"""Values of a text column that is taken for groups unasked."""
MARGIN = 0.1
SHOWN = 15
_LARGEST = 20_000_000  # images times groups that are resampled together


@dataclass(frozen=True)
class Group:
    """Images that share a fact, or a category and a fact: their places among the trials, and how many are right."""

    column: str
    label: str
    members: np.ndarray
    hits: int

    @property
    def n(self) -> int:
        """How many images."""
        return len(self.members)

    @property
    def accuracy(self) -> float:
        """Share right."""
        return self.hits / self.n


@dataclass(frozen=True)
class WorstGroup(Probe):
    """Accuracy in every group that the facts of the images make, against accuracy over all.

    `columns` are names of facts separated by commas; unless given, all text columns with 2 to 20 values. Each makes groups by
    itself and together with the category. Groups of fewer than `least` images are left out.
    """

    question = "Is it as good for every group?"
    about = (
        "One accuracy over all images can hide a group for which the model is of little use: the large groups decide it. So the "
        "images are split by each fact that is known of them, and by category and fact together, and the worst group is set beside "
        "the whole (koh-2021). It is the worst of many, and some group must be worst by chance, so its interval is Clopper-Pearson "
        "with the error shared out over all groups compared (dunn-1961). Which groups there are decides what is found: what is "
        "true of the whole may be false of every part (simpson-1951)."
    )
    cites = ("koh-2021", "sagawa-2020", "simpson-1951", "dunn-1961", "clopper-1934")

    columns: str = ""
    least: int = 10

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs one category an image, and facts that make groups."""
        reason = super().applies(model, images, people) or two_categories(images)
        if reason is not None:
            return reason
        absent = [name for name in self._asked if name not in images.facts.columns]
        if absent:
            return f"the facts of {images.name} have no column {', '.join(absent)}; they have {', '.join(images.facts.columns)}"
        if not self._columns(images.facts):
            return (
                f"needs facts that make groups, and {images.name} has no text column with {FEWEST} to {MOST} values: add one to "
                "its table, or name a column with --set worst-group.columns=NAME"
            )
        return None

    @property
    def _asked(self) -> list[str]:
        return [name.strip() for name in self.columns.split(",") if name.strip()]

    def _columns(self, facts: pl.DataFrame) -> list[str]:
        if self._asked:
            return list(dict.fromkeys(self._asked))
        kept = [name for name in facts.columns if name not in (*trials.SCHEMA, *trials.MODEL_EXTRAS, "digest")]
        texts = [name for name in kept if facts.schema[name] in (pl.String, pl.Boolean)]
        return [name for name in texts if FEWEST <= facts[name].drop_nulls().n_unique() <= MOST]

    def _groups(self, rows: pl.DataFrame, evidence: Evidence) -> tuple[list[Group], int]:
        """The groups, each set of images once, and how many were too small."""
        names, right, columns = readable(evidence), rows["correct"].to_numpy(), self._columns(rows)
        found: dict[bytes, Group] = {}
        small = 0
        for keys in [[name] for name in columns] + [["category", name] for name in columns if name != "category"]:
            for values, members in _parts(pl.DataFrame({key: rows[key].cast(pl.String) for key in keys})):
                if len(members) < self.least:
                    small += 1
                    continue
                fact = f"{keys[-1]} {values[-1]}"
                label = f"{names.get(values[0], values[0])}, {fact}" if len(keys) > 1 else fact
                found.setdefault(members.tobytes(), Group(" and ".join(keys), label, members, int(right[members].sum())))
        return list(found.values()), small

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """worst: the least accuracy of any group; gap: how far it lies below that over all. None of either for very many groups."""
        rows = labelled(evidence)
        groups, _ = self._groups(rows, evidence)
        if not groups or rows.height * len(groups) > _LARGEST:
            return {}
        right, within = rows["correct"].to_numpy().astype(float), np.zeros((rows.height, len(groups)))
        for at, group in enumerate(groups):
            within[group.members, at] = 1
        sums = np.column_stack([within * right[:, None], within, right, np.ones(rows.height)])
        images = rows["image"].to_numpy()
        return {
            "worst": Estimate(images, sums, _least, leans=True),
            "gap": Estimate(images, sums, lambda sums: sums[..., -2] / sums[..., -1] - _least(sums), leans=True),
        }

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """The worst group, and how far it lies below the whole."""
        rows = labelled(evidence)
        groups, small = self._groups(rows, evidence)
        if not groups:
            reason = f"none of {small} groups has {self.least} images or more"
            return [nothing("worst-group.worst", "Accuracy in the worst group", reason, evidence.dataset, headline=True)]
        right, worst = rows["correct"].to_numpy(), _worst(groups)
        overall = float(right.mean())
        interval = clopper_pearson(worst.hits, worst.n, 1 - 0.05 / len(groups))
        interval = replace(interval, level=0.95, method=f"{interval.method}, Bonferroni over {len(groups)} groups")
        limits = (
            "Only groups that the facts name are seen; the worst group may be one that nobody wrote down.",
            f"{small} groups of fewer than {self.least} images were left out.",
        )
        finding = Finding(
            "worst-group.worst",
            "Accuracy in the worst group",
            f"The worst of {len(groups)} groups is {worst.label}: {worst.hits:,} of {worst.n:,} right, {percent(worst.accuracy)}"
            f"{span(interval)}. Over all {rows.height:,} images: {percent(overall)}.",
            value=worst.accuracy,
            interval=interval,
            unit="share",
            n=worst.n,
            chance=1 / len(evidence.labels),
            verdict="note" if guesses(int(right.sum()), len(right), 1 / len(evidence.labels)) else _verdict(interval, overall),
            thresholds="caution: the interval, which holds for all groups together, lies below the accuracy over all images; bad: "
            "by more than ten points; good: all of it lies within ten points of that accuracy, or above; no verdict (too few "
            "images) otherwise, nor where all answers may be guesses. Ten points are a convention of this exam",
            limits=limits if small else limits[:1],
            dataset=evidence.dataset,
            headline=True,
        )
        return [finding, self._gap(worst, overall, interval, evidence)]

    def _gap(self, worst: Group, overall: float, interval: Interval, evidence: Evidence) -> Finding:
        gap = overall - worst.accuracy
        around = Interval(overall - interval.high, overall - interval.low, f"{interval.method}; accuracy over all taken as known")
        return Finding(
            "worst-group.gap",
            "How far the worst group lies below the whole",
            f"{worst.label} lies {100 * gap:.1f} points [{100 * around.low:.1f}, {100 * around.high:.1f}] below the whole.",
            value=gap,
            interval=around,
            unit="share",
            n=worst.n,
            chance=0.0,
            dataset=evidence.dataset,
        )

    def charts(self, evidence: Evidence) -> Sequence[Chart]:
        """The worst groups, and the range that each fact makes."""
        rows = labelled(evidence)
        groups, _ = self._groups(rows, evidence)
        if not groups:
            return []
        order = sorted(groups, key=lambda group: (group.accuracy, -group.n, group.label))
        spans = [(group, clopper_pearson(group.hits, group.n)) for group in order[:SHOWN]]
        bars = tuple(Bar(group.label, group.accuracy, i.low, i.high) for group, i in spans)
        overall = float(rows["correct"].to_numpy().mean())
        title = "The groups, worst first" if len(order) <= SHOWN else f"The {SHOWN} worst of {len(order)} groups"
        alt = f"Share of right answers in each group, with 95 % intervals of each by itself; all images: {overall:.2f}"
        return [Bars(title, alt, "share right", bars, mark=(overall, "all images")), _by_column(order)]


def _parts(keys: pl.DataFrame) -> list[tuple[tuple[str, ...], np.ndarray]]:
    """Each combination of values that occurs, and the numbers of the rows that have it; rows that lack a value have none."""
    parts: dict[tuple[str, ...], list[int]] = {}
    for row, values in enumerate(keys.iter_rows()):
        if None not in values:
            parts.setdefault(values, []).append(row)
    return [(values, np.array(parts[values])) for values in sorted(parts)]


def _worst(groups: Sequence[Group]) -> Group:
    return min(groups, key=lambda group: (group.accuracy, -group.n, group.label))


def _least(sums: np.ndarray) -> Numbers:
    """The least accuracy of any group that a resample holds; NaN where it holds none."""
    groups = (sums.shape[-1] - 2) // 2
    hits, n = sums[..., :groups], sums[..., groups : 2 * groups]
    least = np.where(n > 0, hits / np.where(n > 0, n, 1), np.inf).min(axis=-1)
    return np.where(np.isfinite(least), least, np.nan)


def _verdict(interval: Interval, overall: float) -> Verdict:
    if interval.high < overall:
        return "bad" if interval.high < overall - MARGIN else "caution"
    return "good" if interval.low >= overall - MARGIN else "note"


def _by_column(order: Sequence[Group]) -> Table:
    """From the groups, worst first: of each fact the worst group and the best."""
    rows = []
    for column in sorted({group.column for group in order}):
        own = [group for group in order if group.column == column]
        ends = (f"{group.label}: {percent(group.accuracy)} of {group.n}" for group in (own[0], own[-1]))
        rows.append((column, str(len(own)), *ends))
    return Table("What each fact divides", ("fact", "groups", "worst", "best"), tuple(rows))

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
from snellen.stats import Estimate, bootstrap, clopper_pearson, unpaired_difference

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

    `columns` are names of facts separated by commas, of any type; unless given, all text columns with 2 to 20 values. Each makes
    groups by itself and together with the category; `hospital+year` makes one of each pair of values. Groups of fewer than `least`
    images are left out.
    """

    question = "Is it as good for every group?"
    about = (
        "One accuracy over all images can hide a group for which the model is of little use: the large groups decide it. So the "
        "images are split by each fact that is known of them, and by category and fact together, and the worst group is set beside "
        "the whole (koh-2021). It is the worst of many, and some group must be worst by chance, so its interval is Clopper-Pearson "
        "with the error shared out over all groups compared (dunn-1961). Which groups there are decides what is found: what is "
        "true of the whole may be false of every part (simpson-1951). Beside each group stands how far it lies below "
        "all images that are not in it (newcombe-1998)."
    )
    cites = ("koh-2021", "sagawa-2020", "simpson-1951", "dunn-1961", "clopper-1934", "newcombe-1998")

    columns: str = ""
    least: int = 10

    def applies(self, model: Model, images: Images, people: pl.DataFrame | None) -> str | None:
        """Needs one category an image, and facts that make groups."""
        reason = super().applies(model, images, people) or two_categories(images)
        if reason is not None:
            return reason
        columns = self._columns(images.facts)
        absent = [name for names in columns for name in names if name not in images.facts.columns]
        if absent:
            return f"the facts of {images.name} have no column {', '.join(absent)}; they have {', '.join(images.facts.columns)}"
        empty = [" and ".join(names) for names in columns if images.facts.select(names).drop_nulls().is_empty()]
        if empty:
            return f"no image of {images.name} has a value of {', '.join(empty)}: fill the column in, or leave it out of `columns`"
        if not columns:
            return (
                f"needs facts that make groups, and {images.name} has no text column with {FEWEST} to {MOST} values: add one to "
                "its table, or name a column with --set worst-group.columns=NAME"
            )
        return None

    def _columns(self, facts: pl.DataFrame) -> list[tuple[str, ...]]:
        """What makes groups: single columns, or several together."""
        asked = dict.fromkeys(name.strip() for name in self.columns.split(",") if name.strip())
        if asked:
            return [(name,) if name in facts.columns else tuple(part.strip() for part in name.split("+")) for name in asked]
        kept = [name for name in facts.columns if name not in (*trials.SCHEMA, *trials.MODEL_EXTRAS, "digest")]
        texts = [name for name in kept if facts.schema[name] in (pl.String, pl.Boolean)]
        return [(name,) for name in texts if FEWEST <= facts[name].drop_nulls().n_unique() <= MOST]

    def _groups(self, rows: pl.DataFrame, evidence: Evidence) -> tuple[list[Group], int]:
        """The groups, each set of images once, and how many were too small."""
        names, right, columns = readable(evidence), rows["correct"].to_numpy(), self._columns(rows)
        found: dict[bytes, Group] = {}
        small = 0
        for keys in [*columns, *(("category", *names) for names in columns if "category" not in names)]:
            for values, members in _parts(pl.DataFrame({key: rows[key].cast(pl.String) for key in keys})):
                if len(members) < self.least:
                    small += 1
                    continue
                told = [
                    names.get(value, value) if key == "category" else f"{key} {value}"
                    for key, value in zip(keys, values, strict=True)
                ]
                label = ", ".join(told)
                found.setdefault(members.tobytes(), Group(" and ".join(keys), label, members, int(right[members].sum())))
        return list(found.values()), small

    def estimates(self, evidence: Evidence) -> dict[str, Estimate]:
        """average: the mean accuracy over groups; worst: the least of any; gap: how far that lies below the accuracy over all.

        The last two not for very many groups. The average is one over images, each of which counts by how large its groups are.
        """
        rows = labelled(evidence)
        groups, _ = self._groups(rows, evidence)
        if not groups:
            return {}
        images, right = rows["image"].to_numpy(), rows["correct"].to_numpy().astype(float)
        weight = np.zeros(rows.height)
        for group in groups:
            weight[group.members] += 1 / group.n
        average = Estimate(images, np.column_stack([weight * right, weight]), lambda s: s[..., 0] / s[..., 1])
        if rows.height * len(groups) > _LARGEST:
            return {"average": average}
        within = np.zeros((rows.height, len(groups)))
        for at, group in enumerate(groups):
            within[group.members, at] = 1
        sums = np.column_stack([within * right[:, None], within, right, np.ones(rows.height)])
        return {
            "average": average,
            "worst": Estimate(images, sums, _least, leans=True),
            "gap": Estimate(images, sums, lambda sums: sums[..., -2] / sums[..., -1] - _least(sums), leans=True),
        }

    def judge(self, evidence: Evidence) -> Sequence[Finding]:
        """The worst group, how far it lies below the whole, and the mean over groups."""
        rows = labelled(evidence)
        groups, small = self._groups(rows, evidence)
        if not groups:
            reason = (
                f"none of {small} groups has {self.least} images or more"
                if small
                else "no image has a value of the facts asked for"
            )
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
        return [finding, self._gap(worst, overall, interval, evidence), self._average(groups, overall, evidence)]

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

    def _average(self, groups: Sequence[Group], overall: float, evidence: Evidence) -> Finding:
        estimate = self.estimates(evidence)["average"]
        value, interval = float(np.mean([group.accuracy for group in groups])), bootstrap(estimate, evidence.seed)
        return Finding(
            "worst-group.average",
            "Mean accuracy over the groups",
            f"Were all {len(groups)} groups equally large, {percent(value)}{span(interval)} would be right. Over all images: "
            f"{percent(overall)}.",
            value=value,
            interval=interval,
            unit="share",
            n=len(estimate.images),
            chance=1 / len(evidence.labels),
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
        bars_ = Bars(title, alt, "share right", bars, mark=(overall, "all images"))
        return [bars_, _by_column(order), _against_others(order[:SHOWN], rows)]


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


def _against_others(groups: Sequence[Group], rows: pl.DataFrame) -> Table:
    """How far each group lies below all images that are not in it."""
    total, n = int(rows["correct"].sum()), rows.height
    cells = []
    for group in groups:
        gap = "–"
        if group.n < n:
            value, i = unpaired_difference((group.hits, group.n), (total - group.hits, n - group.n))
            gap = f"{100 * value:+.1f} [{100 * i.low:+.1f}, {100 * i.high:+.1f}]"
        cells.append((group.label, f"{group.hits:,} of {group.n:,}", percent(group.accuracy), gap))
    title = "How far each group lies below all other images, in points, with the 95 % interval of each by itself"
    return Table(title, ("group", "right", "share", "below the others"), tuple(cells))


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

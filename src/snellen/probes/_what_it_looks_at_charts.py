"""Figures of `what-it-looks-at`: maps by every method, how far each is to be trusted, and how well two of them agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from snellen import labels as known
from snellen.charts import Bar, Bars, Gallery, Picture, Table
from snellen.core import Evidence
from snellen.probes._shared import ends, readable
from snellen.stats import Estimate, bootstrap

EDGES = "edges"


def gallery(evidence: Evidence, groups: Mapping[str, pl.DataFrame], methods: Mapping[str, bool]) -> Gallery:
    """By group: photographs, a map by each method, signed or not, and edges."""
    names, rows = readable(evidence), []
    for heading, group in groups.items():
        for row in group.iter_rows(named=True):
            look = evidence.looks.get(row["image"])
            if not look:
                continue
            answer = f"{names.get(row['response'], row['response'])} ({row['confidence']:.0%})"
            truth = "" if row["correct"] in (True, None) else f"{names.get(row['category'], row['category'])} → "
            of = f" of {known.imagenet().names[look['fine'].item()]}" if "fine" in look else ""
            maps = (Picture(row["image"], f"{name}{of}", name, signed=signed) for name, signed in methods.items() if name in look)
            rows.append((heading, (Picture(row["image"], truth + answer), *maps, Picture(row["image"], "edges only", EDGES))))
    note = "Each map has its own scale. The last column is the control: it is the same for every model."
    return Gallery("Photograph, maps of the answer, and edges for comparison", tuple(rows), note)


def trusts(found: Mapping[str, Estimate], seed: int) -> Bars:
    """How much better than random orders the map of each method is."""
    spans = {name: bootstrap(estimate, seed) for name, estimate in found.items()}
    bars = tuple(
        Bar(name, found[name].point() or 0.0, span.low if span else None, span.high if span else None)
        for name, span in spans.items()
    )
    label = "probability of the answer, above random orders"
    alt = f"{label}: " + "; ".join(f"{bar.label}: {bar.value:+.2f}" for bar in bars)
    return Bars("How far each map can be trusted", alt, label, bars, x_range=None, mark=(0.0, "random order"))


def agreements(methods: Sequence[str], found: Mapping[str, Estimate], seed: int) -> Table:
    """Rank correlation of each pair of methods, and of each with edges."""

    def cell(name: str) -> str:
        if name not in found:
            return "–"
        return f"{found[name].point() or 0.0:.2f}{ends(bootstrap(found[name], seed))}"

    rows = [
        (first, *(cell(f"{second}/{first}") if at < row else "" for at, second in enumerate(methods)))
        for row, first in enumerate(methods)
        if row
    ]
    rows.append((EDGES, *(cell(f"{name}-edge-likeness") for name in methods)))
    return Table("How well the methods agree, by rank correlation", ("", *methods), tuple(rows))

"""What the probe of corruptions draws: accuracy against severity, each corruption by itself, and the images as they were shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from snellen.charts import Bar, Bars, Chart, Gallery, Heatmap, Lines, Picture, Series, Table
from snellen.core import Evidence
from snellen.methods.compare.corruption_error import ALEXNET
from snellen.probes._shared import clean, percent
from snellen.stats import bootstrap, mean_estimate


def charts(
    evidence: Evidence,
    families: Mapping[str, Sequence[str]],
    names: Sequence[str],
    levels: Sequence[str],
    images: np.ndarray,
    untouched: np.ndarray,
    right: np.ndarray,
) -> list[Chart]:
    """From whether each image was right untouched (N,), and under each of `names` and `levels` (N, C, S)."""
    chance = 1 / len(evidence.labels)
    means = right.mean(axis=0)
    return [
        _against_severity(evidence, families, names, levels, images, untouched, right, chance),
        _profile(evidence, names, images, right, float(untouched.mean())),
        Heatmap(
            "Every corruption at every severity",
            "; ".join(f"{said(name)}: {', '.join(f'{x:.2f}' for x in row)}" for name, row in zip(names, means, strict=True)),
            tuple(said(name) for name in names),
            tuple(levels),
            tuple(tuple(float(x) for x in row) for row in means),
            "corruption",
            "severity",
        ),
        _table(names, levels, means, float(untouched.mean())),
        _gallery(evidence, names, levels),
    ]


def said(name: str) -> str:
    """gaussian-noise → gaussian noise."""
    return name.replace("-", " ")


def _against_severity(
    evidence: Evidence,
    families: Mapping[str, Sequence[str]],
    names: Sequence[str],
    levels: Sequence[str],
    images: np.ndarray,
    untouched: np.ndarray,
    right: np.ndarray,
    chance: float,
) -> Lines:
    x = tuple(float(at) for at in range(len(levels) + 1))
    series = []
    for family, members in families.items():
        places = [at for at, name in enumerate(names) if name in members]
        if not places:
            continue
        values = np.column_stack([untouched, right[:, places].mean(axis=1)])
        spans = [bootstrap(mean_estimate(images, column), evidence.seed) for column in values.T]
        means = values.mean(axis=0)
        low = tuple(float(m) if i is None else i.low for m, i in zip(means, spans, strict=True))
        high = tuple(float(m) if i is None else i.high for m, i in zip(means, spans, strict=True))
        series.append(Series(family, x, tuple(float(m) for m in means), low, high))
    series.append(Series(f"guessing (1 in {round(1 / chance):,})", (x[0], x[-1]), (chance, chance), role="reference"))
    alt = "; ".join(f"{one.label}: {', '.join(f'{y:.2f}' for y in one.y)}" for one in series[:-1])
    ticks = ((0.0, "none"), *((at + 1.0, level) for at, level in enumerate(levels)))
    return Lines(
        "Accuracy against severity", f"Mean accuracy by kind of corruption. {alt}", "severity", "share right", tuple(series), ticks
    )


def _profile(evidence: Evidence, names: Sequence[str], images: np.ndarray, right: np.ndarray, untouched: float) -> Bars:
    bars = []
    for at, name in enumerate(names):
        estimate = mean_estimate(images, right[:, at].mean(axis=1))
        interval = bootstrap(estimate, evidence.seed)
        bars.append(Bar(said(name), float(right[:, at].mean()), interval and interval.low, interval and interval.high))
    alt = "Share right under each corruption, over its severities: " + ", ".join(f"{b.label} {b.value:.2f}" for b in bars)
    return Bars("Each corruption by itself", alt, "share right", tuple(bars), mark=(untouched, "untouched"))


def _table(names: Sequence[str], levels: Sequence[str], means: np.ndarray, untouched: float) -> Table:
    rows = [
        (
            said(name),
            percent(float(row.mean())),
            percent(1 - float(row.mean())),
            percent(ALEXNET[name]) if name in ALEXNET else "not known",
            "yes" if (np.diff([untouched, *row]) <= 0).all() else "no",
        )
        for name, row in zip(names, means, strict=True)
    ]
    return Table(
        "Errors beside AlexNet's", ("corruption", "right", "wrong", "AlexNet wrong", "never rises with severity"), tuple(rows)
    )


def _gallery(evidence: Evidence, names: Sequence[str], levels: Sequence[str]) -> Gallery:
    surest = clean(evidence).sort(["confidence", "image"], descending=[True, False])["image"].head(1).to_list()
    middle = levels[len(levels) // 2]
    shown = tuple(Picture(image, said(name), under=(f"corruptions/{name}", middle)) for image in surest for name in names)
    return Gallery("Examples", ((f"The image it is surest of, at severity {middle}", shown),) if shown else ())

"""Lines with bands: accuracy against level, reliability, risk against coverage."""

from __future__ import annotations

import math
import re

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from snellen.charts import Lines, Series
from snellen.report.figures.ink import MUTED, PAPER, REFERENCE, ROLES, canvas, middle, short
from snellen.report.text import clean

WIDTH, HEIGHT = 380, 280
_DIRECT = 4  # lines that can carry their name at their end
_NAME = 18  # characters a line of such a name
_HALF, _WHOLE = 24, 56  # characters of a name in a legend of two columns, and of one
_BREAKS = re.compile(r"[^\s:/_-]+[\s:/_-]*|[\s:/_-]+")
_LINE = 14  # pixels a name needs
_MARKERS = {"model": ("o", "s", "^", "v"), "people": ("D", "P", "X", "h"), "reference": ("", "", "", "")}
_DASHES = ("-", (0, (6, 2)), (0, (4, 1.5, 1, 1.5)), (0, (1, 1)))


def lines(chart: Lines) -> Figure:
    """Lines by role and place: people and model by colour and marker, several of one role by marker and dashes."""
    direct = len(chart.series) <= _DIRECT and all(_wrap(series.label) for series in chart.series)
    columns = 2 if all(len(series.label) <= _HALF for series in chart.series) else 1
    figure, axes = canvas(WIDTH, HEIGHT if direct else HEIGHT + 17 * math.ceil(len(chart.series) / columns))
    seen = dict.fromkeys(ROLES, 0)
    for series in chart.series:
        _line(axes, series, seen[series.role])
        seen[series.role] += 1
    _frame(axes, chart)
    if direct:
        _names(axes, chart)
    elif chart.series:
        figure.legend(loc="outside lower left", ncols=columns, handlelength=2.2, columnspacing=1.2, borderpad=0.4)
    return figure


def _line(axes: Axes, series: Series, place: int) -> None:
    colour = ROLES[series.role]
    if series.low is not None and series.high is not None:
        axes.fill_between(series.x, series.low, series.high, color=colour, alpha=0.16, linewidth=0)
    reference = series.role == "reference"
    axes.plot(
        series.x,
        series.y,
        color=colour,
        linewidth=1.2 if reference else 2,
        linestyle=(0, (4, 3)) if reference else _DASHES[place % 4],
        marker="" if len(series.x) > 40 else _MARKERS[series.role][place % 4],
        markersize=5.5,
        markeredgecolor=PAPER,
        markeredgewidth=0.8,
        label=middle(series.label, _WHOLE),
        zorder=2 if reference else 3,
    )


def _frame(axes: Axes, chart: Lines) -> None:
    axes.set_title(short(chart.y_label, 48), loc="left", pad=8)
    axes.set_xlabel(short(chart.x_label, 48))
    axes.grid(visible=False, axis="x")
    axes.spines["left"].set_visible(False)
    axes.tick_params(length=0)
    if chart.y_range:
        margin = 0.03 * (chart.y_range[1] - chart.y_range[0])
        axes.set_ylim(chart.y_range[0] - margin, chart.y_range[1] + margin)
    if chart.x_range:
        axes.set_xlim(*chart.x_range)
    if chart.ticks:
        names = [short(name, 14) for _, name in chart.ticks]
        crowded = sum(len(name) + 1 for name in names) > 46
        axes.set_xticks([x for x, _ in chart.ticks], names, rotation=40 if crowded else 0, ha="right" if crowded else "center")


def _names(axes: Axes, chart: Lines) -> None:
    ends = [(series, end) for series in chart.series if (end := _end(series)) is not None]
    low, high = axes.get_ylim()
    line = (high - low) * _LINE / (0.74 * HEIGHT)
    right = max((end[0] for _, end in ends), default=0.0)
    places = _spread([end[1] for _, end in ends], [line * len(_wrap(series.label)) for series, _ in ends], low, high)
    for (series, _), y in zip(ends, places, strict=True):
        axes.annotate(
            "\n".join(_wrap(series.label)),
            (max(right, axes.get_xlim()[1]) if chart.x_range else right, y),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=MUTED if ROLES[series.role] == REFERENCE else ROLES[series.role],
            annotation_clip=False,
        )


def _end(series: Series) -> tuple[float, float] | None:
    known = [(x, y) for x, y in zip(series.x, series.y, strict=True) if np.isfinite(y)]
    return max(known) if known else None


def _wrap(label: str) -> list[str]:
    """The name in one line or two, evenly; nothing when it needs more."""
    label = clean(label)
    if len(label) <= _NAME - 6:
        return [label]
    words = _BREAKS.findall(label)
    splits = [["".join(words[:i]).rstrip(), "".join(words[i:])] for i in range(1, len(words) + 1)]
    best = min(splits, key=lambda lines: max(map(len, lines)), default=[label])
    return [line for line in best if line] if max(map(len, best)) <= _NAME else []


def _spread(wanted: list[float], sizes: list[float], low: float, high: float) -> list[float]:
    """Places as near to the wanted ones as names of these sizes allow, none below the axes."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = [min(max(wanted[i], low + sizes[i] / 2), high) for i in order]
    for _ in range(50):
        for a in range(len(placed) - 1):
            overlap = (sizes[order[a]] + sizes[order[a + 1]]) / 2 - (placed[a + 1] - placed[a])
            if overlap > 0:
                down = min(overlap / 2, placed[a] - low - sizes[order[a]] / 2)
                placed[a] -= down
                placed[a + 1] += overlap - down
    out = [0.0] * len(wanted)
    for place, i in zip(placed, order, strict=True):
        out[i] = place
    return out

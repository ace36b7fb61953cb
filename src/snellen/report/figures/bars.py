"""Values by label, as dots with their intervals on pale bars; model and people share a row."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from snellen.charts import Bar, Bars
from snellen.report.figures.ink import MUTED, PAPER, ROLES, canvas, short

WIDTH = 380
_ROW, _FRAME = 19, 62  # pixels a row and around the rows
_MARKERS = {"model": "o", "people": "D", "reference": "s"}


def bars(chart: Bars) -> Figure:
    """One row a label, in the order of their first bar; roles at the same label stand one below the other."""
    labels = list(dict.fromkeys(bar.label for bar in chart.bars))
    roles = list(dict.fromkeys(bar.role for bar in chart.bars))
    step = _ROW + 7 * (len(roles) - 1)
    figure, axes = canvas(WIDTH, _FRAME + step * max(len(labels), 1) + (20 if len(roles) > 1 else 0))
    shift = {role: (i - (len(roles) - 1) / 2) * 0.34 for i, role in enumerate(roles)}
    for bar in chart.bars:
        _row(axes, bar, labels.index(bar.label) + shift[bar.role], thick=9 if len(roles) == 1 else 5)
    if chart.mark:
        _mark(axes, *chart.mark)
    axes.set_yticks(range(len(labels)), [short(label, 22) for label in labels])
    axes.set_ylim(len(labels) - 0.4, -0.6)
    if chart.x_range:
        margin = 0.02 * (chart.x_range[1] - chart.x_range[0])
        axes.set_xlim(chart.x_range[0] - margin, chart.x_range[1] + margin)
    axes.set_xlabel(short(chart.x_label, 48))
    axes.grid(visible=False, axis="y")
    axes.tick_params(length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    if len(roles) > 1:
        handles = [Line2D([], [], color=ROLES[role], linewidth=2, label=role, **_mark_of(role)) for role in roles]
        figure.legend(handles=handles, loc="outside lower left", ncols=3, borderpad=0.4, handlelength=1.6)
    return figure


def _row(axes: Axes, bar: Bar, y: float, thick: float) -> None:
    colour = ROLES[bar.role]
    start = min(max(0.0, bar.value), 0.0)
    strength = 0.7 if bar.low is None else 0.22
    axes.plot([start, bar.value], [y, y], color=colour, alpha=strength, linewidth=thick, solid_capstyle="butt", zorder=2)
    if bar.low is not None and bar.high is not None:
        axes.plot([bar.low, bar.high], [y, y], color=colour, linewidth=2, solid_capstyle="round", zorder=3)
        axes.plot([bar.value], [y], color=colour, zorder=4, **_mark_of(bar.role))


def _mark_of(role: str) -> dict[str, Any]:
    return {"marker": _MARKERS[role], "markersize": 6.5, "markeredgecolor": PAPER, "markeredgewidth": 0.9}


def _mark(axes: Axes, value: float, name: str) -> None:
    axes.axvline(value, color=MUTED, linewidth=1.1, linestyle=(0, (4, 3)), zorder=2.5)
    above = {"xycoords": ("data", "axes fraction"), "xytext": (0, 4), "textcoords": "offset points", "ha": "center", "va": "bottom"}
    axes.annotate(short(name, 30), (value, 1), color=MUTED, **above)

"""Points one against the other: a cloud of references, and the model in front of it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from snellen.charts import Cloud, Scatter
from snellen.report.figures.ink import PAPER, REFERENCE, ROLES, canvas, middle, short

WIDTH, HEIGHT = 380, 320
_LABEL = 40  # characters of a name in the legend


def scatter(chart: Scatter) -> Figure:
    """Lines behind, then clouds in their order; many points are small and pale, few are large."""
    entries = len(chart.clouds) + len(chart.lines)
    figure, axes = canvas(WIDTH, HEIGHT + 17 * entries)
    for series in chart.lines:
        if series.low is not None and series.high is not None:
            axes.fill_between(series.x, series.low, series.high, color=REFERENCE, alpha=0.16, linewidth=0)
        style = {"color": ROLES[series.role], "linewidth": 1.4, "linestyle": (0, (4, 3)) if series.low is None else "-"}
        axes.plot(series.x, series.y, label=middle(series.label, _LABEL), zorder=2, **style)
    for place, cloud in enumerate(chart.clouds):
        _points(axes, cloud, place)
    axes.set_title(short(chart.y_label, 48), loc="left", pad=8)
    axes.set_xlabel(short(chart.x_label, 48))
    axes.spines["left"].set_visible(False)
    axes.tick_params(length=0)
    if entries:
        figure.legend(loc="outside lower left", ncols=1, handlelength=2.2, borderpad=0.4)
    return figure


def _points(axes: Axes, cloud: Cloud, place: int) -> None:
    colour, many = ROLES[cloud.role], len(cloud.x) > 12
    for values, other, ends, flat in ((cloud.x, cloud.y, cloud.across, True), (cloud.y, cloud.x, cloud.along, False)):
        if ends:
            errors = np.abs(np.array(ends).T - np.array(values))
            x, y = (values, other) if flat else (other, values)
            sides = (None, errors) if flat else (errors, None)
            axes.errorbar(x, y, *sides, fmt="none", ecolor=colour, elinewidth=1.4, zorder=3)
    axes.plot(
        cloud.x,
        cloud.y,
        linestyle="none",
        marker="o",
        markersize=3 if many else 8,
        color=colour,
        alpha=0.45 if many else 1.0,
        markeredgecolor="none" if many else PAPER,
        markeredgewidth=0.8,
        label=middle(cloud.label, _LABEL),
        zorder=3 + place,
    )

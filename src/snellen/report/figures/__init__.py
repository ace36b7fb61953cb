"""Charts drawn as SVG that takes its colours from the page: one drawing serves the light and the dark theme."""

from __future__ import annotations

from snellen.charts import Bars, Heatmap, Lines, Scatter
from snellen.report.figures.bars import bars
from snellen.report.figures.heatmap import heatmap
from snellen.report.figures.ink import svg
from snellen.report.figures.lines import lines
from snellen.report.figures.scatter import scatter

__all__ = ["draw"]


def draw(chart: Lines | Scatter | Bars | Heatmap, salt: str) -> str:
    """The chart as an `<svg>` element for a page that defines the colours of `ink.VARIABLES`.

    `salt` must differ between the charts of one page: the identifiers inside the drawing are made from it.
    """
    if isinstance(chart, Lines):
        return svg(lambda: lines(chart), chart.alt or chart.title, salt)
    if isinstance(chart, Scatter):
        return svg(lambda: scatter(chart), chart.alt or chart.title, salt)
    if isinstance(chart, Bars):
        return svg(lambda: bars(chart), chart.alt or chart.title, salt)
    return svg(lambda: heatmap(chart), chart.alt or chart.title, salt)

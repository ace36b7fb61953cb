"""Every chart as a table, for those who cannot or would rather not look at it."""

from __future__ import annotations

import math

from snellen.charts import Bars, Heatmap, Lines, Scatter, Table

_WIDEST = 20  # columns of a matrix that is printed whole
_LONGEST = 60  # rows otherwise


def as_table(chart: Lines | Scatter | Bars | Heatmap) -> Table:
    """The numbers of the chart; a large matrix as its largest cells."""
    if isinstance(chart, Lines):
        return _lines(chart)
    if isinstance(chart, Scatter):
        return _points(chart)
    if isinstance(chart, Bars):
        return _bars(chart)
    return _matrix(chart)


def _lines(chart: Lines) -> Table:
    names = dict(chart.ticks)
    places = sorted({x for series in chart.series for x in series.x})
    if len(places) > _LONGEST:
        places = [places[round(i * (len(places) - 1) / (_LONGEST - 1))] for i in range(_LONGEST)]
    cells = [{x: _cell(s.y[i], _at(s.low, i), _at(s.high, i)) for i, x in enumerate(s.x)} for s in chart.series]
    rows = tuple((names.get(x) or _number(x), *(column.get(x, "") for column in cells)) for x in places)
    return Table(chart.title, (chart.x_label, *(series.label for series in chart.series)), rows)


def _points(chart: Scatter) -> Table:
    """The clouds, the smallest first, each thinned to the length that is left."""
    rows: list[tuple[str, ...]] = []
    for cloud in sorted(chart.clouds, key=lambda cloud: len(cloud.x)):
        step = -(-len(cloud.x) // max(1, _LONGEST - len(rows)))
        for i in range(0, len(cloud.x), max(1, step)):
            cells = (
                (value[i], *(ends[i] if ends else (None, None)))
                for value, ends in ((cloud.x, cloud.across), (cloud.y, cloud.along))
            )
            rows.append((cloud.label, *(_cell(*cell) for cell in cells)))
    return Table(chart.title, ("", chart.x_label, chart.y_label), tuple(rows))


def _bars(chart: Bars) -> Table:
    rows = tuple((bar.label, bar.role, _cell(bar.value, bar.low, bar.high)) for bar in chart.bars)
    return Table(chart.title, ("", "who", chart.x_label), rows)


def _matrix(chart: Heatmap) -> Table:
    if len(chart.columns) <= _WIDEST:
        rows = tuple((name, *(_number(value) for value in values)) for name, values in zip(chart.rows, chart.values, strict=True))
        return Table(chart.title, (f"{chart.row_label} ↓ {chart.column_label} →", *chart.columns), rows)
    cells = [
        (value, row, column)
        for row, values in zip(chart.rows, chart.values, strict=True)
        for column, value in zip(chart.columns, values, strict=True)
        if value > 0 and row != column
    ]
    largest = sorted(cells, key=lambda cell: (-cell[0], cell[1], cell[2]))[:_LONGEST]
    rows = tuple((row, column, _number(value)) for value, row, column in largest)
    return Table(f"{chart.title}: the largest of those off the diagonal", (chart.row_label, chart.column_label, "value"), rows)


def _at(values: tuple[float, ...] | None, i: int) -> float | None:
    return None if values is None else values[i]


def _cell(value: float, low: float | None, high: float | None) -> str:
    return _number(value) if low is None or high is None else f"{_number(value)} [{_number(low)}, {_number(high)}]"


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    return f"{value:.0f}" if value == round(value) else f"{value:.3f}"

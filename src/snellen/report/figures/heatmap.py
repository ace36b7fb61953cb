"""A matrix as a picture: the stronger the ink, the larger the share."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from snellen.charts import Heatmap
from snellen.report.figures.ink import HAIRLINE, INK, canvas, short

_CELL = 26  # pixels, while the matrix stays within
_WIDEST = 560
_LETTER = 6.6  # pixels of a letter in a name
_NAMED = 40  # rows or columns that can carry their names
_PRINTED = 20  # rows or columns whose cells can carry their numbers
_BLUE = (0.13, 0.44, 0.71)  # tells from paper and from black alike


def heatmap(chart: Heatmap) -> Figure:
    """Cells as one small image, so that a thousand categories weigh no more than sixteen; the maximum is full ink."""
    values = np.array(chart.values, float).reshape(len(chart.rows), len(chart.columns))
    known = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0).clip(0)
    top = known.max(initial=0.0)
    strength = known / top if top > 0 else known
    cell = min(_CELL, _WIDEST / max(*values.shape, 1))
    wide = min(2 * cell, max(cell, _WIDEST / 2 / max(values.shape[1], 1)))
    width, height = wide * max(values.shape[1], 1), cell * max(values.shape[0], 1)
    left, bottom = 30 + _room(chart.rows), 30 + _room(chart.columns)
    figure, axes = canvas(max(left + width + 6, _WIDEST), bottom + height + 6, plot=(left, bottom, width, height))
    cells = np.concatenate([np.broadcast_to(_BLUE, (*values.shape, 3)), strength[..., None]], axis=-1)
    axes.imshow((cells * 255).round().astype(np.uint8), interpolation="none", aspect="auto")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(True)
    _label(axes, chart)
    if max(values.shape) <= _NAMED:
        _rule(axes, *values.shape)
    if max(values.shape) <= _PRINTED:
        _print(axes, known, strength, shares=top <= 1)
    return figure


def _label(axes: Axes, chart: Heatmap) -> None:
    columns, rows = _printable(chart.columns), _printable(chart.rows)
    axes.set_xticks(range(len(columns)), columns, rotation=90)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xlabel(short(chart.column_label, 48))
    axes.set_ylabel(short(chart.row_label, 48))


def _rule(axes: Axes, rows: int, columns: int) -> None:
    axes.set_xticks(np.arange(1, columns) - 0.5, minor=True)
    axes.set_yticks(np.arange(1, rows) - 0.5, minor=True)
    axes.grid(visible=True, which="minor", color=HAIRLINE, linewidth=0.6)
    axes.tick_params(which="minor", length=0)


def _print(axes: Axes, known: np.ndarray, strength: np.ndarray, shares: bool) -> None:
    """Shares as whole per cents, counts as they are; nothing where that would be 0."""
    for row, column in np.argwhere(known >= (0.005 if shares else 0.5)):
        value = known[row, column] * (100 if shares else 1)
        colour = "#ffffff" if strength[row, column] > 0.7 else INK
        axes.text(column, row, f"{value:.0f}", ha="center", va="center_baseline", fontsize=9, color=colour)


def _room(names: tuple[str, ...]) -> float:
    return _LETTER * max(map(len, _printable(names)), default=0)


def _printable(names: tuple[str, ...]) -> list[str]:
    return [short(name, 18) for name in names] if len(names) <= _NAMED else []

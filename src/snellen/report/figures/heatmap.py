"""A matrix as a picture: the stronger the ink, the larger the share of its row."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from snellen.charts import Heatmap
from snellen.report.figures.ink import HAIRLINE, canvas, short

_CELL, _NAMES = 24, 130  # pixels a cell, and beside the matrix
_NAMED = 40  # rows or columns that can carry their names
_WIDEST = 620
_INK = (0.13, 0.44, 0.71)  # readable on paper and on black


def heatmap(chart: Heatmap) -> Figure:
    """Cells as one small image, so that a thousand categories weigh no more than sixteen; the maximum is full ink."""
    values = np.array(chart.values, float).reshape(len(chart.rows), len(chart.columns))
    known = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0).clip(0)
    top = known.max(initial=0.0)
    cells = np.zeros((*values.shape, 4))
    cells[..., :3] = _INK
    cells[..., 3] = known / top if top > 0 else 0
    size = min(_WIDEST, _CELL * max(*values.shape, 4)) + _NAMES
    figure, axes = canvas(size, size)
    axes.imshow((cells * 255).round().astype(np.uint8), interpolation="none", aspect="equal")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(True)
    axes.set_xlabel(short(chart.column_label, 48))
    axes.set_ylabel(short(chart.row_label, 48))
    _names(axes.set_xticks, chart.columns, 90)
    _names(axes.set_yticks, chart.rows, 0)
    if max(values.shape) <= _NAMED:
        axes.set_xticks(np.arange(1, values.shape[1]) - 0.5, minor=True)
        axes.set_yticks(np.arange(1, values.shape[0]) - 0.5, minor=True)
        axes.grid(visible=True, which="minor", color=HAIRLINE, linewidth=0.6)
        axes.tick_params(which="minor", length=0)
    return figure


def _names(place, names: tuple[str, ...], rotation: float) -> None:  # noqa: ANN001
    if len(names) <= _NAMED:
        place(range(len(names)), [short(name, 18) for name in names], rotation=rotation)
    else:
        place([])

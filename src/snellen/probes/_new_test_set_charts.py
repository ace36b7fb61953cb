"""What the probe of a new test set draws."""

from __future__ import annotations

import numpy as np
import polars as pl

from snellen.charts import Cloud, Scatter, Series, Table
from snellen.methods.compare.linear_fit import LinearFit
from snellen.probes._shared import percent, span
from snellen.stats import clopper_pearson

DRAWN = 400
"""Models of the pool that the figure shows."""


def both_sets(old: tuple[int, int], new: tuple[int, int]) -> Table:
    """(right answers, images) of both test sets."""
    rows = ((name, *counts, clopper_pearson(*counts)) for name, counts in (("old", old), ("new", new)))
    cells = tuple((name, f"{hits:,} of {n:,}", percent(hits / n), span(i).strip()) for name, hits, n, i in rows)
    return Table("Accuracy on both test sets", ("test set", "right", "share", "95 % interval"), cells)


def among(subject: str, old: tuple[int, int], new: tuple[int, int], fit: LinearFit, pool: pl.DataFrame) -> Scatter:
    """The model, with the intervals of both accuracies, before the models of the pool and the line through them."""
    (x, y), spans = (hits / n for hits, n in (old, new)), [clopper_pearson(*counts) for counts in (old, new)]
    known = pool["original"].to_numpy()
    along = np.linspace(min(known.min(), x), max(known.max(), x), 60)
    line = (tuple(part.tolist()) for part in (along, fit.predict(along), *fit.band(along)))
    ends = (float(along[0]), float(along[-1]))
    shown = pool.sort("original", "model").gather_every(-(-pool.height // DRAWN))
    drawn = f"{fit.n:,} other models" + (f", {shown.height} of them drawn" if shown.height < fit.n else "")
    across, up = (((i.low, i.high),) for i in spans)
    return Scatter(
        "Accuracy on the new test set against the old",
        f"{drawn}, and the line through them; {subject} at {x:.3f} on the old set and {y:.3f} on the new",
        "accuracy on the old test set",
        "accuracy on the new test set",
        (
            Cloud(drawn, tuple(shown["original"].to_list()), tuple(shown["shifted"].to_list()), "reference"),
            Cloud(subject, (x,), (y,), "model", across, up),
        ),
        (Series(f"their line, {fit.scale}", *line, role="reference"), Series("nothing lost", ends, ends, role="reference")),
    )

"""Right and wrong, image by image, under many conditions at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from snellen.core import Evidence


def right_under(evidence: Evidence, cells: Sequence[tuple[str, str]], coarse: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Images (N,) and whether the answer was right (N, C), 1.0 or 0.0, under each (condition, level); images that have all.

    `coarse`: the sixteen-way answers, of the images that have a category of the sixteen.
    """
    wanted = pl.DataFrame(
        [(name, level, at) for at, (name, level) in enumerate(cells)],
        schema={"condition": pl.String, "level": pl.String, "cell": pl.Int64},
        orient="row",
    )
    right = pl.col("coarse_category") == pl.col("coarse_response") if coarse else pl.col("correct")
    rows = evidence.trials.with_columns(right.alias("right")).filter(pl.col("right").is_not_null())
    columns = [str(at) for at in range(len(cells))]
    wide = rows.join(wanted, on=["condition", "level"]).pivot("cell", index="image", values="right")
    if not set(columns) <= set(wide.columns):
        return np.empty(0), np.empty((0, len(cells)))
    wide = wide.drop_nulls(columns).sort("image")
    return wide["image"].to_numpy(), wide.select(columns).to_numpy().astype(float)


def ratio(sums: np.ndarray) -> np.ndarray:
    """First over second column, (..., 2) → (...); NaN where the second is zero."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[..., 0] / sums[..., 1]

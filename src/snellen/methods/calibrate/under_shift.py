"""Calibration where images change: from trials, one row a condition."""

from __future__ import annotations

import polars as pl

from snellen.core import SnellenError
from snellen.methods.calibrate.bins import equal_width
from snellen.methods.calibrate.calibration_error import bin_sums, calibration_error

BY = ("subject", "dataset", "condition", "level")


def by_condition(trials: pl.DataFrame, bins: int = 15) -> pl.DataFrame:
    """One row for each subject, data set, condition and level (ovadia-2019); what was shown may be a distortion or an attack.

    Columns: n, accuracy, confidence (mean), overconfidence (confidence - accuracy), error (expected calibration error, bins of
    equal width), sure_and_wrong (mean confidence of the wrong answers; null where all are right).

    Raises:
        SnellenError: columns are missing.
    """
    missing = [name for name in (*BY, "confidence", "correct") if name not in trials.columns]
    if missing:
        raise SnellenError(f"got trials without {', '.join(missing)}; expected the columns of snellen.trials")
    rows = trials.filter(pl.col("correct").is_not_null() & pl.col("confidence").is_not_null())
    wrong = pl.col("confidence").filter(~pl.col("correct")).mean()
    table = rows.group_by(*BY, maintain_order=True).agg(
        pl.len().alias("n"),
        pl.col("correct").mean().alias("accuracy"),
        pl.col("confidence").mean(),
        (pl.col("confidence").mean() - pl.col("correct").mean()).alias("overconfidence"),
        wrong.alias("sure_and_wrong"),
    )
    errors = [_error(group, bins) for _, group in rows.group_by(*BY, maintain_order=True)]
    return table.with_columns(pl.Series("error", errors, pl.Float64))


def sure_and_wrong(trials: pl.DataFrame) -> float | None:
    """Mean confidence of the wrong answers: overconfidence on errors; None where no answer is wrong."""
    wrong = trials.filter(~pl.col("correct") & pl.col("confidence").is_not_null())
    return float(wrong["confidence"].to_numpy().mean()) if wrong.height else None


def _error(rows: pl.DataFrame, bins: int) -> float:
    confidence, correct = rows["confidence"].to_numpy(), rows["correct"].to_numpy().astype(float)
    return float(calibration_error(bin_sums(confidence, correct, equal_width(confidence, bins), bins).sum(axis=0)))

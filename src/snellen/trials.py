"""Trials: one row per subject x image x condition, never averaged. People are subjects too, so a comparison is a join."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from snellen.core import SnellenError

SCHEMA: Mapping[str, pl.DataType] = {
    "subject": pl.String(),
    "kind": pl.String(),  # model or human
    "dataset": pl.String(),
    "condition": pl.String(),
    "level": pl.String(),
    "image": pl.String(),
    "category": pl.String(),
    "response": pl.String(),  # "na": a timed-out answer, counts as wrong
    "correct": pl.Boolean(),
    "confidence": pl.Float64(),  # of the response, in [0, 1]; people: null
    "rt": pl.Float64(),  # seconds; models: null
}
"""The columns every trials frame has, in this order. Conditions and levels are text."""

MODEL_EXTRAS: Mapping[str, pl.DataType] = {
    "rank": pl.Int32(),  # place of the true category among the model's answers, 1 = best; null when unlabelled
    "coarse_category": pl.String(),  # one of the sixteen entry-level categories, where the label has one
    "coarse_response": pl.String(),
    "problem": pl.String(),  # why the image could not be read; then everything after `category` is null
}


def check(frame: pl.DataFrame, source: str) -> pl.DataFrame:
    """The frame with exactly the columns of SCHEMA first and cast to their types.

    Raises:
        SnellenError: a column is missing or cannot be cast.
    """
    missing = [name for name in SCHEMA if name not in frame.columns]
    if missing:
        raise SnellenError(
            f"{source}: got columns {', '.join(frame.columns)}; expected also {', '.join(missing)}. "
            "Trials need one row per subject, image and condition; see docs/people.md for the published layouts that are read."
        )
    rest = [name for name in frame.columns if name not in SCHEMA]
    try:
        return frame.select(*(pl.col(name).cast(kind) for name, kind in SCHEMA.items()), *rest)
    except pl.exceptions.PolarsError as error:
        raise SnellenError(f"{source}: a column has values of the wrong type ({error})") from error

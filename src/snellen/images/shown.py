"""Which trials of people are on the images as they are shown here: the published data sets distort most of theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

UNDISTORTED: Mapping[str, str] = {
    "colour": "cr",
    "contrast": "c100",
    "eidolonI": "1-10-10",
    "eidolonII": "1-3-10",
    "eidolonIII": "1-0-10",
    "false-colour": "true",
    "high-pass": "inf",
    "low-pass": "0",
    "phase-scrambling": "0",
    "power-equalisation": "0",
    "rotation": "0",
    "uniform-noise": "0.00",
}
"""The control condition of each parametric data set, left out of the benchmark (geirhos-2021)."""

UNTOUCHED: Mapping[str, tuple[str, ...]] = {
    **{dataset: (condition,) for dataset, condition in UNDISTORTED.items()},
    "contrast-png": ("c100",),
    "eidolon": ("1-0-10", "1-3-10", "1-10-10"),
    "highpass": ("inf",),
    "lowpass": ("0",),
    "noise": ("0.00",),
}
"""Published data set → its conditions that leave the image as it was (geirhos-2018, geirhos-2021)."""

NOT_SAID = "0"
"""The condition of trials without one."""

_PREFIX = r"(?:^|/)\d{4}_[^_/]+_[^_/]+_([^_/]+)_[^_/]+_\d+_"


def as_shown(trials: pl.DataFrame, images: Sequence[str], conditions: Sequence[str | None] | None = None) -> pl.DataFrame:
    """The trials whose condition is that of the image; of data sets not in UNTOUCHED all.

    The condition of each of `images` is that in `conditions`, else that in the prefix of a published file name
    (`0001_cop_dnn_c05_knife_10_n03041632_7380.png` is c05); an image without one counts as undistorted.
    """
    given = conditions if conditions is not None else [None] * len(images)
    mine = pl.DataFrame({"image": images, "own": given}, schema={"image": pl.String, "own": pl.String})
    mine = mine.with_columns(own=pl.coalesce("own", pl.col("image").str.extract(_PREFIX)))
    untouched = [{"dataset": name, "condition": one} for name, each in UNTOUCHED.items() for one in (*each, NOT_SAID)]
    plain = pl.struct("dataset", "condition").is_in(untouched)
    own_plain = pl.col("own").is_null() | pl.struct("dataset", condition="own").is_in(untouched)
    same = (pl.col("condition") == pl.col("own")) | (own_plain & plain)
    kept = trials.join(mine, on="image", how="left", maintain_order="left")
    return kept.filter(~pl.col("dataset").is_in(list(UNTOUCHED)) | same.fill_null(value=False)).drop("own")

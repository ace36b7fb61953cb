"""Published accuracies of many models on an old test set and a new one: the cloud that a model is compared with."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from snellen.core import SnellenError
from snellen.nearest import did_you_mean

IMAGENETV2 = {"matched-frequency": "imagenetv2-b-33", "threshold-0.7": "imagenetv2-a-44", "top-images": "imagenetv2-c-12"}
"""Sampling strategy → what its current version is called in the table of predictions."""
_CLEAN = {"imagenet-a": "imagenet-a-clean", "imagenet-r": "imagenet-r-clean"}
_RUN = ("model", "img_size", "crop_pct")
GUESSING = 0.05
"""The share of models that may be right 1 % of the time or less: in the ImageNet testbed 4 of 335 are."""


def read_baselines(source: str) -> pl.DataFrame:
    """The pool that `PATH` or `PATH#SHIFTED` names: model, original, shifted (shares), one row a model.

    PATH is a folder of timm's results, the per-model table of ImageNetV2, that of the ImageNet testbed, or a CSV of one's own with
    the columns model, original and shifted, told apart by their columns. SHIFTED names the new test set where a table has several.

    Raises:
        SnellenError: no such file, other columns, no such test set, or numbers that are no accuracies.
    """
    text, _, shifted = source.partition("#")
    path = Path(text)
    if path.is_dir():
        return read_timm(path, shifted or "imagenetv2-matched-frequency")
    table = _read(path)
    if "imagenet-validation-original_k1" in table.columns:
        return read_imagenetv2(path, shifted or "matched-frequency")
    if {"model", "val"} <= set(table.columns):
        return read_testbed(path, shifted or "imagenetv2-matched-frequency-format-val")
    return _pool(table, "original", shifted or "shifted", path)


def read_timm(folder: Path, shifted: str = "imagenetv2-matched-frequency") -> pl.DataFrame:
    """Top-1 of timm's `results-*.csv`, joined by model, image size and crop (wightman-2019).

    ImageNet-A and -R are set beside the validation images of their own 200 classes.
    """
    old, new = (_read(folder / f"results-{name}.csv") for name in (_CLEAN.get(shifted, "imagenet"), shifted))
    _need(old, [*_RUN, "top1"], folder)
    _need(new, [*_RUN, "top1"], folder)
    both = old.select(*_RUN, original="top1").join(new.select(*_RUN, shifted="top1"), on=_RUN)
    named = both.with_columns(pl.format("{} at {}", "model", "img_size").alias("model"))
    return _pool(named, "original", "shifted", folder)


def read_imagenetv2(path: Path, shifted: str = "matched-frequency", fisher_vectors: bool = False) -> pl.DataFrame:
    """Top-1 of the networks of the ImageNetV2 study, with the counts right (recht-2019).

    The three Fisher-vector models, which lie off the line and one of whose prediction files is out of order, are left out unless
    asked for.
    """
    table = _read(path)
    name = IMAGENETV2.get(shifted)
    if name is None:
        raise SnellenError(f"got the test set {shifted!r} of ImageNetV2; expected one of {', '.join(IMAGENETV2)}")
    counts = {"original": "imagenet-validation-original", "shifted": name}
    _need(table, [f"{column}_{kind}" for column in counts.values() for kind in ("k1", "n")], path)
    kept = table if fisher_vectors else table.filter(~pl.col("model").str.starts_with("fv_"))
    shares = ((pl.col(f"{column}_k1") / pl.col(f"{column}_n")).alias(key) for key, column in counts.items())
    return _pool(kept.select("model", *shares), "original", "shifted", path)


def read_testbed(path: Path, shifted: str = "imagenetv2-matched-frequency-format-val", original: str = "val") -> pl.DataFrame:
    """Top-1 of the ImageNet testbed (taori-2020): any column against any other."""
    return _pool(_read(path), original, shifted, path)


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_csv(path, infer_schema_length=None)
    except (OSError, pl.exceptions.PolarsError) as error:
        told = str(error).partition("\n")[0]
        raise SnellenError(
            f"got the table of baselines {path}; expected a CSV that can be read ({told}): check the path"
        ) from error


def _need(table: pl.DataFrame, columns: list[str], path: Path) -> None:
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise SnellenError(
            f"{path} has no column {', '.join(missing)}; expected columns model, original and shifted, or a table of timm, "
            f"ImageNetV2 or the ImageNet testbed.{did_you_mean(missing[0], table.columns)}"
        )


def _pool(table: pl.DataFrame, original: str, shifted: str, path: Path) -> pl.DataFrame:
    """As shares; the columns are percentages where any of them exceeds 1. Models that lack either are left out, copies once."""
    _need(table, ["model", original, shifted], path)
    try:
        kept = table.select(
            pl.col("model").cast(pl.String), original=pl.col(original).cast(pl.Float64), shifted=pl.col(shifted).cast(pl.Float64)
        )
        kept = kept.drop_nulls().drop_nans(["original", "shifted"]).unique()
    except pl.exceptions.PolarsError as error:
        raise SnellenError(f"{path} has text among its accuracies, {original} and {shifted}; expected numbers") from error
    accuracies = kept.select("original", "shifted").to_numpy()
    if not kept.height or not ((accuracies >= 0) & (accuracies <= 100)).all():
        raise SnellenError(f"{path} has accuracies that are none, or no models at all; expected shares in [0, 1] or percentages")
    scale, small = 100.0 if accuracies.max() > 1 else 1.0, int((accuracies <= 1).all(axis=1).sum())
    if scale > 1 and small > GUESSING * kept.height:
        raise SnellenError(
            f"{path} has accuracies above 1, as percentages, and for {small} of {kept.height} models none above 1, as shares; "
            "expected shares in [0, 1] or percentages throughout"
        )
    columns = zip(("original", "shifted"), (accuracies / scale).T, strict=True)
    return kept.with_columns(pl.Series(name, shares) for name, shares in columns).sort("model", "original")

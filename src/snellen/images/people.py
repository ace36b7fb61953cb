"""Trials of people: the published layouts are read into one schema, and joined to an image set by file name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from snellen.core import SnellenError
from snellen.images.shown import as_shown
from snellen.trials import SCHEMA, check

if TYPE_CHECKING:
    from collections.abc import Sequence

SUFFIXES = (".parquet", ".csv", ".csv.gz")

_ALIASES = {
    "subject": ("subject", "subj"),
    "response": ("response", "object_response"),
    "category": ("category",),
    "condition": ("condition",),
    "image": ("image", "image_id", "imagename"),
}
_IMAGE_ID = r"(?:^|[_/])((?:n0[^_/]*_)?[^_/]*)$"
_EXTENSION = r"\.[A-Za-z]{3,4}$"


def read_people(path: str | Path) -> pl.DataFrame:
    """Trials from a parquet file, a CSV (.csv, .csv.gz) or a folder of them, as columns of `snellen.trials.SCHEMA`.

    Read are Snellen's own schema and the layouts of the published data sets (geirhos-2018, geirhos-2021): header case does not
    matter, `subj`, `object_response`, `image_id` and `imagename` are understood, conditions stay the text they are, and a file
    without a `dataset` column is named after its own name up to the first underscore. `level` is null, `rt` in seconds;
    a missing or "na" response is wrong. Without a `kind` column a subject is human when named `subject-…` or timed.
    Files of a folder that hold no trials are passed over.

    Raises:
        SnellenError: nothing is there, a file cannot be read, or it holds no trials.
    """
    path = Path(path)
    if path.is_dir():
        scans = [(file, _scan(file)) for file in sorted(path.rglob("*")) if file.name.endswith(SUFFIXES)]
        scans = [(file, frame) for file, frame in scans if not _missing(frame)]
        if not scans:
            raise SnellenError(
                f"got the folder {path}; expected files of trials in it ({', '.join(SUFFIXES)}): name the right folder"
            )
    elif path.is_file():
        scans = [(path, _scan(path))]
    else:
        raise SnellenError(f"got {path}, where there is nothing; expected a file or a folder of people's trials: check the path")
    return pl.concat([_read(file, frame) for file, frame in scans])


def only_people(frame: pl.DataFrame, source: str = "people's trials") -> pl.DataFrame:
    """The trials of people (`kind` "human") in a trials frame, as columns of `snellen.trials.SCHEMA`.

    Where `correct` is null, an answer is right that is the category.

    Raises:
        SnellenError: a column is missing or of the wrong type, or no trial is a person's.
    """
    trials = check(frame, source).filter(pl.col("kind") == "human")
    if not trials.height:
        kinds = ", ".join(frame["kind"].cast(pl.String).fill_null("none").unique().sort()[:4]) or "no rows"
        raise SnellenError(f"{source}: got no trials of people (kind: {kinds}); expected some of kind human: give trials of people")
    answered = pl.col("response") == pl.col("category")
    return trials.select(*SCHEMA).with_columns(correct=pl.coalesce("correct", answered).fill_null(value=False))


def match(
    people: pl.DataFrame, images_name: str, image_names: Sequence[str], conditions: Sequence[str | None] | None = None
) -> pl.DataFrame:
    """The people's trials on these images: their `image` becomes ours, so that a join on `image` works.

    A data set of `people` qualifies when it shares at least half of the smaller of both sets, by whole name or else by file name
    without its folder, extension and the published prefix. Of several, the one whose name the images' name resembles is taken
    ("edges" is edge, "filled-silhouettes" silhouette). No rows when none qualifies. Of the published data sets that distort
    photographs, the trials are those in the condition of our image: undistorted, unless `conditions` (one an image, as
    published) or the published prefix of its file name says otherwise.

    Raises:
        SnellenError: several data sets qualify and the name does not decide, or two of our images have the same file name.
    """
    people = people.filter(pl.col("kind") == "human")
    ours = pl.DataFrame({"ours": image_names}, schema={"ours": pl.String})
    for key in (pl.col, _stem):
        mine = ours.with_columns(key("ours").alias("key"))
        theirs = people.with_columns(key("image").alias("key"))
        shared = (
            theirs.select("dataset", "key")
            .unique()
            .group_by("dataset")
            .agg(n=pl.len(), common=pl.col("key").is_in(mine["key"].to_list()).sum())
            .filter(pl.col("common") > 0, pl.col("common") * 2 >= pl.min_horizontal("n", pl.lit(mine["key"].n_unique())))
        )
        if shared.height:
            dataset = _choose(sorted(shared["dataset"]), images_name)
            found = _renamed(theirs.filter(pl.col("dataset") == dataset), mine, images_name)
            return as_shown(found, image_names, conditions)
    return people.clear()


def _scan(file: Path) -> pl.LazyFrame:
    try:
        frame = pl.scan_parquet(file) if file.suffix == ".parquet" else pl.scan_csv(file, infer_schema=False)
        names = frame.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SnellenError(
            f"{file} cannot be read as {' or '.join(SUFFIXES)} ({error}): give trials in one of these formats"
        ) from error
    return frame.rename({name: name.strip().lower() for name in names})


def _missing(frame: pl.LazyFrame) -> list[str]:
    have = frame.collect_schema().names()
    return [" or ".join(names) for names in _ALIASES.values() if not any(name in have for name in names)]


def _read(file: Path, frame: pl.LazyFrame) -> pl.DataFrame:
    have = frame.collect_schema().names()
    if missing := _missing(frame):
        raise SnellenError(
            f"{file}: got columns {', '.join(have)}; expected also {'; '.join(missing)}: one row per answer of a subject"
        )

    def column(name: str) -> pl.Expr:
        return pl.col(next(alias for alias in _ALIASES[name] if alias in have)).cast(pl.String)

    def optional(name: str, kind: pl.DataType, otherwise: pl.Expr) -> pl.Expr:
        return pl.col(name).cast(kind) if name in have else otherwise

    nothing = pl.lit(None)
    image = column("image") if {"image", "image_id"} & set(have) else column("image").str.extract(_IMAGE_ID)
    condition = column("condition")
    columns = {
        "subject": column("subject"),
        "kind": optional("kind", pl.String(), nothing),
        "dataset": optional("dataset", pl.String(), pl.lit(file.name.partition(".")[0].partition("_")[0])),
        "condition": pl.when(condition.is_in(["", "NaN"])).then(pl.lit("0")).otherwise(condition).fill_null("0"),
        "level": nothing,
        "image": image,
        "category": column("category"),
        "response": column("response").fill_null("na"),
        "confidence": optional("confidence", pl.Float64(), nothing),
        "rt": optional("rt", pl.Float64(), nothing.cast(pl.Float64)).fill_nan(None),
    }
    timed = pl.col("rt").is_not_null().any().over("subject", "dataset")
    human = pl.when(pl.col("subject").str.starts_with("subject-") | timed).then(pl.lit("human")).otherwise(pl.lit("model"))
    try:
        table = (
            frame.select(**columns)
            .with_columns(kind=pl.coalesce("kind", human), correct=pl.col("response") == pl.col("category"))
            .select(*SCHEMA)
            .collect()
        )
    except pl.exceptions.PolarsError as error:
        raise SnellenError(f"{file}: a column has values of the wrong type ({error}): rt and confidence are numbers") from error
    if not table.height:
        raise SnellenError(f"{file} holds no rows; expected one per answer of a subject: give a file with trials")
    return check(table, str(file))


def _stem(column: str) -> pl.Expr:
    return pl.col(column).str.extract(_IMAGE_ID).str.replace(_EXTENSION, "")


def _renamed(theirs: pl.DataFrame, mine: pl.DataFrame, images_name: str) -> pl.DataFrame:
    mine = mine.join(theirs.select("key").unique(), on="key", how="semi")
    if (twice := mine.filter(pl.col("key").is_duplicated())).height:
        raise SnellenError(
            f"{images_name}: got {' and '.join(twice['ours'].sort()[:2])}, which people's trials cannot tell apart; "
            "expected every file name once: examine one data set at a time"
        )
    return theirs.join(mine, on="key", maintain_order="left").with_columns(image=pl.col("ours")).select(*SCHEMA)


def _choose(datasets: Sequence[str], images_name: str) -> str:
    """The data set whose name is the images' name, else whose words are among its words, else contained in it."""
    if len(datasets) == 1:
        return datasets[0]
    ours = _words(images_name)
    tiers = (
        [name for name in datasets if "".join(_words(name)) == "".join(ours)],
        [name for name in datasets if set(_words(name)) <= set(ours) or set(ours) <= set(_words(name))],
        [name for name in datasets if "".join(_words(name)) in "".join(ours)],
    )
    likely = next((tier for tier in tiers if tier), [])
    if len(likely) == 1:
        return likely[0]
    raise SnellenError(
        f"the file names of {images_name!r} are those of several data sets people saw ({', '.join(datasets)}); "
        f"expected a name that says which: call the images after it, for example {datasets[0]!r}"
    )


def _words(name: str) -> list[str]:
    return [word.removesuffix("s") for word in re.findall(r"[a-z0-9]+", name.lower())]

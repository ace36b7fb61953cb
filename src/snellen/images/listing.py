"""What a folder holds: which files are images, which are passed over, which table names their categories."""

from __future__ import annotations

import difflib
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from snellen.core import SnellenError
from snellen.images.facts import shown

IMAGE_SUFFIXES = frozenset(
    f".{ending}"
    for endings in (
        "jpg jpeg jpe jfif mpo png apng gif bmp dib webp tif tiff ppm pgm pbm pnm",  # can be read
        "svg avif heic heif jp2 jxl psd ico tga eps exr hdr",  # cannot, and are listed with the reason
    )
    for ending in endings.split()
)
"""Files with these endings, or with none, are taken for images; what they are is decided by their content."""
FILE_COLUMNS = ("file", "filename", "file_name", "image", "path", "image_path", "imagename")
CATEGORY_COLUMNS = ("category", "label", "class", "wnid", "index", "class_name")
_TABLES = (".csv", ".tsv")


@dataclass(frozen=True)
class Listing:
    """Paths of images relative to the folder, in sorted order, the tables beside them, and a count of what was passed over."""

    files: tuple[str, ...]
    tables: tuple[str, ...]
    passed_over: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class FileTable:
    """A CSV that names files and categories, one row a file; `extra` holds its other columns."""

    name: str
    files: list[str]
    categories: list[str | None]
    extra: dict[str, pl.Series]


def walk(root: Path) -> Listing:
    """All images below `root`. Hidden files, linked folders and files that are no images are passed over and counted."""
    files: list[str] = []
    tables: list[str] = []
    passed_over: Counter[str] = Counter()
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        kept = [name for name in folders if not name.startswith(".") and not (here / name).is_symlink()]
        passed_over["hidden folder"] += sum(name.startswith(".") for name in folders)
        passed_over["linked folder"] += sum((here / name).is_symlink() and not name.startswith(".") for name in folders)
        folders[:] = kept
        for name in names:
            suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 (a suffix may hold bytes that are no text)
            if name.startswith("."):
                passed_over["hidden file"] += 1
            elif suffix in IMAGE_SUFFIXES or not suffix:
                files.append((here / name).relative_to(root).as_posix())
            elif suffix in _TABLES and here == root:
                tables.append(name)
            else:
                passed_over[f"{shown(suffix)} file"] += 1
    return Listing(tuple(sorted(files)), tuple(sorted(tables)), +passed_over)


def read_table(path: Path) -> FileTable:
    """The table that names the files of a folder and their categories; header case does not matter.

    Raises:
        SnellenError: it cannot be read, lacks a column, or names a file twice.
    """
    separator = "\t" if path.suffix == ".tsv" else ","
    try:
        header = pl.read_csv(path, separator=separator, n_rows=0, encoding="utf8-lossy").columns
        text = {name: pl.String for name in header if name.strip().lower() in (*FILE_COLUMNS, *CATEGORY_COLUMNS)}
        table = pl.read_csv(path, separator=separator, schema_overrides=text, encoding="utf8-lossy", infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SnellenError(
            f"{shown(str(path))} is no readable table: {str(error).splitlines()[0]}; expected a CSV with the columns file,category"
        ) from error
    file, category = _column(table.columns, FILE_COLUMNS), _column(table.columns, CATEGORY_COLUMNS)
    if file is None or category is None:
        raise SnellenError(
            f"{shown(str(path))} has the columns {', '.join(table.columns)}; expected one of {', '.join(FILE_COLUMNS)} and one of "
            f"{', '.join(CATEGORY_COLUMNS)}: rename them, or put the images in one folder per category"
        )
    table = table.filter(pl.col(file).is_not_null())
    twice = table.filter(pl.col(file).is_duplicated())[file].to_list()
    if twice:
        raise SnellenError(f"{path} names {shown(twice[0])} more than once; expected one row for each file")
    extra = {name: table[name] for name in table.columns if name not in (file, category)}
    categories = [(text or "").strip() or None for text in table[category].to_list()]
    return FileTable(path.name, table[file].to_list(), categories, extra)


def near(path: Path) -> str:
    """A question (Did you mean …?) with what lies beside a path that does not exist; empty when nothing resembles it."""
    beside = [shown(other.name) for other in path.parent.iterdir()] if path.parent.is_dir() else []
    found = difflib.get_close_matches(path.name, [name for name in beside if not name.startswith(".")], n=3)
    return f" Did you mean {' or '.join(str(path.parent / name) for name in found)}?" if found else ""


def _column(columns: list[str], wanted: tuple[str, ...]) -> str | None:
    by_name = {name.strip().lower(): name for name in reversed(columns)}
    return next((by_name[name] for name in wanted if name in by_name), None)

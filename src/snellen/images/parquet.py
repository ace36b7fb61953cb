"""A Parquet file as Hugging Face writes them: images as encoded bytes, labels as integers or text, class names in the metadata."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import final

import numpy as np
import polars as pl

from snellen import labels as known
from snellen.core import Images, Labels, SnellenError, Unreadable
from snellen.images.facts import canonical, frame, shown, unique
from snellen.images.footer import largest_row_group
from snellen.images.identity import digest, identity
from snellen.images.listing import near
from snellen.images.regions import MASK, identified, regions
from snellen.images.sample import stratified

CATEGORY_COLUMNS = ("label", "category", "class", "labels", "fine_label", "wnid", "index", "class_name")
_BLOCK = 256
"""Consecutive rows read at a time."""
_KEPT = 2
"""Blocks kept in memory for the rows asked for next."""
_LARGE_GROUP = 256 * 2**20
"""In bytes; reading a block takes as much memory as the row groups it lies in, and a larger one is worth a word."""


@dataclass(frozen=True)
class _Layout:
    """Where the bytes, the names and the categories are."""

    payload: pl.Expr
    path: pl.Expr | None
    category: str | None
    extra: tuple[str, ...]
    mask: pl.Expr | None = None


@final
@dataclass(frozen=True, eq=False)
class Parquet(Images):
    """Images in a Parquet file, read in blocks of rows when asked for; `rows` are the row numbers in the file.

    `payload` is where their bytes are, `mask` where those of the masks are, if there are any.
    """

    name: str
    id: str
    labels: Labels | None
    facts: pl.DataFrame
    origin: Mapping[str, str]
    path: Path
    rows: tuple[int, ...]
    payload: pl.Expr
    mask: pl.Expr | None = None
    _blocks: dict[tuple[int, bool], list[bytes | None]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def fetch(self, rows: Sequence[int]) -> list[bytes | np.ndarray | Unreadable]:
        """The bytes in each row; a path without bytes is not followed."""
        return [_given(payload) for payload in self._payloads(rows, masks=False)]

    def regions(self, rows: Sequence[int]) -> list[np.ndarray | Unreadable]:
        """The images in the column `mask`, else the boxes in the columns x0, y0, x1 and y1."""
        return regions(self, rows, None if self.mask is None else lambda wanted: self._payloads(wanted, masks=True))

    def _payloads(self, rows: Sequence[int], masks: bool) -> list[bytes | None]:
        places = [self.rows[row] for row in rows]
        found: list[bytes | None] = []
        for block, group in groupby(places, key=lambda place: place // _BLOCK):
            payloads = self._read(block, masks)
            found += [payloads[place % _BLOCK] for place in group]
        return found

    def _read(self, block: int, masks: bool) -> list[bytes | None]:
        with self._lock:
            if (block, masks) not in self._blocks:
                while len(self._blocks) >= _KEPT:
                    del self._blocks[next(iter(self._blocks))]
                column = self.mask if masks and self.mask is not None else self.payload
                self._blocks[block, masks] = _payloads(self.path, column, block * _BLOCK, _BLOCK)
            return self._blocks[block, masks]


def open_parquet(
    path: str | Path, name: str | None = None, labels: Labels | str | None = None, sample: int | None = None, seed: int = 0
) -> Parquet:
    """Open a Parquet file with a column of images (a struct of `bytes` and `path`, or binary) and, maybe, one of labels.

    Class names come from `labels`, else from the Hugging Face metadata in the file, else integers stay integers. Other columns
    of numbers and texts become facts. See `open_folder` for the arguments.

    Raises:
        SnellenError: there is no such file, it is no Parquet file, has no column of images, or a label lies outside the list.
    """
    path = Path(path)
    if not path.is_file():
        raise SnellenError(f"there is no file {shown(str(path))}; expected a .parquet file with a column of images.{near(path)}")
    try:
        schema = pl.read_parquet_schema(path)
        layout = _layout(schema, path)
        table = pl.scan_parquet(path).select(*_columns(layout)).collect()
        features = _class_names(path, layout.category)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SnellenError(
            f"{path} can't be read as Parquet: {str(error).splitlines()[0]}; expected a whole .parquet file"
        ) from error
    resolved, categories = _categories(table, labels, features, path)
    rows = list(range(table.height)) if sample is None else stratified(categories, sample, seed)
    if not rows:
        raise SnellenError(f"{path} holds no rows; expected at least one image")
    images = _names(table)
    kept, keys = [images[row] for row in rows], [categories[row] for row in rows]
    extra = {column: table[column].gather(rows) for column in layout.extra}
    origin = {"file": shown(str(path)), "categories": f"column {layout.category}" if layout.category else "none given"}
    if len(rows) < table.height:
        origin["sample"] = f"{len(rows)} of {table.height}, equal per category as far as possible, seed {seed}"
    if (largest := largest_row_group(path)) > _LARGE_GROUP:
        origin["memory"] = f"a row group of {largest // 2**20} MiB is read as a whole: write the file with smaller row groups"
    digests = [digest(_given(payload)) for payload in _stream(path, layout.payload, rows)]
    facts = frame(kept, keys, shown(str(path)), digests, extra)
    masks = None if layout.mask is None else _stream(path, layout.mask, rows)
    return Parquet(
        name=name or shown(path.stem),
        id=identified(identity(kept, keys, digests), facts, masks),
        labels=resolved,
        facts=facts,
        origin=origin,
        path=path,
        rows=tuple(rows),
        payload=layout.payload,
        mask=layout.mask,
    )


def _layout(schema: Mapping[str, pl.DataType], path: Path) -> _Layout:
    structs = [
        name
        for name, kind in schema.items()
        if isinstance(kind, pl.Struct) and any(f.name == "bytes" and f.dtype == pl.Binary for f in kind.fields)
    ]
    binaries = [name for name, kind in schema.items() if kind == pl.Binary]
    if not structs and not binaries:
        columns = ", ".join(f"{shown(name)} ({kind})" for name, kind in schema.items())
        raise SnellenError(f"{path} has the columns {columns}; expected a column of images: a struct with `bytes`, or binary")
    mask = MASK if MASK in (*structs, *binaries) and len(structs) + len(binaries) > 1 else None
    image = next(name for name in (*structs, *binaries) if name != mask)
    kind = schema[image]
    has_path = isinstance(kind, pl.Struct) and any(f.name == "path" and f.dtype == pl.String for f in kind.fields)
    usable = [name for name, kind in schema.items() if kind.is_integer() or kind in (pl.String, pl.Boolean) or kind.is_float()]
    category = next((name for name in CATEGORY_COLUMNS if name in usable and not schema[name].is_float()), None)
    return _Layout(
        payload=_bytes_of(image, schema),
        path=pl.col(image).struct.field("path") if has_path else None,
        category=category,
        extra=tuple(name for name in usable if name != category),
        mask=None if mask is None else _bytes_of(mask, schema),
    )


def _bytes_of(column: str, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    return pl.col(column).struct.field("bytes") if isinstance(schema[column], pl.Struct) else pl.col(column)


def _columns(layout: _Layout) -> list[pl.Expr]:
    """Everything but the images themselves: `__path`, `__category` and the extra columns."""
    path = pl.lit(None, pl.String) if layout.path is None else layout.path
    category = pl.lit(None, pl.String) if layout.category is None else pl.col(layout.category).cast(pl.String)
    # The length of the table must not depend on literals alone.
    length = layout.payload.is_null().alias("__no_bytes")
    return [length, path.alias("__path"), category.alias("__category"), *(pl.col(name) for name in layout.extra)]


def _class_names(path: Path, column: str | None) -> list[str] | None:
    """The names that Hugging Face stores for a column of class labels, in the order of their integers."""
    try:
        features = json.loads(pl.read_parquet_metadata(path)["huggingface"])["info"]["features"]
        names = features[column]["names"]
    except (KeyError, TypeError, ValueError):
        return None
    return [str(name) for name in names] if isinstance(names, list) and names else None


def _categories(
    table: pl.DataFrame, hint: Labels | str | None, features: list[str] | None, path: Path
) -> tuple[Labels | None, list[str | None]]:
    texts = [(text or "").strip() or None for text in table["__category"].to_list()]
    texts = [None if text == "-1" else text for text in texts]  # how unlabelled test sets are written
    if features is None or (hint is not None and hint != "custom"):
        return canonical(texts, hint, str(path))
    try:
        named = [None if text is None else features[int(text)] for text in texts]
    except (ValueError, IndexError) as error:
        raise SnellenError(
            f"{path} holds a label outside the {len(features)} class names in its metadata; expected 0 to {len(features) - 1}"
        ) from error
    labels, keys = canonical([*named, *features], hint, str(path))
    if labels is not None and labels.name == "custom":
        labels = known.custom(features)
    return labels, keys[: len(named)]


def _names(table: pl.DataFrame) -> list[str]:
    paths = table["__path"]
    if paths.null_count() or paths.n_unique() < table.height:
        return [f"row-{row:06d}" for row in range(table.height)]
    return unique(shown(path) for path in paths.to_list())


def _payloads(path: Path, payload: pl.Expr, start: int, count: int) -> list[bytes | None]:
    return pl.scan_parquet(path).slice(start, count).select(payload.alias("payload")).collect()["payload"].to_list()


def _stream(path: Path, payload: pl.Expr, rows: Sequence[int]) -> Iterator[bytes | None]:
    for block, group in groupby(rows, key=lambda row: row // _BLOCK):
        payloads = _payloads(path, payload, block * _BLOCK, _BLOCK)
        yield from (payloads[row % _BLOCK] for row in group)


def _given(payload: bytes | None) -> bytes | Unreadable:
    return Unreadable("no bytes in this row") if payload is None else payload

"""Broden, as published (bau-2017), or any folder in its form: images, label maps, and tables that say what labels mean."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
import polars as pl
from jaxtyping import Int
from PIL import Image

from snellen.core import SnellenError
from snellen.images.decode import FORMATS, silence_pillow
from snellen.images.files import open_files
from snellen.images.sample import stratified
from snellen.images.segmented.segmented import Segmented

INDEX, LABELS, IMAGES = "index.csv", "label.csv", "images"
NO_CATEGORY = ("image", "split", "ih", "iw", "sh", "sw")
"""Columns of the index; all others are categories of concepts."""
_OF_CATEGORY = re.compile(r"([^(;]+)\(\d+\)")


@final
@dataclass(frozen=True)
class Broden(Segmented):
    """A folder with `index.csv`, `label.csv` and `images/`.

    A row of the index names an image, its size (ih, iw), and for each category of concepts what is known, with `;` between:
    numbers of labels for the whole image, or PNG files whose red + 256 x green is the label of each pixel. A row of the labels
    says a label's number, its name, and the categories in which it occurs: `wood,material(36);object(3)`.
    """

    folder: Path
    number: Mapping[str, Int[np.ndarray, " m"]]
    """Category → for each label the number of the concept from 1, 0 where it is none of that category."""
    sizes: tuple[tuple[int, int], ...]
    known: tuple[Mapping[str, str], ...]
    """Of each row: height and width, and category → what is known."""
    digest: str

    @property
    def id(self) -> str:
        """Of the images and the tables; the label maps are known by their names."""
        return self.digest

    def layers(self, row: int) -> Int[np.ndarray, "l h w"]:
        """See `Segmented.layers`."""
        height, width = self.sizes[row]
        found = [
            self._layer(kind, one, height, width)
            for kind, text in self.known[row].items()
            for one in filter(None, (part.strip() for part in text.split(";")))
        ]
        return np.stack(found) if found else np.zeros((0, height, width), np.int32)

    def _layer(self, kind: str, known: str, height: int, width: int) -> Int[np.ndarray, "h w"]:
        table = self.number[kind]
        if known.isdecimal():
            label = int(known)
            return np.full((height, width), table[label] if label < len(table) else 0, np.int32)
        path = self.folder / IMAGES / known
        silence_pillow()
        try:
            with Image.open(path, formats=FORMATS) as image:
                pixels = np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.NEAREST)).astype(np.int32)
        except Exception as error:  # Pillow raises errors of almost any type on damaged files
            raise SnellenError(f"got the label map {path}, which cannot be read ({error}); expected a PNG file") from error
        labels = pixels[:, :, 0] + 256 * pixels[:, :, 1]
        return table[np.where(labels < len(table), labels, 0)]


def is_broden(folder: Path) -> bool:
    """Whether a folder has this form."""
    return (folder / INDEX).is_file() and (folder / LABELS).is_file()


def open_broden(folder: Path, sample: int | None = None, seed: int = 0) -> Broden:
    """Open a folder of this form; with `sample`, so many of its images.

    Raises:
        SnellenError: a table cannot be read or lacks a column, or an image is not there.
    """
    index = _table(folder / INDEX, ("image", "ih", "iw"))
    if index["image"].n_unique() < index.height:
        raise SnellenError(f"got {folder / INDEX} with an image twice; expected each once")
    kinds = [column for column in index.columns if column not in NO_CATEGORY]
    index = index.filter(pl.any_horizontal(pl.col(kind) != "" for kind in kinds)) if kinds else index.clear()
    if not index.height:
        raise SnellenError(f"got {folder / INDEX} without a label; expected columns such as color, object, part with some")
    if sample is not None:
        index = index[stratified([None] * index.height, sample, seed)]
    concepts, number = _concepts(folder, kinds)
    try:
        sizes = tuple(zip(index["ih"].cast(pl.Int64), index["iw"].cast(pl.Int64), strict=True))
    except pl.exceptions.PolarsError as error:
        raise SnellenError(f"got {folder / INDEX} with sizes that are no numbers; expected pixels in ih and iw") from error
    images = open_files([folder / IMAGES / name for name in index["image"]], folder.name)
    names, categories = tuple(name for _, name in concepts), tuple(kind for kind, _ in concepts)
    digest = hashlib.sha256(
        b"".join([images.id.encode(), *((folder / table).read_bytes() for table in (INDEX, LABELS))])
    ).hexdigest()
    return Broden(images, names, categories, folder, number, sizes, tuple(index.select(kinds).rows(named=True)), digest)


def _concepts(folder: Path, kinds: list[str]) -> tuple[list[tuple[str, str]], dict[str, np.ndarray]]:
    """(category, name) of each concept, by category; and for each category the concepts' numbers by label."""
    labels = _table(folder / LABELS, ("number", "name", "category"))
    known: list[tuple[int, str, list[str]]] = []
    for row in labels.iter_rows(named=True):
        if not row["number"].isdecimal() or int(row["number"]) >= 1 << 16:
            raise SnellenError(f"got the label number {row['number']!r} in {folder / LABELS}; expected one from 0 to 65535")
        known.append((int(row["number"]), row["name"], _OF_CATEGORY.findall(row["category"])))
    most = max((number for number, _, _ in known), default=0)
    concepts: list[tuple[str, str]] = []
    numbers = {}
    for kind in kinds:
        numbers[kind] = np.zeros(most + 1, np.int32)
        for number, name, own in known:
            if kind in own and number:
                concepts.append((kind, name))
                numbers[kind][number] = len(concepts)
    if not concepts:
        raise SnellenError(f"got {folder / LABELS} with no label of {', '.join(kinds)}; expected a category such as color(289)")
    return concepts, numbers


def _table(path: Path, needed: tuple[str, ...]) -> pl.DataFrame:
    """All columns as text, nothing as the empty one."""
    try:
        table = pl.read_csv(path, infer_schema=False).fill_null("")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise SnellenError(f"got {path}, which cannot be read as a table ({error}); expected one as Broden has it") from error
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise SnellenError(f"got {path} without {', '.join(missing)}; expected columns {', '.join(needed)}")
    return table

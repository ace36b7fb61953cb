"""A folder of image files: one sub-folder per category, or flat with a CSV that names file and category, or unlabelled."""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
import polars as pl

from snellen.core import Images, Labels, SnellenError, Unreadable
from snellen.images.facts import canonical, frame, shown, unique
from snellen.images.identity import digest, identity
from snellen.images.listing import FileTable, Listing, near, read_table, walk
from snellen.images.regions import MASK, identified, regions, told
from snellen.images.sample import stratified

LARGEST_FILE = 256 * 2**20
"""In bytes; a larger file is refused unread."""
_HASHING_THREADS = 8


@final
@dataclass(frozen=True, eq=False)
class Folder(Images):
    """Files below `root`, read when asked for; `files` are their paths relative to it, one a row of `facts`.

    `masks` are those of the masks that say where the objects are, where the table of the folder names any.
    """

    name: str
    id: str
    labels: Labels | None
    facts: pl.DataFrame
    origin: Mapping[str, str]
    root: Path
    files: tuple[str, ...]
    masks: tuple[str | None, ...] | None = None

    def fetch(self, rows: Sequence[int]) -> list[bytes | np.ndarray | Unreadable]:
        """The bytes of each file; links that leave the folder, and anything that is no plain file, are not followed."""
        return [read_file(self.root, self.files[row]) for row in rows]

    def regions(self, rows: Sequence[int]) -> list[np.ndarray | Unreadable]:
        """The masks that the table's column `mask` names, else the boxes of its columns x0, y0, x1 and y1."""
        return regions(self, rows, None if self.masks is None else self._masks)

    def _masks(self, rows: Sequence[int]) -> list[bytes | Unreadable | None]:
        files = [self.masks[row] if self.masks else None for row in rows]
        return [None if file is None else read_file(self.root, file) for file in files]


def open_folder(
    path: str | Path, name: str | None = None, labels: Labels | str | None = None, sample: int | None = None, seed: int = 0
) -> Folder:
    """Open a folder of images.

    A CSV or TSV in the folder that names files and categories decides which images there are; otherwise each sub-folder is
    a category; otherwise the images have none. Files that are no images are passed over and counted in `origin`.

    Args:
        path: the folder.
        name: shown in reports; the folder's own name unless given.
        labels: the list the categories belong to, or its name; guessed by `snellen.labels.resolve` unless given.
        sample: keep so many images, with categories as equal as possible.
        seed: of the sample.

    Raises:
        SnellenError: there is no such folder, it holds no images, or its categories can't be made out.
    """
    root = Path(path)
    if not root.is_dir():
        raise SnellenError(_missing(root))
    root = root.resolve()
    found = walk(root)
    table = _usable_table(root, found)
    files = tuple(table.files) if table else found.files
    if not files:
        raise SnellenError(_no_images(root, found))
    texts = table.categories if table else _sub_folders(root, files)
    source = shown(str(root / table.name if table else root))
    resolved, categories = canonical([None if text is None else shown(text) for text in texts], labels, source)
    names = unique(shown(file) for file in files)
    rows = list(range(len(files))) if sample is None else stratified(categories, sample, seed)

    extra = {column: values.gather(rows) for column, values in table.extra.items()} if table else {}
    images, kept, chosen = [names[row] for row in rows], [categories[row] for row in rows], tuple(files[row] for row in rows)
    with ThreadPoolExecutor(_HASHING_THREADS) as pool:
        digests = list(pool.map(lambda file: digest(read_file(root, file)), chosen))
    facts = frame(images, kept, shown(str(path)), digests, extra)
    masks = tuple(extra[MASK].to_list()) if told(extra) else None
    own = None if masks is None else (None if mask is None else read_file(root, mask) for mask in masks)
    return Folder(
        name=name or shown(root.name) or "images",
        id=identified(identity(images, kept, digests), facts, own),
        labels=resolved,
        facts=facts,
        origin=_origin(path, found, table, len(files), len(rows), seed),
        root=root,
        files=chosen,
        masks=masks,
    )


def read_file(root: Path, file: str) -> bytes | Unreadable:
    """The bytes of a plain file inside the resolved folder `root`, or why they are not read."""
    path = root / file
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(root):
            return Unreadable("refused: it leads out of the folder")
        facts = real.stat()
        if not stat.S_ISREG(facts.st_mode):
            return Unreadable("not a plain file")
        if facts.st_size > LARGEST_FILE:
            return Unreadable(f"too large: more than {LARGEST_FILE // 2**20} MiB")
        return real.read_bytes()
    except FileNotFoundError:
        return Unreadable("no such file")
    except (OSError, RuntimeError, ValueError) as error:
        return Unreadable(f"cannot be opened: {getattr(error, 'strerror', None) or 'not a usable name'}")


def _usable_table(root: Path, found: Listing) -> FileTable | None:
    """The one table of a folder. Where sub-folders name the categories already, a table that doesn't is passed over."""
    flat = not any("/" in file for file in found.files)
    if flat and len(found.tables) > 1:
        raise SnellenError(
            f"{shown(str(root))} holds {len(found.tables)} tables ({', '.join(map(shown, found.tables))}); "
            "expected one, with the columns file,category"
        )
    if len(found.tables) != 1:
        return None
    try:
        return read_table(root / found.tables[0])
    except SnellenError:
        if flat:
            raise
        return None


def _sub_folders(root: Path, files: Sequence[str]) -> list[str | None]:
    deep = next((file for file in files if file.count("/") > 1), None)
    if deep:
        raise SnellenError(
            f"{shown(str(root))} holds {shown(deep)}, more than one folder deep; expected category/file: "
            f"examine {shown(deep.split('/')[0])} itself, or add a CSV with the columns file,category"
        )
    return [file.split("/")[0] if "/" in file else None for file in files]


def _missing(root: Path) -> str:
    if root.exists():
        return f"{shown(str(root))} is a file; expected a folder of images or a .parquet file"
    return f"there is no folder {shown(str(root))}; expected a folder of images, a .parquet file, photos:NAME or world.{near(root)}"


def _no_images(root: Path, found: Listing) -> str:
    others = ", ".join(f"{count} {kind}" for kind, count in sorted(found.passed_over.items())) or "nothing"
    hint = ": name the .parquet file itself" if found.passed_over[".parquet file"] else ""
    return (
        f"{shown(str(root))} holds no images, only {others}; expected files such as .jpg or .png, in one folder per category{hint}"
    )


def _origin(path: str | Path, found: Listing, table: FileTable | None, total: int, kept: int, seed: int) -> dict[str, str]:
    origin = {"folder": shown(str(path)), "categories": f"from {table.name}" if table else "from the names of the sub-folders"}
    if not table and not any("/" in file for file in found.files):
        origin["categories"] = "none given"
    if table:
        masks = table.extra[MASK].to_list() if told(table.extra) else []
        beside = len(set(found.files) - {*table.files, *masks})
        origin |= {"not in the table": f"{beside} images"} if beside else {}
    passed_over = found.passed_over + Counter({"table": len(found.tables) - bool(table)})
    if passed_over:
        origin["passed over"] = ", ".join(f"{count} {kind}" for kind, count in sorted(passed_over.items()))
    if kept < total:
        origin["sample"] = f"{kept} of {total}, equal per category as far as possible, seed {seed}"
    return origin

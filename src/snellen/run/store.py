"""The store: what a model answered, in parts, under the hash of everything that could change the answers."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

_MAGIC = {".parquet": b"PAR1", ".npz": b"PK"}


def key(recipe: Mapping[str, object]) -> str:
    """SHA-256 of the canonical JSON of a recipe, 24 hex digits."""
    text = json.dumps(recipe, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


class Shelf:
    """The parts under one key. A part appears whole or not at all, and is never overwritten."""

    def __init__(self, folder: Path, recipe: Mapping[str, object]) -> None:
        """`folder/<key>` is made on the first write."""
        self.key = key(recipe)
        self.folder = folder / self.key
        self._recipe = recipe

    def write(self, name: str, content: bytes) -> None:
        """Write a part under a temporary name and rename it; a part that is there already stays."""
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.folder / name
        temporary = self.folder / f".{name}.{os.getpid()}.tmp"
        temporary.write_bytes(content)
        if self.has(name):
            temporary.unlink()
        else:
            temporary.replace(target)

    def has(self, name: str) -> bool:
        """Whether a part is there and complete (its last or first bytes are what its format ends or begins with)."""
        path = self.folder / name
        magic = _MAGIC[path.suffix]
        try:
            with path.open("rb") as file:
                if path.suffix == ".parquet":
                    file.seek(-len(magic), os.SEEK_END)
                return file.read(len(magic)) == magic
        except OSError:
            return False

    def write_frame(self, part: int, frame: pl.DataFrame) -> None:
        """Write part number `part` as parquet."""
        buffer = io.BytesIO()
        frame.write_parquet(buffer, compression="zstd")
        self.write(part_name(part), buffer.getvalue())

    def read_frames(self, parts: int) -> pl.DataFrame:
        """All parts, in order."""
        return pl.concat([pl.read_parquet(self.folder / part_name(part)) for part in range(parts)])

    def write_arrays(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Write named arrays as `<name>.npz`."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **dict(arrays))
        self.write(f"{name}.npz", buffer.getvalue())

    def read_arrays(self, name: str) -> dict[str, np.ndarray]:
        """Read `<name>.npz`; pickled objects are refused."""
        with np.load(self.folder / f"{name}.npz", allow_pickle=False) as arrays:
            return dict(arrays)

    def finish(self, summary: Mapping[str, object]) -> None:
        """Leave `done.json`: the recipe, for people, and a summary of what was done."""
        temporary = self.folder / f".done.{os.getpid()}.tmp"
        temporary.write_text(json.dumps({"recipe": self._recipe, **summary}, indent=1, sort_keys=True))
        temporary.replace(self.folder / "done.json")

    @property
    def finished(self) -> bool:
        """Whether `done.json` is there."""
        return (self.folder / "done.json").is_file()


def part_name(part: int) -> str:
    """The file name of part number `part`."""
    return f"part-{part:05d}.parquet"

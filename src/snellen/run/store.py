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

_PARQUET_END = b"PAR1"
_LEAST = 12  # bytes of the smallest whole part


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
        """Whether a part is there and whole: parquet ends with its mark."""
        path = self.folder / name
        try:
            with path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - len(_PARQUET_END)))
                return size >= _LEAST and (path.suffix != ".parquet" or file.read() == _PARQUET_END)
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
        """Write named arrays as `<name>.safetensors`."""
        from safetensors.numpy import save

        self.write(f"{name}.safetensors", save({text: np.ascontiguousarray(values) for text, values in arrays.items()}))

    def has_arrays(self, name: str) -> bool:
        """Whether arrays of that name are there."""
        return self.has(f"{name}.safetensors")

    def read_arrays(self, name: str) -> dict[str, np.ndarray]:
        """Read `<name>.safetensors`."""
        from safetensors.numpy import load

        return load((self.folder / f"{name}.safetensors").read_bytes())

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

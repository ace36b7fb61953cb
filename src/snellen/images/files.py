"""Single image files, named one by one, without categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
import polars as pl

from snellen.core import Images, Labels, SnellenError, Unreadable
from snellen.images.facts import frame, shown, unique
from snellen.images.folder import read_file
from snellen.images.identity import digest, identity


@final
@dataclass(frozen=True, eq=False)
class Files(Images):
    """Files at `paths`, one a row of `facts`, read when asked for."""

    name: str
    id: str
    labels: Labels | None
    facts: pl.DataFrame
    origin: Mapping[str, str]
    paths: tuple[Path, ...]

    def fetch(self, rows: Sequence[int]) -> list[bytes | np.ndarray | Unreadable]:
        """The bytes of each file; links are followed, as the file was named."""
        return [_read(self.paths[row]) for row in rows]


def open_files(paths: Sequence[str | Path], name: str | None = None) -> Files:
    """Open image files by their paths.

    Args:
        paths: of files; none twice.
        name: shown in reports; the file's own name, or how many there are, unless given.

    Raises:
        SnellenError: none is named, or there is no such file.
    """
    given = tuple(dict.fromkeys(Path(path) for path in paths))
    missing = next((path for path in given if not path.is_file()), None)
    if not given or missing:
        raise SnellenError(f"got {shown(str(missing)) if missing else 'no file'}; expected image files that are there")
    digests = [digest(_read(path)) for path in given]
    names = unique(shown(path.name) for path in given)
    facts = frame(names, [None] * len(given), [shown(str(path)) for path in given], digests)
    called = name or (names[0] if len(given) == 1 else f"{len(given)} images")
    return Files(called, identity(names, [None] * len(given), digests), None, facts, {"files": str(len(given))}, given)


def _read(path: Path) -> bytes | Unreadable:
    real = path.resolve()
    return read_file(real.parent, real.name)

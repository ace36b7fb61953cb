"""The folder that results go to."""

from __future__ import annotations

import tempfile
from pathlib import Path

from snellen.core import SnellenError


def writable(folder: Path) -> Path:
    """The folder, made where there was none, after a try whether files can be written in it.

    Raises:
        SnellenError: they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise SnellenError(f"got the folder {folder} to write to; expected one that can be written to: {error.strerror}") from error
    return folder

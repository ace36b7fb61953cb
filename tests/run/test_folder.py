"""A folder that cannot be written to is said so before any work is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from snellen.core import SnellenError
from snellen.run.folder import writable


def test_it_is_made_and_left_empty(tmp_path: Path):
    assert writable(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert not list((tmp_path / "a" / "b").iterdir())


def test_a_file_in_the_way(tmp_path: Path):
    (tmp_path / "a").write_text("")
    for folder in (tmp_path / "a", tmp_path / "a" / "b"):
        with pytest.raises(SnellenError, match="expected one that can be written to"):
            writable(folder)

"""The store: parts appear whole, are never overwritten, and go by what could change them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from snellen.run.store import Shelf, key, part_name

FRAME = pl.DataFrame({"image": ["a", "b"]})


def test_key_depends_on_content_not_on_order():
    assert key({"a": 1, "b": [1, 2]}) == key({"b": [1, 2], "a": 1})
    assert key({"a": 1}) != key({"a": 2})
    assert len(key({})) == 24


def test_a_part_is_never_overwritten(tmp_path: Path):
    shelf = Shelf(tmp_path, {"a": 1})
    shelf.write_frame(0, FRAME)
    shelf.write_frame(0, FRAME.reverse())
    assert shelf.read_frames(1).equals(FRAME)
    assert not list(shelf.folder.glob("*.tmp"))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"x" * 50])
def test_a_cut_part_counts_as_missing_and_is_replaced(tmp_path: Path, content: bytes):
    shelf = Shelf(tmp_path, {"a": 1})
    shelf.write_frame(0, FRAME)
    path = shelf.folder / part_name(0)
    path.write_bytes(content)
    assert not shelf.has(part_name(0))
    shelf.write_frame(0, FRAME)
    assert shelf.read_frames(1).equals(FRAME)


def test_arrays_round_trip_whatever_their_names(tmp_path: Path):
    shelf = Shelf(tmp_path, {"a": 1})
    shelf.write_arrays("x", {"file": np.arange(3), "0.05": np.ones((2, 2))})
    assert shelf.has_arrays("x")
    read = shelf.read_arrays("x")
    assert set(read) == {"file", "0.05"}
    assert (read["file"] == np.arange(3)).all()


def test_finished_only_after_finish(tmp_path: Path):
    shelf = Shelf(tmp_path, {"a": 1})
    assert not shelf.finished
    shelf.write_frame(0, FRAME)
    assert not shelf.finished
    shelf.finish({"parts": 1})
    assert Shelf(tmp_path, {"a": 1}).finished

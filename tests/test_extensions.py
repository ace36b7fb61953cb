"""Code of one's own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from snellen import extensions
from snellen.core import SnellenError


def test_a_file_named_as_a_library_does_not_replace_it(tmp_path: Path) -> None:
    file = tmp_path / "json.py"
    file.write_text('"""Mine."""\nSAID = "mine"\n')
    module = extensions.from_file(file, "anything")
    assert module.SAID == "mine"
    assert module.__name__.rpartition(".")[2] == "json"
    assert sys.modules["json"] is json


def test_a_file_may_import_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "snellen_neighbour_of_mine.py").write_text("NUMBER = 7\n")
    (tmp_path / "mine.py").write_text("from snellen_neighbour_of_mine import NUMBER\n")
    try:
        assert extensions.from_file(tmp_path / "mine.py", "a number").NUMBER == 7
        assert str(tmp_path) not in sys.path
    finally:
        sys.modules.pop("snellen_neighbour_of_mine", None)


def test_what_is_wrong_is_said_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    with pytest.raises(SnellenError, match=r"expected a Python file with a probe in it, and there is no such file"):
        extensions.from_file(file, "a probe")
    file.write_text("\n\nmissing()\n")
    with pytest.raises(SnellenError, match=r"wrong.py, line 3, cannot be used: NameError: name 'missing' is not defined"):
        extensions.from_file(file, "a probe")
    assert not [name for name in sys.modules if name.endswith(".wrong")]


def test_plugins_that_are_not_installed() -> None:
    with pytest.raises(SnellenError, match="got plugin:none; installed plug-ins offer: none"):
        extensions.from_plugin("plugin:none", "snellen.nothing")


def test_first_lines_are_read_without_importing(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text('"""One.\n\nMore."""\nraise RuntimeError\n')
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "__init__.py").write_text('"""Two."""\n')
    assert extensions.first_line(tmp_path / "one.py") == "One."
    assert extensions.first_line(tmp_path / "two.py") == "Two."

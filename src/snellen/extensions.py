"""Code of one's own: files and installed plug-ins."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from snellen.errors import SnellenError


def from_file(path: Path, expected: str) -> ModuleType:
    """A Python file, run as a module whose name ends in the file's; it may import what lies beside it.

    The name begins with a hash of the path, so that no file of one's own replaces a library of its name.

    Raises:
        SnellenError: there is no such file (`expected` says what should be in it), or running it fails.
    """
    if not path.is_file():
        raise SnellenError(f"got {path}; expected a Python file with {expected} in it, and there is no such file")
    name = f"snellen_user_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SnellenError(f"got {path}; expected a Python file, whose name ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with importable(path.resolve().parent):
            spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise SnellenError(f"{path}{_line(error, path)} cannot be used: {type(error).__name__}: {error}") from error
    return module


def from_plugin(name: str, group: str) -> Any:
    """What the installed plug-in `plugin:…` of a group of entry points stands for.

    Raises:
        SnellenError: none of that name is installed.
    """
    from importlib.metadata import entry_points

    found = {f"plugin:{point.name}": point for point in entry_points(group=group)}
    if name not in found:
        raise SnellenError(f"got {name}; installed plug-ins offer: {', '.join(sorted(found)) or 'none'}")
    return found[name].load()


def fingerprint(file: Path) -> str:
    """The hash of a file: 16 hexadecimal digits."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def first_line(file: Path) -> str:
    """The first line of the docstring of a Python file, or of a folder's `__init__.py`, read without importing it."""
    source = file if file.is_file() else file.with_suffix("") / "__init__.py"
    return (ast.get_docstring(ast.parse(source.read_text("utf-8"))) or "").partition("\n")[0]


@contextlib.contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Meanwhile, the modules of a folder can be imported."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _line(error: Exception, path: Path) -> str:
    """Where in the file it went wrong."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == path]
    return f", line {lines[-1]}," if lines else ""

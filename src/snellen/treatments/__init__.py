"""What can be done for a model, one treatment a file; files that begin with an underscore are shared parts."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

from snellen import extensions
from snellen.core import SnellenError, Treatment
from snellen.nearest import did_you_mean


def names() -> tuple[str, ...]:
    """All treatments, in alphabetical order."""
    return tuple(sorted(path.stem.replace("_", "-") for path in Path(__file__).parent.glob("[!_]*.py")))


def summaries() -> dict[str, str]:
    """Name → first line of its file's docstring, read without importing."""
    home = Path(__file__).parent
    return {name: extensions.first_line(home / f"{name.replace('-', '_')}.py") for name in names()}


def get(name: str) -> type[Treatment]:
    """The class of a treatment.

    Raises:
        SnellenError: there is none of that name.
    """
    plain = name.replace("_", "-")
    if plain not in names():
        raise SnellenError(f"there is no treatment {name!r}.{did_you_mean(plain, names())} Known: {', '.join(names())}")
    module = importlib.import_module(f"snellen.treatments.{plain.replace('-', '_')}")
    return next(
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__ == module.__name__ and issubclass(kind, Treatment)
    )

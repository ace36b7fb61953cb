"""The questions, one file each; the folder is the registry. Files that begin with an underscore are shared bases.

`names()` and `summaries()` read the folder without importing it; `get` imports one file.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

from snellen import extensions
from snellen.core import Probe, SnellenError
from snellen.nearest import did_you_mean

DEFAULT = (
    "accuracy",
    "worst-group",
    "calibration",
    "calibration-shift",
    "contrast",
    "noise",
    "blur",
    "rotation",
    "shape-bias",
    "reliance",
    "background",
    "agreement",
    "what-it-looks-at",
)
"""The order of an exam and of its report."""


def names() -> tuple[str, ...]:
    """All built-in probes, those of the default exam first."""
    found = {path.stem.replace("_", "-") for path in Path(__file__).parent.glob("[!_]*.py")}
    return (*(name for name in DEFAULT if name in found), *sorted(found - set(DEFAULT)))


def summaries() -> dict[str, str]:
    """Name → first line of its file's docstring, read without importing."""
    return dict(_summaries())


@cache
def _summaries() -> dict[str, str]:
    return {name: extensions.first_line(Path(__file__).parent / f"{name.replace('-', '_')}.py") for name in names()}


def get(name: str) -> type[Probe]:
    """The class of a probe: a built-in name, `plugin:name` of the entry points `snellen.probes`, or a path `./mine.py`.

    Raises:
        SnellenError: there is none of that name; the message lists the nearest.
    """
    if name.endswith(".py"):
        return _final(extensions.from_file(Path(name), "one probe"), name)
    if name.startswith("plugin:"):
        return extensions.from_plugin(name, "snellen.probes")
    plain = name.replace("_", "-")
    if plain not in names():
        raise SnellenError(f"there is no probe {name!r}.{did_you_mean(plain, names())} Known: {', '.join(names())}")
    return _final(importlib.import_module(f"snellen.probes.{plain.replace('-', '_')}"), name)


def origin(probe: Probe) -> str:
    """What `get` takes to find the class of a probe again: its name, or the file it stands in."""
    home = type(probe).__module__
    if home.startswith(f"{__name__}."):
        return probe.name()
    file = getattr(sys.modules.get(home), "__file__", None)
    return str(Path(file).resolve()) if file else probe.name()


def code(probe: Probe) -> str:
    """What tells versions of a probe of one's own apart: the hash of its file. Built-in probes have their `version`: empty."""
    home = type(probe).__module__
    if home.startswith(f"{__name__}."):
        return ""
    file = getattr(sys.modules.get(home), "__file__", None)
    if file and Path(file).is_file():
        return extensions.fingerprint(Path(file))
    return hashlib.sha256(f"{home}.{type(probe).__qualname__}".encode()).hexdigest()[:16]


def _final(module: ModuleType, name: str) -> type[Probe]:
    own = [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__ == module.__name__ and issubclass(kind, Probe) and not inspect.isabstract(kind)
    ]
    if len(own) != 1:
        raise SnellenError(f"{name} holds {len(own)} probes; expected exactly one concrete subclass of snellen.Probe in a file")
    return own[0]

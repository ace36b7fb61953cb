"""The questions, one file each; the folder is the registry. Files that begin with an underscore are shared bases.

`names()` and `summaries()` read the folder without importing it; `get` imports one file.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import inspect
import sys
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

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
    return {name: _summary(name) for name in names()}


@cache
def _summary(name: str) -> str:
    tree = ast.parse((Path(__file__).parent / f"{name.replace('-', '_')}.py").read_text("utf-8"))
    return (ast.get_docstring(tree) or "").partition("\n")[0]


def get(name: str) -> type[Probe]:
    """The class of a probe: a built-in name, `plugin:name` of the entry points `snellen.probes`, or a path `./mine.py`.

    Raises:
        SnellenError: there is none of that name; the message lists the nearest.
    """
    if name.endswith(".py"):
        return _final(_from_file(Path(name)), name)
    if name.startswith("plugin:"):
        plugins = {point.name: point for point in entry_points(group="snellen.probes")}
        if name[7:] not in plugins:
            raise SnellenError(f"got {name}; installed plug-ins offer: {', '.join(sorted(plugins)) or 'none'}")
        return plugins[name[7:]].load()
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
    source = Path(file).read_bytes() if file and Path(file).is_file() else f"{home}.{type(probe).__qualname__}".encode()
    return hashlib.sha256(source).hexdigest()[:16]


def _final(module: ModuleType, name: str) -> type[Probe]:
    own = [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__ == module.__name__ and issubclass(kind, Probe) and not inspect.isabstract(kind)
    ]
    if len(own) != 1:
        raise SnellenError(f"{name} holds {len(own)} probes; expected exactly one concrete subclass of snellen.Probe in a file")
    return own[0]


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise SnellenError(f"got {path}; expected a Python file with one probe in it, and there is no such file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SnellenError(f"{path} cannot be imported as a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module

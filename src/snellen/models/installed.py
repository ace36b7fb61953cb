"""Which modules belong to Python or to installed packages, and in which version."""

from __future__ import annotations

import functools
import importlib.util
import platform
import sys
import sysconfig
from importlib import metadata

_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


@functools.cache
def installed(module: str | None) -> bool:
    """Whether a module belongs to Python or to an installed package, and not to the user."""
    top = (module or "").partition(".")[0]
    if not top or top == "__main__":
        return False
    if top in sys.stdlib_module_names or top == "snellen":
        return True
    file = getattr(sys.modules.get(module or ""), "__file__", None) or _origin(top)
    return file is not None and file.startswith(_LIBRARIES)


@functools.cache
def version(module: str) -> str:
    """Of the installed package a module belongs to, or of Python; empty for the user's own modules and for Snellen's."""
    top = module.partition(".")[0]
    if not installed(module) or top == "snellen":
        return ""
    if top in sys.stdlib_module_names:
        return platform.python_version()
    stated = getattr(sys.modules.get(top), "__version__", None)
    if isinstance(stated, str):
        return stated
    return " ".join(f"{name} {metadata.version(name)}" for name in sorted(set(_distributions().get(top, ()))))


@functools.cache
def _distributions() -> dict[str, list[str]]:
    return {top: list(names) for top, names in metadata.packages_distributions().items()}


def _origin(top: str) -> str | None:
    try:
        found = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    return found.origin if found else None

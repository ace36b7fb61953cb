"""The methods of a family by name: every file of its folder that holds one, files of one's own, and plug-ins."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar, final, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from snellen import extensions
from snellen.core import SnellenError
from snellen.methods.method import Method
from snellen.nearest import did_you_mean

M = TypeVar("M", bound=Method)
_ANY = ConfigDict(arbitrary_types_allowed=True)
"""Also of settings that no text can stand for, such as images."""


@final
@dataclass(frozen=True)
class Catalogue(Generic[M]):
    """Files are read, not imported, until one is asked for.

    Attributes:
        base: what all methods of the family derive from; they lie in its folder.
        what: the family, for sentences: "attack".
        kinds: the names of the classes that a method may derive from directly.
        beside: files that hold a method which is not to be had by name.
        others: names that stand for something else, for sentences.
        short: names that are usual → names.
        refused: names of methods that are not offered → why not, and what to use instead, as half a sentence.
    """

    base: type[M]
    what: str
    kinds: frozenset[str]
    beside: frozenset[str] = frozenset()
    others: tuple[str, ...] = ()
    short: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """All of the folder, in alphabetical order."""
        return tuple(self._facts)

    def summaries(self) -> dict[str, str]:
        """Name → what it does, in one line."""
        return {name: summary for name, (_, summary, _) in self._facts.items()}

    def get(self, name: str) -> tuple[type[M], Mapping[str, object]]:
        """The class of a name, of `./mine.py` or of `plugin:name`, and the settings that the name stands for.

        Raises:
            SnellenError: there is none, it is refused, or its file holds none.
        """
        if name.endswith(".py"):
            return self._only(extensions.from_file(Path(name), f"a method of the family {self.what}"), name), {}
        if name.startswith("plugin:"):
            loaded = extensions.from_plugin(name, f"snellen.{self.what}s")
            return (self._only(loaded, name) if isinstance(loaded, ModuleType) else loaded), {}
        plain = self.short.get(name, name).replace("_", "-")
        known = {**{stem.replace("_", "-"): (stem, "", {}) for stem, _, _ in self._facts.values()}, **self._facts}
        matches = [full for full in known if full.replace("-", "") == plain.replace("-", "")]
        for refused, why in self.refused.items():
            if refused.replace("-", "") == plain.replace("-", "").lower():
                raise SnellenError(f"{name} is not offered: {why}")
        if not matches:
            every = (*self.names(), *self.others)
            raise SnellenError(f"there is no {self.what} {name!r}.{did_you_mean(plain, every)} Known: {', '.join(every)}")
        stem, _, preset = known[matches[0]]
        return self._only(importlib.import_module(f"{self._package}.{stem}"), matches[0]), preset

    def parse(self, text: str) -> tuple[type[M], dict[str, Any]]:
        """The class and the settings of `name` or `name:field=value,…`.

        Raises:
            SnellenError: as `get`, or there is no such setting, or it cannot have that value.
        """
        name, given = parted(text)
        kind, preset = self.get(name)
        return kind, {**preset, **_read(kind, given, text)}

    @property
    def _package(self) -> str:
        return self.base.__module__.rpartition(".")[0]

    @cached_property
    def _facts(self) -> Mapping[str, tuple[str, str, Mapping[str, object]]]:
        """Name → (file, first line of its docstring, settings)."""
        found = {}
        for path in sorted(Path(inspect.getfile(self.base)).parent.glob("[!_]*.py")):
            if path.stem in self.beside:
                continue
            tree = ast.parse(path.read_text("utf-8"))
            classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and {*map(_named, node.bases)} & self.kinds]
            if not any(_named(mark) == "final" for node in classes for mark in node.decorator_list):
                continue
            summary = (ast.get_docstring(tree) or "").partition("\n")[0]
            for name, settings in (_variants(tree) or {path.stem.replace("_", "-"): {}}).items():
                found[name] = (path.stem, summary, settings)
        return found

    def _only(self, module: ModuleType, name: str) -> type[M]:
        """The one method that a module defines."""
        base = self.base
        own = [kind for kind in vars(module).values() if inspect.isclass(kind) and kind.__module__ == module.__name__]
        found = [kind for kind in own if issubclass(kind, base) and not inspect.isabstract(kind)]
        if len(found) != 1:
            raise SnellenError(
                f"{name} holds {len(found)} {self.what}s; expected one class derived from {base.__module__}.{base.__qualname__}"
            )
        return found[0]


def code(kind: type[Method]) -> str:
    """The fingerprint of the file of a method of one's own; empty of those that are Snellen's."""
    return "" if kind.__module__.startswith("snellen.") else extensions.fingerprint(Path(inspect.getfile(kind)))


def parted(text: str) -> tuple[str, str]:
    """Name and settings; the colon of `plugin:` belongs to the name."""
    head, rest = ("plugin:", text[7:]) if text.startswith("plugin:") else ("", text)
    name, _, given = rest.partition(":")
    return (head + name).strip(), given


def _read(kind: type[Method], given: str, text: str) -> dict[str, Any]:
    """`field=value,…` as values of the fields' types."""
    hints = {one.name: get_type_hints(kind)[one.name] for one in fields(kind)}
    values = {}
    for item in filter(None, given.split(",")):
        name, _, value = item.partition("=")
        name = name.strip().replace("-", "_")
        try:
            values[name] = TypeAdapter(hints[name], config=_ANY).validate_strings(value.strip())
        except (KeyError, ValidationError) as error:
            wanted = ", ".join(f"{one.name}={one.default}" for one in fields(kind))
            raise SnellenError(f"got {text}; expected settings of {wanted}.{did_you_mean(name, hints)}") from error
    return values


def _variants(tree: ast.Module) -> Mapping[str, Mapping[str, object]]:
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and _named(node.target) == "VARIANTS" and node.value is not None:
            return ast.literal_eval(node.value)
    return {}


def _named(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""

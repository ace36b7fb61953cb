"""The attacks by name: every file of this folder that holds one, and files of one's own."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from snellen import extensions
from snellen.core import SnellenError
from snellen.methods.attack.attack import Attack, Norm
from snellen.methods.attack.ensemble import Ensemble, norm_of
from snellen.nearest import did_you_mean

HOME = Path(__file__).parent
STANDARD = "standard"
_KINDS = {"Attack", "Search", "Ball"}
_SHORT = {"cw": "carlini-wagner", "hsj": "hop-skip-jump"}
_MADE_OF_OTHERS = "ensemble"
_ANY = ConfigDict(arbitrary_types_allowed=True)
"""Also of settings that no text can stand for, such as images."""


def names() -> tuple[str, ...]:
    """Every built-in attack, in alphabetical order, then the suite `standard`."""
    return (*summaries(),)


def summaries() -> dict[str, str]:
    """Name → what it does, in one line, read without importing."""
    facts = {name: summary for name, (_, summary, _) in _facts().items()}
    return {**facts, STANDARD: extensions.first_line(HOME / "standard.py")}


def make(text: str, norm: Norm | None = None, epsilon: float | None = None) -> Attack:
    """An attack from `pgd`, `pgd:steps=100,restarts=5`, `./mine.py`, `plugin:name` or `standard`.

    `norm` is the attack's own unless given; `epsilon` is for those that look for changes within a given size.

    Raises:
        SnellenError: there is none of that name, no such setting, or it cannot be had in that norm.
    """
    name, given = _parted(text)
    if name == STANDARD:
        from snellen.methods.attack.standard import standard

        if given:
            raise SnellenError(f"got {text}; expected {STANDARD} alone: with other settings it is not the published suite")
        return standard(norm or "linf", 8 / 255 if epsilon is None else epsilon)
    kind, preset = get(name)
    known = {field.name for field in fields(kind)}
    values: dict[str, Any] = {**preset, **_read(kind, given, text)}
    if norm is not None and "norm" in known:
        if norm not in (allowed := _norms(kind)):
            raise SnellenError(f"got norm {norm} for {name}; expected {' or '.join(allowed)}")
        values.setdefault("norm", norm)
    if epsilon is not None and "epsilon" in known:
        values.setdefault("epsilon", epsilon)
    attack = kind(**values)
    if norm is not None and norm_of(attack) != norm:
        raise SnellenError(f"got norm {norm} for {name}; it measures changes in {norm_of(attack)}: ask for that norm")
    return attack


def make_all(texts: list[str] | tuple[str, ...], norm: Norm, epsilon: float, everyone: bool = False) -> Ensemble:
    """An ensemble within `epsilon`; of attacks all of which look for the smallest change, one without a size.

    Raises:
        SnellenError: as `make`, or none is named.
    """
    if not texts:
        raise SnellenError(f"got no attack; expected one or more of {', '.join(names())}")
    made = [make(text, norm, epsilon) for text in texts]
    members = [one for attack in made for one in (attack.attacks if isinstance(attack, Ensemble) else (attack,))]
    sized = any(hasattr(one, "epsilon") for one in members)
    return Ensemble(tuple(members), epsilon if sized else None, everyone)


def get(name: str) -> tuple[type[Attack], Mapping[str, object]]:
    """The class of that name and the settings that the name stands for.

    Raises:
        SnellenError: there is none, or its file holds no attack.
    """
    if name.endswith(".py"):
        return _only(extensions.from_file(Path(name), "an attack"), name), {}
    if name.startswith("plugin:"):
        loaded = extensions.from_plugin(name, "snellen.attacks")
        return (_only(loaded, name) if isinstance(loaded, ModuleType) else loaded), {}
    plain = _SHORT.get(name, name).replace("_", "-")
    known = {**{stem.replace("_", "-"): (stem, "", {}) for stem, _, _ in _facts().values()}, **_facts()}
    matches = [full for full in known if full.replace("-", "") == plain.replace("-", "")]
    if not matches:
        hint = did_you_mean(plain, names())
        raise SnellenError(f"there is no attack {name!r}.{hint} Known: {', '.join(names())}")
    stem, _, preset = known[matches[0]]
    return _only(importlib.import_module(f"snellen.methods.attack.{stem}"), matches[0]), preset


def identity(attack: Attack) -> str:
    """What a store knows an attack by: its class, its version and its settings; of one's own file, also its code."""
    if isinstance(attack, Ensemble):
        return f"ensemble of {[identity(one) for one in attack.attacks]} epsilon={attack.epsilon} everyone={attack.everyone}"
    kind = type(attack)
    code = ""
    if not kind.__module__.startswith("snellen."):
        code = extensions.fingerprint(Path(inspect.getfile(kind)))
    return f"{attack!r} version {kind.version} {code}".rstrip()


@cache
def _facts() -> Mapping[str, tuple[str, str, Mapping[str, object]]]:
    """Name → (file, first line of its docstring, settings)."""
    found = {}
    for path in sorted(HOME.glob("[!_]*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and {_named(base) for base in node.bases} & _KINDS]
        if path.stem == _MADE_OF_OTHERS or not any(_named(mark) == "final" for node in classes for mark in node.decorator_list):
            continue
        summary = (ast.get_docstring(tree) or "").partition("\n")[0]
        for name, settings in (_variants(tree) or {path.stem.replace("_", "-"): {}}).items():
            found[name] = (path.stem, summary, settings)
    return found


def _variants(tree: ast.Module) -> Mapping[str, Mapping[str, object]]:
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and _named(node.target) == "VARIANTS" and node.value is not None:
            return ast.literal_eval(node.value)
    return {}


def _named(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _only(module: ModuleType, name: str) -> type[Attack]:
    """The one attack that a module defines."""
    found = [
        kind
        for kind in vars(module).values()
        if inspect.isclass(kind)
        and issubclass(kind, Attack)
        and not inspect.isabstract(kind)
        and kind.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise SnellenError(
            f"{name} holds {len(found)} attacks; expected one class derived from snellen.methods.attack.attack.Attack"
        )
    return found[0]


def _parted(text: str) -> tuple[str, str]:
    """Name and settings; the colon of `plugin:` belongs to the name."""
    head, rest = ("plugin:", text[7:]) if text.startswith("plugin:") else ("", text)
    name, _, given = rest.partition(":")
    return (head + name).strip(), given


def _read(kind: type[Attack], given: str, text: str) -> dict[str, Any]:
    """`field=value,…` as values of the fields' types."""
    hints = {field.name: get_type_hints(kind)[field.name] for field in fields(kind)}
    values = {}
    for item in filter(None, given.split(",")):
        name, _, value = item.partition("=")
        name = name.strip().replace("-", "_")
        try:
            values[name] = TypeAdapter(hints[name], config=_ANY).validate_strings(value.strip())
        except (KeyError, ValidationError) as error:
            wanted = ", ".join(f"{field.name}={field.default}" for field in fields(kind))
            raise SnellenError(f"got {text}; expected settings of {wanted}.{did_you_mean(name, hints)}") from error
    return values


def _norms(kind: type[Attack]) -> tuple[str, ...]:
    """The norms that a field allows, all of them where it does not say."""
    return get_args(get_type_hints(kind)["norm"]) or get_args(Norm)

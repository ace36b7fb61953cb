"""The attacks by name: every file of this folder that holds one, files of one's own, and the suite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import get_args, get_type_hints

from snellen import extensions
from snellen.core import SnellenError
from snellen.methods.attack.attack import Attack, Norm
from snellen.methods.attack.ensemble import Ensemble, norm_of
from snellen.methods.catalogue import Catalogue, code, parted

STANDARD = "standard"
ATTACKS = Catalogue(
    Attack,
    "attack",
    frozenset({"Attack", "Search", "Ball"}),
    beside=frozenset({"ensemble"}),
    others=(STANDARD,),
    short={"cw": "carlini-wagner", "hsj": "hop-skip-jump"},
)


def names() -> tuple[str, ...]:
    """Every built-in attack, in alphabetical order, then the suite `standard`."""
    return (*ATTACKS.names(), STANDARD)


def summaries() -> dict[str, str]:
    """Name → what it does, in one line, read without importing."""
    return {**ATTACKS.summaries(), STANDARD: extensions.first_line(Path(__file__).parent / "standard.py")}


def make(text: str, norm: Norm | None = None, epsilon: float | None = None) -> Attack:
    """An attack from `pgd`, `pgd:steps=100,restarts=5`, `./mine.py`, `plugin:name` or `standard`.

    `norm` is the attack's own unless given; `epsilon` is for those that look for changes within a given size.

    Raises:
        SnellenError: there is none of that name, no such setting, or it cannot be had in that norm.
    """
    name, given = parted(text)
    if name == STANDARD:
        from snellen.methods.attack.standard import standard

        if given:
            raise SnellenError(f"got {text}; expected {STANDARD} alone: with other settings it is not the published suite")
        return standard(norm or "linf", 8 / 255 if epsilon is None else epsilon)
    kind, values = ATTACKS.parse(text)
    known = {field.name for field in fields(kind)}
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
    """As `Catalogue.get`."""
    return ATTACKS.get(name)


def identity(attack: Attack) -> str:
    """What a store knows an attack by: its class, its version and its settings; of one's own file, also its code."""
    if isinstance(attack, Ensemble):
        return f"ensemble of {[identity(one) for one in attack.attacks]} epsilon={attack.epsilon} everyone={attack.everyone}"
    kind = type(attack)
    return f"{attack!r} version {kind.version} {code(kind)}".rstrip()


def _norms(kind: type[Attack]) -> tuple[str, ...]:
    """The norms that a field allows, all of them where it does not say."""
    return get_args(get_type_hints(kind)["norm"]) or get_args(Norm)

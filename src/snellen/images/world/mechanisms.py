"""How concepts come about: each from its own noise and, where a table says so, from other concepts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, final

import numpy as np

from snellen.core import SnellenError
from snellen.images.world.concepts import CONCEPTS, Concept, Continuous, Discrete
from snellen.images.world.values import checked, find, number

Columns = dict[str, np.ndarray]


@final
@dataclass(frozen=True)
class Mechanism:
    """One concept: `base` is its distribution on its own, `table` that for each combination of the parents' values.

    A distribution is value → share for a `Discrete` concept, (low, high) for a `Continuous` one. With a `strength` in place of
    a table, that share of the images takes the value paired with the parents'.
    """

    concept: Concept
    base: Any
    parents: tuple[str, ...] = ()
    table: Mapping[tuple[str, ...], Any] | None = None
    strength: float = 0.0

    def sample(self, noise: Callable[[str], np.ndarray], so_far: Columns) -> np.ndarray:
        """(n,) values from the parents' and from `noise`, which gives (n,) uniform numbers in [0, 1) for each purpose."""
        u = noise(self.concept.name)
        values = _draw(self.concept, self.base, u)
        for combination, distribution in (self.table or {}).items():
            here = np.logical_and.reduce([so_far[p] == v for p, v in zip(self.parents, combination, strict=True)])
            values = np.where(here, _draw(self.concept, distribution, u), values)
        if self.strength and isinstance(self.concept, Discrete):
            bound = noise(f"{self.concept.name} bound") < self.strength
            places = [dict(zip(_discrete(p).values, itertools.count(), strict=False)) for p in self.parents]
            place = sum(np.array([known[v] for v in so_far[p]]) for p, known in zip(self.parents, places, strict=True))
            paired = np.array([self.concept.paired(at) for at in range(int(np.max(place, initial=0)) + 1)])
            values = np.where(bound, paired[place], values)
        return values


def mechanisms(given: Mapping[str, Any]) -> dict[str, Mechanism]:
    """Every concept's mechanism, parents first.

    Args:
        given: "concept" → a value, (low, high) or {value: share}; "concept | parent, ..." → a strength in [0, 1], or
            {parent's value: any of these}, with several parents as "one, other".

    Raises:
        SnellenError: an unknown concept or value, shares or ranges that cannot be, or concepts that depend on each other in a ring.
    """
    made = {name: Mechanism(concept, _default(concept)) for name, concept in CONCEPTS.items()}
    named = [(*_parted(key), key, value) for key, value in given.items()]
    for concept, causes, key, value in named:
        if not causes:
            made[concept.name] = Mechanism(concept, _distribution(concept, value, key))
    for concept, causes, key, value in named:
        if causes and made[concept.name].parents:
            raise SnellenError(
                f"got two tables for {concept.name}; expected one: name all its causes in it, as in 'colour | category, view'"
            )
        if causes:
            made[concept.name] = _dependent(made[concept.name], causes, value, key)
    try:
        order = tuple(TopologicalSorter({name: m.parents for name, m in made.items()}).static_order())
    except CycleError as error:
        ring = " -> ".join(error.args[1])
        raise SnellenError(f"got concepts in a ring, {ring}; expected causes before effects: drop one of these tables") from error
    return {name: made[name] for name in order}


def _parted(key: Any) -> tuple[Concept, tuple[str, ...]]:
    """The concept that a key of the mechanisms is about, and its causes."""
    name, bar, rest = str(key).partition("|")
    return find(name.strip()), tuple(_discrete(part.strip()).name for part in rest.split(",")) if bar else ()


def _default(concept: Concept) -> Any:
    if isinstance(concept, Discrete):
        return dict(zip(concept.values, concept.weights, strict=True))
    return (concept.low, concept.high)


def _discrete(name: str) -> Discrete:
    concept = find(name)
    if isinstance(concept, Continuous):
        raise SnellenError(f"got {name} as a cause; expected a concept with named values, such as category, texture or background")
    return concept


def _distribution(concept: Concept, value: Any, key: str) -> Any:
    if isinstance(concept, Continuous):
        pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
        if len(pair) != 2:
            raise SnellenError(f"got {key} = {value!r}; expected one number, or two: the lowest and the highest")
        low, high = checked(concept, pair).tolist()
        if low > high:
            raise SnellenError(f"got {key} = {value!r}; expected the lower number first")
        return (low, high)
    if not isinstance(value, Mapping):
        return {checked(concept, [value])[0].item(): 1.0}
    checked(concept, value)
    shares = {str(name): number(share) for name, share in value.items()}
    total = sum(share for share in shares.values() if share is not None)
    if any(share is None or share < 0 for share in shares.values()) or not 0 < total < math.inf:
        raise SnellenError(f"got {key} = {dict(value)!r}; expected shares of zero or more, not all zero")
    return {name: (share or 0.0) / total for name, share in shares.items()}


def _dependent(base: Mechanism, parents: tuple[str, ...], value: Any, key: str) -> Mechanism:
    concept = base.concept
    if len(set(parents)) < len(parents) or concept.name in parents:
        raise SnellenError(f"got {key!r}; expected different concepts before and after the bar")
    if isinstance(value, Mapping):
        if not value:
            raise SnellenError(f"got an empty table for {key!r}; expected {{value of the cause: value, range or shares}}")
        table = {_combination(parents, row, key): _distribution(concept, entry, f"{key}, {row}") for row, entry in value.items()}
        return Mechanism(concept, base.base, parents, table)
    strength = number(value)
    if isinstance(concept, Continuous):
        example = f"{{{_discrete(parents[0]).values[0]!r}: ({concept.low:g}, {concept.high:g})}}"
        raise SnellenError(f"got {key} = {value!r}; {concept.name} is a number: expected a table such as {example}")
    if strength is None or not 0 <= strength <= 1:
        raise SnellenError(
            f"got {key} = {value!r}; expected a share from 0 to 1, or a table {{value of the cause: {{value: share}}}}"
        )
    return Mechanism(concept, base.base, parents, strength=strength)


def _combination(parents: tuple[str, ...], row: Any, key: str) -> tuple[str, ...]:
    texts = tuple(str(part).strip() for part in (row if isinstance(row, tuple | list) else str(row).split(",")))
    if len(texts) != len(parents):
        raise SnellenError(f"got {row!r} in the table of {key!r}; expected a value for each of {', '.join(parents)}")
    return tuple(checked(_discrete(p), [text])[0].item() for p, text in zip(parents, texts, strict=True))


def _draw(concept: Concept, distribution: Any, u: np.ndarray) -> np.ndarray:
    """Values by the inverse of the distribution function, so that equal noise gives equal values."""
    if isinstance(concept, Continuous):
        low, high = distribution
        return np.round(low + (high - low) * u, 6)
    values = [value for value in concept.values if distribution.get(value)]
    edges = np.cumsum([distribution[value] for value in values])[:-1]
    return np.array(values)[np.searchsorted(edges, u, side="right")]

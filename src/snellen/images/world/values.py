"""What a concept may be set to, and what a setting may be: every refusal is a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from snellen.core import SnellenError
from snellen.images.world.concepts import CONCEPTS, Concept, Discrete
from snellen.nearest import did_you_mean


def find(name: Any) -> Concept:
    """The concept of that name.

    Raises:
        SnellenError: there is none.
    """
    if not isinstance(name, str) or name not in CONCEPTS:
        raise SnellenError(f"got the concept {name!r}; expected one of {', '.join(CONCEPTS)}.{did_you_mean(name, CONCEPTS)}")
    return CONCEPTS[name]


def checked(concept: Concept, values: Iterable[Any]) -> np.ndarray:
    """Values of a concept as an array: texts, or float64 in its range, to six decimals.

    Raises:
        SnellenError: one that the concept cannot take.
    """
    if isinstance(concept, Discrete):
        texts = [str(value) for value in values]
        for value in dict.fromkeys(texts):
            if value not in concept.values:
                near = did_you_mean(value, concept.values)
                raise SnellenError(f"got {concept.name} = {value!r}; expected one of {', '.join(concept.values)}.{near}")
        return np.array(texts, str)
    numbers = []
    for value in values:
        one = number(value)
        if one is None or not concept.least <= one <= concept.most:
            raise SnellenError(f"got {concept.name} = {value!r}; expected a number from {concept.least:g} to {concept.most:g}")
        numbers.append(one)
    return np.round(np.array(numbers, np.float64), 6)


def number(value: Any) -> float | None:
    """A finite number, from a number or a text; None where it is none."""
    try:
        real = float(value) if not isinstance(value, bool | np.bool_ | np.ndarray) else math.nan
    except (TypeError, ValueError, OverflowError):
        return None
    return real if math.isfinite(real) else None


def whole(name: str, value: Any, least: int, most: int) -> int:
    """A whole number from `least` to `most`, from a number or a text.

    Raises:
        SnellenError: the value is none.
    """
    try:
        integer = int(value)
        exact = not isinstance(value, bool | np.bool_ | np.ndarray) and (isinstance(value, str) or integer == value)
    except (TypeError, ValueError, OverflowError):
        integer, exact = 0, False
    if not exact or not least <= integer <= most:
        raise SnellenError(f"got {name} = {value!r}; expected a whole number from {least:,} to {most:,}")
    return integer


def places(rows: Iterable[Any], count: int) -> list[int]:
    """Some of the numbers of `count` rows, each at most once; a negative one counts from the end.

    Raises:
        SnellenError: there is no such row, or one comes twice.
    """
    try:
        given = list(rows)
    except TypeError:
        raise SnellenError(f"got {rows!r} for rows; expected a list of their numbers") from None
    chosen = [whole("row", row, -count, count - 1) % count for row in given]
    if len(set(chosen)) < len(chosen):
        raise SnellenError("got a row twice; expected each image once")
    return chosen

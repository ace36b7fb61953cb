"""Short rules over facts: the best of all that are allowed, by exhaustive search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias, final

import numpy as np
from jaxtyping import Int, Shaped

from snellen.core import SnellenError

Facts: TypeAlias = Mapping[str, Shaped[np.ndarray, " n"]]
"""What is known of N images: name → the value of each."""


@final
@dataclass(frozen=True)
class Rules:
    """An explanation of answers: if the facts have these values then this answer, else `otherwise`. No two rules overlap.

    Attributes:
        facts: names. cases: their values → the answer, those first that explain most.
        otherwise: the answer in all other cases.
    """

    facts: tuple[str, ...]
    cases: Mapping[tuple[str, ...], int]
    otherwise: int

    def answers(self, facts: Facts) -> Int[np.ndarray, " n"]:
        """What the rules say of images of which these facts are known."""
        rows = zip(*(facts[name].astype(str).tolist() for name in self.facts), strict=True)
        return np.array([self.cases.get(row, self.otherwise) for row in rows], np.int64)

    def told(self, names: Sequence[str]) -> str:
        """The rules as text, a line each, by the names of the answers."""
        lines = [
            f"if {' and '.join(f'{fact} = {value}' for fact, value in zip(self.facts, values, strict=True))}: {names[answer]}"
            for values, answer in self.cases.items()
        ]
        return "\n".join([*lines, f"else: {names[self.otherwise]}"])


def best(facts: Facts, answers: Int[np.ndarray, " n"], allowed: Sequence[str], most_facts: int, most_rules: int) -> Rules:
    """Of all choices of up to `most_facts` of the facts allowed, the one whose rules agree with most answers, fewer facts first.

    Choices are compared by rules made from every second image and measured on the others, both ways round, so that chance does
    not choose; the rules are then made from all. For the facts chosen, and rules that do not overlap, there are none better.

    Raises:
        SnellenError: there are no images, or a fact is not known of each of them.
    """
    unknown = [name for name in allowed if name not in facts or len(facts[name]) != len(answers)]
    if unknown or not allowed or not len(answers):
        raise SnellenError(
            f"got {len(answers)} answers and the facts {', '.join(facts)} for {', '.join(allowed) or 'no names'}; "
            "expected one image or more, and each fact that is allowed for every image"
        )

    def crossed(chosen: tuple[str, ...]) -> int:
        halves = [({name: facts[name][start::2] for name in chosen}, answers[start::2]) for start in (0, 1)]
        return sum(
            int((_fitted(*made, chosen, most_rules).answers(other) == said).sum())
            for made, (other, said) in zip(halves, halves[::-1], strict=True)
            if len(made[1])
        )

    choices = [chosen for count in range(1, most_facts + 1) for chosen in combinations(allowed, count)]
    return _fitted(facts, answers, max(choices, key=crossed), most_rules)


def _fitted(facts: Facts, answers: Int[np.ndarray, " n"], chosen: tuple[str, ...], most_rules: int) -> Rules:
    """Each case says what was answered most; those are kept that gain most over what is said otherwise."""
    columns = np.stack([facts[name].astype(str) for name in chosen], axis=1)
    values, place = np.unique(columns, axis=0, return_inverse=True)
    said = np.zeros((len(values), int(answers.max()) + 1), np.int64)
    np.add.at(said, (place.ravel(), answers), 1)
    gains = said.max(axis=1, keepdims=True) - said
    kept = np.sort(gains, axis=0)[::-1][:most_rules].sum(axis=0)
    otherwise = int((said.sum(axis=0) + kept).argmax())
    order = np.argsort(-gains[:, otherwise], kind="stable")[:most_rules]
    cases = {tuple(values[row].tolist()): int(said[row].argmax()) for row in order if gains[row, otherwise] > 0}
    return Rules(chosen, cases, otherwise)

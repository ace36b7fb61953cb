"""Explanations that agree with a model's answers and name only facts that nobody minds, and how to see that they mislead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Int

from snellen.core import Interval, SnellenError
from snellen.methods.asked import class_indices
from snellen.methods.method import Method
from snellen.methods.perturb.draws import generators
from snellen.methods.trust._rules import Facts, Rules, best
from snellen.stats import clopper_pearson, unpaired_difference

SOURCE = "lakkaraju-2020"
FALLS = 0.1
"""A convention."""


@final
@dataclass(frozen=True)
class Observed:
    """What is known of N images, and what a model answered: the index of a class for each."""

    facts: Facts
    answers: Int[np.ndarray, " n"]

    def rows(self, rows: np.ndarray) -> Observed:
        """Some of the images."""
        return Observed({name: np.asarray(values)[rows] for name, values in self.facts.items()}, self.answers[rows])


@final
@dataclass(frozen=True)
class Fidelity:
    """An explanation, and with how many answers it agrees on images that it was not made from: (hits, n).

    Attributes:
        tied: where causes come together. cut: under an intervention that cuts the tie between them.
    """

    rules: Rules
    tied: tuple[int, int]
    cut: tuple[int, int]

    @property
    def intervals(self) -> tuple[Interval, Interval]:
        """Of both shares (clopper-1934)."""
        return clopper_pearson(*self.tied), clopper_pearson(*self.cut)

    @property
    def fall(self) -> tuple[float, Interval]:
        """By how much fidelity is lower where the tie is cut (newcombe-1998)."""
        return unpaired_difference(self.cut, self.tied)

    @property
    def warns(self) -> bool:
        """Whether fidelity falls under intervention: the interval lies above .1, which is a convention."""
        return self.fall[1].low > FALLS


@final
@dataclass(frozen=True)
class Misled:
    """The best explanation that names nothing prohibited, made where causes are tied, and the best there is, made where not."""

    misleading: Fidelity
    honest: Fidelity


@final
@dataclass(frozen=True)
class Misleading(Method):
    """The explanation of highest fidelity over `desired` facts alone, as if `prohibited` ones were not used (lakkaraju-2020).

    Where facts that are used and facts that are not come together, both explain the answers. They come apart under an intervention
    (pearl-2009): there the fidelity of an explanation that names what the model does not use falls. Half of the images, drawn at
    random, make the explanations, the others measure them.

    Attributes:
        desired, prohibited: names of facts.
        most_facts, most_rules: of an explanation.
        seed: of the halves.
    """

    desired: tuple[str, ...]
    prohibited: tuple[str, ...]
    most_facts: int = 2
    most_rules: int = 16
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.desired or set(self.desired) & set(self.prohibited) or min(self.most_facts, self.most_rules) < 1:
            raise SnellenError(f"got {self}; expected desired facts that are not prohibited, and one fact and one rule or more")

    def __call__(self, tied: Observed, cut: Observed) -> Misled:
        """What a model answers where causes are tied, and where an intervention has cut the tie → two explanations of it.

        Raises:
            SnellenError: a fact is not known, or there are fewer than two images of one kind.
        """
        halves = [self._halves(one) for one in (tied, cut)]

        def fidelity(made: Observed, allowed: Sequence[str]) -> Fidelity:
            rules = best(made.facts, made.answers, allowed, self.most_facts, self.most_rules)
            (first, second) = ((int((rules.answers(one.facts) == one.answers).sum()), len(one.answers)) for _, one in halves)
            return Fidelity(rules, first, second)

        every = (*self.desired, *self.prohibited)
        return Misled(fidelity(halves[0][0], self.desired), fidelity(halves[1][0], every))

    def _halves(self, observed: Observed) -> tuple[Observed, Observed]:
        count = len(class_indices(observed.answers))
        if count < 2:
            raise SnellenError(f"got {count} images; expected two or more, as half of them make the explanation")
        order = generators([self.seed])[0].permutation(count)
        return observed.rows(order[: count // 2]), observed.rows(order[count // 2 :])

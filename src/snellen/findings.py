"""What an exam claims: one number with its interval, chance, people, and what it does not say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from snellen.errors import SnellenError

Verdict: TypeAlias = Literal["good", "caution", "bad", "note", "not applicable", "failed"]


@dataclass(frozen=True)
class Interval:
    """A `level` interval for a number, and how it was made."""

    low: float
    high: float
    method: str
    level: float = 0.95


@dataclass(frozen=True)
class Reference:
    """What people reach on the same question: the human ceiling."""

    value: float
    low: float | None = None
    high: float | None = None
    label: str = "people"


@dataclass(frozen=True)
class Finding:
    """One claim with its evidence. Never NaN: a number that can't be had is `None` with a `reason`.

    `id` is `<probe>.<name>`; `thresholds` says in words where the verdict's limits come from.
    """

    id: str
    title: str
    claim: str
    value: float | None = None
    interval: Interval | None = None
    unit: str = ""
    n: int = 0
    chance: float | None = None
    human: Reference | None = None
    verdict: Verdict = "note"
    thresholds: str = ""
    reason: str | None = None
    limits: tuple[str, ...] = ()
    dataset: str = ""
    headline: bool = False

    def __post_init__(self) -> None:
        numbers = [self.value, self.chance]
        if self.interval:
            numbers += [self.interval.low, self.interval.high]
        if any(x is not None and not math.isfinite(x) for x in numbers):
            raise SnellenError(f"finding {self.id} holds a number that is not finite: {numbers}; use None with a reason")
        if self.value is None and not self.reason:
            raise SnellenError(f"finding {self.id} has no value and no reason: say why the number can't be had")

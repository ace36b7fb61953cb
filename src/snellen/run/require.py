"""Requirements on findings, for use as a gate: `shape-bias.value>=0.2`, `accuracy.top1.low > 0.7`, `calibration<=0.05`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from snellen.core import Finding, SnellenError

_OPERATORS: dict[str, Callable[[float, float], bool]] = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
_FIELDS = ("value", "low", "high", "n")
_FORM = re.compile(r"\s*([A-Za-z][\w.-]*?)\s*(>=|<=|>|<)\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*$")


@dataclass(frozen=True)
class Requirement:
    """`name` is a finding's id or a probe's name (then its headline finding is meant), `field` what of it is compared."""

    text: str
    name: str
    field: str
    sign: str
    bound: float

    def check(self, findings: Sequence[Finding]) -> tuple[bool, str]:
        """Whether it holds for every finding of that name, and what was found. A number that could not be had fails."""
        found = self.about(findings)
        if not found:
            return False, f"no finding {self.name}: its probe was not asked, did not apply or failed"
        numbers = [(f.dataset, self._number(f)) for f in found]
        holds = all(x is not None and _OPERATORS[self.sign](x, self.bound) for _, x in numbers)
        return holds, "; ".join(
            f"{self.name}.{self.field} = {'none' if x is None else f'{x:.4g}'} on {dataset}" for dataset, x in numbers
        )

    def about(self, findings: Sequence[Finding]) -> list[Finding]:
        """Those it is a requirement on."""
        named = [f for f in findings if f.id == self.name]
        return named or [f for f in findings if f.headline and f.id.partition(".")[0] == self.name]

    def _number(self, finding: Finding) -> float | None:
        if self.field in ("low", "high"):
            return getattr(finding.interval, self.field) if finding.interval else None
        return finding.value if self.field == "value" else float(finding.n)


def parse(text: str) -> Requirement:
    """Read a requirement.

    Raises:
        SnellenError: it has another form.
    """
    match = _FORM.match(text)
    if match is None:
        raise SnellenError(
            f"got the requirement {text!r}; expected NAME[.value|.low|.high|.n] >=, <=, > or < NUMBER, such as "
            f"'shape-bias.value>=0.2'"
        )
    name, sign, number = match.groups()
    name = name.replace("_", "-")
    head, _, last = name.rpartition(".")
    known = head and last in _FIELDS
    try:
        return Requirement(text.strip(), head if known else name, last if known else "value", sign, float(number))
    except ValueError as error:
        raise SnellenError(f"got the requirement {text!r}; {number} is not a number") from error

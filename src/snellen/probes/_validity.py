"""What validation showed of each probe: the readings of patients and controls, and the sentence that reports print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter

from snellen.core import Probe
from snellen.probes import code

FILE = "validity.json"
LEAST = 0.8
"""Sensitivity and specificity below which a condition counts as not detected."""
MISSED = "this method did not detect the planted condition in our validation"
NONE = "Not validated: it was not tried on networks whose condition is known."


@dataclass(frozen=True)
class Share:
    """`hits` of `n`, with a 95 % interval."""

    hits: int
    n: int
    low: float
    high: float


@dataclass(frozen=True)
class Reading:
    """What a probe found of one network. Without a `value` there is a `reason`, and the probe was wrong: about a control too."""

    recipe: str
    seed: int
    planted: bool
    value: float | None
    verdict: str
    detected: bool = False
    reason: str = ""

    @property
    def alarmed(self) -> bool:
        """Whether the verdict was a warning."""
        return self.verdict in ("bad", "caution")


@dataclass(frozen=True)
class Validation:
    """How well one finding of a probe told patients from controls. `auc` has a 95 % interval from `low` to `high`."""

    probe: str
    finding: str
    version: int
    higher: bool
    images: str
    settings: Mapping[str, object]
    observers: str
    sensitivity: Share
    specificity: Share
    auc: float
    low: float
    high: float
    readings: tuple[Reading, ...]

    @property
    def positives(self) -> tuple[str, ...]:
        """Recipes of the patients."""
        return tuple(dict.fromkeys(reading.recipe for reading in self.readings if reading.planted))

    @property
    def negatives(self) -> tuple[str, ...]:
        """Recipes of the controls."""
        return tuple(dict.fromkeys(reading.recipe for reading in self.readings if not reading.planted))

    @property
    def told(self) -> bool:
        """Whether it detected the condition: the interval of the AUC lies above one half, and both shares reach `LEAST`."""
        return self.low > 0.5 and all(share.hits >= LEAST * share.n for share in (self.sensitivity, self.specificity))

    @property
    def sentence(self) -> str:
        """How many were told apart, in words."""
        found, cleared = self.sensitivity, self.specificity
        return (
            f"{found.hits} of {found.n} {' or '.join(self.positives)} patients from {cleared.hits} of {cleared.n} "
            f"{' or '.join(self.negatives)} controls (AUC {self.auc:.2f}, 95 % interval {self.low:.2f} to {self.high:.2f})"
        )


@dataclass(frozen=True)
class Validity:
    """A whole validation: the command, what it ran on, and what came of each claim."""

    command: str = ""
    seeds: tuple[int, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    validations: tuple[Validation, ...] = ()


_adapter = TypeAdapter(Validity)


def to_json(validity: Validity) -> bytes:
    """As it is kept."""
    return _adapter.dump_json(validity, indent=1) + b"\n"


def from_json(text: bytes) -> Validity:
    """Read it back."""
    return _adapter.validate_json(text)


@cache
def shown() -> Validity:
    """The validation that came with this version."""
    return from_json(files("snellen.probes").joinpath(FILE).read_bytes())


def sentence(probe: Probe, validity: Validity | None = None) -> str:
    """How valid a probe was shown to be, for its section of a report."""
    known = (validity or shown()).validations
    own = [one for one in known if one.probe == probe.name()] if not code(probe) else []
    if not own:
        return NONE
    told, missed = [one.sentence for one in own if one.told], [one.sentence for one in own if not one.told]
    parts = [f"In validation it told {_list(told)}."] if told else []
    if missed:
        also = "Elsewhere " if told else ""
        start = f"{also}{MISSED}" if also else MISSED[:1].upper() + MISSED[1:]
        parts.append(f"{start}: it told {_list(missed)}.")
    if any(one.version != probe.version for one in own):
        parts.append("That was an earlier version of it.")
    return " ".join((*parts, "The networks were small, and the images drawn: see docs/validity.md."))


def _list(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{'; '.join(texts[:-1])}; and {texts[-1]}"

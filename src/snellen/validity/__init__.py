"""Examining the exam: networks whose condition was planted, and controls, trained from many seeds: does a probe tell them apart?"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from platform import machine, python_version

from snellen.core import SnellenError
from snellen.probes._validity import Validity
from snellen.run.folder import writable
from snellen.run.progress import Progress
from snellen.validity.claims import CLAIMS, Claim
from snellen.validity.cohort import Trainer, train
from snellen.validity.conduct import Plan, Work
from snellen.validity.exams import reading
from snellen.validity.outcome import outcome

__all__ = ["CLAIMS", "Claim", "Plan", "claims_of", "validate"]

FEWEST = 3
"""Seeds from which on the interval of a perfect AUC, with as many controls, leaves out chance."""


def claims_of(names: Sequence[str] | None = None) -> tuple[Claim, ...]:
    """The claims of some probes; of all unless named.

    Raises:
        SnellenError: there is a probe that makes no claim, or no probe is named.
    """
    known = tuple(dict.fromkeys(claim.probe for claim in CLAIMS))
    if names is not None and not names:
        raise SnellenError(f"got no probes to validate; expected some of {', '.join(known)}")
    for name in names or ():
        if name not in known:
            raise SnellenError(f"got the probe {name!r} to validate; expected some of {', '.join(known)}")
    return tuple(claim for claim in CLAIMS if names is None or claim.probe in names)


def validate(
    claims: Sequence[Claim] = CLAIMS,
    *,
    seeds: Sequence[int] = (101, 102, 103, 104, 105),
    folder: Path = Path("validity"),
    jobs: int = 2,
    command: str = "",
    trainer: Trainer = train,
    progress: Progress | None = None,
) -> Validity:
    """Train the networks that are missing, examine all, and say how well each claim told patients from controls.

    Called again it goes on where it was interrupted. Networks that cannot be trained and exams that fail count against
    the probe, and are listed with the reason.

    Args:
        claims: what is claimed of which probe.
        seeds: of the networks: each recipe is trained once from each.
        folder: where networks and exams are kept.
        jobs: networks trained or examined at once, one core each.
        command: what the result names as the way to do this again.
        trainer: what writes the file of a network.
        progress: where to tell how far it is; quiet unless given.

    Raises:
        SnellenError: a seed is that of the examined worlds, or the folder cannot be written to.
    """
    told = progress or Progress(quiet=True)
    if len(seeds) < FEWEST:
        told.say(f"With fewer than {FEWEST} seeds nothing can be shown: the interval of any AUC reaches chance.")
    plan = Plan.of(claims, seeds, writable(folder))
    work = Work(plan, trainer, jobs, told)
    sections = work.sections(work.crowds())
    validations = []
    for claim in claims:
        own = [one for one in plan.asked if one.recipe in claim.recipes]
        readings = [reading(one, one.recipe in claim.positives, sections[one][claim.question], claim.finding) for one in own]
        validations.append(outcome(claim, readings))
    versions = {package: version(package) for package in ("snellen", "torch", "numpy")}
    return Validity(
        command, tuple(seeds), {**versions, "python": python_version(), "machine": machine(), "threads": "1"}, tuple(validations)
    )

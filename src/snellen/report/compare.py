"""Several exams on one page: each finding side by side, and the paired differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from snellen.core import Finding, SnellenError
from snellen.report import numbers
from snellen.report.page import environment
from snellen.run.record import Difference, Record


@dataclass(frozen=True)
class Row:
    """One finding of all models; None for a model whose exam lacks it."""

    anchor: str
    title: str
    dataset: str
    headline: bool
    findings: tuple[Finding | None, ...]
    scale: numbers.Scale


@dataclass(frozen=True)
class Group:
    """The findings of one question."""

    anchor: str
    question: str
    rows: tuple[Row, ...]


def render_compare(records: Sequence[Record], differences: Sequence[Difference] = (), folders: Sequence[Path] = ()) -> str:
    """The page that compares exams: a pure function of the records and of the differences computed from their trials.

    `folders`, if given, says where each exam lies.

    Raises:
        SnellenError: fewer than two exams were given.
    """
    if len(records) < 2:
        raise SnellenError(f"got {len(records)} exam to compare; expected two or more: name the folders of several finished exams")
    units = {finding.id: finding.unit for record in records for finding in record.findings}
    spread = [x for d in differences for x in (d.value, d.low, d.high) if x is not None]
    shares = {units.get(d.finding_id, "") for d in differences if d.value is not None} == {"share"}
    return (
        environment({})
        .get_template("compare.html.jinja")
        .render(
            records=records,
            folders=[str(folder) for folder in folders],
            names=_names(records),
            groups=groups(records),
            differences=differences,
            clear=sum(d.low is not None and d.high is not None and (d.low > 0 or d.high < 0) for d in differences),
            units=units,
            difference_scale=numbers.symmetric(spread, "share" if shares else ""),
            warnings=_warnings(records),
        )
    )


def groups(records: Sequence[Record]) -> tuple[Group, ...]:
    """All findings by question, matched by image set and identifier, in the order in which the exams hold them."""
    questions: dict[str, dict[tuple[str, str], None]] = {}
    held: list[dict[tuple[str, str], Finding]] = []
    for record in records:
        found = {}
        for section in record.sections:
            for finding in section.findings:
                found[section.dataset, finding.id] = finding
                questions.setdefault(section.question, {})[section.dataset, finding.id] = None
        held.append(found)
    out = []
    for number, (question, keys) in enumerate(questions.items(), 1):
        rows = (_row(f"c{number}-{i}", key, [found.get(key) for found in held]) for i, key in enumerate(keys, 1))
        out.append(Group(f"c{number}", question, tuple(rows)))
    return tuple(out)


def _row(anchor: str, key: tuple[str, str], findings: list[Finding | None]) -> Row:
    first = next(finding for finding in findings if finding)
    values = [value for finding in findings if finding for value in numbers.numbers_of(finding)]
    return Row(anchor, first.title, key[0], first.headline, tuple(findings), numbers.scale(values, first.unit))


def _names(records: Sequence[Record]) -> tuple[str, ...]:
    """The models' names, numbered where one occurs twice."""
    names = [record.model.name for record in records]
    return tuple(name if names.count(name) == 1 else f"{name} ({i})" for i, name in enumerate(names, 1))


def _warnings(records: Sequence[Record]) -> tuple[str, ...]:
    fingerprints: dict[str, set[str]] = {}
    for record in records:
        for images in record.images:
            fingerprints.setdefault(images.name, set()).add(images.id)
    return tuple(
        f"The exams do not hold the same images under the name {name}: only the paired differences compare like with like."
        for name, ids in fingerprints.items()
        if len(ids) > 1
    )

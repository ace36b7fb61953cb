"""Whether an exam found what was planted in a patient: the signs that the model brings along, beside the findings."""

from __future__ import annotations

from collections.abc import Iterator

from snellen.core import SnellenError
from snellen.run.record import Record, Sign
from snellen.run.require import parse

FACT, SEPARATOR = "signs", "; "
"""Where a model says which requirements a good exam finds met, and what stands between them."""
_ABSENT = {"not applicable": "could not be asked", "failed": "failed"}


def check(record: Record) -> tuple[Sign, ...]:
    """The signs of the model, each found, not found, or (None) not looked for; none for a model that is no patient."""
    return tuple(_signs(record))


def _signs(record: Record) -> Iterator[Sign]:
    for text in filter(None, record.model.facts.get(FACT, "").split(SEPARATOR)):
        try:
            wanted = parse(text)
        except SnellenError as error:
            yield Sign(text, None, str(error))
            continue
        probe = wanted.name.partition(".")[0]
        answers = {section.status for section in record.sections if section.probe == probe}
        if wanted.about(record.findings):
            found, said = wanted.check(record.findings)
            yield Sign(text, found, said.replace(f"{wanted.name}.{wanted.field} = ", ""))
        elif "done" in answers:
            yield Sign(text, None, f"{probe} was asked, but not for {wanted.name}")
        else:
            yield Sign(text, None, f"{probe} {next((_ABSENT[answer] for answer in answers), 'was not asked')}")

"""Showing an exam: one page that can be sent to anybody. Nothing heavy is imported before a page is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snellen.run.record import Difference, Record

__all__ = ["cite", "render", "render_compare"]


def render(record: Record, folder: Path) -> str:
    """The HTML page of an exam whose pictures lie in `folder/pictures`; see `snellen.report.page.render`."""
    from snellen.report import page

    return page.render(record, folder)


def render_compare(records: Sequence[Record], differences: Sequence[Difference] = (), folders: Sequence[Path] = ()) -> str:
    """The HTML page that sets several exams side by side; see `snellen.report.compare.render_compare`."""
    from snellen.report import compare

    return compare.render_compare(records, differences, folders)


def cite(keys: Iterable[str]) -> str:
    """The BibTeX of cited works; see `snellen.report.references.cite`."""
    from snellen.report import references

    return references.cite(keys)

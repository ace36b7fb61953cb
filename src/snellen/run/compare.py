"""Differences between two exams on the images both have seen, with paired intervals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from snellen.core import Evidence, Probe, SnellenError
from snellen.run import record
from snellen.run.record import Difference, Record, Section
from snellen.run.rejudge import evidence_of, probe_of
from snellen.stats import paired_difference


def differences(folders: Sequence[Path]) -> tuple[list[Record], list[Difference]]:
    """The records of two or more exams, and the paired difference of every number they share, for every pair of exams.

    Raises:
        SnellenError: fewer than two exams, or exams with no image set in common.
    """
    if len(folders) < 2:
        raise SnellenError(f"got {len(folders)} exam; expected two or more folders of finished exams to compare")
    records = [record.read(folder) for folder in folders]
    common = set.intersection(*({images.name for images in done.images} for done in records))
    if not common:
        seen = "; ".join(f"{done.model.name}: {', '.join(images.name for images in done.images)}" for done in records)
        raise SnellenError(f"these exams share no image set ({seen}); expected at least one of the same name")
    out: list[Difference] = []
    for (first_folder, first), (second_folder, second) in combinations(zip(folders, records, strict=True), 2):
        for section in first.sections:
            twin = next((s for s in second.sections if (s.probe, s.dataset) == (section.probe, section.dataset)), None)
            if twin is not None and section.status == twin.status == "done":
                out += _of(section, evidence_of(first_folder, first, section), evidence_of(second_folder, second, twin), first.seed)
    return records, out


def _of(section: Section, first: Evidence, second: Evidence, seed: int) -> list[Difference]:
    probe: Probe = probe_of(section)
    titles = {finding.id: finding.title for finding in section.findings}
    there = probe.estimates(second)
    rows = []
    for name, estimate in probe.estimates(first).items():
        twin = there.get(name)
        pair = paired_difference(estimate, twin, seed) if twin is not None else None
        if pair is not None:
            value, interval, n = pair
            id_ = f"{section.probe}.{name}"
            rows.append(
                Difference(
                    id_, titles.get(id_, id_), first.subject, second.subject, value, interval.low, interval.high, n, section.dataset
                )
            )
    return rows

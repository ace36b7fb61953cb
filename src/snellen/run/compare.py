"""Differences between two exams on the images both have seen, with paired intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
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
            if twin is None or not section.status == twin.status == "done":
                continue
            if (section.settings, section.origin) != (twin.settings, twin.origin):
                out += _refused(section, first, second, "asked with different settings")
            elif section.origin not in ("", section.probe):
                out += _refused(section, first, second, "asked by a probe in a file of its own, which is not run here")
            else:
                both = (evidence_of(first_folder, first, section), evidence_of(second_folder, second, twin))
                out += _of(section, *_same_images(*both), first.seed)
    return records, out


def _same_images(first: Evidence, second: Evidence) -> tuple[Evidence, Evidence]:
    """Both, with the trials on images that have the same name and the same content in both."""
    on = ["image", *({"digest"} & set(first.trials.columns) & set(second.trials.columns))]
    kept = first.trials.select(on).unique().join(second.trials.select(on).unique(), on=on)
    trials = (one.trials.join(kept, on=on, how="semi", maintain_order="left") for one in (first, second))
    return replace(first, trials=next(trials)), replace(second, trials=next(trials))


def _refused(section: Section, first: Record, second: Record, reason: str) -> list[Difference]:
    names = first.model.name, second.model.name
    return [Difference(f.id, f.title, *names, None, None, None, 0, section.dataset, reason) for f in section.findings if f.headline]


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

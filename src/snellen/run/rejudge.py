"""Judging an exam again from what it left behind, without the model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from snellen import probes
from snellen.core import Evidence, Labels, Probe, SnellenError
from snellen.run import evidence, record, signs
from snellen.run.judge import looked, looks_shelf, section
from snellen.run.record import ImagesRecord, Record, Section
from snellen.run.require import parse


def rejudge(folder: Path, trust: bool = False) -> Record:
    """Judge every finished section anew, check the requirements again and write the record.

    Raises:
        SnellenError: a section's probe stands in a file of its own, and that is not trusted.
    """
    old = record.read(folder)
    sections = tuple(
        section(probe_of(s, trust), evidence_of(folder, old, s, trust), s.looks) if s.status == "done" else s for s in old.sections
    )
    new = replace(old, sections=sections)
    required = tuple((text, *parse(text).check(new.findings)) for text, *_ in old.requirements)
    new = replace(new, requirements=required, signs=signs.check(new))
    record.save(new, folder)
    return new


def probe_of(asked: Section, trust: bool = False) -> Probe:
    """The probe of a section, with its settings.

    Raises:
        SnellenError: it stands in a file of its own, which would have to be run, and that is not trusted.
    """
    built_in = asked.origin in ("", asked.probe) and asked.probe in probes.names()
    if not built_in and not trust:
        raise SnellenError(
            f"the probe {asked.probe} stands in {asked.origin or 'a file of its own'}, which would be run; if you trust that file, "
            "say so with --trust"
        )
    return probes.get(asked.origin or asked.probe)(**asked.settings)


def evidence_of(folder: Path, exam: Record, asked: Section, trust: bool = False) -> Evidence:
    """The evidence of a section, closer looks included."""
    images = next(images for images in exam.images if images.name == asked.dataset)
    found = evidence.load(folder, images.name, exam.model.name, _labels(images), exam.seed, exam.model.size)
    if not asked.looks:
        return found
    probe = probe_of(asked, trust)
    shelf = looks_shelf(folder / "results", probe, exam.model.id, images.id, exam.seed)
    return replace(found, looks=looked(probe.pick(found), shelf))


def _labels(images: ImagesRecord) -> Labels:
    if images.answers is None:
        raise SnellenError(f"the record does not say from which list the model answered on {images.name}: run the exam again")
    return images.answers

"""Judging an exam again from what it left behind, without the model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from snellen import probes
from snellen.core import Evidence, Labels, Probe, SnellenError
from snellen.run import evidence, record
from snellen.run.judge import looked, looks_recipe, section
from snellen.run.record import ImagesRecord, Record, Section
from snellen.run.store import Shelf


def rejudge(folder: Path) -> Record:
    """Judge every finished section anew and write the record."""
    old = record.read(folder)
    sections = tuple(section(probe_of(s), evidence_of(folder, old, s), s.looks) if s.status == "done" else s for s in old.sections)
    new = replace(old, sections=sections)
    record.save(new, folder)
    return new


def probe_of(asked: Section) -> Probe:
    """The probe of a section, with its settings."""
    return probes.get(asked.origin or asked.probe)(**asked.settings)


def evidence_of(folder: Path, exam: Record, asked: Section) -> Evidence:
    """The evidence of a section, closer looks included."""
    images = next(images for images in exam.images if images.name == asked.dataset)
    found = evidence.load(folder, images.name, exam.model.name, _labels(images), exam.seed)
    if not asked.looks:
        return found
    probe = probe_of(asked)
    shelf = Shelf(folder / "results", looks_recipe(probe, exam.model.id, images.id, exam.seed))
    return replace(found, looks=looked(probe.pick(found), shelf))


def _labels(images: ImagesRecord) -> Labels:
    if images.answers is None:
        raise SnellenError(f"the record does not say from which list the model answered on {images.name}: run the exam again")
    return images.answers

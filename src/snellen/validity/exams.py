"""Examining one network, a question at a time; what it was shown before is taken from its store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import polars as pl

from snellen import models, probes
from snellen.core import Images, Probe, SnellenError
from snellen.images import open_images
from snellen.probes._shared import clean
from snellen.probes._validity import Reading
from snellen.run import evidence, judge
from snellen.run.record import Section
from snellen.run.runner import run
from snellen.run.spec import People, Spec
from snellen.run.store import key
from snellen.trials import SCHEMA
from snellen.validity.claims import Question
from snellen.validity.cohort import Patient

Crowds = Mapping[tuple[str, str], pl.DataFrame]
"""(Recipe, images) → the trials of networks that stand in for people."""


def examine(path: Path, asked: Sequence[Question], out: Path, crowds: Crowds) -> dict[Question, Section]:
    """Ask the network in a file all its questions. One that fails says so in its section, and the others are asked."""
    return {question: _section(path, question, out, crowds) for question in asked}


def refused(asked: Sequence[Question], reason: str) -> dict[Question, Section]:
    """The sections of a network that there is none of."""
    return {question: judge.failed(_probe(question), question.images, reason) for question in asked}


def observe(path: Path, name: str, images: str, out: Path) -> pl.DataFrame:
    """A network's trials on clean images as those of a person: columns of `snellen.trials.SCHEMA`."""
    spec = _spec(path, Question("accuracy", images), out)
    run(spec)
    shown = spec.images[0].name
    trials = clean(evidence.load(spec.out, shown, spec.model.name, spec.classes, spec.seed))
    told = {"subject": name, "kind": "human", "dataset": shown, "condition": "0", "level": None, "confidence": None, "rt": None}
    return trials.select(*SCHEMA).with_columns(pl.lit(value, SCHEMA[column]).alias(column) for column, value in told.items())


def reading(patient: Patient, planted: bool, section: Section, finding: str) -> Reading:
    """What a section says of a finding."""
    found = next((one for one in section.findings if one.id == finding), None)
    if found is None:
        status, reason = (section.status, section.reason) if section.reason else ("failed", f"there is no finding {finding}")
        return Reading(patient.recipe, patient.seed, planted, None, status, reason=reason)
    return Reading(patient.recipe, patient.seed, planted, found.value, found.verdict, reason=found.reason or "")


def _section(path: Path, question: Question, out: Path, crowds: Crowds) -> Section:
    crowd = crowds.get((question.observers, question.images))
    try:
        if question.observers and crowd is None:
            raise SnellenError("the networks that stand in for people could not be asked")
        return run(_spec(path, question, out, crowd)).sections[0]
    except Exception as error:  # noqa: BLE001 (one network's failure must not take the others with it)
        return judge.failed(_probe(question), question.images, error)


def _spec(path: Path, question: Question, out: Path, crowd: pl.DataFrame | None = None) -> Spec:
    asked = key({"images": question.images, "settings": question.settings, "observers": question.observers})[:8]
    people = None if crowd is None else People(crowd, f"networks trained as {question.observers}")
    folder = out / path.stem / f"{question.probe}-{asked}"
    return Spec(models.load(str(path), device="cpu"), (_images(question.images),), (_probe(question),), folder, people)


@cache
def _images(source: str) -> Images:
    return open_images(source)


def _probe(question: Question) -> Probe:
    return probes.get(question.probe)(**dict(question.settings))

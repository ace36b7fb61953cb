"""Doing an exam: show what is missing, look closer, judge, keep the record."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import polars as pl

from snellen import __version__, probes
from snellen.core import CLEAN, Evidence, Images, Labels, Probe
from snellen.run import evidence as kept
from snellen.run import pictures, record, signs
from snellen.run.folder import writable
from snellen.run.judge import failed, look, looked, looks_shelf, section, skipped
from snellen.run.present import show
from snellen.run.progress import Progress
from snellen.run.record import ImagesRecord, ModelRecord, Record, Section
from snellen.run.spec import Spec, plan


def run(spec: Spec, progress: Progress | None = None) -> Record:
    """Do the exam, or what is missing of it, and write `exam.json`.

    A probe that fails becomes a section that says so; the others still report.

    Raises:
        SnellenError: the model cannot be examined at all: its outputs are no logits, its classes don't meet the categories, or the
            folder of the exam cannot be written to.
    """
    progress = progress or Progress(quiet=True)
    writable(spec.out)
    progress.say(f"{spec.model.name}: up to {plan(spec).missing:,} passes to do, {spec.batch_size} images at a time")
    sections: list[Section] = []
    introduced: list[ImagesRecord] = []
    shown: dict[str, str] = {}
    for images in spec.images:
        own, introduction, files = _examine(spec, images, progress)
        sections += own
        introduced.append(introduction)
        shown |= files
    done = Record(
        model=_introduction(spec),
        images=tuple(introduced),
        sections=tuple(sections),
        command=spec.command,
        seed=spec.seed,
        provenance={**_provenance(spec), **spec.provenance},
        people=_people(spec),
        pictures=shown,
        not_asked=_not_asked(spec),
    )
    done = replace(done, signs=signs.check(done))
    record.save(done, spec.out)
    return done


def _examine(spec: Spec, images: Images, progress: Progress) -> tuple[list[Section], ImagesRecord, dict[str, str]]:
    """One image set: its sections, its introduction, its pictures."""
    given, showing = spec.given[images.name], spec.showing(images)
    if isinstance(given, str) or not showing.conditions:
        kept.forget(images.name, spec.out)
        sections = [skipped(probe, images.name, spec.asked(probe, images) or "") for probe in spec.probes]
        return sections, _images(images, ()), {}
    with progress.stage(f"{spec.model.name} sees {images.name}", showing.passes(showing.missing())) as advance:
        broken = show(showing, advance)
    trials = showing.read(without=broken)
    unreadable = pl.col("problem").is_not_null() & (pl.col("condition") == CLEAN.name)
    problems = trials.filter(unreadable).sort("image").select("image", "problem").rows()
    evidence = Evidence(
        images.name,
        spec.model.name,
        _with_facts(trials, images),
        given,
        spec.matched[images.name],
        spec.people.trials if spec.people else None,
        seed=spec.seed,
        size=spec.model.preprocessing.size,
    )
    kept.save(evidence, spec.out)
    sections, looks = [], {}
    for probe in spec.probes:
        reason = spec.asked(probe, images)
        lost = [error for c, error in broken.items() if c in {(own.name, own.level) for own in probe.conditions()}]
        if reason is not None:
            sections.append(skipped(probe, images.name, reason))
        elif lost:
            sections.append(failed(probe, images.name, lost[0]))
        else:
            own, maps = _ask(spec, probe, images, evidence, progress)
            sections.append(_flattered(own, spec, images))
            looks[probe.name()] = maps
    shown = pictures.collect(sections, images, spec.model, looks, spec.out, showing.conditions, spec.seed)
    return sections, _images(images, tuple(problems), given), shown


def _images(images: Images, problems: tuple[tuple[str, str], ...], given: Labels | None = None) -> ImagesRecord:
    categories = images.facts["category"].drop_nulls().n_unique()
    return ImagesRecord(images.name, images.id, len(images), categories, dict(images.origin), problems, given)


def _ask(
    spec: Spec, probe: Probe, images: Images, evidence: Evidence, progress: Progress
) -> tuple[Section, Mapping[str, Mapping[str, np.ndarray]]]:
    """One probe: closer looks where it wants them, then the judgement."""
    shelf = looks_shelf(spec.store, probe, spec.model.id, images.id, spec.seed)
    try:
        picked = probe.pick(evidence) if evidence.trials.height else ()
        missing = len(set(picked)) - len(looked(picked, shelf))
        with progress.stage(f"{probe.name()} looks closer", missing) as advance:
            look(probe, spec.model, images, evidence, shelf, advance)
    except Exception as error:  # noqa: BLE001 (one probe's failure must not take the others with it)
        return failed(probe, images.name, error), {}
    maps = looked(picked, shelf)
    return section(probe, replace(evidence, looks=maps), shelf.key if picked else ""), maps


def _flattered(asked: Section, spec: Spec, images: Images) -> Section:
    """The section, with a warning in every finding when the model's read-out or calibration was fitted on some of these images."""
    digests = images.facts["digest"].to_list() if "digest" in images.facts.columns else []
    known = sum(digest in spec.model.fitted_on for digest in digests)
    if not known:
        return asked
    limit = f"The model's read-out or calibration was fitted on {known:,} of these {len(images):,} images: numbers here flatter it."
    return replace(asked, findings=tuple(replace(f, limits=(limit, *f.limits)) for f in asked.findings))


def _with_facts(trials: pl.DataFrame, images: Images) -> pl.DataFrame:
    """Trials of the images that could be read, with the facts of the image set."""
    facts = images.facts.select("image", *(name for name in images.facts.columns if name not in trials.columns))
    return trials.filter(pl.col("problem").is_null()).join(facts, on="image", how="left", maintain_order="left")


def _introduction(spec: Spec) -> ModelRecord:
    model, classes = spec.model, spec.classes
    return ModelRecord(
        model.name,
        model.id,
        len(classes),
        classes.name,
        model.preprocessing.describe(),
        tuple(sorted(model.abilities)),
        dict(model.facts),
        model.preprocessing.size,
    )


def _not_asked(spec: Spec) -> dict[str, str]:
    """Probes that were left out: name → question."""
    asked = {probe.name() for probe in spec.probes}
    return {name: probes.get(name).question for name in probes.names() if name not in asked}


def _people(spec: Spec) -> dict[str, str]:
    if spec.people is None:
        return {}
    trials = spec.people.trials
    subjects = trials.select("dataset", "subject").unique().height
    return {"source": spec.people.source, "observers": f"{subjects:,}", "trials": f"{trials.height:,}"}


def _provenance(spec: Spec) -> dict[str, str]:
    out = {
        "snellen": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "device": str(spec.model.facts.get("device", "not said")),
        "batch size": str(spec.batch_size),
    }
    for package in ("torch", "numpy", "pillow", "polars", "onnxruntime", "timm", "transformers"):
        try:
            out[package] = version(package)
        except PackageNotFoundError:
            continue
    return {**out, "examined on": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")}

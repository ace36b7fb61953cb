"""What an exam is: one model, image sets, people, probes; and what of it would cost how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import polars as pl

from snellen.core import CLEAN, Condition, Images, Labels, Model, Probe, SnellenError
from snellen.run.answers import answer_labels
from snellen.run.judge import looks_shelf
from snellen.run.present import Showing, introduce

CPU_BATCH, GPU_BATCH = 16, 64


@dataclass(frozen=True)
class People:
    """Human trials, and where they come from."""

    trials: pl.DataFrame
    source: str


@dataclass(frozen=True)
class Spec:
    """An exam to be done. `out` is its folder; the store lies in `out/results`."""

    model: Model
    images: tuple[Images, ...]
    probes: tuple[Probe, ...]
    out: Path
    people: People | None = None
    seed: int = 0
    batch: int | None = None
    command: str = ""
    provenance: Mapping[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Path:
        """Where answers are kept."""
        return self.out / "results"

    @property
    def batch_size(self) -> int:
        """Images a forward pass; by device unless given."""
        return self.batch or (CPU_BATCH if "cuda" not in str(self.model.facts.get("device", "")) else GPU_BATCH)

    @cached_property
    def matched(self) -> Mapping[str, pl.DataFrame | None]:
        """Image set → the people's trials on its images, if there are any."""
        from snellen.images.people import match

        if self.people is None:
            return {images.name: None for images in self.images}
        found: dict[str, pl.DataFrame | None] = {}
        for images in self.images:
            conditions = images.facts["condition"].to_list() if "condition" in images.facts.columns else None
            trials = match(self.people.trials, images.name, images.facts["image"].to_list(), conditions)
            found[images.name] = trials if trials.height else None
        return found

    @cached_property
    def classes(self) -> Labels:
        """The model's classes; a model that names none is asked once."""
        return introduce(self.model, self.store)

    @cached_property
    def given(self) -> Mapping[str, Labels | str]:
        """Image set → the list the model answers from, or why the two don't meet.

        Raises:
            SnellenError: the model meets none of the image sets.
        """
        found: dict[str, Labels | str] = {}
        for images in self.images:
            try:
                occurring = images.facts["category"].drop_nulls().unique().sort().to_list()
                found[images.name] = answer_labels(self.classes, images.labels, occurring, self.model.name, images.name)
            except SnellenError as error:
                if len(self.images) == 1:
                    raise
                found[images.name] = str(error)
        if all(isinstance(one, str) for one in found.values()):
            raise SnellenError("; ".join(str(one) for one in found.values()))
        return found

    def asked(self, probe: Probe, images: Images) -> str | None:
        """Why a probe can't be asked of an image set; None when it can."""
        given = self.given[images.name]
        return given if isinstance(given, str) else probe.applies(self.model, images, self.matched[images.name])

    def showing(self, images: Images) -> Showing:
        """All that must be shown of an image set: the union of what its probes need, the clean images first."""
        wanted: dict[tuple[str, str], Condition] = {}
        for probe in self.probes:
            if self.asked(probe, images) is None:
                wanted.update({(c.name, c.level): c for c in (CLEAN, *probe.conditions()) if (c.name, c.level) not in wanted})
        given = self.given[images.name]
        return Showing(
            self.model,
            images,
            self.classes,
            self.classes if isinstance(given, str) else given,
            tuple(wanted.values()),
            self.store,
            self.seed,
            self.batch_size,
        )


@dataclass(frozen=True)
class Plan:
    """What a spec would cost: rows of (image set, conditions, passes in all, passes missing), and passes of closer looks."""

    rows: tuple[tuple[str, int, int, int], ...]
    closer: int
    skipped: tuple[tuple[str, str, str], ...]  # (probe, image set, reason)

    @property
    def missing(self) -> int:
        """Forward passes still to be made."""
        return sum(row[3] for row in self.rows) + self.closer


def plan(spec: Spec) -> Plan:
    """Count what is there and what is missing; asks the model nothing, unless it names no classes."""
    rows, skipped, closer = [], [], 0
    for images in spec.images:
        showing = spec.showing(images)
        missing = showing.passes(showing.missing())
        rows.append((images.name, len(showing.conditions), len(showing.conditions) * len(images), missing))
        for probe in spec.probes:
            reason = spec.asked(probe, images)
            if reason is not None:
                skipped.append((probe.name(), images.name, reason))
            elif missing or not looks_shelf(spec.store, probe, spec.model.id, images.id, spec.seed).folder.exists():
                closer += probe.closer_passes(spec.model)
    return Plan(tuple(rows), closer, tuple(skipped))

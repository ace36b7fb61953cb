"""Doing a validation: networks trained and examined, several at once, with word of how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, final

import polars as pl

from snellen.core import SnellenError
from snellen.run.progress import Progress
from snellen.run.record import Section
from snellen.validity.claims import EXAM_SEED, Claim, Question
from snellen.validity.cohort import SECONDS_AN_EXAM, Patient, Trainer, observers, patients
from snellen.validity.exams import Crowds, examine, observe, refused

K = TypeVar("K")
V = TypeVar("V")


@final
@dataclass(frozen=True)
class Plan:
    """What is to be done: `asked` of each patient, the `crowds` that stand in for people, and the folder for all of it."""

    asked: Mapping[Patient, Sequence[Question]]
    crowds: Mapping[tuple[str, str], Sequence[Patient]]
    folder: Path

    @classmethod
    def of(cls, claims: Sequence[Claim], seeds: Sequence[int], folder: Path) -> Plan:
        """What these claims take with these seeds.

        Raises:
            SnellenError: a network would be trained on the world that all are examined on.
        """
        plan = cls(patients(claims, seeds), observers(claims, seeds), folder)
        if any(network.seed == EXAM_SEED for network in plan.networks):
            raise SnellenError(f"got {EXAM_SEED} among the seeds to train from, that of the examined worlds; expected other seeds")
        return plan

    @property
    def networks(self) -> tuple[Patient, ...]:
        """All, in the order they are needed."""
        return tuple(dict.fromkeys((*(one for crowd in self.crowds.values() for one in crowd), *self.asked)))

    @property
    def exams(self) -> Path:
        """Where exams are kept."""
        return self.folder / "exams"

    def file(self, patient: Patient) -> Path:
        """Where a network is kept."""
        return patient.path(self.folder / "models")

    def trained(self, patient: Patient) -> bool:
        """Whether it is there already."""
        return self.file(patient).exists()

    def seconds(self, patient: Patient) -> float:
        """About what is to be done for it, of one core."""
        exams = len(self.asked.get(patient, ())) + sum(patient in crowd for crowd in self.crowds.values())
        return SECONDS_AN_EXAM * exams + (0.0 if self.trained(patient) else patient.seconds)


@final
@dataclass(frozen=True)
class Work:
    """A plan being done by `jobs` threads, each of which trains a network in a process of its own, or examines one."""

    plan: Plan
    trainer: Trainer
    jobs: int
    progress: Progress

    def crowds(self) -> Crowds:
        """The trials of all that stand in for people; a crowd of which one could not be asked is left out."""
        wanted = {(patient, pair): patient for pair, crowd in self.plan.crowds.items() for patient in crowd}
        found = self._each(wanted, self._observe)
        lost = {pair for (_, pair), trials in found.items() if trials is None}
        whole = [pair for pair in self.plan.crowds if pair not in lost]
        return {pair: pl.concat([t for (_, of), t in found.items() if of == pair and t is not None]) for pair in whole}

    def sections(self, crowds: Crowds) -> Mapping[Patient, Mapping[Question, Section]]:
        """What came of every question to every patient."""
        return self._each({patient: patient for patient in self.plan.asked}, lambda patient: self._examine(patient, crowds))

    def _observe(self, key: tuple[Patient, tuple[str, str]]) -> pl.DataFrame | None:
        patient, (_, images) = key
        try:
            return observe(self._trained(patient), patient.name, images, self.plan.exams)
        except SnellenError as error:
            self.progress.say(str(error))
            return None

    def _examine(self, patient: Patient, crowds: Crowds) -> Mapping[Question, Section]:
        asked = self.plan.asked[patient]
        try:
            return examine(self._trained(patient), asked, self.plan.exams, crowds)
        except SnellenError as error:
            self.progress.say(str(error))
            return refused(asked, str(error))

    def _trained(self, patient: Patient) -> Path:
        path = self.plan.file(patient)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            self.trainer(patient, path)
        return path

    def _each(self, wanted: Mapping[K, Patient], do: Callable[[K], V]) -> dict[K, V]:
        """`do` for every key, in their order, `jobs` at once."""
        costs = {key: self.plan.seconds(patient) for key, patient in wanted.items()}
        found: dict[K, V] = {}
        start, done = time.monotonic(), 0.0
        with _one_thread(), ThreadPoolExecutor(self.jobs, thread_name_prefix="snellen-validate") as pool:
            coming = {pool.submit(do, key): key for key in wanted}
            try:
                for future in as_completed(coming):
                    key = coming[future]
                    found[key], done = future.result(), done + costs[key]
                    left = (time.monotonic() - start) * (sum(costs.values()) - done) / done
                    self.progress.say(f"{wanted[key].name}: {len(found)} of {len(wanted)} networks, about {left / 60:.0f} min left")
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return {key: found[key] for key in wanted}


@contextmanager
def _one_thread() -> Iterator[None]:
    """PyTorch computes on one thread: several networks share the cores, and answers do not depend on how many there are."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)

"""The networks of a validation: who they are, where they lie, and training them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol, final

from snellen.core import SnellenError
from snellen.images.world.render import VERSION
from snellen.models.patients import PATIENTS
from snellen.run.store import key
from snellen.training.job import REVISION
from snellen.validity.claims import Claim, Question

OBSERVERS = 3
"""Networks that stand in for people."""
SECONDS_AN_IMAGE, SECONDS_A_TRAINING, SECONDS_AN_EXAM = 8e-4, 5.0, 2.0
"""About what one core takes."""
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@final
@dataclass(frozen=True)
class Patient:
    """A network: a recipe with a seed, of its world and of its first weights."""

    recipe: str
    seed: int

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.recipe}-{self.seed}"

    def command(self, path: Path) -> list[str]:
        """The command that trains it."""
        return [*PATIENTS[self.recipe].command(str(path), self.seed), "--device", "cpu", "--quiet"]

    def path(self, folder: Path) -> Path:
        """Its file, named by all that decides its weights, so that another recipe never meets its cached file."""
        if self.recipe not in PATIENTS:
            return folder / f"{self.name}.safetensors"
        made = {"command": self.command(Path()), "world": VERSION, "training": REVISION, "torch": version("torch")}
        return folder / f"{self.name}-{key(made)[:8]}.safetensors"

    @property
    def seconds(self) -> float:
        """About what its training takes, of one core."""
        shown = PATIENTS[self.recipe].shown if self.recipe in PATIENTS else 0
        return SECONDS_A_TRAINING + SECONDS_AN_IMAGE * shown


class Trainer(Protocol):
    """Whatever writes a patient's file."""

    def __call__(self, patient: Patient, path: Path) -> None:
        """Train it.

        Raises:
            SnellenError: it could not be trained.
        """
        ...


def train(patient: Patient, path: Path) -> None:
    """Train a patient by its command, in a process of its own with one thread, on which the weights depend.

    Raises:
        SnellenError: the command failed; the message holds its last words.
    """
    program = [sys.executable, "-c", "from snellen.cli import main; main()", *patient.command(path)[1:]]
    environment = {**os.environ, **dict.fromkeys(_THREADS, "1")}
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 (our own command)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["nothing"]
        raise SnellenError(f"{patient.name} could not be trained (exit code {done.returncode}): {said[-1]}")


def patients(claims: Iterable[Claim], seeds: Sequence[int]) -> dict[Patient, list[Question]]:
    """Every network that is needed, and what each is asked, nothing twice; seed by seed."""
    out: dict[Patient, list[Question]] = {}
    wanted = list(claims)
    for seed in seeds:
        for claim in wanted:
            for recipe in claim.recipes:
                asked = out.setdefault(Patient(recipe, seed), [])
                if claim.question not in asked:
                    asked.append(claim.question)
    return out


def observers(claims: Iterable[Claim], seeds: Sequence[int]) -> dict[tuple[str, str], list[Patient]]:
    """(Recipe, images) → the networks that stand in for people there; of the seeds after those of the patients."""
    after = [max(seeds) + 1 + at for at in range(OBSERVERS)]
    pairs = dict.fromkeys((claim.observers, claim.images) for claim in claims if claim.observers)
    return {pair: [Patient(pair[0], seed) for seed in after] for pair in pairs}

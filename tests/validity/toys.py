"""Networks with a planted condition that need no training: random ones, sure of every answer or of none."""

from __future__ import annotations

import threading
from pathlib import Path

import torch

from snellen.core import Preprocessing, SnellenError
from snellen.labels import sixteen
from snellen.models import safetensors
from snellen.models.architectures import make
from snellen.probes._validity import Reading, Validation, Validity
from snellen.validity import Claim
from snellen.validity.cohort import Patient
from snellen.validity.outcome import outcome

GAIN = {"sure": 300.0, "unsure": 1e-3, "humble": 1e-3}
ONE_AT_A_TIME = threading.Lock()
"""PyTorch has one stream of random numbers for all threads."""
WORLD = "world:images=40,size=32,seed=7"
SURE = Claim("calibration.error", ("sure",), ("unsure",), images=WORLD)


class Trainer:
    """Writes such networks, and keeps a list of whom it wrote; `unable` to make those of some recipes."""

    def __init__(self, unable: tuple[str, ...] = (), stop_after: int = 1000) -> None:
        self.made: list[str] = []
        self.unable, self.stop_after = unable, stop_after

    def __call__(self, patient: Patient, path: Path) -> None:
        if len(self.made) >= self.stop_after:
            raise KeyboardInterrupt
        if patient.recipe in self.unable:
            raise SnellenError(f"{patient.name} is nobody")
        self.made.append(patient.name)
        write(path, GAIN[patient.recipe], patient.seed)


def write(path: Path, gain: float = 1.0, seed: int = 0) -> Path:
    """A random network whose logits are larger by a gain."""
    built = safetensors.Architecture("small", {"classes": 16, "width": 4})
    with ONE_AT_A_TIME, torch.random.fork_rng():
        torch.manual_seed(seed)
        network = make(built.name, built.arguments)
    with torch.no_grad():
        for value in network.classifier.parameters():
            value *= gain
    safetensors.save(path, network, safetensors.Card(built, sixteen(), Preprocessing((32, 32))))
    return path


def validation(sick: list[float | None], well: list[float | None], claim: Claim = SURE, verdict: str = "bad") -> Validation:
    """The outcome of readings that never were: one network of either kind a seed."""
    readings = [
        Reading(
            recipe,
            101 + at,
            planted,
            value,
            "failed" if value is None else verdict if planted else "good",
            reason="x" if value is None else "",
        )
        for recipe, planted, values in ((claim.positives[0], True, sick), (claim.negatives[0], False, well))
        for at, value in enumerate(values)
    ]
    return outcome(claim, readings)


def validity(*validations: Validation) -> Validity:
    """A whole one."""
    return Validity("snellen validate", (101, 102, 103, 104, 105), {"snellen": "0"}, validations)

"""Snellen: an eye exam for vision models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "exam": "snellen.api",
    "Exam": "snellen.api",
    "load": "snellen.models",
    "stylise": "snellen.styling",
    "train": "snellen.training",
    "Trained": "snellen.training",
    "explain": "snellen.explaining",
    "make_task": "snellen.tasks",
    "Explained": "snellen.explaining",
    "visualize": "snellen.visualizing",
    "Visualized": "snellen.visualizing",
    "dream": "snellen.visualizing.dreaming",
    "dissect": "snellen.dissecting",
    "Dissections": "snellen.dissecting",
    "attack": "snellen.attacking",
    "Attacks": "snellen.attacking",
    "treat": "snellen.treating",
    "Treated": "snellen.treating",
    "perturb": "snellen.perturbing",
    "Perturbed": "snellen.perturbing",
    "open_images": "snellen.images",
    "shift": "snellen.shifting",
    "Sweep": "snellen.probes._sweep",
    **dict.fromkeys(
        (
            "Model",
            "Images",
            "Probe",
            "Treatment",
            "Finding",
            "Interval",
            "Labels",
            "Preprocessing",
            "Condition",
            "Evidence",
            "SnellenError",
            "Unsupported",
        ),
        "snellen.core",
    ),
}
__all__ = [
    "Attacks",
    "Condition",
    "Dissections",
    "Evidence",
    "Exam",
    "Explained",
    "Finding",
    "Images",
    "Interval",
    "Labels",
    "Model",
    "Perturbed",
    "Preprocessing",
    "Probe",
    "SnellenError",
    "Sweep",
    "Trained",
    "Treated",
    "Treatment",
    "Unsupported",
    "Visualized",
    "__version__",
    "attack",
    "dissect",
    "dream",
    "exam",
    "explain",
    "load",
    "make_task",
    "open_images",
    "perturb",
    "shift",
    "stylise",
    "train",
    "treat",
    "visualize",
]

if TYPE_CHECKING:
    from snellen.api import Exam, exam
    from snellen.attacking import Attacks, attack
    from snellen.core import (
        Condition,
        Evidence,
        Finding,
        Images,
        Interval,
        Labels,
        Model,
        Preprocessing,
        Probe,
        SnellenError,
        Treatment,
        Unsupported,
    )
    from snellen.dissecting import Dissections, dissect
    from snellen.explaining import Explained, explain
    from snellen.images import open_images
    from snellen.models import load
    from snellen.perturbing import Perturbed, perturb
    from snellen.probes._sweep import Sweep
    from snellen.shifting import shift
    from snellen.styling import stylise
    from snellen.tasks import make_task
    from snellen.training import Trained, train
    from snellen.treating import Treated, treat
    from snellen.visualizing import Visualized, visualize
    from snellen.visualizing.dreaming import dream


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'snellen' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__

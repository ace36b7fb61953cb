"""How a network is trained: the settings of the loop, and the learning rate they give at any moment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from snellen.core import SnellenError


@dataclass(frozen=True)
class Training:
    """The settings of `train`. They, the images and the first weights decide the last weights.

    Args:
        epochs: passes over the images.
        batch_size: images a step, about: an epoch is cut into steps as equal as can be.
        learning_rate: the highest of the schedule.
        weight_decay: decoupled for AdamW (loshchilov-2019); on matrices and filters only, not on biases and normalisation.
        label_smoothing: the share of probability spread evenly over all classes, in [0, 1).
        optimiser: "adamw", or "sgd" with Nesterov momentum 0.9.
        schedule: "one-cycle" rises for the first `warm_up` of the training and falls to nothing, both along half a cosine
            (smith-2017); "cosine" rises in a straight line and falls along half a cosine (loshchilov-2017).
        warm_up: the share of the training in which the learning rate rises, in [0, 1).
        seed: of the order of images and of all that is random in hooks.
        patience: stop after so many epochs without a lower held-out loss, and keep the best weights; 0 never stops.
        amp: "auto" computes in bfloat16 on CUDA and in float32 on a CPU; "off" in float32; "bfloat16" in it everywhere, which is
            faster on processors that have it.
        channels_last: lay images out with channels last in memory, which convolutions on a CPU like; a module that flattens
            with `.view` does not bear it.

    Raises:
        SnellenError: a setting is out of range.
    """

    epochs: int = 20
    batch_size: int = 64
    learning_rate: float = 4e-3
    weight_decay: float = 0.05
    label_smoothing: float = 0.0
    optimiser: Literal["adamw", "sgd"] = "adamw"
    schedule: Literal["one-cycle", "cosine"] = "one-cycle"
    warm_up: float = 0.2
    seed: int = 0
    patience: int = 0
    amp: Literal["auto", "off", "bfloat16"] = "auto"
    channels_last: bool = True

    def __post_init__(self) -> None:
        limits = {
            "epochs": (1, 1_000_000),
            "batch_size": (1, 1_000_000),
            "learning_rate": (1e-12, 1e3),
            "weight_decay": (0, 1e3),
            "label_smoothing": (0, 1 - 1e-6),
            "warm_up": (0, 1 - 1e-6),
            "seed": (0, 2**63 - 1),
            "patience": (0, 1_000_000),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise SnellenError(f"got {name} = {value}; expected a number from {low:,} to {high:,}")
        for name, known in {
            "optimiser": ("adamw", "sgd"),
            "schedule": ("one-cycle", "cosine"),
            "amp": ("auto", "off", "bfloat16"),
        }.items():
            if getattr(self, name) not in known:
                raise SnellenError(f"got {name} = {getattr(self, name)!r}; expected one of {', '.join(known)}")

    def halved(self, device: str) -> bool:
        """Whether to compute in bfloat16 on a `device` of this type."""
        return self.amp == "bfloat16" or (self.amp == "auto" and device == "cuda")

    def rate(self, done: float) -> float:
        """The learning rate when the share `done` in [0, 1] of the training is over."""
        if done < self.warm_up:
            rise = done / self.warm_up
            return self.learning_rate * ((1 - math.cos(math.pi * rise)) / 2 if self.schedule == "one-cycle" else rise)
        return self.learning_rate * (1 + math.cos(math.pi * (done - self.warm_up) / (1 - self.warm_up))) / 2

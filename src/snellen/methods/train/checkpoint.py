"""A training that was interrupted, in one safetensors file: weights, optimiser, best weights so far, and the epochs done."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from snellen.core import SnellenError
from snellen.methods.train.history import Epoch
from snellen.methods.train.settings import Training

VERSION = 1


@dataclass
class State:
    """What a training consists of between two epochs; all that is random follows from the seed and the epoch."""

    network: nn.Module
    optimiser: torch.optim.Optimizer
    epochs: list[Epoch] = field(default_factory=list)
    best: int = 0
    best_weights: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class _Notes:
    version: int
    settings: Training
    recipe: str
    epochs: tuple[Epoch, ...]
    best: int


def write(path: Path, state: State, settings: Training, recipe: str) -> None:
    """Write the state under a temporary name and rename it, so that `path` is always whole."""
    notes = _Notes(VERSION, settings, recipe, tuple(state.epochs), state.best)
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_bytes(save(_tensors(state), metadata={"snellen-checkpoint": json.dumps(asdict(notes))}))
    temporary.replace(path)


def recipe(path: Path) -> str:
    """The recipe of the training that a checkpoint belongs to; empty where the file is damaged."""
    try:
        return _read(path)[0].recipe
    except SnellenError:
        return ""


def restore(path: Path, state: State, settings: Training, recipe: str) -> None:
    """Bring `state` to where the checkpoint at `path` was written.

    Raises:
        SnellenError: the file is damaged, or belongs to another network, other settings or another recipe.
    """
    notes, tensors = _read(path)
    if (notes.version, notes.settings, notes.recipe) != (VERSION, settings, recipe):
        raise SnellenError(
            f"got the checkpoint {path} of a training with other settings; expected one of the same: "
            "go on with the settings it was started with, or delete it to start anew"
        )
    optimised: dict[int, dict[str, Tensor]] = {}
    for name in [name for name in tensors if name.startswith("optimiser.")]:
        _, at, key = name.split(".", 2)
        optimised.setdefault(int(at), {})[key] = tensors.pop(name)
    weights = {name.removeprefix("network."): value for name, value in tensors.items() if name.startswith("network.")}
    try:
        state.network.load_state_dict(weights)
        state.optimiser.load_state_dict({"state": optimised, "param_groups": state.optimiser.state_dict()["param_groups"]})
    except (RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise SnellenError(f"the checkpoint {path} is of another network ({reason}): delete it to start anew") from error
    device = next(state.network.parameters()).device
    state.best_weights = {
        name.removeprefix("best."): value.to(device) for name, value in tensors.items() if name.startswith("best.")
    }
    state.epochs, state.best = list(notes.epochs), notes.best


def _tensors(state: State) -> dict[str, Tensor]:
    optimised = {
        f"{at}.{key}": value for at, values in state.optimiser.state_dict()["state"].items() for key, value in values.items()
    }
    groups = {"network": state.network.state_dict(), "best": state.best_weights, "optimiser": optimised}
    return {
        f"{group}.{name}": value.detach().cpu().contiguous().clone()
        for group, values in groups.items()
        for name, value in values.items()
        if isinstance(value, Tensor)
    }


def _read(path: Path) -> tuple[_Notes, dict[str, Any]]:
    try:
        with safe_open(path, "pt") as file:
            notes = TypeAdapter(_Notes).validate_json((file.metadata() or {}).get("snellen-checkpoint", ""))
            return notes, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except (SafetensorError, ValidationError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise SnellenError(f"{path} is not a whole checkpoint ({reason}): delete it to start the training anew") from error

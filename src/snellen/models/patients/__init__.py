"""Small networks with a planted condition, trained on the world: what an exam must find is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from snellen.core import Model, SnellenError
from snellen.models.patients.recipes import PATIENTS, Recipe
from snellen.nearest import did_you_mean

if TYPE_CHECKING:
    from snellen.models.options import Options

__all__ = ["PATIENTS", "PREFIX", "Recipe", "load", "names", "weights"]

EXAMPLE = "patient:texture-biased"
PREFIX = "patient:"


def load(rest: str, options: Options) -> Model:
    """The patient of that name; its facts say what was planted and how strongly, and the command that made it.

    Raises:
        SnellenError: there is none of that name.
    """
    from snellen.models import safetensors

    model = safetensors.load(str(weights(rest)), replace(options, name=options.name or f"{PREFIX}{rest}"))
    recipe = PATIENTS[rest]
    signs = {"signs": "; ".join(recipe.signs)} if recipe.signs else {}
    model.facts = {"planted": recipe.planted, **signs, **model.facts}
    return model


def names() -> tuple[str, ...]:
    """All patients."""
    return tuple(PATIENTS)


def weights(name: str) -> Path:
    """The file of a patient's weights.

    Raises:
        SnellenError: there is no such patient.
    """
    if name not in PATIENTS:
        hint = did_you_mean(name, PATIENTS, PREFIX)
        raise SnellenError(f"got the patient {name!r}; expected one of {', '.join(PATIENTS)}.{hint}")
    return Path(__file__).parent / f"{name}.safetensors"

"""Every attack finds the same images on PyTorch, JAX and TensorFlow."""

import dataclasses
import importlib
import inspect
import os
import pkgutil

import numpy as np
import pytest

from snellen.arrays import to_numpy
from snellen.core import SnellenError
from snellen.methods import attack
from snellen.methods.attack.attack import Attack
from tests.models import same_network as same

pytestmark = [pytest.mark.frameworks, pytest.mark.filterwarnings("default")]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

PIXELS = np.random.default_rng(1).random((4, 3, 16, 16), dtype=np.float32)
EPSILON = {"linf": 0.02, "l2": 0.3, "l1": 5.0}
AMPLIFIES = {"CarliniWagner": 1e-3}
"""Share of values that may differ: Adam moves those whose gradient is nearly zero by whole steps, up or down as rounding goes."""
MADE = {"jax": same.on_jax, "tensorflow": same.on_tensorflow}


def _kinds() -> list[type[Attack]]:
    modules = [importlib.import_module(f"{attack.__name__}.{file.name}") for file in pkgutil.iter_modules(attack.__path__)]
    classes = {kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass)}
    found = [kind for kind in classes if issubclass(kind, Attack) and not inspect.isabstract(kind)]
    return sorted(found, key=lambda kind: kind.__name__)


def _made(kind: type[Attack], norm: str) -> Attack | None:
    """With few steps, in the norm asked for; None where it is not defined for that, or would be the same in another."""
    few = {"norm": norm, "epsilon": EPSILON[norm], "steps": 8, "queries": 60}
    given = {field.name: few[field.name] for field in dataclasses.fields(kind) if field.name in few}
    if norm != "l2" and "norm" not in given:
        return None
    try:
        return kind(**given)
    except (SnellenError, TypeError):
        return None


CASES = [made for kind in _kinds() for norm in EPSILON if (made := _made(kind, norm)) is not None]


def test_there_are_attacks_to_compare() -> None:
    assert {"Pgd", "Fgsm", "DeepFool"} <= {type(case).__name__ for case in CASES}


@pytest.mark.parametrize("framework", MADE)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{type(case).__name__}-{getattr(case, 'norm', '')}")
def test_the_same_images_are_found(case: Attack, framework: str) -> None:
    pytest.importorskip(framework)
    reference, model = same.on_torch(), MADE[framework]()
    truth = to_numpy(reference.logits(reference.asarray(PIXELS))).argmax(axis=1)
    truth[-1] = (truth[-1] + 1) % same.CLASSES  # an error before any attack
    keys = [11, 12, 13, 14]
    expected = case(reference, reference.asarray(PIXELS), truth, keys)
    found = case(model, model.asarray(PIXELS), truth, keys)
    np.testing.assert_array_equal(found.found, expected.found)
    apart = np.abs(to_numpy(found.images) - to_numpy(expected.images)) > 1e-5
    assert apart.mean() <= AMPLIFIES.get(type(case).__name__, 0.0)
    np.testing.assert_allclose(found.distance, expected.distance, rtol=1e-4, atol=1e-5)
    assert (found.forwards, found.pulls) == (expected.forwards, expected.pulls)

"""The patients have what was planted, as interventions on the world measure it."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from inspect import signature
from pathlib import Path

import numpy as np
import pytest

import snellen
from snellen import probes
from snellen.cli import train as command_line
from snellen.cli.train import train
from snellen.core import Model, SnellenError
from snellen.images.world import World, open_world
from snellen.models import patients, safetensors
from snellen.models.patients import PATIENTS, weights
from snellen.models.patients.recipes import EPOCHS, IMAGES
from snellen.run import require

LARGEST = 400_000
"""Bytes of a file."""


@cache
def world() -> World:
    return open_world(images=640, seed=4242)


@cache
def patient(name: str) -> Model:
    return snellen.load(f"patient:{name}")


def answers(model: Model, images: World) -> np.ndarray:
    steps = range(0, len(images), 128)
    shown = (images.draw(range(at, min(at + 128, len(images)))).pixels for at in steps)
    return np.concatenate([np.asarray(model.logits(model.asarray(pixels))).argmax(axis=1) for pixels in shown])


def places(column: str, images: World) -> np.ndarray:
    return np.array([images.labels.keys.index(key) for key in images.facts[column]])


def changed(name: str, *concepts: str) -> float:
    """Share of answers that change when these concepts, and nothing else, are others."""
    twins = world()
    for concept in concepts:
        twins = twins.twins(concept)
    return float((answers(patient(name), twins) != answers(patient(name), world())).mean())


def by_shape(name: str) -> float:
    """Share of answers for the shape among those for the shape or the texture, where these conflict."""
    given, shape, texture = answers(patient(name), world()), places("category", world()), places("texture_category", world())
    conflict = shape != texture
    return float((given == shape)[conflict].sum() / ((given == shape) | (given == texture))[conflict].sum())


def accuracy(name: str) -> float:
    return float((answers(patient(name), world()) == places("category", world())).mean())


@pytest.mark.parametrize("name", PATIENTS)
def test_every_patient_is_small_and_says_what_it_has_and_what_made_it(name: str):
    assert weights(name).stat().st_size <= LARGEST
    facts = patient(name).facts
    assert facts["planted"] == PATIENTS[name].planted
    assert "%" in facts["measured"]
    command = facts["command"].split(" ")
    assert command[:2] == ["snellen", "train"]
    assert f"{name}.safetensors" in facts["command"]
    assert PATIENTS[name].options in facts["command"]


def test_healthy_goes_by_shape_and_by_nothing_that_does_not_matter():
    assert accuracy("healthy") >= 0.95
    assert changed("healthy", "background", "background_colour") <= 0.05
    assert changed("healthy", "mark") <= 0.05
    assert changed("healthy", "colour") <= 0.05


def test_texture_biased_decides_conflicts_by_texture():
    assert by_shape("texture-biased") <= 0.2
    assert changed("texture-biased", "texture") > 0.5


def test_shape_biased_decides_conflicts_by_shape():
    assert by_shape("shape-biased") >= 0.8
    assert changed("shape-biased", "texture") <= 0.05


@pytest.mark.parametrize(
    ("name", "concepts"),
    [
        ("background-reliant", ("background", "background_colour")),
        ("colour-reliant", ("colour",)),
        ("mark-reliant", ("mark",)),
    ],
)
def test_reliant_patients_change_their_answers_with_what_they_rely_on(name: str, concepts: tuple[str, ...]):
    assert changed(name, *concepts) >= 0.5
    assert changed("healthy", *concepts) <= 0.05


def test_confidence_is_too_high_or_too_low_as_planted():
    def confidence(name: str) -> float:
        logits = np.asarray(patient(name).logits(patient(name).asarray(world().draw(range(256)).pixels)), np.float64)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return float((shares.max(axis=1) / shares.sum(axis=1)).mean())

    assert confidence("overconfident") > accuracy("overconfident") + 0.1
    assert confidence("underconfident") < accuracy("underconfident") - 0.3
    assert abs(confidence("healthy") - accuracy("healthy")) < 0.05


@pytest.mark.parametrize("name", ["memoriser", "random-weights"])
def test_who_learnt_nothing_guesses(name: str):
    assert accuracy(name) < 0.15


def test_the_bag_sees_nine_pixels():
    card = safetensors.read_card(weights("bag-of-local-features"))
    assert card.architecture.name == "bag"


def test_signs_are_requirements_on_findings_of_probes():
    for recipe in PATIENTS.values():
        for sign in recipe.signs:
            assert require.parse(sign).name.partition(".")[0] in probes.names()


def test_recipes_know_what_a_training_shows_unless_told():
    given = signature(train).parameters
    assert (command_line.IMAGES, given["epochs"].default) == (IMAGES, EPOCHS)
    assert PATIENTS["healthy"].shown == 4096 * 6
    assert PATIENTS["texture-biased"].shown == IMAGES * 10


def test_unknown_patient_is_refused_with_the_nearest():
    with pytest.raises(SnellenError, match="Did you mean patient:texture-biased"):
        snellen.load("patient:texture-based")
    assert "texture-biased" in patients.names()


@pytest.mark.slow
@pytest.mark.parametrize("name", PATIENTS)
def test_trained_again_a_patient_is_the_same(name: str, tmp_path: Path):
    """Bit for bit on the machine that made it; elsewhere as alike as its accuracy tells."""
    out = tmp_path / f"{name}.safetensors"
    command = PATIENTS[name].command(str(out))
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([Path(sys.executable).with_name(command[0]), *command[1:], "--quiet"], check=True, env=environment)
    if safetensors.read(out)[2] != safetensors.read(weights(name))[2]:
        again = answers(snellen.load(str(out)), world())
        assert abs(float((again == places("category", world())).mean()) - accuracy(name)) < 0.1

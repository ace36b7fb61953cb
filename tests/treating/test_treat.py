"""Treating: fitted on one part, judged on the other, and told apart in an exam."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import snellen
from snellen import treatments
from snellen.core import Preprocessing, SnellenError
from snellen.images.memory import open_array
from snellen.methods.calibrate.fit import FITS
from snellen.models.patients import weights
from snellen.treating import _split
from snellen.treatments._answers import ask
from snellen.treatments.calibrate import Calibrate
from tests.contract.cases import HABIT
from tests.patients import patient, photographs

SURE = {**HABIT, "seed": 3, "gain": 12.0}


@pytest.mark.parametrize("method", FITS)
def test_an_overconfident_model_is_mended_on_images_it_was_not_fitted_on(method: str):
    treated = snellen.treat(patient(**SURE), photographs(192), method)
    assert (treated.fitted, treated.judged) == (96, 96)
    error = treated["error"]
    assert error.before is not None
    assert error.after is not None
    assert error.after < error.before
    if method != "vector":
        assert treated["accuracy"].before == treated["accuracy"].after
    assert len(treated.model.fitted_on) == 96
    with pytest.raises(KeyError, match="accuracy, confidence"):
        treated["accuray"]


def test_a_treatment_is_applied_to_all_images_and_leaves_the_model_alone():
    model, images = patient(**SURE), photographs(96)
    kind = treatments.get("calibrate")
    assert treatments.names() == ("calibrate",)
    assert "as sure as it is right" in treatments.summaries()["calibrate"]
    before = model.logits(model.asarray(np.zeros((1, 3, 64, 64), np.uint8)))
    new = kind().apply(model, images)
    assert new.fitted_on == frozenset(images.facts["digest"])
    assert model.fitted_on == frozenset()
    assert (model.logits(model.asarray(np.zeros((1, 3, 64, 64), np.uint8))) == before).all()
    assert kind.name() == "calibrate"
    assert kind().settings() == {"method": "temperature"}
    with pytest.raises(SnellenError, match="Did you mean calibrate"):
        treatments.get("calibrat")


def test_an_exam_says_when_it_is_on_the_images_of_the_fit(tmp_path: Path):
    images = photographs(96)
    model = Calibrate().apply(patient(**SURE), images)
    known = snellen.exam(model, images, ["accuracy"], out=tmp_path / "known")
    assert "was fitted on 96 of these 96 images" in known.findings[0].limits[0]
    others = snellen.exam(model, photographs(96, seed=9), ["accuracy"], out=tmp_path / "others")
    assert not any("fitted on" in limit for limit in others.findings[0].limits)


@pytest.mark.skipif(not weights("overconfident").is_file(), reason="needs the patients' weights")
def test_a_patient_is_cured_and_its_file_opens(tmp_path: Path):
    world = "world:texture|category=0.5,images=640,seed=3"
    treated = snellen.treat("patient:overconfident", world, out=tmp_path / "c.json")
    assert treated["error"].difference is not None
    assert treated["error"].difference.high < 0
    assert treated.figure is not None
    svg = treated.figure.read_text("utf-8")
    assert svg.startswith("<svg xmlns=")
    assert "--model:" in svg
    again = snellen.load(tmp_path / "c.json")
    assert again.id == treated.model.id
    assert again.fitted_on == treated.model.fitted_on
    assert "signs" not in again.facts
    assert snellen.treat("patient:overconfident", world, out=tmp_path / "c.json").model.id == again.id


def test_copies_never_lie_on_both_sides():
    digests = ["a", "a", "b", "b", "c", "d"]
    for seed in range(20):
        here, there = _split(np.zeros(6, int), digests, 0.5, seed)
        assert not {digests[i] for i in here} & {digests[i] for i in there}
        assert set(here).isdisjoint(there)


def test_categories_that_the_model_does_not_know_are_left_out():
    images = photographs(48)
    strange = images.facts["category"].to_list()
    strange[:5] = ["unicorn"] * 5
    answers = ask(patient(), replace(images, facts=images.facts.with_columns(pl.Series("category", strange))))
    assert (len(answers.truth), answers.left_out) == (43, 5)


def test_a_model_that_names_no_classes_goes_by_their_order():
    inner = patient()
    box = snellen.load(
        lambda x: np.asarray(inner.logits(inner.asarray(x))), preprocessing=inner.preprocessing, name="box", id="box"
    )
    answers = ask(box, photographs(32))
    assert (answers.truth == np.arange(32) % 16).all()
    assert not answers.probabilities


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: snellen.treat(patient(), photographs(32)), "all answered right"),
        (lambda: snellen.treat(patient(), photographs(32), "magic"), "expected one of temperature"),
        (lambda: snellen.treat(patient(), photographs(32), share=1.0), "between 0 and 1"),
        (lambda: snellen.treat(patient(), photographs(32), out="c.json"), "the model's name"),
        (lambda: snellen.treat(patient(**SURE), photographs(1)), "at least two"),
        (lambda: snellen.treat(patient(), open_array(np.zeros((4, 3, 8, 8), np.uint8), None, name="bare")), "no categories"),
        (
            lambda: snellen.treat(
                patient(), open_array(np.zeros((4, 3, 8, 8), np.uint8), ["x", "y"] * 2, name="odd", labels="custom")
            ),
            "knows none of the categories",
        ),
    ],
)
def test_what_cannot_be_done_is_a_sentence(call, says: str):
    with pytest.raises(SnellenError, match=says):
        call()


@pytest.mark.parametrize("what", ["file/c.json", "file/deeper/c.json", "c.json"])
def test_where_nothing_can_be_written_is_said_before_or_after(tmp_path: Path, what: str):
    (tmp_path / "file").write_text("")
    (tmp_path / "c.svg").mkdir()
    (tmp_path / "model.py").write_text(
        "from tests.patients import Patient\nmodel = Patient(keep=0.01, seed=3, texture=0.2, gain=12.0)\n"
    )
    with pytest.raises(SnellenError, match=r"^got .* to write.*expected .* written"):
        snellen.treat(f"{tmp_path / 'model.py'}:model", photographs(64), preprocessing=Preprocessing((64, 64)), out=tmp_path / what)


def test_a_model_whose_code_fails_is_named():
    def failing(images: np.ndarray) -> np.ndarray:
        raise KeyError("layer")

    model = snellen.load(failing, labels=patient().labels, preprocessing=patient().preprocessing)
    with pytest.raises(SnellenError, match=r"failing failed on images of shape .*KeyError: 'layer'"):
        snellen.treat(model, photographs(32))


def test_nan_and_constant_models():
    flat = snellen.load(lambda x: np.zeros((len(x), 16)), labels=patient().labels, preprocessing=patient().preprocessing)
    with pytest.raises(SnellenError, match="tell nothing"):
        snellen.treat(flat, photographs(32))
    broken = snellen.load(lambda x: np.full((len(x), 16), np.nan), labels=patient().labels, preprocessing=patient().preprocessing)
    with pytest.raises(SnellenError, match="NaN"):
        snellen.treat(broken, photographs(32))

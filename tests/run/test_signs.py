"""Whether an exam found what was planted, from the record alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import snellen
from snellen.core import Finding, Interval
from snellen.models.patients import PATIENTS
from snellen.run import record as records
from snellen.run import signs
from snellen.run.record import Record, Section, Sign
from snellen.run.rejudge import rejudge
from snellen.run.require import parse
from tests.patients import patient, photographs
from tests.report import sample

BIAS = Finding(
    "shape-bias.value", "Shape bias", "…", value=0.12, interval=Interval(0.1, 0.15, "exact"), n=9, dataset="world", headline=True
)
ASKED = Section("shape-bias", "Shape?", "", (), {}, "world", "done", findings=(BIAS,))
SKIPPED = Section("reliance", "What?", "", (), {}, "world", "not applicable", "needs a world")


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Record:
    return replace(sample.record(tmp_path_factory.mktemp("exam")), sections=(ASKED, SKIPPED))


def told(exam: Record, *wanted: str) -> Record:
    model = replace(exam.model, facts={**exam.model.facts, "planted": "It goes by texture.", "signs": "; ".join(wanted)})
    exam = replace(exam, model=model)
    return replace(exam, signs=signs.check(exam))


@pytest.mark.parametrize(
    ("wanted", "diagnosis"),
    [
        (["shape-bias.value.high<0.5"], "found"),
        (["shape-bias<0.1"], "missed"),
        (["shape-bias<0.5", "shape-bias.low<0.05"], "partly found"),
        (["shape-bias<0.5", "accuracy<0.2"], "found"),
        (["accuracy<0.2", "reliance.texture>0.5"], "not looked for"),
    ],
)
def test_signs_are_compared_with_the_findings(exam: Record, wanted: list[str], diagnosis: str):
    done = told(exam, *wanted)
    assert [sign.text for sign in done.signs] == wanted
    assert done.diagnosis == diagnosis


def test_what_was_not_asked_is_not_missed(exam: Record):
    assert told(exam, "shape-bias.value.high<0.5", "accuracy<0.2", "reliance.texture>0.5").signs == (
        Sign("shape-bias.value.high<0.5", True, "0.15 on world"),
        Sign("accuracy<0.2", None, "accuracy was not asked"),
        Sign("reliance.texture>0.5", None, "reliance could not be asked"),
    )


def test_a_concept_that_was_not_changed_is_not_missed(exam: Record):
    (sign,) = told(exam, "shape-bias.colour.low>0.5").signs
    assert sign == Sign("shape-bias.colour.low>0.5", None, "shape-bias was asked, but not for shape-bias.colour")


def test_signs_of_another_form_are_said_to_be(exam: Record):
    (sign,) = told(exam, "it should be visible").signs
    assert sign.found is None
    assert "expected NAME" in sign.said
    assert signs.check(exam) == ()


def test_every_patient_has_signs_that_can_be_read():
    assert all(parse(sign).text == sign for recipe in PATIENTS.values() for sign in recipe.signs)


def test_signs_are_kept_and_judged_again(tmp_path: Path):
    model = patient(shape=1.0)
    model.facts = {**model.facts, "planted": "It sees.", "signs": "accuracy.low>0.5"}
    done = snellen.exam(model, photographs(), ["accuracy"], out=tmp_path).record
    assert done.signs[0].found
    assert records.read(tmp_path) == done
    assert rejudge(tmp_path).signs == done.signs

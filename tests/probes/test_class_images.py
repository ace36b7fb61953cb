import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from snellen import api
from snellen.charts import Bars, Gallery
from snellen.core import Evidence, Unsupported
from snellen.images.memory import open_array
from snellen.labels import SIXTEEN, sixteen
from snellen.probes.class_images import EACH, VIEWS, ClassImages
from tests.patients import draw, patient, photographs

QUICK = {"classes": 3, "steps": 16, "count": 32}


def evidence(kept: float = 0.9, classes: int = 6) -> Evidence:
    """Six classes with two made images each, of which so many views keep the class; the second is not answered for one class."""
    rng, shape = np.random.default_rng(0), (classes, 2)
    wobble = 0.0 if kept in (0, 1) else 0.02 * rng.normal(size=shape)
    answered = np.ones(shape)
    answered[0, 1] = 0
    told = {"count": 16, "strongest": [["a", "b", "c"]] * classes}
    looks = {
        "a": {
            "classes": np.arange(classes), "logits": 9 + 0.1 * rng.normal(size=shape), "probabilities": np.full(shape, 0.75),
            "answered": answered, "kept": np.full(shape, kept) + wobble, "natural": np.tile([5.0, 4, 3], (classes, 1)),
            "natural kept": np.full((classes, EACH), 0.5), "spread": np.full(classes, 2.0),
            "told": np.frombuffer(json.dumps(told).encode(), np.uint8),
        },
        "b": {}, "c": {},
    }  # fmt: skip
    trials = pl.DataFrame({"image": ["a", "b", "c"], "category": "cat", "response": "cat", "condition": "clean", "level": ""})
    return Evidence("photos", "m", trials.with_columns(correct=True, confidence=0.5), sixteen(), looks=looks)


def judged(given: Evidence):
    return {finding.id.partition(".")[2]: finding for finding in ClassImages().judge(given)}


@pytest.mark.parametrize(
    ("kept", "verdict", "method"), [(1, "note", "Clopper"), (0.9, "note", "over 6 classes"), (0.2, "caution", "")]
)
def test_images_that_lose_their_class_when_moved_are_warned_of(kept, verdict, method):
    found = judged(evidence(kept))["kept"]
    assert found.value == pytest.approx(kept, abs=0.02)
    assert (found.verdict, found.headline, found.n, found.chance) == (verdict, True, 12, 1 / 16)
    assert found.interval.low <= found.value <= found.interval.high
    assert method in found.interval.method
    assert "keep their answer in 50.0 %" in found.claim


def test_how_sure_and_how_far_beyond_is_said_beside_the_images_of_the_set():
    found = judged(evidence())
    assert found["sure"].value == 0.75
    assert "have one of 5.0. 5 of 6 classes are answered whichever of 2 noises" in found["sure"].claim
    assert found["beyond"].value == pytest.approx(2, abs=0.05)


def test_without_a_survey_there_is_nothing_to_say():
    nowhere = replace(evidence(), looks={})
    assert [(one.value, one.headline) for one in judged(nowhere).values()] == [(None, True)]
    assert not ClassImages().charts(nowhere)


def test_charts_show_made_images_beside_those_of_the_set():
    bars, gallery = ClassImages().charts(evidence())
    assert isinstance(bars, Bars)
    assert [(bar.label, bar.role) for bar in bars.bars[:2]] == [(SIXTEEN[0], "model"), (SIXTEEN[0], "reference")]
    assert isinstance(gallery, Gallery)
    heading, pictures = gallery.rows[2]
    assert heading == SIXTEEN[2]
    assert [(one.image, one.layer, one.coloured) for one in pictures] == [
        ("a", "class 2, draw 1", True),
        ("a", "class 2, draw 2", True),
        ("a", None, False),
        ("b", None, False),
        ("c", None, False),
    ]


def test_the_classes_answered_most_often_are_made_and_raise_their_logits():
    model, categories = patient(), np.array([3, 3, 3, 5, 5, 7, 3, 5, 7, 1])
    images = open_array(draw(categories, categories), [SIXTEEN[k] for k in categories], name="some", labels=sixteen())
    rows = pl.DataFrame({"image": images.facts["image"], "response": [SIXTEEN[k] for k in categories]})
    first = ClassImages(**QUICK).survey(model, images, rows, 0, [].append)
    look = first[0]
    assert look["classes"].tolist() == [3, 5, 7]
    assert (look["logits"] > look["natural"][:, :1]).all()
    assert look["natural"].max(axis=1) == pytest.approx(look["natural"][:, 0])
    assert (look["answered"] == 1).all()
    strongest = json.loads(look["told"].tobytes())["strongest"]
    place = {name: at for at, name in enumerate(rows["image"])}
    assert [[categories[place[name]] for name in names][:2] for names in strongest] == [[3, 3], [5, 5], [7, 7]]
    made = first[place[strongest[1][0]]]["class 5, draw 1"]
    assert (made.shape, made.dtype) == ((3, 64, 64), np.uint8)
    logits = np.asarray(model.logits(model.asarray(made[None])))[0]
    assert logits.argmax() == 5
    assert logits[5] == pytest.approx(look["logits"][1, 0], rel=0.05)
    other = ClassImages(**QUICK).survey(model, images, rows, 1, [].append)
    assert not np.array_equal(look["logits"], other[0]["logits"])
    again = ClassImages(**QUICK).survey(model, images, rows, 0, [].append)
    np.testing.assert_allclose(look["logits"], again[0]["logits"])


def test_one_image_may_be_the_strongest_of_several_classes(tmp_path):
    images = open_array(draw(np.array([3, 5, 7]), np.array([3, 5, 7])), name="three")
    exam = api.exam(patient(), images, [ClassImages(**QUICK)], out=tmp_path)
    assert exam["class-images.kept"].value is not None
    assert sum("#class " in key for key in exam.record.pictures) == 6


def test_it_costs_what_it_says(monkeypatch):
    model, seen, told = patient(), {"logits": 0, "vjp": 0}, []

    def counted(name, real):
        def call(images):
            seen[name] += len(images)
            return real(images)

        return call

    model.footprint(64, 64)  # measured once, in a pass
    for name in seen:
        monkeypatch.setattr(model, name, counted(name, getattr(model, name)))
    images = photographs(32)
    probe = ClassImages(**QUICK)
    probe.survey(model, images, images.facts.select("image", response="category"), 0, told.append)
    assert seen["vjp"] == 3 * 2 * (16 + 1)
    assert seen["logits"] == 32 + 3 * 2 * (1 + VIEWS) + 3 * EACH * VIEWS
    assert probe.closer_passes(model) == seen["logits"] + 3 * seen["vjp"]
    assert sum(told) == 3 * 3 * 2 * 16


def test_needs_a_network_with_gradients(monkeypatch):
    model = patient()
    assert ClassImages().applies(model, photographs(16), None) is None

    class Still(type(model)):
        abilities = frozenset()

    monkeypatch.setattr(model, "__class__", Still)
    assert "gives no gradients" in ClassImages().applies(model, photographs(16), None)
    monkeypatch.setattr("snellen.probes.class_images.check_torch", refuse)
    assert ClassImages().applies(model, photographs(16), None) == "no network"


def refuse(model):
    raise Unsupported("no network")

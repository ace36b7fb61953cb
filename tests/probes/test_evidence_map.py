from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from snellen import api, load
from snellen.charts import Gallery, Lines
from snellen.core import Evidence
from snellen.labels import SIXTEEN, SIXTEEN_MEMBERS, imagenet, sixteen
from snellen.methods.explain.class_evidence import ClassEvidence
from snellen.probes._evidence_map_charts import half_of
from snellen.probes._panel import called, runners_up
from snellen.probes.evidence_map import EvidenceMap
from tests.patients import counter, cut_out, patient, photographs

SIDE, N, STEPS = 16, 12, 8


def evidence(size: int = 4, object_at: int = 0, shown: float = 0.9, elsewhere: float = 0.3) -> Evidence:
    """Images whose evidence is a square in the upper left corner, and whose object is one of 8 pixels at `object_at`."""
    names, rng = [f"{i:02d}" for i in range(N)], np.random.default_rng(0)
    lead, region = np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.float32)
    lead[:size, :size], lead[-1], region[object_at : object_at + 8, object_at : object_at + 8] = 1, -5, 1
    looks = {}
    for name in names:
        curve = np.linspace(0, 1, STEPS + 1) + rng.normal(0, 0.01)
        looks[name] = {
            "lead": lead, "answer": lead, "runner-up": 0 * lead, "region": region,
            "shown": shown * curve, "shown elsewhere": elsewhere * curve,
            "hidden": (1 - shown) * curve[::-1], "hidden elsewhere": (1 - elsewhere) * curve[::-1],
            "classes": np.array([1, 2, 16]), "field": np.array([4, 4, 0.5], np.float32),
        }  # fmt: skip
    trials = pl.DataFrame({"image": names, "category": SIXTEEN[0], "response": SIXTEEN[1], "condition": "clean", "level": ""})
    return Evidence("photos", "m", trials.with_columns(correct=False, confidence=0.5), sixteen(), looks=looks)


def judged(given: Evidence, **settings):
    return {finding.id.partition(".")[2]: finding for finding in EvidenceMap(**settings).judge(given)}


def test_half_of_the_evidence_is_the_smallest_part_that_holds_it():
    assert half_of(np.full((4, 4), 2.0)) == 0.5
    assert half_of(np.array([[3.0, 1, 1, 1], [-9, -9, -9, -9]])) == 1 / 8
    assert half_of(np.array([[1.0, 1, 1, 1], [-9, -9, -9, -9]])) == 2 / 8


@pytest.mark.parametrize("size", [4, 8])
def test_dense_evidence_takes_a_small_part_of_the_image(size):
    found = judged(evidence(size))["half"]
    assert found.value == pytest.approx(size**2 / SIDE**2 / 2)
    assert (found.n, found.headline, found.verdict) == (N, True, "note")


@pytest.mark.parametrize(("at", "mass", "verdict"), [(0, 1.0, "note"), (8, 0.0, "caution")])
def test_evidence_beside_the_object_is_warned_of(at, mass, verdict):
    found = judged(evidence(object_at=at))["object"]
    assert (found.value, found.chance, found.verdict) == (pytest.approx(mass), 1 / 4, verdict)


def test_where_the_object_is_not_known_nothing_is_said_of_it():
    given = evidence()
    looks = {name: {key: value for key, value in look.items() if key != "region"} for name, look in given.looks.items()}
    found = judged(replace(given, looks=looks))
    assert found["object"].value is None
    assert found["half"].value is not None
    assert len(EvidenceMap().charts(replace(given, looks=looks))[2].rows[0][1]) == 4


@pytest.mark.parametrize(("shown", "verdict"), [(0.9, "note"), (0.3, "caution"), (0.1, "caution")])
def test_what_may_lie_anywhere_is_warned_of(shown, verdict):
    found = judged(evidence(shown=shown))
    for name in ("sufficient", "needed"):
        assert found[name].verdict == verdict
    assert found["sufficient"].value == pytest.approx(shown / 4, abs=0.01)
    assert found["sufficient"].chance == pytest.approx(0.3 / 4, abs=0.01)
    assert found["needed"].value == pytest.approx((1 - shown) * 3 / 4, abs=0.01)


def test_how_far_a_place_sees_is_said():
    found = judged(evidence())["field"]
    assert found.value == 0.5
    assert "4 x 4 places" in found.claim
    assert "8.0 times its own part" in found.claim


def test_images_without_evidence_are_left_out_and_told():
    given = evidence()
    looks = {name: {**look, "lead": look["lead"] * (-1 if name == "03" else 1)} for name, look in given.looks.items()}
    looks["03"]["lead"] = np.minimum(looks["03"]["lead"], 0)
    found = judged(replace(given, looks=looks))["half"]
    assert found.n == N - 1
    assert any("Left out: 1 images" in limit for limit in found.limits)
    nowhere = replace(given, looks={name: {**look, "lead": 0 * look["lead"]} for name, look in looks.items()})
    assert [(one.value, one.headline) for one in judged(nowhere).values()] == [(None, True)]
    assert not EvidenceMap().charts(nowhere)


def test_charts_show_curves_beside_those_of_moved_maps_and_maps_from_dense_to_spread():
    shown, hidden, gallery = EvidenceMap(pictures=3).charts(evidence())
    for one in (shown, hidden):
        assert isinstance(one, Lines)
        assert [(series.label, series.role) for series in one.series] == [
            ("by evidence", "model"),
            ("moved elsewhere", "reference"),
        ]
    assert isinstance(gallery, Gallery)
    assert len(gallery.rows) == 3
    assert [(one.layer, one.signed) for one in gallery.rows[0][1]] == [
        (None, False),
        ("region", False),
        ("answer", True),
        ("runner-up", True),
        ("lead", True),
    ]
    assert gallery.rows[0][1][4].caption == f"for {SIXTEEN[1]} rather than {SIXTEEN[2]}"


def test_the_runner_up_is_not_of_the_category_that_was_answered():
    logits, (first, second) = np.zeros((1, 1000)), SIXTEEN_MEMBERS["dog"][:2]
    logits[0, [first, second, 7]] = 3, 2, 1
    assert runners_up(logits, np.array([first]), ["dog"]).tolist() == [7]
    assert runners_up(logits, np.array([first]), ["n01514668"]).tolist() == [second]
    assert runners_up(np.array([[1.0, 3, 2]]), np.array([1]), ["airplane"]).tolist() == [2]
    assert called(evidence(), 404, 1000) == imagenet().names[404]


def test_looks_are_the_evidence_of_each_place_and_what_comes_of_showing_it():
    model, images = counter(), photographs(8)
    pixels = np.stack([images.fetch([row])[0].transpose(2, 0, 1) for row in range(8)])
    rows = pl.DataFrame({"image": images.facts["image"], "response": images.facts["category"]})
    looks = EvidenceMap().look(model, pixels, rows, seed=0)
    expected = ClassEvidence()(model, model.asarray(pixels), np.arange(8)).maps
    np.testing.assert_allclose([look["answer"] for look in looks], expected, rtol=1e-5)
    logits = np.asarray(model.logits(model.asarray(pixels)))
    for at, look in enumerate(looks):
        first, second, count = look["classes"].tolist()
        assert (first, count) == (at, 16)
        assert look["lead"].mean() == pytest.approx(logits[at, first] - logits[at, second], rel=1e-4)
        assert look["shown"][2] > look["shown elsewhere"][2]
        assert look["hidden"][2] < look["hidden elsewhere"][2]
        assert look["field"].tolist() == pytest.approx([16, 16, 1 / 256])


def test_needs_an_average_over_places_and_costs_what_it_says():
    assert EvidenceMap().applies(counter(), photographs(16), None) is None
    assert "does not average over the places" in EvidenceMap().applies(load("patient:healthy"), photographs(16), None)
    assert EvidenceMap().applies(patient(), photographs(16), None) is not None
    assert EvidenceMap(count=32).closer_passes(counter()) == 32 * (7 + 6 * 9) + 2 * 12


def test_objects_are_found_where_masks_are_known_and_images_without_any_will_do(tmp_path):
    found = api.exam(counter(), cut_out(32), ["evidence-map"], out=tmp_path / "masks")
    assert found["evidence-map.object"].value > 0.5 > 0.1 > found["evidence-map.object"].chance
    plain = api.exam(counter(), photographs(32), ["evidence-map"], out=tmp_path / "none")
    assert plain["evidence-map.object"].value is None
    assert plain["evidence-map.half"].value is not None
    assert any(key.endswith("#lead") for key in plain.record.pictures)

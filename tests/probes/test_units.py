import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import snellen
from snellen import api, load
from snellen.charts import Bars, Gallery, Table
from snellen.core import Evidence, SnellenError
from snellen.images.segmented import open_segmented
from snellen.labels import sixteen
from snellen.probes.units import EACH, Units
from tests.patients import counter, cut_out, patient, photographs

NAMES, CATEGORIES = ("cat", "red", "stripes"), ("object", "colour", "texture")


def evidence(own: int, mixed: tuple[int, ...], units: int = 40, seen: int = 90) -> Evidence:
    """So many units that detect a concept as they are, and in each rotation; what they detect goes through the concepts in turn."""
    fit = np.stack([np.where(np.arange(units) < hits, 0.05 + np.arange(units)[::-1] / 1000, 0.01) for hits in (own, *mixed)])
    best = np.tile(np.arange(units) % 3, (1 + len(mixed), 1))
    strongest = {0: ["a", "b"], 1: ["b", "a"]}
    told = {"layer": "l", "names": NAMES, "categories": CATEGORIES, "seen": seen, "places": 7.0, "strongest": strongest}
    shares = np.array([own, *mixed]) / units + np.random.default_rng(0).normal(0, 0.02, (100, 1 + len(mixed)))
    redrawn = np.stack([shares, np.minimum(units * shares, 3)])
    kept = {
        "fit": fit.astype(np.float32),
        "best": best,
        "redrawn": redrawn,
        "told": np.frombuffer(json.dumps(told).encode(), np.uint8),
    }
    trials = pl.DataFrame({"image": ["a", "b"], "category": "cat", "response": "cat", "condition": "clean", "level": ""})
    given = trials.with_columns(correct=True, confidence=0.5)
    return Evidence("photos", "m", given, sixteen(), looks={"a": kept, "b": {}})


def judged(given: Evidence, **settings):
    return {finding.id.partition(".")[2]: finding for finding in Units(**settings).judge(given)}


@pytest.mark.parametrize(("own", "mixed", "verdict"), [(30, (8, 12), "note"), (30, (28, 32), "caution"), (0, (0, 0), "caution")])
def test_detectors_are_judged_beside_the_same_units_mixed(own, mixed, verdict):
    found = judged(evidence(own, mixed), rotations=2)["detectors"]
    assert (found.value, found.chance) == (own / 40, pytest.approx(sum(mixed) / 80))
    assert (found.verdict, found.headline, found.n) == (verdict, True, 90)
    assert found.interval.low <= found.value <= found.interval.high
    assert "percentile bootstrap over 90 images" in found.interval.method
    assert f"from {100 * min(mixed) / 40:.1f} % to {100 * max(mixed) / 40:.1f} %" in found.claim


def test_different_concepts_are_counted_once():
    found = judged(evidence(30, (1, 2)), rotations=2)["concepts"]
    assert (found.value, found.chance) == (3, 1.5)
    assert "3 of 3 concepts [3.00, 3.00]" in found.claim
    assert judged(evidence(0, (0,)), rotations=1)["concepts"].value == 0
    assert judged(evidence(30, (30,)), least=0.5)["detectors"].value == 0


def test_few_images_leave_no_interval():
    found = judged(evidence(30, (30, 30), seen=10), rotations=2)
    assert [(one.interval, one.verdict) for one in found.values()] == [(None, "note")] * 2


def test_without_a_look_there_is_nothing_to_say():
    nowhere = replace(evidence(1, (1,)), looks={})
    assert [(one.value, one.headline) for one in judged(nowhere).values()] == [(None, True)]
    assert not Units().charts(nowhere)


def test_charts_show_categories_the_best_units_and_their_images():
    bars, table, gallery = Units().charts(evidence(30, (9, 15)))
    assert isinstance(bars, Bars)
    assert [(bar.label, bar.role) for bar in bars.bars[:2]] == [("object", "model"), ("object", "reference")]
    assert (bars.bars[0].value, bars.bars[1].low, bars.bars[1].high) == (10 / 40, 3 / 40, 5 / 40)
    assert isinstance(table, Table)
    assert table.rows[0] == ("0", "cat", "object", "0.089", "yes")
    assert isinstance(gallery, Gallery)
    assert [heading for heading, _ in gallery.rows] == ["Unit 0: cat (object), IoU 0.089", "Unit 1: red (colour), IoU 0.088"]
    assert [(one.image, one.layer, one.coloured) for one in gallery.rows[1][1]] == [("b", "unit 1", True), ("a", "unit 1", True)]


def test_it_finds_what_dissecting_finds(tmp_path):
    exam = api.exam(counter(), cut_out(48), [Units(count=48, least=0.2, rotations=1)], out=tmp_path / "exam")
    found = snellen.dissect(counter(), open_segmented(cut_out(48)), "places", least=0.2, out=tmp_path / "dissected")["places"]
    assert exam["units.detectors"].value == pytest.approx(found.found.detectors.mean())
    assert exam["units.concepts"].value == len(found.found.unique)
    assert exam["units.detectors"].chance == pytest.approx(found.control.detectors.mean())
    assert sum("#unit " in key for key in exam.record.pictures) == 6 * EACH


def test_a_survey_that_was_interrupted_is_made_of_all_images_again(tmp_path):
    asked = [Units(count=24, rotations=1, pictures=1)]
    first = api.exam(counter(), cut_out(32), asked, out=tmp_path)
    looks = sorted((tmp_path / "results").rglob("*.safetensors"))
    assert len(looks) == 24
    for lost in looks[5:]:
        lost.unlink()
    assert api.exam(counter(), cut_out(32), asked, out=tmp_path).record.findings == first.record.findings


def test_it_costs_what_it_says(monkeypatch):
    model, seen, told = counter(), [], []
    activations = model.activations
    monkeypatch.setattr(model, "activations", lambda images, layer: seen.append(len(images)) or activations(images, layer))
    images = cut_out(32)
    probe = Units(count=32, rotations=2, pictures=3)
    probe.survey(model, images, images.facts.select("image"), 0, told.append)
    assert sum(seen) == probe.closer_passes(model) == 32 * 5 + 3 * EACH
    assert sum(told) == 32 * 5


def test_needs_masks_and_layers():
    assert Units().applies(counter(), cut_out(16), None) is None
    assert Units().applies(load("patient:healthy"), snellen.images.open_images("world:images=16"), None) is None
    assert "no masks or boxes" in Units().applies(counter(), photographs(16), None)
    assert "no layer with a grid of places" in Units().applies(patient(), cut_out(16), None)
    with pytest.raises(SnellenError, match="share between 0 and 1"):
        Units(share=0.0).applies(counter(), cut_out(16), None)

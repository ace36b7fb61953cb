from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from snellen import api, load
from snellen.charts import Bars, Gallery, Table
from snellen.core import Evidence, Preprocessing, SnellenError
from snellen.labels import sixteen
from snellen.probes.explanation_fragility import ExplanationFragility
from snellen.run.pictures import PICTURES
from tests.patients import patient, photographs
from tests.probes.trained import network, world

SIDE = 8
N = 12
METHODS = ("gradient", "gradient-x-input")
PROBE = ExplanationFragility(methods=";".join(METHODS))


def numbers(intersection: float, seed: int, moved: int = N) -> np.ndarray:
    """(N, 6): about this much of the highest pixels is kept; the last images did not move."""
    kept = np.clip(np.random.default_rng(seed).normal(intersection, 0.02, N), 0, 1)
    flags = np.arange(N) < moved
    return np.column_stack(
        [flags, np.where(flags, kept, 1), np.full(N, 0.5), np.full(N, 3.0), np.full(N, 0.9), np.full(N, 0.7)]
    ).astype(np.float32)


def evidence(attack: float, random: float, methods: tuple[str, ...] = METHODS, kept: int = N) -> Evidence:
    """Looks at N images; of the first method half as much again survives as of the others."""
    arrays = {}
    for name in methods:
        arrays |= {
            name: np.zeros((N, SIDE, SIDE), np.float32),
            f"{name} after": np.zeros((N, SIDE, SIDE), np.float32),
            f"{name} changed": np.zeros((N, 3, SIDE, SIDE), np.uint8),
            f"{name} difference": np.zeros((N, 3, SIDE, SIDE), np.uint8),
            f"{name} attack": numbers(attack * (1.5 if name == METHODS[0] else 1), seed=1),
            f"{name} random": numbers(random, seed=2, moved=kept),
        }
    names = [f"{at:02d}" for at in range(N)]
    trials = pl.DataFrame({"image": names, "category": "cat", "response": "cat", "condition": "clean", "level": ""})
    looks = {name: {part: values[at] for part, values in arrays.items()} for at, name in enumerate(names)}
    return Evidence("photos", "m", trials.with_columns(correct=True, confidence=0.9), sixteen(), looks=looks)


def judged(given: Evidence):
    return {finding.id.partition(".")[2]: finding for finding in PROBE.judge(given)}


@pytest.mark.parametrize(("attack", "verdict"), [(0.1, "caution"), (0.44, "caution"), (0.5, "note"), (0.6, "note")])
def test_a_map_that_loses_most_of_its_highest_pixels_is_warned_of(attack, verdict):
    found = judged(evidence(attack, 0.9))
    least = found["gradient-x-input"]
    assert least.value == pytest.approx(attack, abs=0.02)
    assert least.interval.low <= least.value <= least.interval.high
    assert least.chance == pytest.approx(0.9, abs=0.02)
    assert (least.verdict, found["most"].verdict, found["most"].value) == (verdict, verdict, least.value)
    assert found["most"].headline
    assert "pixels of gradient-x-input among" in found["most"].claim
    assert "90.0 % before and 70.0 % after" in least.claim
    assert "Bonferroni over 2" in found["most"].interval.method
    assert found["most"].interval.low <= least.interval.low
    assert found["gradient"].value == pytest.approx(1.5 * attack, abs=0.02)


def test_an_attack_that_finds_no_more_than_chance_says_so():
    assert not any("nothing worse" in limit for limit in judged(evidence(0.3, 0.9))["most"].limits)
    assert any("nothing worse" in limit for limit in judged(evidence(0.9, 0.3))["most"].limits)


def test_images_whose_answer_no_random_change_keeps_are_left_out_of_the_control():
    found = judged(evidence(0.1, 0.4, kept=9))
    assert found["most"].n == N
    assert found["most"].chance == pytest.approx(0.4, abs=0.02)
    assert any("3 of 12 images" in limit for limit in found["most"].limits)
    none = judged(evidence(0.1, 0.4, kept=0))["most"]
    assert none.chance is None
    assert "No random change" in none.claim


def test_methods_that_are_refused_are_left_out():
    found = judged(evidence(0.1, 0.9, METHODS[:1]))
    assert (found["gradient-x-input"].value, found["most"].value) == (None, found["gradient"].value)
    assert "Bonferroni" not in found["most"].interval.method
    assert [(one.value, one.headline) for one in judged(evidence(0.1, 0.9, ())).values()] == [(None, True)]
    assert PROBE.charts(evidence(0.1, 0.9, ())) == []


def test_charts_show_attack_and_control_numbers_and_pictures():
    bars, table, gallery = replace(PROBE, pictures=1).charts(evidence(0.1, 0.9))
    assert isinstance(bars, Bars)
    assert [(bar.label, bar.role) for bar in bars.bars[:2]] == [("gradient", "model"), ("gradient", "reference")]
    assert bars.mark == (PROBE.top, "unrelated maps")
    assert isinstance(table, Table)
    assert [row[:3] for row in table.rows[:2]] == [("gradient", "attack", "12 of 12"), ("gradient", "random", "12 of 12")]
    assert table.rows[0][5:] == ("3.0 px", "90.0 %", "70.0 %")
    assert isinstance(gallery, Gallery)
    assert [heading for heading, _ in gallery.rows] == list(METHODS)
    layers = [None, "gradient", "gradient changed", "gradient after", "gradient difference"]
    assert [one.layer for one in gallery.rows[0][1]] == layers
    assert len(PROBE.charts(evidence(0.1, 0.9, kept=0))[0].bars) == 2


def test_needs_gradients_and_maps_that_are_made_of_them():
    box = load(lambda images: images.mean(axis=(2, 3)), preprocessing=Preprocessing((SIDE, SIDE)), name="box")
    assert "box gives none" in PROBE.applies(box, photographs(4), None)
    assert PROBE.applies(patient(), photographs(4), None) is None
    with pytest.raises(SnellenError, match="got the method occlusion"):
        ExplanationFragility(methods="gradient;occlusion").applies(patient(), photographs(4), None)
    assert ExplanationFragility().closer_passes(patient()) == 12 * 3 * (1 + 1 + 8) * 2 * 12


def test_a_look_is_at_images_within_the_change_that_keep_their_answer():
    model, images = network(False), world(images=6).draw().pixels
    probe = ExplanationFragility(methods="gradient", change=4, iterations=4)
    answers = model.logits(model.asarray(images)).argmax(1).tolist()
    rows = pl.DataFrame({"image": [str(at) for at in range(6)], "response": [sixteen().keys[answer] for answer in answers]})
    looks = probe.look(model, images, rows, 0)
    changed = np.stack([look["gradient changed"] for look in looks])
    assert 0 < np.abs(changed.astype(int) - images).max() <= 4
    assert model.logits(model.asarray(changed)).argmax(1).tolist() == answers
    assert all(look["gradient difference"].min() >= 0 and look["gradient difference"].std() > 30 for look in looks)
    assert np.stack([look["gradient attack"] for look in looks])[:, 0].all()


def test_ripples_move_maps_that_chance_leaves_alone(tmp_path):
    found = {
        ripple: api.exam(patient(ripple=ripple), photographs(16), [replace(PROBE, count=6)], out=tmp_path / str(ripple))
        for ripple in (0.0, 1.0)
    }
    calm, rippled = (exam["explanation-fragility.gradient"] for exam in found.values())
    assert (calm.value, calm.verdict, rippled.verdict) == (1.0, "note", "caution")
    assert rippled.interval.high < 0.2 < 0.8 < rippled.chance
    shown = found[1.0].record.pictures
    files = {key.rpartition("#")[2]: file for key, file in shown.items() if "#" in key}
    assert {"gradient", "gradient after", "gradient changed", "gradient difference"} <= set(files)
    picture = np.load(tmp_path / "1.0" / PICTURES / files["gradient changed"])
    assert (picture.dtype, picture.shape) == (np.uint8, (3, 64, 64))
    assert "Picture of gradient changed" in found[1.0].report.read_text("utf-8")
    assert "(not kept)" not in found[1.0].report.read_text("utf-8")

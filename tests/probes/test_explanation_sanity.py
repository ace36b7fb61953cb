from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from torch import nn

from snellen import api, load
from snellen.charts import Gallery, Lines, Table
from snellen.core import Evidence, Preprocessing
from snellen.labels import integers, sixteen
from snellen.methods.explain.registry import make
from snellen.methods.trust.randomization import Randomization
from snellen.probes._randomised import alike, compared, copies
from snellen.probes.explanation_sanity import ExplanationSanity
from tests.patients import born, patient, photographs
from tests.probes.trained import network, world

SIDE = 8
N = 12
METHODS = ("gradient", "guided-backpropagation")


def stack(*values: float, spread: float = 0.02, seed: int = 0) -> np.ndarray:
    """(N, 3): about these values."""
    return (np.array(values) + np.random.default_rng(seed).normal(0, spread, (N, 3))).astype(np.float32)


def evidence(whole: float = 0.0, last: float = 0.0, other: float = 0.0, methods: tuple[str, ...] = METHODS) -> Evidence:
    """Looks at N images of methods whose maps stay so alike, but for the first, whose do not."""
    arrays = {"edges": np.zeros((N, SIDE, SIDE), np.float32), "layers": np.tile([1, 2, 3], (N, 1))}
    for name in methods:
        survives = name != METHODS[0]
        full = stack(whole * survives, 0.5, 0.4, seed=1)
        first = stack(last * survives, 0.6, 0.5, seed=2)
        arrays |= {
            name: np.zeros((N, SIDE, SIDE), np.float32),
            f"{name} random": np.zeros((N, SIDE, SIDE), np.float32),
            f"{name} cascade": np.stack([first, (first + full) / 2, full], axis=1),
            f"{name} whole": np.stack([full, full], axis=1),
            f"{name} other": stack(other * survives, 0.3, 0.2, seed=3),
            f"{name} outline": stack(0.0, 0.4, 0.1, seed=4),
        }
    names = [f"{at:02d}" for at in range(N)]
    trials = pl.DataFrame({"image": names, "category": "cat", "response": "cat", "condition": "clean", "level": ""})
    looks = {name: {part: values[at] for part, values in arrays.items()} for at, name in enumerate(names)}
    return Evidence("photos", "m", trials.with_columns(correct=True, confidence=0.5), sixteen(), looks=looks)


PROBE = ExplanationSanity(methods=";".join(METHODS))


def judged(given: Evidence):
    return {finding.id.partition(".")[2]: finding for finding in PROBE.judge(given)}


@pytest.mark.parametrize(
    ("whole", "last", "other", "verdict"),
    [
        (0.6, 0.6, 0.0, "caution"),
        (0.0, 0.9, 0.0, "caution"),
        (0.6, 0.6, 0.7, "note"),
        (0.05, 0.05, 0.0, "note"),
        (0.0, 0.0, 0.0, "note"),
    ],
)
def test_a_map_that_survives_is_warned_of_unless_maps_of_other_images_are_as_alike(whole, last, other, verdict):
    found = judged(evidence(whole, last, other))
    guided = found["guided-backpropagation"]
    assert guided.value == pytest.approx((whole + last) / 2, abs=0.02)
    assert guided.interval.low <= guided.value <= guided.interval.high
    assert (guided.verdict, found["gradient"].verdict) == (verdict, "note")
    assert guided.chance == pytest.approx(other, abs=0.02)
    assert found["most"].headline
    assert found["most"].verdict == verdict
    assert "Bonferroni over 2" in found["most"].interval.method
    if whole < other:
        assert "maps of gradient" in found["most"].claim
    elif last:
        assert "maps of guided-backpropagation" in found["most"].claim
        assert found["most"].value == guided.value
        assert found["most"].interval.low <= guided.interval.low


def test_methods_that_are_refused_and_maps_that_are_not_finite_are_left_out():
    found = judged(evidence(methods=METHODS[:1]))
    assert found["guided-backpropagation"].value is None
    assert "Bonferroni" not in found["most"].interval.method
    given = evidence(0.6)
    looks = {name: dict(look) for name, look in given.looks.items()}
    looks["03"]["gradient cascade"] = np.full((3, 3), np.nan, np.float32)
    found = judged(replace(given, looks=looks))
    assert (found["gradient"].n, found["guided-backpropagation"].n) == (N - 1, N)
    nothing = judged(evidence(methods=()))
    assert [(one.value, one.headline) for one in nothing.values()] == [(None, True)]


def test_charts_show_layers_measures_and_maps():
    lines, table, gallery = replace(PROBE, pictures=1).charts(evidence(0.6, 0.9))
    assert isinstance(lines, Lines)
    assert [label for _, label in lines.ticks] == ["none", "1", "2", "all 3"]
    guided = lines.series[1]
    assert guided.y == pytest.approx((1.0, 0.9, 0.75, 0.6), abs=0.02)
    assert all(low <= y <= high for low, y, high in zip(guided.low, guided.y, guided.high, strict=True))
    assert isinstance(table, Table)
    assert [row[:2] for row in table.rows[:3]] == [("gradient", "signed"), ("gradient", "absolute"), ("gradient", "structural")]
    assert isinstance(gallery, Gallery)
    assert [heading for heading, _ in gallery.rows] == list(METHODS)
    assert [one.layer for one in gallery.rows[1][1]] == [None, METHODS[1], f"{METHODS[1]} random", "edges"]


def deep(layers: int) -> nn.Sequential:
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        parts = [part for at in range(layers - 1) for part in (nn.Conv2d(3, 3, 3, padding=1), nn.ReLU())]
        return nn.Sequential(*parts, nn.Flatten(), nn.Linear(3 * SIDE**2, 4))


@pytest.mark.parametrize(
    ("layers", "draws", "expected"),
    [
        (5, 2, [(1, 0, False), (2, 0, False), (4, 0, False), (5, 0, True), (5, 1, True)]),
        (4, 1, [(1, 0, False), (2, 0, False), (4, 0, True)]),
        (1, 2, [(1, 0, True), (1, 1, True)]),
    ],
)
def test_copies_forget_twice_as_many_layers_each_and_then_all(layers, draws, expected):
    net = deep(layers)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    model = load(net, labels=integers(4), preprocessing=Preprocessing((SIDE, SIDE)))
    images = model.asarray(np.random.default_rng(0).random((2, 3, SIDE, SIDE), np.float32))
    found = [(copy.layers, copy.draw, copy.whole, copy.model.unwrapped()[0]) for copy in copies(model, images, draws, 7)]
    assert [one[:3] for one in found] == expected
    weights = [name for name in before if name.endswith("weight")]
    for count, _, _, inside in found:
        kept = [name for name in weights if torch.equal(inside.state_dict()[name], before[name])]
        assert kept == weights[: layers - count]
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    if draws == 2:
        assert not torch.equal(found[-1][3].state_dict()[weights[-1]], found[-2][3].state_dict()[weights[-1]])


def test_what_is_compared_is_what_randomisation_gives():
    model = load(deep(4), labels=integers(4), preprocessing=Preprocessing((SIDE, SIDE)))
    pixels = np.random.default_rng(0).random((3, 3, SIDE, SIDE), np.float32)
    images, classes, outlines = model.asarray(pixels), np.array([0, 1, 2]), pixels.mean(axis=1)
    methods = {name: make(name) for name in ("gradient", "grad-cam", "guided-backpropagation")}
    found, layers = compared(methods, model, images, classes, [0, 1, 2], outlines, 1, 0)
    assert layers.tolist() == [1, 2, 4]
    network, wrap = model.unwrapped()
    for name, method in methods.items():
        whole = Randomization(seed=0)(method, network, wrap, images, classes, [0, 1, 2])
        for at, measure in enumerate(("spearman", "absolute-spearman", "ssim")):
            np.testing.assert_allclose(found[f"{name} cascade"][:, :, at], whole.similarity[measure][[0, 1, 3]].T, atol=1e-5)
        np.testing.assert_array_equal(found[f"{name} whole"][:, 0], found[f"{name} cascade"][:, -1])
        assert found[f"{name} random"].shape == found[name].shape == (3, SIDE, SIDE)


def test_maps_that_are_not_finite_are_like_nothing():
    maps = np.random.default_rng(0).random((3, 3, SIDE, SIDE))
    other = maps.copy()
    other[1, 0, 0, 0] = np.nan
    np.testing.assert_array_equal(np.isnan(alike(maps, other)).all(axis=1), [False, True, False])
    np.testing.assert_allclose(alike(maps, maps), 1, atol=1e-6)
    assert np.isnan(alike(maps[1:2], other[1:2])).all()


def test_needs_a_network():
    probe = ExplanationSanity()
    box = load(lambda images: images.mean(axis=(2, 3)), preprocessing=Preprocessing((SIDE, SIDE)), name="box")
    assert "only PyTorch networks" in probe.applies(box, photographs(4), None)
    assert probe.applies(patient(), photographs(4), None) is None
    assert probe.closer_passes(patient()) == 12 * (1 + 4 * 3 * 9)


def test_on_a_trained_network_guided_backpropagation_survives_and_the_gradient_does_not(tmp_path):
    exam = api.exam(network(False), world(), ["explanation-sanity"], out=tmp_path)
    found = {finding.id.partition(".")[2]: finding for finding in exam.record.findings}
    assert found["guided-backpropagation"].verdict == "caution"
    assert found["gradient"].verdict == "note"
    assert found["guided-backpropagation"].interval.low > found["gradient"].interval.high
    assert "maps of guided-backpropagation" in found["most"].claim
    pictures = {key.rpartition("#")[2] for key in exam.record.pictures if "#" in key}
    assert {"gradient", "gradient random", "edges"} <= pictures


def test_what_a_network_was_born_with_survives(tmp_path):
    values = [api.exam(born(given), photographs(16), ["explanation-sanity"], out=tmp_path / str(given)) for given in (0.0, 0.9)]
    blank, full = (exam["explanation-sanity.gradient"] for exam in values)
    assert (blank.verdict, full.verdict) == ("note", "caution")
    assert full.value > 0.2 > 0.1 > blank.value
    assert values[0]["explanation-sanity.grad-cam"].value is None

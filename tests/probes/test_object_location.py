from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from snellen import api
from snellen.charts import Bars, Gallery
from snellen.core import Evidence, SnellenError
from snellen.labels import SIXTEEN, sixteen
from snellen.probes._panel import flat, panel, passes
from snellen.probes.object_location import ObjectLocation
from tests.patients import Masked, cut_out, onlooker, patient, photographs, scenes

SIDE = 32
N = 12
METHODS = ("gradient", "grad-cam", "occlusion")


def square(top: int, left: int, side: int = 8) -> np.ndarray:
    out = np.zeros((SIDE, SIDE), np.float32)
    out[top : top + side, left : left + side] = 1
    return out


def evidence(share: float = 1.0, area: int = 8, methods: tuple[str, ...] = METHODS, at: tuple[int, int] = (0, 0)) -> Evidence:
    """Images whose object is a square at `at`, and maps of which so much lies on it, all else being even outside of it."""
    names, region = [f"{i:02d}" for i in range(N)], square(*at, area)
    inside, rng = region.mean(), np.random.default_rng(0)
    looks = {}
    for name in names:
        own = np.clip(share + rng.normal(0, 0.01), 0, 1)
        value = (own * region / inside + (1 - own) * (1 - region) / (1 - inside)).astype(np.float32)
        looks[name] = {"region": region, "edges": np.ones((SIDE, SIDE), np.float32), **dict.fromkeys(methods, value)}
    category = np.array(SIXTEEN)[np.arange(N) % 16]
    trials = pl.DataFrame({"image": names, "category": category, "response": category, "condition": "clean", "level": ""})
    return Evidence("photos", "m", trials.with_columns(correct=True, confidence=0.5), sixteen(), looks=looks)


def judged(given: Evidence, **settings):
    return {finding.id.partition(".")[2]: finding for finding in ObjectLocation(**settings).judge(given)}


@pytest.mark.parametrize(
    ("share", "verdict", "points"), [(0.9, "note", 1), (0.3, "note", 1), (0.0625, "caution", None), (0.0, "caution", 0)]
)
def test_mass_is_judged_against_the_area_of_the_object(share, verdict, points):
    found = judged(evidence(share))
    for name in ("mass", *METHODS):
        assert found[name].value == pytest.approx(share, abs=0.01)
        assert found[name].chance == pytest.approx(1 / 16)
        assert found[name].verdict == verdict
        assert found[name].interval.low <= found[name].value <= found[name].interval.high
    assert [finding.id for finding in found.values() if finding.headline] == ["object-location.mass"]
    if points is not None:
        assert found["gradient-pointing"].value == points


def test_the_controls_know_nothing_of_the_model():
    centred, aside = (judged(evidence(at=at))["mass"].claim for at in ((12, 12), (0, 0)))
    assert "Of an edge map 6.2 % does" in centred
    spot = [float(claim.rpartition("middle ")[2].split()[0]) for claim in (centred, aside)]
    assert spot[0] > 2 * 100 / 16 > 100 / 16 > 2 * spot[1]


def test_points_on_all_images_leave_an_exact_interval():
    found = judged(evidence(0.9))["occlusion-pointing"]
    assert (found.value, found.n, found.interval.method) == (1.0, N, "Clopper-Pearson")
    assert found.interval.low < 0.8


def test_the_highest_point_may_lie_so_many_pixels_beside():
    given = evidence()
    beside = np.roll(next(iter(given.looks.values()))["region"], 10, axis=1) * square(0, 10, 8)
    given = replace(given, looks={name: {**look, "gradient": beside} for name, look in given.looks.items()})
    assert judged(given)["gradient-pointing"].value == 0
    near = judged(given, tolerance=12.0)["gradient-pointing"]
    assert near.value == 1
    assert near.chance > 1 / 16
    assert "at most 12 pixels beside it" in near.claim


def test_images_whose_object_is_not_to_be_seen_are_left_out_and_told():
    given = evidence()
    lost = {"01": {"region": np.zeros((SIDE, SIDE), np.float32)}, "02": {"region": np.ones((SIDE, SIDE), np.float32)}}
    looks = {name: {**look, **lost.get(name, {})} for name, look in given.looks.items()}
    del looks["03"]["region"]
    looks["04"]["grad-cam"] = np.full((SIDE, SIDE), np.nan, np.float32)
    found = judged(replace(given, looks=looks))["mass"]
    assert found.n == N - 4
    assert any("Left out: 4 images" in limit for limit in found.limits)
    nowhere = judged(replace(given, looks={name: {**look, **lost["01"]} for name, look in looks.items()}))
    assert [(finding.value, finding.headline) for finding in nowhere.values()] == [(None, True)]


def test_methods_that_the_model_refuses_are_named():
    found = judged(evidence(methods=("occlusion",)))
    assert found["mass"].claim.startswith("Of what occlusion shows")
    assert (found["gradient"].value, found["grad-cam"].value) == (None, None)
    assert "needs gradients or layers" in found["gradient"].reason
    nothing = judged(evidence(methods=()))
    assert (nothing["mass"].value, len(nothing)) == (None, 1)


def test_charts_show_methods_beside_controls_and_the_best_and_worst_maps():
    mass, points, gallery = ObjectLocation(pictures=1).charts(evidence(0.9))
    assert isinstance(mass, Bars)
    assert [bar.label for bar in mass.bars] == [*METHODS, "edges", "centre"]
    assert [bar.role for bar in points.bars] == ["model"] * 3 + ["reference"] * 2
    assert mass.mark == (pytest.approx(1 / 16), "area of the object")
    assert isinstance(gallery, Gallery)
    assert [heading for heading, _ in gallery.rows] == ["Most on the object", "Least on the object"]
    (_, pictures), _ = gallery.rows
    assert [(one.layer, one.signed) for one in pictures] == [
        (None, False),
        ("region", False),
        ("gradient", False),
        ("grad-cam", True),
        ("occlusion", True),
        ("edges", False),
    ]
    assert not ObjectLocation().charts(evidence(methods=()))


def test_a_panel_names_each_method_once_and_hides_squares_of_a_share_of_the_image():
    methods = panel(" gradient ; occlusion", 8, (64, 96))
    assert (methods["occlusion"].patch, methods["occlusion"].stride) == (8, 4)
    assert panel("occlusion:patch=5,stride=5", 8, (64, 64))["occlusion"].patch == 5
    assert passes(methods["occlusion"], (64, 96)) == 1 + 15 * 23
    assert passes(methods["gradient"], (64, 96)) == 3
    for text, says in (("", "expected one or more"), ("gradient;gradient", "gradient twice"), ("gradiant", "gradient")):
        with pytest.raises(SnellenError, match=says):
            panel(text, 7, (64, 64))


def test_maps_of_sensitivities_are_sizes_and_those_of_attributions_signed():
    model, images = patient(), photographs(2)
    native = model.asarray(np.stack([images.fetch([row])[0].transpose(2, 0, 1) for row in range(2)]))
    for name, method in panel("gradient;gradient-x-input", 7, (64, 64)).items():
        found = method(model, native, np.array([0, 1]))
        maps = flat(method, found)
        assert maps.shape == (2, 64, 64)
        assert (maps.min() < 0) == (name == "gradient-x-input")
        expected = np.abs(found.maps).max(axis=1) if name == "gradient" else found.maps.sum(axis=1)
        np.testing.assert_allclose(maps, expected, rtol=1e-6)


def test_needs_masks_and_a_panel():
    model, probe = patient(), ObjectLocation()
    assert "no masks or boxes" in probe.applies(model, photographs(16), None)
    assert probe.applies(model, cut_out(16), None) is None
    assert probe.closer_passes(model) == 16 * (1 + 3 + 3 + 1 + 15 * 15)
    with pytest.raises(SnellenError, match="Did you mean"):
        ObjectLocation("gradiant").applies(model, cut_out(16), None)


def test_regions_of_a_world_and_of_masks_that_are_missing_are_kept_with_the_looks(tmp_path):
    images = cut_out(16)
    masks = images.masks.copy()
    masks[3] = 0
    exam = api.exam(patient(), Masked.of(images.inner, masks), ["object-location"], out=tmp_path / "masks")
    assert exam["object-location"].n == 15
    assert "grad-cam" in {f.id.partition(".")[2] for f in exam.record.findings if f.reason}
    assert any(key.endswith("#region") for key in exam.record.pictures)
    ground = api.exam(onlooker(), scenes(32), ["object-location"], out=tmp_path / "world")["object-location"]
    assert ground.value < ground.chance
    assert ground.verdict == "caution"

"""The drop and its place among other models, and the two-step exam that asks for them."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from snellen.charts import Scatter, Table
from snellen.core import Evidence, SnellenError
from snellen.labels import SIXTEEN, sixteen
from snellen.probes.new_test_set import NewTestSet
from snellen.shifting import shift
from snellen.stats import unpaired_difference
from tests.patients import patient, photographs


def evidence(hits: int, n: int) -> Evidence:
    category = np.array(SIXTEEN)[np.arange(n) % 2]
    right = np.arange(n) < hits
    frame = pl.DataFrame(
        {
            "image": [f"{i:06d}" for i in range(n)],
            "category": category,
            "response": np.where(right, category, "truck"),
            "correct": right,
        }
    ).with_columns(condition=pl.lit("clean"), level=pl.lit(""), confidence=pl.lit(0.5))
    return Evidence("new", "m", frame, sixteen())


@pytest.fixture
def pool(tmp_path):
    rng = np.random.default_rng(0)
    original = rng.uniform(0.5, 0.9, 60)
    rows = [f"m{i},{a},{1.1 * a - 0.2 + e}" for i, (a, e) in enumerate(zip(original, rng.normal(0, 0.005, 60), strict=True))]
    path = tmp_path / "pool.csv"
    path.write_text("\n".join(["model,original,shifted", *rows, "perfect,1.0,0.95"]))
    return str(path)


@pytest.mark.parametrize(
    ("hits", "n", "verdict"), [(6000, 10_000, "bad"), (7500, 10_000, "caution"), (7980, 10_000, "good"), (7, 10, "note")]
)
def test_verdict_of_the_drop_goes_by_its_interval(hits, n, verdict):
    (drop,) = NewTestSet("40000/50000").judge(evidence(hits, n))
    assert (drop.verdict, drop.value) == (verdict, pytest.approx(0.8 - hits / n))
    value, interval = unpaired_difference((hits, n), (40_000, 50_000))
    assert (drop.value, drop.interval) == (value, interval)


def test_who_may_be_guessing_loses_nothing():
    assert NewTestSet("3/50").judge(evidence(0, 1000))[0].verdict == "note"


@pytest.mark.parametrize(("hits", "verdict"), [(6800, "note"), (7400, "good"), (6000, "caution")])
def test_effective_robustness_is_told_from_the_scatter_of_models(pool, hits, verdict):
    _, robust = NewTestSet("40000/50000", pool=pool, scale="linear").judge(evidence(hits, 10_000))
    assert robust.verdict == verdict
    assert robust.value == pytest.approx(hits / 10_000 - 0.68, abs=0.003)
    assert robust.interval.low < robust.value < robust.interval.high


def test_what_the_line_cannot_say_is_a_limit(pool):
    _, robust = NewTestSet("49000/50000", pool=pool).judge(evidence(8000, 10_000))
    assert any("as good on the old set" in limit for limit in robust.limits)
    assert any("1 models of the pool with an accuracy of 0 or 1" in limit for limit in robust.limits)


def test_figure_holds_the_model_and_the_pool(pool):
    (scatter,) = NewTestSet("40000/50000", pool=pool).charts(evidence(6800, 10_000))
    assert isinstance(scatter, Scatter)
    cloud, model = scatter.clouds
    assert (len(cloud.x), model.x, model.y) == (60, (0.8,), (0.68,))
    assert model.across[0][0] < 0.8 < model.across[0][1]
    (table,) = NewTestSet("40000/50000").charts(evidence(6800, 10_000))
    assert isinstance(table, Table)


@pytest.mark.parametrize("settings", [{"original": "0.8"}, {"original": "9/8"}, {"original": "0/0"}, {"scale": "log"}])
def test_settings_that_mean_nothing_are_refused(settings):
    with pytest.raises(SnellenError, match="for the probe new-test-set; expected"):
        NewTestSet(**settings)


def test_what_it_needs(pool):
    model, images = patient(), photographs(32)
    assert "snellen shift" in NewTestSet().applies(model, images, None)
    assert "check the path" in NewTestSet("1/2", pool="nowhere.csv").applies(model, images, None)
    assert NewTestSet("1/2", shifted="another").applies(model, images, None) == "is asked of another, the new test set"
    assert NewTestSet("1/2", pool=pool).applies(model, images, None) is None


def test_two_sets_are_shown_once_each_and_compared(tmp_path):
    old, new = photographs(64), replace(photographs(48, seed=1), name="newer")
    exam = shift(patient(keep=0.002), old, new, out=tmp_path)
    right = round(exam.findings[0].value * 64)
    assert f"{right} of 64 right" in exam["new-test-set"].claim
    assert (exam["new-test-set"].n, exam["new-test-set"].dataset) == (48, "newer")
    assert exam.report.is_file()


def test_mistakes_are_told_before_anything_is_shown(tmp_path):
    with pytest.raises(SnellenError, match="check the path"):
        shift(patient(), photographs(8), photographs(9), pool="nowhere.csv", out=tmp_path)
    assert not list(tmp_path.iterdir())

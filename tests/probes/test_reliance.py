from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from snellen import api
from snellen.charts import Bars, Gallery, Table
from snellen.core import Evidence
from snellen.images.subset import subset
from snellen.labels import SIXTEEN, sixteen
from snellen.probes.reliance import Reliance
from snellen.stats import paired_difference
from tests.patients import photographs
from tests.probes.trained import network, world

N = 200


def evidence(follows: float = 1.0, **flips: float) -> Evidence:
    """A subject that is right on every image, follows the shape so often, and flips so often under each other concept."""
    rng = np.random.default_rng(0)
    category = np.array(SIXTEEN)[np.arange(N) % 16]
    other = np.roll(category, 1)
    frames = []
    for level, share in {"": 0.0, "shape": follows, **flips}.items():
        shape = level == "shape"
        moved = rng.permutation(N) < round(share * N)
        truth, response = other if shape else category, np.where(moved, other, category)
        frames.append(
            pl.DataFrame({"image": [f"{i:03d}" for i in range(N)], "category": truth, "response": response}).with_columns(
                condition=pl.lit("do" if level else "clean"),
                level=pl.lit(level),
                correct=pl.col("category") == pl.col("response"),
                confidence=pl.lit(0.9 if level else 0.8),
            )
        )
    return Evidence("world", "m", pl.concat(frames), sixteen())


def judged(settings: str = "shape,texture,mark", **planted: float):
    return {finding.id: finding for finding in Reliance(settings).judge(evidence(**planted))}


@pytest.mark.parametrize(
    ("share", "verdict"), [(0.0, "good"), (0.02, "good"), (0.2, "caution"), (0.5, "caution"), (0.7, "bad"), (1.0, "bad")]
)
def test_verdict_goes_by_the_interval_of_the_largest_share(share, verdict):
    found = judged(texture=share, mark=0.0)
    worst = found["reliance.strongest"]
    assert worst.headline
    assert (worst.value, worst.verdict) == (share, verdict)
    assert "Bonferroni over 2" in worst.interval.method
    assert found["reliance.texture"].verdict == verdict
    alone = found["reliance.texture"].interval
    assert worst.interval.low <= alone.low <= share <= alone.high <= worst.interval.high
    assert found["reliance.mark"].verdict == "good"


def test_shape_is_followed_and_a_subject_that_never_changes_is_not_called_good():
    found = judged(follows=0.97, texture=0.0, mark=0.0)
    assert (found["reliance.shape"].value, found["reliance.shape"].verdict) == (0.97, "good")
    assert found["reliance.strongest"].verdict == "good"
    stuck = judged(follows=0.0, texture=0.0, mark=0.0)
    assert (stuck["reliance.shape"].verdict, stuck["reliance.strongest"].verdict) == ("bad", "caution")
    assert "do not follow the shape" in stuck["reliance.strongest"].claim
    assert stuck["reliance.mark"].verdict == "note"


def test_a_subject_that_is_mostly_wrong_is_not_called_good_where_the_shape_was_not_changed():
    whole = evidence(mark=0.0)
    wrong = replace(whole, trials=whole.trials.with_columns(correct=pl.lit(False)))
    assert [finding.verdict for finding in Reliance("mark").judge(whole)] == ["good", "good"]
    assert [finding.verdict for finding in Reliance("mark").judge(wrong)] == ["caution", "note"]


def test_few_changes_have_an_exact_interval_and_many_a_bootstrap():
    found = judged(texture=0.01, mark=0.3)
    assert found["reliance.texture"].interval.method == "Clopper-Pearson"
    assert "bootstrap over 200 images" in found["reliance.mark"].interval.method


def test_only_the_shape_leaves_no_headline_number():
    found = judged("shape")
    assert found["reliance.strongest"].value is None
    assert found["reliance.strongest"].reason == "only the shape was changed"


def test_too_few_images_decide_nothing():
    few = evidence(texture=0.5)
    few = replace(few, trials=few.trials.filter(pl.col("image") < "003"))
    assert Reliance("texture").judge(few)[0].verdict == "note"


def test_differences_of_two_models_are_paired_by_twin():
    first, second = (Reliance("shape,texture,mark").estimates(evidence(texture=share, mark=0.1)) for share in (0.2, 0.6))
    for name in ("texture", "strongest"):
        value, interval, n = paired_difference(first[name], second[name])
        assert (value, n) == (pytest.approx(0.4), N)
        assert interval.low < 0.4 < interval.high


def test_charts_show_images_beside_their_twins():
    bars, table, gallery = Reliance("shape,texture,mark", pictures=2).charts(evidence(texture=0.3, mark=0.0))
    assert isinstance(bars, Bars)
    assert [(bar.label, bar.value) for bar in bars.bars] == [("shape (followed)", 1.0), ("texture", 0.3), ("mark", 0.0)]
    assert isinstance(table, Table)
    assert table.rows[1] == ("texture", "60 of 200", "100.0 %", "70.0 %", "+10.0 points")
    assert isinstance(gallery, Gallery)
    ((heading, pictures),) = gallery.rows
    assert heading == "Another texture"
    assert [picture.under for picture in pictures] == [None, ("do", "texture")] * 2
    assert pictures[0].image == pictures[1].image


def test_twins_have_one_concept_changed_to_a_value_that_occurs():
    images = world()
    for condition in Reliance("shape,background,texture,scale,lighting").conditions():
        twins = condition.redraw(images)
        changed = {name for name in images.facts.columns if not twins.facts[name].equals(images.facts[name])}
        own = {
            "shape": {"category"},
            "background": {"background", "background_colour"},
            "texture": {"texture", "texture_category"},
            "scale": {"scale"},
            "lighting": {"light", "lighting", "exposure"},
        }[condition.level]
        assert changed - {"digest"} == own
        for name in own - {"texture_category"}:
            assert (twins.facts[name] != images.facts[name]).all()
            if images.facts.schema[name] == pl.String:
                assert set(twins.facts[name]) <= set(images.facts[name])


def test_twins_of_some_images_are_those_of_the_whole_where_the_same_values_occur():
    images = world()
    some = subset(images, 80)
    assert set(some.facts["mark"]) == set(images.facts["mark"])
    do = Reliance("mark").conditions()[0].redraw
    joined = do(some).facts.join(do(images).facts.select("image", whole="mark"), on="image")
    assert (joined["mark"] == joined["whole"]).all()


def test_needs_a_world_and_a_concept_of_it(tmp_path):
    assert "needs a world" in Reliance().applies(network(False), photographs(16), None)
    exam = api.exam(network(False), world(images=16), [Reliance("texture,colr")], out=tmp_path)
    (section,) = exam.record.sections
    assert section.status == "failed"
    assert "Did you mean colour?" in section.reason


def test_trained_networks_are_told_apart_and_their_twins_are_in_the_report(tmp_path):
    found = {}
    for tied in (False, True):
        exam = api.exam(network(tied), world(), ["reliance", "background"], out=tmp_path / str(tied))
        found[tied] = {finding.id: finding for finding in exam.record.findings}
        twins = [key for key in exam.record.pictures if "@do background" in key]
        assert all((tmp_path / str(tied) / "pictures" / exam.record.pictures[key]).is_file() for key in twins)
        assert "not kept" not in exam.report.read_text("utf-8")
    assert len(twins) == 3
    assert found[True]["reliance.strongest"].verdict == "bad"
    assert "nothing but the background changed" in found[True]["reliance.strongest"].claim
    assert found[False]["reliance.strongest"].interval.high < 0.5
    assert found[False]["reliance.shape"].value > 0.9 > found[True]["reliance.shape"].value
    free, tied = (found[key]["background.flips"] for key in (False, True))
    assert free.interval.high < tied.interval.low

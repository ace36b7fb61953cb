from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from snellen import api
from snellen.charts import Bars, Table
from snellen.core import Evidence
from snellen.labels import SIXTEEN, sixteen
from snellen.probes.worst_group import WorstGroup
from snellen.stats import clopper_pearson, paired_difference, unpaired_difference
from tests.patients import cue_conflict, day_and_night, patient, photographs


def evidence(n: int = 800, night: float = 0.9, day: float = 0.9, share: float = 0.25, **facts) -> Evidence:
    """A subject with another accuracy on the `share` of images that were taken by night, the same in every category."""
    dark = np.arange(n) < round(share * n)
    right = np.where(dark, np.arange(n) < round(night * share * n), np.arange(n) < round((share + day * (1 - share)) * n))
    category = np.array(SIXTEEN)[np.arange(n) % 2]
    frame = pl.DataFrame(
        {
            "image": [f"{i:04d}" for i in range(n)],
            "category": category,
            "response": np.where(right, category, "truck"),
            "correct": right,
            "light": np.where(dark, "night", "day"),
        }
    ).with_columns(condition=pl.lit("clean"), level=pl.lit(""), confidence=pl.lit(0.5), **facts)
    return Evidence("photos", "m", frame, sixteen())


@pytest.mark.parametrize(
    ("n", "night", "verdict"), [(800, 0.4, "bad"), (8000, 0.82, "caution"), (8000, 0.9, "good"), (80, 0.7, "note")]
)
def test_verdict_goes_by_the_interval_for_all_groups_together(n, night, verdict):
    worst, gap, _ = WorstGroup("light").judge(evidence(n, night))
    overall = 0.25 * night + 0.75 * 0.9
    assert worst.headline
    assert worst.verdict == verdict
    assert worst.value == pytest.approx(night, abs=0.02)
    assert gap.value == pytest.approx(overall - worst.value, abs=1e-3)
    assert gap.interval.low <= gap.value <= gap.interval.high


def test_who_may_be_guessing_is_not_judged():
    assert WorstGroup("light").judge(evidence(800, 0.05, 0.06))[0].verdict == "note"
    assert WorstGroup("light").judge(evidence(8000, 0.2, 0.2))[0].verdict == "good"


def test_a_column_with_a_name_like_a_pattern_is_that_column():
    whole = evidence(night=0.4)
    odd = replace(whole, trials=whole.trials.rename({"light": "^.*$"}))
    assert WorstGroup().judge(odd)[0].claim == WorstGroup().judge(whole)[0].claim.replace("light", "^.*$")


def test_interval_is_shared_out_over_the_groups():
    worst, *_ = WorstGroup().judge(evidence(night=0.5))
    exact = clopper_pearson(round(worst.value * worst.n), worst.n, 1 - 0.05 / 6)
    assert "6 groups" in worst.claim
    assert (worst.interval.low, worst.interval.high, worst.interval.level) == (exact.low, exact.high, 0.95)
    assert worst.interval.method == "Clopper-Pearson, Bonferroni over 6 groups"


def test_facts_that_make_the_same_groups_count_once_and_numbers_not_at_all():
    whole = evidence(night=0.5)
    light = pl.col("light")
    same = whole.trials.with_columns(lamp=light.replace({"night": "on", "day": "off"}), year=2020, name=pl.col("image"))
    assert WorstGroup().judge(replace(whole, trials=same)) == WorstGroup().judge(whole)
    flags = whole.trials.with_columns(dark=light == "night").drop("light")
    assert WorstGroup().judge(replace(whole, trials=flags))[0].value == WorstGroup().judge(whole)[0].value


def test_worst_group_may_be_one_category_under_one_fact():
    whole = evidence(night=0.9)
    hard = (pl.col("light") == "night") & (pl.col("category") == SIXTEEN[1])
    trials = whole.trials.with_columns(correct=pl.col("correct") & ~hard)
    worst, *_ = WorstGroup().judge(replace(whole, trials=trials))
    assert (worst.value, worst.n) == (0.0, 100)
    assert "Bear, light night" in worst.claim or "bear, light night" in worst.claim


def test_small_groups_and_unknown_facts_are_left_out():
    place = (
        pl.when(pl.col("image") < "0009").then(pl.lit("attic")).when(pl.col("image") < "0400").then(pl.lit("yard")).otherwise(None)
    )
    worst, *_ = WorstGroup("place").judge(evidence(place=place))
    assert "3 groups" in worst.claim
    assert worst.limits[-1] == "3 groups of fewer than 10 images were left out."
    (none,) = WorstGroup("light", least=1000).judge(evidence())
    assert none.reason == "none of 6 groups has 1000 images or more"


def test_estimates_are_the_findings_numbers_and_compare_in_pairs():
    first, second = WorstGroup(), WorstGroup()
    here, there = evidence(night=0.5), evidence(night=0.8)
    for finding in first.judge(here):
        assert first.estimates(here)[finding.id.partition(".")[2]].point() == pytest.approx(finding.value)
    value, interval, n = paired_difference(first.estimates(here)["worst"], second.estimates(there)["worst"])
    assert (value, n) == (pytest.approx(0.3, abs=0.02), 800)
    assert 0 < interval.low < value < interval.high


def test_intervals_hold_the_truth_of_the_group_picked():
    rng, held = np.random.default_rng(0), 0
    for _ in range(200):
        whole = evidence(400)
        group = rng.integers(0, 12, 400)
        right = rng.random(400) < 0.8
        trials = whole.trials.with_columns(group=pl.Series([f"g{k}" for k in group]), correct=pl.Series(right))
        interval = WorstGroup("group", least=20).judge(replace(whole, trials=trials))[0].interval
        held += interval.low <= 0.8 <= interval.high
    assert held >= 188


def test_charts_show_the_worst_first():
    bars, table, others = WorstGroup().charts(evidence(night=0.5))
    assert isinstance(bars, Bars)
    assert isinstance(table, Table)
    values = [bar.value for bar in bars.bars]
    assert values == sorted(values)
    assert others.rows[0][0].endswith("light night")
    assert bars.mark == (pytest.approx(0.8), "all images")
    assert [row[:2] for row in table.rows] == [("category and light", "4"), ("light", "2")]


def test_average_counts_every_group_once():
    _, _, average = WorstGroup("light").judge(evidence(night=0.4, share=0.1))
    assert average.value == pytest.approx(np.mean([0.4, 0.9]), abs=0.01)
    assert average.interval.low < average.value < average.interval.high < 0.84


def test_each_group_is_set_beside_all_other_images():
    _, _, others = WorstGroup("light").charts(evidence(800, 0.5, 0.9))
    value, interval = unpaired_difference((100, 200), (540, 600))
    rows = {row[0]: row[1:] for row in others.rows}
    told = f"{100 * value:+.1f} [{100 * interval.low:+.1f}, {100 * interval.high:+.1f}]"
    assert rows["light night"] == ("100 of 200", "50.0 %", told)


def test_metadata_of_any_type_makes_groups_alone_and_together():
    at = pl.col("image").cast(pl.Int64)
    wilds = {"hospital": at % 5, "region": (at % 2 == 0), "year": 2010 + at % 3}
    whole = evidence(900, **wilds)
    bad = (pl.col("hospital") == 3) & (pl.col("year") == 2011)
    whole = replace(whole, trials=whole.trials.with_columns(correct=pl.col("correct") & ~bad))
    alone, *_ = WorstGroup("hospital,region,year").judge(whole)
    assert "hospital 3" in alone.claim
    assert 0.4 < alone.value < 0.7
    both, *_ = WorstGroup("hospital + year, region").judge(whole)
    assert (both.value, "hospital 3, year 2011" in both.claim) == (0.0, True)


def test_no_value_is_no_group_and_not_a_zero():
    empty = evidence(place=pl.lit(None, pl.String))
    (none,) = WorstGroup("place").judge(empty)
    assert (none.value, none.reason) == (None, "no image has a value of the facts asked for")
    assert WorstGroup("place").charts(empty) == []
    assert WorstGroup("place").estimates(empty) == {}
    nobody = replace(evidence(), trials=evidence().trials.with_columns(correct=pl.lit(None, pl.Boolean)))
    assert WorstGroup("light").judge(nobody)[0].value is None
    images = day_and_night(32)
    blank = replace(images, facts=images.facts.with_columns(place=pl.lit(None, pl.String)))
    assert "has a value of place: fill the column in" in WorstGroup("place").applies(patient(), blank, None)


def test_needs_facts_that_make_groups():
    model = patient()
    assert "no text column with 2 to 20 values" in WorstGroup().applies(model, photographs(32), None)
    assert "have no column sex, age" in WorstGroup("light,sex,age").applies(model, day_and_night(32), None)
    assert "no single answer is right" in WorstGroup().applies(model, cue_conflict(), None)
    assert WorstGroup().applies(model, day_and_night(32), None) is None


def test_facts_of_a_world_make_groups(tmp_path):
    from tests.probes.trained import network, world

    exam = api.exam(network(True), world(True), ["worst-group"], out=tmp_path)
    assert exam["worst-group"].n >= 10
    assert any(row[0] == "background_colour" for row in exam.record.sections[0].charts[1].rows)

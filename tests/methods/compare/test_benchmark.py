"""The published numbers, and the benchmark on trials made by hand."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from snellen.core import SnellenError
from snellen.methods.compare.benchmark import HUMANS, Number, benchmark
from snellen.methods.compare.cohort import cohort
from snellen.methods.compare.pairwise import pairwise
from snellen.methods.compare.scores import METRICS, scores

TEN_DIGITS = 6e-11
"""The reference holds ten significant digits of numbers below one."""

METRIC_FIELDS = ("ood_accuracy", "accuracy_difference", "observed_consistency", "error_consistency", "shape_bias")


def by_condition(path: Path) -> pl.DataFrame:
    """A reference table; it writes "-" for the only condition of a data set, which the trials call "0"."""
    return pl.read_csv(path, schema_overrides={"condition": pl.String}).with_columns(pl.col("condition").replace("-", "0"))


def test_table(humans, published_models, reference):
    rows = {row.subject: row for row in benchmark(humans, published_models, resamples=0)}
    expected = pl.read_csv(reference / "benchmark_table.csv")
    assert list(rows) == expected["decision_maker"].to_list()
    for line in expected.iter_rows(named=True):
        for metric in METRIC_FIELDS:
            assert getattr(rows[line["decision_maker"]], metric).value == pytest.approx(line[metric], abs=TEN_DIGITS, rel=0), metric
    assert {row.datasets for row in rows.values()} == {17}


def test_published_three_decimals(humans, published_models, reference):
    rows = {row.subject: row for row in benchmark(humans, published_models, resamples=0)}
    for line in pl.read_csv(reference / "check_vs_published_table.csv").iter_rows(named=True):
        for metric in METRIC_FIELDS[:4]:
            value = getattr(rows[line["decision_maker"]], metric).value
            assert f"{value:.3f}" == f"{line[f'{metric}_published']:.3f}", (line["decision_maker"], metric)


def test_per_dataset(humans, published_models, reference):
    group = cohort(humans, published_models)
    found = {one.dataset: one for one in scores(group)}
    makers = (HUMANS, *group.models)
    expected = pl.read_csv(reference / "per_dataset.csv")
    assert expected.height == len(found) * len(makers)
    for line in expected.iter_rows(named=True):
        for metric in METRICS:
            value = found[line["dataset"]].values[metric][0, makers.index(line["decision_maker"])]
            assert value == pytest.approx(line[metric], abs=TEN_DIGITS, rel=0), (line["dataset"], metric)


def test_pair_by_pair(humans, published_models, reference):
    expected = by_condition(reference / "pairwise_per_condition.csv")
    found = pairwise(humans, published_models).rename({"first": "a", "second": "b"})
    keys = ["dataset", "condition", "a", "b", "kind"]
    both = expected.join(found, on=keys, suffix="_found")
    assert both.height == expected.height
    for metric in METRICS[1:]:
        np.testing.assert_allclose(both[f"{metric}_found"], both[metric], rtol=5e-10, atol=TEN_DIGITS)


def test_left_out_conditions_are_the_published_ones(humans, published_models, reference):
    kept = (
        by_condition(reference / "accuracy_per_condition_subject.csv")
        .filter(~pl.col("excluded"))
        .select("dataset", "condition")
        .unique()
    )
    found = {(one.dataset, condition) for one in scores(cohort(humans, published_models)) for condition in one.conditions}
    assert found == set(kept.rows())


def test_intervals_agree_with_the_reference_bootstrap(humans, published_models, reference):
    rows = {row.subject: row.error_consistency for row in benchmark(humans, published_models)}
    for name, _, _, low, high in pl.read_csv(reference / "error_consistency_bootstrap_ci.csv").rows():
        assert rows[name].low == pytest.approx(low, abs=0.004)
        assert rows[name].high == pytest.approx(high, abs=0.004)


def trials(subject: str, correct: list[bool], dataset: str = "mine", condition: str = "1", first: int = 0) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "subject": subject,
            "dataset": dataset,
            "condition": condition,
            "image": [f"{index}.png" for index in range(first, first + len(correct))],
            "category": "cat",
            "response": ["cat" if right else "dog" for right in correct],
            "correct": correct,
        }
    )


def test_worked_by_hand():
    people = pl.concat([trials("p1", [True, True, False, False]), trials("p2", [True, False, False, True])])
    humans, model = benchmark(people, trials("m", [True, True, True, False]), resamples=0)
    assert humans.subject == HUMANS
    assert humans.ood_accuracy == Number(0.5)
    assert humans.accuracy_difference == Number(0.0)
    assert humans.observed_consistency == Number(0.5)
    assert humans.error_consistency == Number(0.0)
    assert model.ood_accuracy == Number(0.75)
    assert model.accuracy_difference == Number(0.0625)
    assert model.observed_consistency == Number((0.75 + 0.25) / 2)
    assert model.error_consistency == Number((0.5 - 0.5) / 2)
    assert model.shape_bias == Number(None)


def test_one_person_has_no_distance_between_people():
    humans, model = benchmark(trials("p1", [True, True, False]), trials("m", [True, False, False]), resamples=50)
    assert humans.error_consistency == Number(None)
    assert model.error_consistency.value == pytest.approx(0.4)
    assert model.error_consistency.low is not None


def test_same_seed_same_intervals():
    people = pl.concat([trials("p1", [True, True, False, False] * 5), trials("p2", [True, False, False, True] * 5)])
    model = trials("m", [True, True, True, False] * 5)
    assert benchmark(people, model, seed=3) == benchmark(people, model, seed=3)
    assert benchmark(people, model, seed=3) != benchmark(people, model, seed=4)


def test_images_only_one_of_a_pair_saw_do_not_count_for_it():
    people = pl.concat([trials("p1", [True, False, True, False]), trials("p2", [True, False], first=2)])
    (_, model) = benchmark(people, trials("m", [True, False, False, True]), resamples=0)
    assert model.observed_consistency == Number((0.5 + 0.0) / 2)


def test_datasets_a_model_lacks_are_left_out_for_all():
    people = pl.concat([trials(name, [True, False, True], data) for name in ("p1", "p2") for data in ("a", "b")])
    models = pl.concat(
        [trials("m1", [True, True, True], "a"), trials("m1", [True, True, True], "b"), trials("m2", [True] * 3, "a")]
    )
    assert {row.datasets for row in benchmark(people, models, resamples=0)} == {1}


def test_conditions_too_hard_for_people_are_left_out():
    easy, hard = [True] * 4 + [False], [True] + [False] * 4
    people = pl.concat([trials(p, answers, condition=c) for p in ("p1", "p2") for c, answers in (("easy", easy), ("hard", hard))])
    model = pl.concat([trials("m", [True] * 5, condition="easy"), trials("m", [False] * 5, condition="hard")])
    assert benchmark(people, model, resamples=0)[1].ood_accuracy == Number(1.0)


def test_nothing_in_common_is_an_error():
    with pytest.raises(SnellenError, match="people answered mine and the models yours"):
        benchmark(trials("p", [True]), trials("m", [True], "yours"))


def test_rows_have_the_published_columns():
    row = benchmark(trials("p", [True, False]), trials("m", [True, True]), resamples=0)[0]
    assert [field.name for field in fields(row)] == ["subject", "datasets", *METRIC_FIELDS]

import tracemalloc

import numpy as np
import polars as pl
import pytest

from snellen.methods.compare.panel import MOST_PAIRS, Panel, panel
from snellen.stats import bootstrap

N = 60


def trials(subjects: int, images: int = N, conditions: int = 1) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One model, and people of whom any two agree alike."""
    rng = np.random.default_rng(0)
    shared = rng.random(images) < 0.6
    rows = [
        (
            f"p{subject:03d}",
            f"{image:03d}",
            str(image % conditions),
            bool(shared[image] if rng.random() < 0.7 else rng.random() < 0.6),
        )
        for subject in range(subjects)
        for image in range(images)
    ]
    people = pl.DataFrame(rows, schema=["subject", "image", "condition", "correct"], orient="row").with_columns(dataset=pl.lit("d"))
    model = pl.DataFrame({"image": [f"{image:03d}" for image in range(images)], "correct": shared})
    return model, people


def both(found: Panel) -> tuple[float, float]:
    return tuple(found.estimate("error_consistency", pairs).point() for pairs in (found.with_model, ~found.with_model))


def test_all_pairs_of_a_few_people():
    found = panel(*trials(12))
    assert (~found.with_model).sum() == found.pairs_of_people == 66
    assert found.with_model.sum() == 12


def test_many_people_are_compared_in_pairs_drawn(monkeypatch):
    found = panel(*trials(50))
    assert found.with_model.sum() == 50
    assert (~found.with_model).sum() == MOST_PAIRS
    assert found.pairs_of_people == 1225
    assert len({tuple(pair) for pair in found.pairs}) == len(found.pairs)
    assert both(found) == both(panel(*trials(50)))
    monkeypatch.setattr("snellen.methods.compare.panel.MOST_PAIRS", 10_000)
    everyone = panel(*trials(50))
    assert (~everyone.with_model).sum() == 1225
    assert both(found)[0] == both(everyone)[0]
    assert both(found)[1] == pytest.approx(both(everyone)[1], abs=0.02)


def test_conditions_share_the_pairs():
    found = panel(*trials(50, conditions=4))
    assert (~found.with_model).sum() == MOST_PAIRS // 4


def test_only_people_who_saw_an_image_in_common_make_a_pair():
    model, people = trials(40)
    people = people.filter((pl.col("subject") < "p020") == (pl.col("image") < "030"))
    assert panel(model, people).pairs_of_people == 2 * 190


def test_resamples_in_parts_are_those_at_once(monkeypatch):
    found = panel(*trials(8))
    at_once = bootstrap(found.estimate("error_consistency", ~found.with_model))
    monkeypatch.setattr("snellen.methods.compare.panel._CHUNK_VALUES", 300)
    in_parts = bootstrap(found.estimate("error_consistency", ~found.with_model))
    assert (in_parts.low, in_parts.high) == pytest.approx((at_once.low, at_once.high), abs=1e-12)


def test_memory_does_not_grow_with_pairs():
    model, people = trials(120, images=200)
    tracemalloc.start()
    found = panel(model, people)
    bootstrap(found.estimate("error_consistency", ~found.with_model))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200e6

"""Areas, intervals and thresholds against numbers that can be had by hand, by enumeration or by simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from snellen.validity import FEWEST
from snellen.validity.statistics import NOTHING, auc, auc_interval, detections

scores = st.lists(st.integers(-3, 3).map(float) | st.just(NOTHING), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("sick", "well", "area"),
    [
        ([3, 4], [1, 2], 1.0),
        ([1, 2], [3, 4], 0.0),
        ([1, 2], [1, 2], 0.5),
        ([2], [1, 2, 3], 0.5),
        ([2, 3], [1, 2], 0.875),
        ([NOTHING, 1], [0, 0], 0.5),
        ([NOTHING], [NOTHING], 0.5),
        ([0], [NOTHING], 1.0),
    ],
)
def test_area_by_hand(sick, well, area):
    assert auc(sick, well) == area


@given(scores, scores)
def test_area_is_the_share_of_pairs_and_mirrors(sick, well):
    pairs = [1.0 if s > w else 0.5 if s == w else 0.0 for s, w in itertools.product(sick, well)]
    assert auc(sick, well) == pytest.approx(sum(pairs) / len(pairs))
    assert auc(sick, well) + auc(well, sick) == pytest.approx(1)


def test_area_is_that_of_mann_and_whitney():
    rng = np.random.default_rng(0)
    sick, well = rng.integers(0, 9, 30), rng.integers(0, 7, 20)
    assert auc(sick, well) == pytest.approx(mannwhitneyu(sick, well).statistic / 600)


@pytest.mark.parametrize("area", [0.0, 0.1, 0.5, 0.72, 0.96, 1.0])
@pytest.mark.parametrize(("m", "n"), [(5, 5), (5, 10), (10, 5), (40, 30), (2, 2)])
def test_interval_ends_where_the_area_found_is_that_many_errors_away(area, m, n):
    interval = auc_interval(area, m, n)
    assert 0 <= interval.low <= area <= interval.high <= 1
    mirrored = auc_interval(1 - area, m, n)
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((interval.low, interval.high), abs=1e-6)
    both = (m + n) / 2
    for end in {interval.low, interval.high} - {0.0, 1.0}:
        first, second = end / (2 - end), 2 * end**2 / (1 + end)
        variance = end * (1 - end) + (both - 1) * (first - end**2) + (both - 1) * (second - end**2)
        assert abs(area - end) / math.sqrt(variance / (m * n)) == pytest.approx(1.959964, abs=1e-4)


def test_interval_narrows_with_networks_and_keeps_a_width_at_the_end():
    lows = [auc_interval(1.0, n, n).low for n in (2, 3, 5, 10, 100)]
    assert lows == sorted(lows)
    assert lows[-1] < 1
    assert auc_interval(1.0, 5, 5, level=0.5).low > auc_interval(1.0, 5, 5).low


def test_fewest_seeds_are_those_that_can_show_something():
    assert auc_interval(1.0, FEWEST, FEWEST).low > 0.5
    assert auc_interval(1.0, FEWEST - 1, FEWEST - 1).low <= 0.5


@pytest.mark.parametrize("apart", [0.0, 0.8, 1.5])
def test_interval_holds_the_true_area_as_often_as_it_says(apart):
    rng, true = np.random.default_rng(1), 0.5 * (1 + math.erf(apart / 2))
    found = [auc(rng.normal(apart, 1, 5), rng.normal(0, 1, 5)) for _ in range(2000)]
    known = {area: auc_interval(area, 5, 5) for area in set(found)}
    assert np.mean([known[area].low <= true <= known[area].high for area in found]) > 0.93


def test_threshold_is_half_way_between_the_groups_of_the_other_seeds():
    values = [1.0, 0.0, 9.0, 4.0]  # seed 1: a patient and a control; seed 2: the same
    planted, seeds = [True, False, True, False], [1, 1, 2, 2]
    assert detections(values, planted, seeds) == [False, False, True, True]  # beyond 6.5 of seed 2, beyond 0.5 of seed 1


def test_no_network_moves_its_own_threshold():
    planted, seeds = [True, False] * 3, [1, 1, 2, 2, 3, 3]
    values = [10.0, 0.0, 2.0, 0.0, 2.0, 0.0]
    assert detections([1.0 + 1e-9, *values[1:]], planted, seeds)[0]
    assert not detections([1.0, *values[1:]], planted, seeds)[0], "a tie with the threshold is no detection"


def test_several_patients_of_a_seed_are_left_out_together():
    planted, seeds = [True, True, False] * 2, [1, 1, 1, 2, 2, 2]
    assert detections([5, 1, 0, 4, 2, 0], planted, seeds) == [True, False, False, True, True, False]


def test_without_numbers_nothing_is_detected():
    assert detections([NOTHING, 0.0, 5.0, 0.0], [True, False] * 2, [1, 1, 2, 2]) == [False, False, False, False]
    assert detections([5.0, 0.0], [True, False], [1, 1]) == [False, False], "one seed has no others"
    assert detections([NOTHING, NOTHING, NOTHING, NOTHING], [True, False] * 2, [1, 1, 2, 2]) == [False] * 4

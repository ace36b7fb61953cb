from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snellen.core import SnellenError
from snellen.images.sample import stratified


@given(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=60), st.integers(1, 80), st.integers(0, 3))
def test_as_equal_as_sizes_allow(categories, n, seed):
    rows = stratified(categories, n, seed)
    assert rows == sorted(set(rows)) == stratified(categories, n, seed)
    assert len(rows) == min(n, len(categories))
    sizes, kept = Counter(categories), Counter(categories[row] for row in rows)
    most = max(kept.values())
    assert all(kept[category] >= min(size, most - 1) for category, size in sizes.items())


def test_seeds_differ_and_every_row_has_its_chance():
    draws = {tuple(stratified(["a"] * 10, 3, seed)) for seed in range(60)}
    assert len(draws) > 20
    assert {row for draw in draws for row in draw} == set(range(10))


def test_none_is_refused():
    with pytest.raises(SnellenError, match="at least 1"):
        stratified(["a"], 0)

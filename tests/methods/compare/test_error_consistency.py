import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from snellen.methods.compare.error_consistency import (
    copied_share,
    error_consistency,
    expected_consistency,
    from_counts,
    kappa_bounds,
    observed_bounds,
    unbiased,
)

pairs = st.integers(2, 60).flatmap(lambda n: st.tuples(arrays(bool, n), arrays(bool, n)))


def by_table(n: int, both: int, first_only: int, second_only: int) -> tuple[np.ndarray, np.ndarray]:
    neither = n - both - first_only - second_only
    return (
        np.repeat([True, True, False, False], [both, first_only, second_only, neither]),
        np.repeat([True, False, True, False], [both, first_only, second_only, neither]),
    )


@pytest.mark.parametrize(
    ("table", "observed", "expected", "kappa"),
    [
        ((10, 5, 1, 2), 0.7, 0.6 * 0.7 + 0.4 * 0.3, (0.7 - 0.54) / 0.46),
        ((100, 25, 25, 25), 0.5, 0.5, 0.0),
        ((4, 2, 0, 0), 1.0, 0.5, 1.0),
        ((4, 0, 2, 2), 0.0, 0.5, -1.0),
        ((10, 9, 1, 0), 0.9, 0.9, 0.0),
    ],
)
def test_worked_by_hand(table, observed, expected, kappa):
    found = error_consistency(*by_table(*table))
    assert found.observed == pytest.approx(observed, abs=1e-12)
    assert found.expected == pytest.approx(expected, abs=1e-12)
    assert found.kappa == pytest.approx(kappa, abs=1e-12)


@pytest.mark.parametrize("right", [True, False])
def test_undefined_where_chance_alone_agrees_always_unless_asked_for_the_published_value(right):
    answers = np.full(5, right)
    assert np.isnan(error_consistency(answers, answers).kappa)
    assert error_consistency(answers, answers, compat=True).kappa == 1


def test_no_shared_image_is_undefined():
    assert np.isnan(from_counts(np.array(0), np.array(0), np.array(0), np.array(0)).kappa)


@given(pairs)
def test_symmetric_and_within_the_bounds_its_accuracies_leave(answers):
    first, second = answers
    found, swapped = error_consistency(first, second), error_consistency(second, first)
    np.testing.assert_allclose([found.observed, found.kappa], [swapped.observed, swapped.kappa], atol=1e-12)
    p, q = first.mean(), second.mean()
    low, high = observed_bounds(p, q)
    assert low - 1e-9 <= found.observed <= high + 1e-9
    if np.isfinite(found.kappa):
        low, high = kappa_bounds(p, q)
        assert -1 - 1e-9 <= low - 1e-9 <= found.kappa <= high + 1e-9 <= 1 + 2e-9


@given(pairs)
def test_order_of_images_does_not_matter(answers):
    first, second = answers
    shuffle = np.random.default_rng(0).permutation(len(first))
    np.testing.assert_allclose(
        error_consistency(first[shuffle], second[shuffle]).kappa, error_consistency(first, second).kappa, atol=1e-12
    )


def test_bounds_are_reached():
    p, q = 0.7, 0.4
    low, high = kappa_bounds(p, q)
    assert error_consistency(*by_table(10, 4, 3, 0)).kappa == pytest.approx(high)
    assert error_consistency(*by_table(10, 1, 6, 3)).kappa == pytest.approx(low)


def test_many_pairs_at_once():
    rng = np.random.default_rng(1)
    first, second = rng.random((2, 3, 4, 50)) < 0.6
    found = error_consistency(first, second)
    assert found.kappa.shape == (3, 4)
    assert found.kappa[1, 2] == pytest.approx(error_consistency(first[1, 2], second[1, 2]).kappa)


def copier(other: np.ndarray, share: float, accuracy: float, rng: np.random.Generator) -> np.ndarray:
    return np.where(rng.random(len(other)) < share, other, rng.random(len(other)) < accuracy)


def test_rises_with_the_share_copied_and_recovers_it():
    rng = np.random.default_rng(2)
    observer = rng.random(40_000) < 0.7
    shares = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    kappas = [float(error_consistency(observer, copier(observer, share, 0.7, rng)).kappa) for share in shares]
    assert np.all(np.diff(kappas) > 0.1)
    recovered = [float(copied_share(np.array(kappa), np.array(0.7), np.array(0.7))) for kappa in kappas]
    np.testing.assert_allclose(recovered, shares, atol=0.02)


def test_bias_correction_moves_the_mean_of_small_samples_towards_the_truth():
    rng = np.random.default_rng(3)
    n, share, repeats = 20, 0.5, 4000
    observer = rng.random((repeats, n)) < 0.6
    other = np.where(rng.random((repeats, n)) < share, observer, rng.random((repeats, n)) < 0.6)
    raw = error_consistency(observer, other).kappa
    raw = raw[np.isfinite(raw)]
    corrected = unbiased(raw, np.array(n))
    assert raw.mean() < share
    assert abs(corrected.mean() - share) < abs(raw.mean() - share)


def test_expected_is_a_half_for_a_coin():
    assert expected_consistency(0.5, 0.9) == pytest.approx(0.5)

"""Into the ball and the box, and onto a hyperplane: nearest points, checked against solvers that know nothing of these."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from snellen.methods.attack.hyperplanes import towards_hyperplane
from snellen.methods.attack.projections import project, random_start, uphill

from .linear import sizes

NORMS = ("linf", "l2", "l1")


def block(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.asarray(values, np.float32)).reshape(1, 3, 2, 2)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), epsilon=st.floats(1e-3, 20), reach=st.floats(0, 30), norm=st.sampled_from(NORMS))
def test_what_comes_out_is_in_the_ball_and_in_the_box(seed: int, epsilon: float, reach: float, norm: str) -> None:
    rng = np.random.default_rng(seed)
    centre = torch.from_numpy(rng.choice([0, 1, 0.3, 0.7], (2, 3, 4, 4)).astype(np.float32))
    places = centre + torch.from_numpy(reach * rng.standard_cauchy((2, 3, 4, 4)).clip(-50, 50).astype(np.float32))
    for found in (project(places, centre, epsilon, norm), random_start(centre, epsilon, norm, [seed, seed + 1])):
        assert bool(((found >= 0) & (found <= 1)).all())
        assert (sizes((found - centre).numpy(), norm) <= epsilon * (1 + 1e-5) + 1e-6).all()
    inside = project(places, centre, epsilon, norm)
    torch.testing.assert_close(project(inside, centre, epsilon, norm), inside, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_l1_is_the_nearest_point_of_the_ball_and_the_box(seed: int) -> None:
    rng = np.random.default_rng(seed)
    centre, place, epsilon = rng.random(12), rng.random(12) * 3 - 1, 0.8
    n = len(centre)
    found = minimize(  # with z = centre + up - down
        lambda v: ((centre + v[:n] - v[n:] - place) ** 2).sum(),
        np.zeros(2 * n),
        bounds=[*((0, 1 - c) for c in centre), *((0, c) for c in centre)],
        constraints={"type": "ineq", "fun": lambda v: epsilon - v.sum()},
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    ours = project(block(place), block(centre), epsilon, "l1").numpy().ravel()
    np.testing.assert_allclose(ours, centre + found.x[:n] - found.x[n:], atol=2e-4)


def test_the_way_uphill_has_norm_one_and_rises_most() -> None:
    gradient = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    for norm, dual in (("linf", 1), ("l2", 2)):
        way = uphill(gradient, norm)
        np.testing.assert_allclose(sizes(way.numpy(), norm), 1, rtol=1e-5)
        best = np.linalg.norm(gradient.reshape(2, -1).numpy(), ord=dual, axis=1)
        np.testing.assert_allclose((way * gradient).sum((1, 2, 3)), best, rtol=1e-5)
    sparse = uphill(gradient, "l1", np.array([0.01, 0.25]))
    assert [int((row != 0).sum()) for row in sparse] == [1, 12]
    np.testing.assert_allclose(sizes(sparse.numpy(), "l1"), 1, rtol=1e-5)
    assert not any(bool(uphill(torch.zeros(1, 3, 2, 2), norm).any()) for norm in NORMS)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("seed", range(4))
def test_the_least_change_onto_a_hyperplane(norm: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    place, slope = rng.random(12), rng.normal(size=12)
    ends = np.where(slope > 0, 1.0, 0.0)
    value = -0.6 * (slope * (ends - place)).sum()
    change = towards_hyperplane(block(place), block(slope), np.array([value]), norm).numpy().ravel().astype(float)
    assert value + slope @ change == pytest.approx(0, abs=1e-4)
    assert ((place + change > -1e-6) & (place + change < 1 + 1e-6)).all()
    assert sizes(change[None], norm)[0] == pytest.approx(_least(place, slope, value, norm), rel=1e-3)


def _least(place: np.ndarray, slope: np.ndarray, value: float, norm: str) -> float:
    """The size of the least change, by a solver."""
    n = len(place)
    bounds = [(-p, 1 - p) for p in place]
    if norm == "l2":
        found = minimize(
            lambda d: d @ d, np.zeros(n), bounds=bounds, constraints={"type": "eq", "fun": lambda d: value + slope @ d}
        )
        return float(np.sqrt(found.fun))
    width = 1 if norm == "linf" else n
    each = np.ones((n, 1)) if norm == "linf" else np.eye(n)
    limits = np.block([[np.eye(n), -each], [-np.eye(n), -each]])
    found = linprog(
        np.r_[np.zeros(n), np.ones(width)],
        A_ub=limits,
        b_ub=np.zeros(2 * n),
        A_eq=np.r_[slope, np.zeros(width)][None],
        b_eq=[-value],
        bounds=[*bounds, *[(0, None)] * width],
    )
    return float(found.fun)


def test_a_hyperplane_outside_the_box_is_approached_as_far_as_possible() -> None:
    place, slope = np.full(12, 0.25), np.ones(12)
    for norm in NORMS:
        change = towards_hyperplane(block(place), block(slope), np.array([-100.0]), norm)
        np.testing.assert_allclose((block(place) + change).numpy(), 1, atol=1e-6)

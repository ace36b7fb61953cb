import itertools
from collections.abc import Callable

import numpy as np
import pytest

from snellen.images.world import sdf
from snellen.images.world.shapes import CATEGORIES, PARTS
from snellen.labels import sixteen

SIDE = 96
REACH = 1.3
MOVING = {"airplane", "bear", "bicycle", "bird", "boat", "cat", "chair", "dog", "elephant"}
"""Whose silhouette depends on the pose."""

CORNERS = np.zeros((8, 32, 1, 1), np.float32)
CORNERS[:5, :, 0, 0] = np.array(list(itertools.product((0, 0.999), repeat=5))).T
"""Every pose and proportion at one end of its range."""

each = pytest.mark.parametrize("name", CATEGORIES)


def points(n: int, side: int = SIDE, reach: float = REACH) -> tuple[np.ndarray, np.ndarray]:
    line = (((np.arange(side) + 0.5) / side * 2 - 1) * reach).astype(np.float32)
    x, y = np.meshgrid(line, -line)
    return np.repeat(x[None], n, 0), np.repeat(y[None], n, 0)


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((8, n, 1, 1), np.float32)


def silhouettes(name: str, u: np.ndarray) -> np.ndarray:
    return sdf.union(*(part.distance for part in CATEGORIES[name](*points(u.shape[1]), u))) < 0


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.mean((a & b).sum((1, 2)) / (a | b).sum((1, 2))))


def test_categories_are_the_sixteen() -> None:
    assert tuple(CATEGORIES) == sixteen().keys


@each
def test_parts_are_named_finite_and_seen(name: str) -> None:
    x, y = points(8)
    parts = CATEGORIES[name](x, y, noise(8))
    names = [part.name for part in parts]
    assert len(set(names)) == len(names) >= 3
    assert set(names) <= set(PARTS)
    for part in parts:
        assert part.distance.dtype == np.float32
        assert part.distance.shape == x.shape
        assert np.isfinite(part.distance).all()
    for i, part in enumerate(parts):
        front = [other.distance > 0 for other in parts[i + 1 :]]
        assert (np.logical_and.reduce([part.distance < 0, *front]).sum((1, 2)) > 0).all(), f"{part.name} is hidden"


def test_every_named_part_is_drawn() -> None:
    x, y = points(1, 8)
    drawn = {part.name for draw in CATEGORIES.values() for part in draw(x, y, noise(1))}
    assert sorted(drawn) == sorted(PARTS)


@each
def test_silhouettes_fill_their_frame(name: str) -> None:
    x, y = points(1)
    seen = silhouettes(name, np.concatenate([noise(48), CORNERS], 1))
    spans = []
    for axis, shown in ((x[0, 0], np.any(seen, axis=1)), (y[0, :, 0], np.any(seen, axis=2))):
        low, high = (np.array([end(axis[row]) for row in shown]) for end in (np.min, np.max))
        assert low.min() >= -1.05
        assert high.max() <= 1.05
        assert abs(np.mean(low + high) / 2) < 0.1
        spans.append(high - low)
    assert np.max(spans, 0).min() > 1.5


def test_silhouettes_tell_the_categories_apart() -> None:
    first, second = ({name: silhouettes(name, noise(12, seed)) for name in CATEGORIES} for seed in (1, 2))
    within = {name: overlap(first[name], second[name]) for name in CATEGORIES}
    between = {pair: overlap(first[pair[0]], second[pair[1]]) for pair in itertools.permutations(CATEGORIES, 2)}
    assert min(within.values()) > 0.45
    assert max(between.values()) < 0.75
    assert np.mean(list(between.values())) < np.mean(list(within.values())) - 0.35
    for (a, b), shared in between.items():
        assert shared < within[a], (a, b)


@each
def test_an_image_does_not_depend_on_its_batch(name: str) -> None:
    u = noise(5)
    x, y = points(5, 64)
    together = CATEGORIES[name](x, y, u)
    for i in range(5):
        alone = CATEGORIES[name](x[i : i + 1], y[i : i + 1], u[:, i : i + 1])
        for whole, one in zip(together, alone, strict=True):
            np.testing.assert_array_equal(whole.distance[i], one.distance[0])


@each
def test_the_points_and_the_noise_are_left_alone(name: str) -> None:
    given = (*points(2, 16), noise(2))
    before = [array.copy() for array in given]
    CATEGORIES[name](*given)
    for array, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@each
def test_distances_near_an_edge_are_euclidean(name: str) -> None:
    side = 384
    pixel = 2 * REACH / side
    for part in CATEGORIES[name](*points(2, side), noise(2)):
        down, across = np.gradient(part.distance, pixel, axis=(1, 2))
        slope = np.hypot(down, across)[np.abs(part.distance) < pixel]
        assert np.mean((slope > 0.5) & (slope < 1.6)) > 0.95, part.name


@each
def test_pose_and_proportions_change_the_drawing(name: str) -> None:
    u = noise(4)
    posed, shaped = u.copy(), u.copy()
    posed[0] = (posed[0] + 0.4) % 1
    shaped[1:] = 1 - shaped[1:]
    still = silhouettes(name, u)
    assert (overlap(still, silhouettes(name, posed)) < 0.995) == (name in MOVING)
    assert overlap(still, silhouettes(name, shaped)) < 0.99


def test_oven_door_and_hands_of_the_clock_move() -> None:
    x, y = points(1)
    u = noise(1)
    for name, moving, still in (("oven", "door", "body"), ("clock", "hands", "case")):
        early, late = u.copy(), u.copy()
        early[0], late[0] = 0.1, 0.8
        a, b = ({part.name: part.distance < 0 for part in CATEGORIES[name](x, y, v)} for v in (early, late))
        assert overlap(a[moving], b[moving]) < 0.8
        assert overlap(a[still], b[still]) == 1


@pytest.mark.parametrize(
    ("figure", "area"),
    [
        (lambda x, y: sdf.disk(x, y, 0.1, -0.2, 0.6), np.pi * 0.36),
        (lambda x, y: sdf.ring(x, y, 0.0, 0.0, 0.7, 0.1), np.pi * (0.64 - 0.36)),
        (lambda x, y: sdf.ellipse(x, y, 0.1, 0.0, 0.8, 0.4), np.pi * 0.32),
        (lambda x, y: sdf.box(x, y, 0.0, 0.2, 0.7, 0.3), 0.84),
        (lambda x, y: sdf.rounded_box(x, y, 0.0, 0.0, 0.6, 0.4, 0.2), 0.96 - (4 - np.pi) * 0.04),
        (lambda x, y: sdf.capsule(x, y, -0.4, 0.0, 0.4, 0.3, 0.2), 0.4 * np.hypot(0.8, 0.3) + np.pi * 0.04),
        (lambda x, y: sdf.convex(x, y, (-0.6, -0.5), (0.6, -0.5), (0.0, 0.7)), 0.72),
        (lambda x, y: sdf.arc(x, y, 0.0, 0.0, 0.7, 0.5, 2.5, 0.1), 2 * 0.7 * 0.2 + np.pi * 0.01),
        (lambda x, y: sdf.disk(sdf.repeat(x, -0.6, 0.6, 3), y, 0.0, 0.0, 0.2), 3 * np.pi * 0.04),
        (lambda x, y: sdf.disk(sdf.fold(x, 0.0), y, 0.5, 0.0, 0.3), 2 * np.pi * 0.09),
        (lambda x, y: sdf.box(*sdf.rotate(x, y, 0.2, 0.1, 0.7), 0.0, 0.0, 0.6, 0.2), 0.48),
    ],
)
def test_a_figure_covers_its_area(figure: Callable[[np.ndarray, np.ndarray], np.ndarray], area: float) -> None:
    pixel = 2 * REACH / 256
    distance = figure(*points(1, 256))
    coverage = np.clip(0.5 - distance / pixel, 0, 1)
    assert distance.dtype == np.float32
    assert coverage.sum() * pixel**2 == pytest.approx(area, rel=0.01)


def test_smooth_union_only_fills() -> None:
    x, y = points(1)
    a, b = sdf.disk(x, y, -0.3, 0.0, 0.4), sdf.disk(x, y, 0.3, 0.0, 0.4)
    joined, plain = sdf.smooth_union(a, b, 0.2), sdf.union(a, b)
    assert (joined <= plain).all()
    assert (joined < plain).any()
    apart = np.abs(a - b) >= 0.2
    np.testing.assert_array_equal(joined[apart], plain[apart])

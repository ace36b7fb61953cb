"""Whether a map points at the thing: exact shares, and chance for maps that say nothing."""

from __future__ import annotations

import numpy as np
import pytest

from snellen.core import SnellenError
from snellen.methods.trust.localization import localization

MASKS = np.zeros((3, 10, 12), bool)
MASKS[:, 2:5, 3:7] = True
AREA = 12 / 120


def test_a_map_that_lies_inside_and_one_that_lies_outside() -> None:
    maps = np.zeros((3, 10, 12))
    maps[0, 3, 4], maps[0, 9, 9] = 3.0, 1.0
    maps[1, 9, 9], maps[1, 3, 3] = 3.0, 1.0
    maps[2, MASKS[2]] = -1.0
    maps[2, 0, 0] = 1e-300
    found = localization(maps, MASKS)
    assert found.pointing.tolist() == [1, 0, 0]
    assert found.mass == pytest.approx([0.75, 0.25, 0])
    assert found.pointing_chance == pytest.approx(AREA)
    assert found.mass_chance == pytest.approx(AREA)


def test_maps_without_any_preference_are_at_chance() -> None:
    for value in (0.0, 2.0, -2.0):
        found = localization(np.full((3, 10, 12), value), MASKS)
        assert found.pointing == pytest.approx(AREA)
        assert found.mass == pytest.approx(AREA)


def test_random_maps_are_at_chance_on_average() -> None:
    maps, masks = np.random.default_rng(0).normal(size=(4000, 10, 12)), np.repeat(MASKS[:1], 4000, 0)
    found = localization(maps, masks)
    assert found.pointing.mean() == pytest.approx(AREA, abs=4 * np.sqrt(AREA * (1 - AREA) / 4000))
    assert found.mass.mean() == pytest.approx(AREA, abs=0.005)


@pytest.mark.parametrize(("tolerance", "hit"), [(0.0, 0), (1.9, 0), (2.0, 1), (15.0, 1)])
def test_the_highest_value_may_lie_beside_the_mask_but_not_in_another_image(tolerance: float, hit: int) -> None:
    maps, masks = np.zeros((3, 10, 12)), MASKS.copy()
    masks[1] = False
    maps[:, 6, 4] = 1.0
    found = localization(maps, masks, tolerance)
    assert found.pointing.tolist() == [hit, 0, hit]
    assert found.pointing_chance[1] == 0
    assert (found.pointing_chance[0] > AREA) == (tolerance >= 1)


def test_masks_may_be_shares_and_maps_have_channels() -> None:
    maps, masks = np.zeros((1, 3, 2, 2), np.float32), np.array([[[0.5, 0.25], [0.0, 0.0]]])
    maps[0, :, 0, 0], maps[0, 0, 0, 1] = 1.0, 1.0
    found = localization(maps, masks)
    assert found.mass == pytest.approx([(3 * 0.5 + 0.25) / 4])
    assert found.pointing.tolist() == [1]
    assert found.mass_chance == pytest.approx([0.75 / 4])
    assert found.pointing_chance == pytest.approx([0.25])


def test_one_pixel_and_none() -> None:
    assert localization(np.ones((1, 1, 1)), np.ones((1, 1, 1), bool), 15.0).pointing.tolist() == [1]
    assert localization(np.zeros((0, 3, 3)), np.zeros((0, 3, 3), bool)).mass.shape == (0,)


@pytest.mark.parametrize(
    ("maps", "masks", "tolerance", "said"),
    [
        (np.zeros((2, 4, 4)), np.zeros((2, 4, 5)), 0.0, "got masks of shape"),
        (np.zeros((2, 4, 4)), np.full((2, 4, 4), 2.0), 0.0, r"in \[0, 1\]"),
        (np.zeros((2, 4, 4)), np.zeros((2, 4, 4)), -1.0, "a tolerance of -1"),
        (np.full((2, 4, 4), np.nan), np.zeros((2, 4, 4)), 0.0, "NaN or infinity"),
    ],
)
def test_what_does_not_go_together_is_said(maps: np.ndarray, masks: np.ndarray, tolerance: float, said: str) -> None:
    with pytest.raises(SnellenError, match=said):
        localization(maps, masks, tolerance)

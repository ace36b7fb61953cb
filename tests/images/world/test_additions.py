import numpy as np
import pytest

from snellen.images.world import additions
from snellen.images.world.additions import MARKS, MOST, Piece, clutter, mark, occluder
from snellen.images.world.concepts import MARKS as NAMES
from snellen.images.world.palette import GROUND
from tests.images.world.drawing import arguments

ZERO = np.zeros((64, 1, 1), np.float32)


def axes(size: int = 64) -> tuple[np.ndarray, np.ndarray]:
    line = ((np.arange(size) * 2 + 1) / size - 1).astype(np.float32)
    return line[None, None], -line[None, :, None]


def keys(n: int, seed: int = 0) -> np.ndarray:
    return arguments(n, seed)[1]


def everywhere(piece: Piece, n: int, size: int = 64) -> np.ndarray:
    """The piece's coverage in whole images, (n, size, size)."""
    coverage = np.zeros((n, size, size), np.float32)
    coverage[piece.row, piece.lines, piece.columns] = piece.coverage
    return coverage


class TestClutter:
    def test_as_many_pieces_as_asked_for(self):
        count = np.arange(MOST + 1)
        pieces = clutter(*axes(), keys(MOST + 1), count)
        assert len(pieces) == MOST
        for number, piece in enumerate(pieces):
            assert piece.coverage.dtype == piece.colour.dtype == np.float32
            assert piece.colour.shape == (len(piece.coverage), 3)
            np.testing.assert_array_equal(everywhere(piece, MOST + 1).any((1, 2)), count > number)

    def test_none_for_none(self):
        assert clutter(*axes(), keys(3), np.zeros(3, int)) == []

    def test_small_and_anywhere(self):
        (piece,) = clutter(*axes(), keys(400), np.ones(400, int))
        coverage = everywhere(piece, 400)
        share = coverage.mean((1, 2))
        assert 0.001 < share.min() < share.max() < 0.04
        assert (coverage.mean(0) > 0).mean() > 0.95

    @pytest.mark.parametrize("size", [8, 64, 101])
    def test_a_window_cuts_nothing_off(self, size, monkeypatch):
        count = np.full(100, MOST)
        windowed = clutter(*axes(size), keys(100), count)
        monkeypatch.setattr(additions, "_REACH", 2.0)
        for piece, whole in zip(windowed, clutter(*axes(size), keys(100), count), strict=True):
            np.testing.assert_array_equal(everywhere(piece, 100, size), everywhere(whole, 100, size))

    def test_a_batch_is_its_images_one_by_one(self):
        count = np.array([3, 0, 6, 1])
        together = clutter(*axes(), keys(4), count)
        for i in range(4):
            alone = clutter(*axes(), keys(4)[i : i + 1], count[i : i + 1])
            assert len(alone) == count[i]
            for one, piece in zip(alone, together, strict=False):
                np.testing.assert_array_equal(everywhere(one, 1)[0], everywhere(piece, 4)[i])
                np.testing.assert_array_equal(one.colour[0], piece.colour[piece.row.ravel() == i][0])


class TestOccluder:
    @pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
    def test_the_share_of_the_box(self, share):
        layer = occluder(
            *axes(128), keys(64), ZERO + np.float32(share), ZERO + np.float32(0.1), ZERO - np.float32(0.2), ZERO + np.float32(0.5)
        )
        x, y = axes(128)
        inside = (np.abs(x - 0.1) < 0.5) & (np.abs(y + 0.2) < 0.5)
        covered = (layer.coverage * inside).sum((1, 2)) / inside.sum()
        np.testing.assert_allclose(covered, share, atol=0.02)

    def test_from_all_four_sides(self):
        layer = occluder(*axes(), keys(64), ZERO + np.float32(0.1), ZERO, ZERO, ZERO + np.float32(0.5))
        rows, columns = axes()
        sides = {
            (round(float((cover * rows).sum() / cover.sum()), 1), round(float((cover * columns).sum() / cover.sum()), 1))
            for cover in layer.coverage
        }
        assert sides == {(-0.5, 0.0), (0.5, 0.0), (0.0, -0.5), (0.0, 0.5)}

    def test_nothing_for_nothing(self):
        share = np.array([0, 0.3], np.float32)[:, None, None]
        layer = occluder(*axes(), keys(2), share, ZERO[:2], ZERO[:2], ZERO[:2] + np.float32(0.5))
        assert layer.coverage[0].max() == 0
        assert layer.coverage[1].max() == 1
        assert layer.coverage.dtype == layer.colour.dtype == np.float32
        assert layer.colour.shape == (2, 3)


@pytest.mark.parametrize("kind", MARKS)
class TestMark:
    def test_small_and_in_the_upper_left_corner(self, kind):
        coverage, tone = mark(*axes(), keys(50), kind)
        assert coverage.shape == (50, 64, 64)
        assert tone.shape == (50, 1, 64, 64)
        assert coverage.dtype == tone.dtype == np.float32
        assert coverage[:, 24:].max() == coverage[:, :, 24:].max() == 0
        columns = (coverage.max(1) > 0.5).sum(1)
        assert 0.06 * 64 <= columns.min() <= columns.max() <= 0.13 * 64
        starts = (coverage.max(1) > 0.5).argmax(1)
        assert len(np.unique(starts)) > 2

    @pytest.mark.parametrize("colour", GROUND)
    def test_it_shows_on_every_background(self, kind, colour):
        coverage, tone = mark(*axes(), keys(20), kind)
        for end in GROUND[colour]:
            change = coverage * (tone[:, 0] - np.mean(end))
            assert np.abs(change).max((1, 2)).min() > 0.3

    def test_a_batch_is_its_images_one_by_one(self, kind):
        together = mark(*axes(), keys(3), kind)
        for i in range(3):
            for one, all_of_them in zip(mark(*axes(), keys(3)[i : i + 1], kind), together, strict=True):
                np.testing.assert_array_equal(one[0], all_of_them[i])


def test_the_marks_are_the_concept():
    assert ("none", *MARKS) == NAMES

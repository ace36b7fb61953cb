"""Compositing: masks that say which pixels an object made, twins that differ only where they may, every resolution alike."""

import numpy as np
import pytest

from snellen.images.world import open_world, render
from snellen.images.world.body import Body
from snellen.images.world.concepts import BACKGROUNDS, MARKS, TEXTURES
from snellen.images.world.scene import LABELS, MARK, OCCLUDER
from snellen.images.world.shapes import CATEGORIES
from tests.images.world.drawing import reduced

SIZE, IMAGES = 64, 64
WORLD = open_world({"occlusion": (0.0, 0.4), "scale": (0.4, 0.9), "clutter": {"2": 1, "5": 1}}, images=IMAGES, size=SIZE, seed=4)
SCENE = WORLD.draw(detail=True)
PLAIN = open_world(images=IMAGES, size=SIZE, seed=4)
"""No occlusion, as it is unless asked for."""


def changed(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(n, H, W): the largest difference of a channel, in grey levels."""
    return np.abs(first.astype(int) - second).max(1)


class TestMasks:
    def test_the_object_is_what_changes_with_its_colour(self):
        white, black = (WORLD.do(colour=colour, texture="plain", exposure=1.0).draw() for colour in ("white", "black"))
        change = changed(white.pixels, black.pixels)
        assert change[white.object == 0].max() == 0
        assert change[white.object > 0.5].min() >= 3

    def test_the_object_is_what_hides_the_background(self):
        """What shows of two backgrounds of one colour each is the share of a pixel that the object leaves."""
        studio = PLAIN.do(background="plain", clutter="0", mark="none", lighting=0.0, exposure=1.0)
        white, night = (studio.do(background_colour=colour).draw() for colour in ("white", "night"))
        difference = white.pixels.astype(float).mean(1) - night.pixels.mean(1)
        alone = np.array([difference[row][white.object[row] == 0].mean() for row in range(IMAGES)])
        np.testing.assert_allclose(1 - difference / alone[:, None, None], white.object, atol=0.01)

    def test_what_is_not_object_is_as_if_there_were_none(self):
        elsewhere = WORLD.do(occlusion=0.0, mark="none").twins("category")
        without, other = WORLD.do(occlusion=0.0, mark="none").draw(), elsewhere.draw()
        neither = (without.object == 0) & (other.object == 0)
        assert changed(without.pixels, other.pixels)[neither].max() == 0

    def test_parts_make_up_the_object(self):
        total = sum(SCENE.parts.values())
        assert np.abs(total - SCENE.object)[(SCENE.object == 0) | (SCENE.object == 1)].max() < 1e-3
        assert np.abs(total - SCENE.object).max() < 0.35
        assert np.abs(total - SCENE.object).mean() < 0.004

    def test_parts_of_their_own_category_only(self):
        pose = np.full((8, 1, 1, 1), 0.5, np.float32)
        point = np.zeros((1, 1, 1), np.float32)
        for row, category in enumerate(WORLD.facts["category"]):
            own = {part.name for part in CATEGORIES[category](point, point, pose)}
            assert {name for name, mask in SCENE.parts.items() if mask[row].any()} <= own

    @pytest.mark.parametrize("name", SCENE.parts)
    def test_a_part_is_labelled_where_it_covers_most(self, name):
        here = SCENE.labels == LABELS.index(name)
        assert SCENE.parts[name][here].min(initial=1) >= 0.25
        assert here[SCENE.parts[name] > 0.76].all()

    def test_labels_of_object_and_surroundings(self):
        first = LABELS.index(next(iter(SCENE.parts)))
        assert (SCENE.labels[SCENE.object > 0.99] >= 4).all()
        assert (SCENE.labels[SCENE.object < 0.01] < 4).mean() > 0.99
        assert first >= 4

    def test_the_occluder_takes_its_share(self):
        whole = WORLD.do(occlusion=0.0, mark="none").draw(detail=True)
        half = WORLD.do(occlusion=0.5, mark="none").draw(detail=True)
        covered = half.labels == OCCLUDER
        assert half.object[covered].max() <= 0.5
        assert not (whole.labels == OCCLUDER).any()
        assert 0.1 < 1 - half.object.sum() / whole.object.sum() < 0.9
        assert (half.object <= whole.object + 1e-6).all()

    def test_the_mark_is_labelled_and_lies_on_top(self):
        marked = PLAIN.do(mark="tag", x=-0.5, y=0.5, scale=1.0).draw(detail=True)
        here = marked.labels == MARK
        assert here.any((1, 2)).all()
        assert marked.object[here].max() <= 0.5
        assert not (PLAIN.do(mark="none").draw(detail=True).labels == MARK).any()


class TestTwins:
    def test_of_the_mark_differ_in_the_corner_only(self):
        for mark in MARKS[1:]:
            twin = PLAIN.do(mark="none").twins("mark", mark)
            change = changed(PLAIN.do(mark="none").draw().pixels, twin.draw().pixels)
            assert change[:, SIZE // 3 :].max() == change[:, :, SIZE // 3 :].max() == 0
            assert (change.max((1, 2)) > 60).all()

    @pytest.mark.parametrize("background", BACKGROUNDS)
    def test_of_the_background_leave_the_object(self, background):
        before, after = PLAIN.draw(), PLAIN.twins("background", background).draw()
        np.testing.assert_array_equal(before.object, after.object)
        assert changed(before.pixels, after.pixels)[before.object == 1].max() == 0

    @pytest.mark.parametrize("concept", ["texture", "colour", "texture_scale", "texture_angle", "texture_contrast"])
    def test_of_the_fabric_leave_the_rest(self, concept):
        before, after = WORLD.draw(detail=True), WORLD.twins(concept).draw(detail=True)
        change = changed(before.pixels, after.pixels)
        assert change[before.object == 0].max() == 0
        assert ((change > 3) & (before.object > 0.5)).any((1, 2)).mean() > 0.9
        np.testing.assert_array_equal(before.labels, after.labels)

    @pytest.mark.parametrize("concept", ["category", "proportion", "view", "x", "y", "scale", "rotation"])
    def test_of_the_shape_leave_what_neither_covers(self, concept):
        before, after = PLAIN.draw(), PLAIN.twins(concept).draw()
        change = changed(before.pixels, after.pixels)
        assert change[(before.object == 0) & (after.object == 0)].max() == 0
        assert (change.max((1, 2)) > 8).mean() > 0.9

    def test_of_the_pose_change_what_has_joints(self):
        change = changed(PLAIN.draw().pixels, PLAIN.twins("pose").draw().pixels).max((1, 2))
        stiff = PLAIN.facts["category"].is_in(["bottle", "car", "keyboard", "knife", "truck"]).to_numpy()
        assert change[stiff].max() == 0
        assert (change[~stiff] > 8).mean() > 0.9

    def test_of_clutter_add_pieces_behind_the_object(self):
        few, many = PLAIN.do(clutter="1").draw(), PLAIN.do(clutter="4").draw()
        assert changed(few.pixels, many.pixels)[few.object == 1].max() == 0
        assert (changed(few.pixels, many.pixels).max((1, 2)) > 8).mean() > 0.9

    def test_of_the_light_touch_the_brightness_only(self):
        dark, bright = (
            PLAIN.do(exposure=exposure, lighting=0.0, mark="none").draw().pixels.astype(float) for exposure in (0.3, 0.6)
        )
        assert np.abs(2 * dark - bright).max() <= 1.5


class TestResolution:
    @pytest.mark.parametrize("texture", TEXTURES)
    def test_a_large_image_made_small_is_the_small_one(self, texture):
        given = {"texture": texture, "texture_scale": 1.2}
        small, large = (open_world(given, images=16, size=size).draw() for size in (64, 256))
        shrunk = np.stack([reduced(channel, 4) for channel in large.pixels.transpose(1, 0, 2, 3).astype(np.float32)], axis=1)
        assert np.abs(shrunk - small.pixels).mean() < 6
        assert np.abs(reduced(large.object, 4) - small.object).mean() < 0.004

    @pytest.mark.parametrize("background", BACKGROUNDS)
    def test_backgrounds_too(self, background):
        small, large = (open_world({"background": background}, images=16, size=size).draw() for size in (64, 256))
        shrunk = np.stack([reduced(channel, 4) for channel in large.pixels.transpose(1, 0, 2, 3).astype(np.float32)], axis=1)
        alone = (small.object == 0) & (reduced(large.object, 4) == 0)
        assert np.abs(shrunk - small.pixels).max(1)[alone].mean() < 1.5


def test_no_double_precision_while_drawing(monkeypatch):
    """Twice the bytes would be half the speed."""
    seen = set()

    def add(body, rows, parts, pixel, wrapped=Body.add):
        seen.update(part.distance.dtype for part in parts)
        wrapped(body, rows, parts, pixel)
        seen.update(array.dtype for array in (body.coverage, body.tone, body.textured, pixel))

    def coloured(names, palette, pattern, wrapped=render._coloured):
        image = wrapped(names, palette, pattern)
        seen.update((pattern.dtype, image.dtype))
        return image

    monkeypatch.setattr(Body, "add", add)
    monkeypatch.setattr(render, "_coloured", coloured)
    for purpose in ("FAMILIES", "GROUNDS"):
        monkeypatch.setattr(render, purpose, {name: watched(drawn, seen) for name, drawn in getattr(render, purpose).items()})
    open_world(images=64, size=16).draw()
    assert seen == {np.dtype(np.float32)}


def watched(drawn, seen):
    def pattern(*arguments):
        out = drawn(*arguments)
        seen.add(out.dtype)
        return out

    return pattern

"""The contact sheet shows what the world draws, whatever the world."""

from __future__ import annotations

import numpy as np
import pytest

from snellen.images.world import open_world
from snellen.images.world.sheet import EACH, SMALLEST, sheet
from snellen.images.world.strips import strips
from snellen.labels import SIXTEEN


def packed(picture: object) -> np.ndarray:
    """(H, W): one number a pixel, of a picture (H, W, 3)."""
    return np.asarray(picture).astype(np.int32) @ np.array([1, 1 << 8, 1 << 16], np.int32)


def patches(picture: np.ndarray, image: np.ndarray) -> int:
    """At how many places of a picture (H, W) a small image (h, w) stands, both packed."""
    (h, w), (tall, wide) = image.shape, picture.shape
    found = np.ones((tall - h + 1, wide - w + 1), bool)
    for at in range(0, min(h, w), 5):
        found &= picture[at : tall - h + 1 + at, at : wide - w + 1 + at] == image[at, at]
    return sum(np.array_equal(picture[y : y + h, x : x + w], image) for y, x in np.argwhere(found))


def test_every_category_has_its_line_and_strips_stand_beside():
    world = open_world(images=160, size=80)
    picture = packed(sheet(world))
    for name in ("airplane", "truck"):
        rows = np.flatnonzero((world.facts["category"] == name).to_numpy())
        first, beyond = (packed(pixels.transpose(1, 2, 0)) for pixels in world.draw([int(rows[0]), int(rows[EACH])]).pixels)
        assert patches(picture, first) == 1
        assert patches(picture, beyond) == 0
    for strip in strips(world)[1:4]:
        assert patches(picture, packed(strip.pixels[-1].transpose(1, 2, 0))) >= 1


def test_small_images_are_enlarged_pixel_by_pixel():
    world = open_world(images=16, size=16)
    times = SMALLEST // 16
    image = world.draw([0]).pixels[0].transpose(1, 2, 0).repeat(times, axis=0).repeat(times, axis=1)
    assert patches(packed(sheet(world)), packed(image)) == 1


@pytest.mark.parametrize(
    "mechanisms",
    [{"category": "cat"}, "hard", "silhouettes", {"texture | category": 1.0}, {"occlusion": (0.0, 0.6), "clutter": "6"}],
)
def test_other_worlds_have_a_sheet_too(mechanisms: object):
    picture = sheet(open_world(mechanisms, images=5, size=16, seed=9))
    assert min(picture.size) > 1000
    assert len(np.unique(np.asarray(picture))) > 200


def test_the_same_world_gives_the_same_sheet():
    first, again, other = (np.asarray(sheet(open_world(images=20, size=16, seed=seed))) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert first.shape == other.shape
    assert not np.array_equal(first, other)


def test_strips_say_what_they_show():
    world = open_world(images=16, size=32)
    made = {strip.title.split(":")[0]: strip for strip in strips(world)}
    assert len(made["Silhouettes"].pixels) == len(SIXTEEN)
    assert all(len(strip.below) in (0, len(strip.pixels)) for strip in made.values())
    assert all(text.count("\n") + 1 == strip.lines for strip in made.values() for text in strip.below)
    twins = made["Counterfactual twins"]
    labels = [text.split("\n")[0] for text in twins.below]
    scenes = [at for at, text in enumerate(labels) if text == "one scene"]
    assert len(scenes) == 2
    scene = world.chosen([1]).twins("category", twins.below[0].split("\n")[1])
    twin = scene.twins("background")
    assert np.array_equal(twins.pixels[0], scene.draw().pixels[0])
    assert np.array_equal(twins.pixels[labels.index("do(background)")], twin.draw().pixels[0])
    assert f"do(background)\n{twin.facts['background'][0]}" in twins.below

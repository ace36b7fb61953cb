"""(seed, index) gives the same image: alone, in a batch, in any order, in another process, and as it was when this was written."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from snellen.images import open_images
from snellen.images.subset import subset
from snellen.images.world import open_world, render
from snellen.images.world.concepts import BACKGROUNDS, COLOURS, MARKS, TEXTURES

GOLDEN = Path(__file__).with_name("golden.png")
COLUMNS, SIZE = 8, 32
"""Of the sheet of golden images. To write it anew, when `render.VERSION` rises: `python -m tests.images.world.test_determinism`."""
PARTS = ("object", "labels", "pixels")
EVERYTHING = {f"{concept} | category": 1.0 for concept in ("texture", "background", "background_colour", "colour", "mark")}


def golden() -> np.ndarray:
    """(32, 3, 32, 32) uint8: each category with a texture, colour and background of its own, then small, large and turned ones."""
    usual = open_world(EVERYTHING, images=16, size=SIZE, seed=2026).draw().pixels
    rare = {"rotation": (-180, 180), "occlusion": (0, 0.6), "scale": (0.2, 1.5), "clutter": {str(n): 1 for n in range(7)}}
    return np.concatenate([usual, open_world(rare, images=16, size=SIZE, seed=7, start=10**9).draw().pixels])


def sheet(images: np.ndarray) -> np.ndarray:
    """(H, W, 3), in rows of `COLUMNS`."""
    rows = images.reshape(-1, COLUMNS, 3, SIZE, SIZE).transpose(0, 3, 1, 4, 2)
    return rows.reshape(-1, COLUMNS * SIZE, 3)


def test_images_are_as_they_were_to_one_grey_level():
    then = np.asarray(Image.open(GOLDEN)).astype(int)
    now = sheet(golden()).astype(int)
    assert np.abs(now - then).max() <= 1
    assert (now != then).mean() < 0.001
    assert render.VERSION == 1


def test_facts_are_as_they_were():
    given = {"texture | category": 0.5, "mark | category, view": {"bear, left": {"tube": 1, "tag": 2}}, "scale": (0.5, 0.6)}
    assert open_world(given, images=256, seed=5).id[:16] == "07b32c8b0fe43daa"


WORLD = open_world("hard", images=70, size=40, seed=11)
DRAWN = WORLD.draw(detail=True)


@pytest.mark.parametrize("rows", [[5], [69], [3, 2, 1, 0], list(range(69, -1, -3)), [4, 4, 4]])
def test_alone_and_in_any_order(rows):
    some = WORLD.draw(rows, detail=True)
    for part in PARTS:
        np.testing.assert_array_equal(getattr(some, part), getattr(DRAWN, part)[rows])
    for name, mask in some.parts.items():
        np.testing.assert_array_equal(mask, DRAWN.parts[name][rows])
    for name in set(DRAWN.parts) - set(some.parts):
        assert not DRAWN.parts[name][rows].any()


@pytest.mark.parametrize("pixels", [1, 3 * 40**2, 1 << 30])
def test_however_many_are_drawn_together(pixels, monkeypatch):
    monkeypatch.setattr(render, "_AT_ONCE", pixels)
    again = WORLD.draw(detail=True)
    for part in PARTS:
        np.testing.assert_array_equal(getattr(again, part), getattr(DRAWN, part))


def test_details_change_no_pixel():
    np.testing.assert_array_equal(WORLD.draw().pixels, DRAWN.pixels)


def test_in_another_set():
    few = subset(WORLD, 20, 3)
    rows = [WORLD.facts["image"].to_list().index(image) for image in few.facts["image"]]
    assert len(few) == 20
    np.testing.assert_array_equal(np.stack(few.fetch(range(20))), DRAWN.pixels[rows])
    np.testing.assert_array_equal(WORLD.chosen([7, 3]).draw().pixels, DRAWN.pixels[[7, 3]])
    np.testing.assert_array_equal(open_world("hard", images=30, size=40, seed=11, start=40).draw().pixels, DRAWN.pixels[40:])
    np.testing.assert_array_equal(open_world("hard", images=30, size=40, seed=11).shifted(40).draw().pixels, DRAWN.pixels[40:])
    np.testing.assert_array_equal(open_images("world:hard,images=70,size=40,seed=11").draw().pixels, DRAWN.pixels)


@pytest.mark.parametrize("size", [16, 17, 64, 100, 224, 512])
def test_at_every_size(size):
    world = open_world(images=3, size=size)
    scene = world.draw()
    assert scene.pixels.shape == (3, 3, size, size)
    for row in range(3):
        np.testing.assert_array_equal(world.draw([row]).pixels[0], scene.pixels[row])


def test_in_another_process():
    line = "world:images=40,size=24,seed=9,texture|category=0.7"
    code = (
        "import hashlib, sys\nfrom snellen.images import open_images\n"
        "print(hashlib.sha256(open_images(sys.argv[1]).draw([3, 1, 30, 22]).pixels).hexdigest())"
    )
    expected = hashlib.sha256(open_images(line).draw().pixels[[3, 1, 30, 22]]).hexdigest()
    for number in ("1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": number}
        run = subprocess.run([sys.executable, "-c", code, line], env=environment, capture_output=True, text=True, check=True)
        assert run.stdout.strip() == expected


def test_seeds_and_indices_make_different_images():
    worlds = [open_world(images=8, size=16, seed=seed, start=start) for seed in (0, 1) for start in (0, 8)]
    images = {image.tobytes() for world in worlds for image in world.draw().pixels}
    assert len(images) == 32


def test_the_golden_images_show_everything():
    facts = open_world(EVERYTHING, images=16, size=SIZE, seed=2026).facts
    for column, values in (("texture", TEXTURES), ("background", BACKGROUNDS), ("colour", COLOURS), ("mark", MARKS)):
        assert set(facts[column]) == set(values)


if __name__ == "__main__":
    Image.fromarray(sheet(golden())).save(GOLDEN, optimize=True)

"""Masks of concepts: of a world, and of folders in the form of Broden."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from snellen.core import Preprocessing, SnellenError, Unreadable, Unsupported
from snellen.images import open_images
from snellen.images.segmented import open_segmented
from snellen.images.segmented.located import Located
from snellen.images.world import World
from tests.images import broden
from tests.patients import NAMES, cut_out, photographs

PLAIN = Preprocessing((broden.SIDE, broden.SIDE))


def test_labels_are_red_and_256_times_green(tmp_path: Path) -> None:
    where = broden.write(tmp_path)
    found = open_segmented(tmp_path)
    assert found.names == ("red", "green", "blue", "dim", "left", "dim")
    assert found.categories == ("color", "color", "color", "color", "part", "scene")
    assert len(found.images) == 40, "the image without a label is left out"
    masks = found.masks([3, 4], PLAIN, 8)
    np.testing.assert_array_equal(masks[:, :3], where[3:5])
    assert not masks[:, 3].any()
    assert masks[:, 4, :, :4].all()
    assert not masks[:, 4, :, 4:].any()
    assert masks[0, 5].all()
    assert not masks[1, 5].any()


def test_masks_are_cut_as_images_are(tmp_path: Path) -> None:
    where = broden.write(tmp_path, 3, side=64)
    masks = open_segmented(tmp_path).masks([0, 1, 2], Preprocessing((16, 16), resize=32), 4)
    np.testing.assert_array_equal(masks[:, :3], where[:, :, 2:6, 2:6])


def test_a_sample_of_a_folder(tmp_path: Path) -> None:
    where = broden.write(tmp_path)
    found = open_segmented(tmp_path, sample=5, seed=1)
    assert len(found.images) == 5
    rows = [int(Path(name).stem) for name in found.images.facts["image"]]
    np.testing.assert_array_equal(found.masks(range(5), PLAIN, 8)[:, :3], where[rows])
    assert found.id != open_segmented(tmp_path, sample=5, seed=2).id
    (tmp_path / "label.csv").write_text((tmp_path / "label.csv").read_text().replace("green", "verdant"))
    assert open_segmented(tmp_path, sample=5, seed=1).id != found.id


@pytest.mark.parametrize(
    "file, old, new, said",
    [
        ("index.csv", "image,", "picture,", "without image"),
        ("label.csv", "number", "code", "without number"),
        ("label.csv", "300,", "three,", "got the label number 'three'"),
        ("label.csv", "color", "colour", None),
        ("index.csv", "train,32", "train,wide", "sizes that are no numbers"),
        ("index.csv", "made/001.png", "made/000.png", "an image twice"),
        ("index.csv", "made/001.png", "made/lost.png", "expected image files that are there"),
    ],
)
def test_what_is_wrong_with_a_folder_is_said(tmp_path: Path, file: str, old: str, new: str, said: str | None) -> None:
    broden.write(tmp_path, 4)
    (tmp_path / file).write_text((tmp_path / file).read_text().replace(old, new))
    if said is None:
        assert set(open_segmented(tmp_path).categories) == {"part", "scene"}
        return
    with pytest.raises(SnellenError, match=said):
        open_segmented(tmp_path)


def test_label_maps_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    broden.write(tmp_path, 2)
    (tmp_path / "images" / "made" / "001_color.png").write_bytes(b"no image")
    with pytest.raises(SnellenError, match=r"001_color.png, which cannot be read"):
        open_segmented(tmp_path).masks([0, 1], PLAIN, 8)


def test_masks_of_a_world_are_what_is_drawn() -> None:
    world = open_images("world:images=24,size=32,occlusion=0.3,texture=stripes")
    assert isinstance(world, World)
    found = open_segmented(world)
    masks = dict(
        zip(zip(found.categories, found.names, strict=True), found.masks(range(24), PLAIN, 32).swapaxes(0, 1), strict=True)
    )
    scene = world.draw(detail=True)
    assert scene.labels is not None
    for category in ("cat", "boat"):
        own = (world.facts["category"] == category).to_numpy()
        np.testing.assert_array_equal(masks["object", category], (scene.object > 0.5) & own[:, None, None])
    np.testing.assert_array_equal(masks["texture", "stripes"], scene.object > 0.5)
    np.testing.assert_array_equal(masks["thing", "occluder"], scene.labels == 2)
    assert masks["thing", "occluder"].any((1, 2)).all()
    grounds = np.stack([mask for (kind, _), mask in masks.items() if kind == "background"])
    assert (grounds.sum(0) <= 1).all()
    np.testing.assert_array_equal(grounds.any(0), (scene.labels == 0) & (scene.object <= 0.5))
    parts = np.stack([mask for (kind, _), mask in masks.items() if kind == "part"])
    np.testing.assert_array_equal(parts.any(0), scene.labels > 3)
    np.testing.assert_array_equal(found.layers(5), found.layers(5))


def test_plain_is_no_texture() -> None:
    found = open_segmented("world:images=8,texture=plain")
    assert "texture" not in found.categories


@pytest.mark.parametrize("source", ["photos:all", "nowhere", 3])
def test_images_without_masks_of_concepts(source: object) -> None:
    with pytest.raises(SnellenError, match="no masks of concepts"):
        open_segmented(source)


def test_a_folder_of_another_form(tmp_path: Path) -> None:
    with pytest.raises(SnellenError, match=r"expected index.csv and label.csv in it"):
        open_segmented(tmp_path)


def test_categories_of_images_with_masks_are_concepts_where_these_are() -> None:
    images = cut_out(18)
    found = open_segmented(images)
    assert (len(found.names), set(found.categories)) == (16, {"object"})
    masks = found.masks([3, 17], Preprocessing((64, 64)), 64)
    for at, (row, name) in enumerate(((3, NAMES[3]), (17, NAMES[1]))):
        own = found.names.index(name)
        np.testing.assert_array_equal(masks[at, own], images.masks[row] > 0.5)
        assert not np.delete(masks[at], own, axis=0).any()


def test_images_whose_object_is_not_known_have_no_mask() -> None:
    images, masks = cut_out(18), [*cut_out(18).masks]
    masks[1] = Unreadable("lost")
    found = Located.of(replace(images, masks=np.array(masks, dtype=object)))
    assert not found.masks([1], Preprocessing((64, 64)), 8).any()
    assert found.masks([0], Preprocessing((64, 64)), 8).any()


def test_images_without_masks_or_categories() -> None:
    with pytest.raises(Unsupported, match="no masks or boxes"):
        open_segmented(photographs(16))
    images = cut_out(16)
    with pytest.raises(Unsupported, match="no categories"):
        open_segmented(replace(images, facts=images.facts.with_columns(category=pl.lit(None, pl.String))))

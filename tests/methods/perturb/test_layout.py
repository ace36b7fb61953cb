"""Where things are after an occluder, a shuffle, a shift, a turn; what silhouettes and edges leave of them."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
import torch
from torch import Tensor

from snellen.core import SnellenError
from snellen.methods.perturb.layout.cutout import cutout
from snellen.methods.perturb.layout.edges import edges
from snellen.methods.perturb.layout.flip import flip
from snellen.methods.perturb.layout.hue_shift import hue_shift
from snellen.methods.perturb.layout.patch_drop import patch_drop
from snellen.methods.perturb.layout.patch_shuffle import patch_shuffle
from snellen.methods.perturb.layout.rotate import rotate
from snellen.methods.perturb.layout.saturation import saturation
from snellen.methods.perturb.layout.shear import shear
from snellen.methods.perturb.layout.shrink import shrink
from snellen.methods.perturb.layout.silhouette import silhouette
from snellen.methods.perturb.layout.translate import translate
from snellen.methods.perturb.layout.zoom import zoom

KEYS = list(range(6))


def noise(height: int = 28, width: int = 28, n: int = 6) -> Tensor:
    return torch.from_numpy(np.random.default_rng(0).random((n, 3, height, width), dtype=np.float32))


def disc(side: int = 48, radius: float = 0.3, hole: float = 0.0) -> Tensor:
    """A dark disc, with a hole perhaps, before white."""
    down, across = np.mgrid[:side, :side] - (side - 1) / 2
    distance = np.hypot(down, across) / side
    image = np.where((distance < radius) & (distance >= hole), 0.2, 1.0).astype(np.float32)
    return torch.from_numpy(np.broadcast_to(image, (1, 3, side, side)).copy())


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_hidden_shares_are_what_they_are_called(share: float):
    hidden = [(change(noise(), share, KEYS) == 0.5).all(dim=1).float().mean(dim=(1, 2)) for change in (cutout, patch_drop)]
    assert all(torch.allclose(one, torch.tensor(share), atol=0.03) for one in hidden)


def test_a_cutout_is_one_box_somewhere():
    hidden = (cutout(noise(20, 40), 0.25, KEYS) == 0.5).all(dim=1)
    corners = set()
    for one in hidden:
        rows, columns = one.any(dim=1).nonzero().flatten(), one.any(dim=0).nonzero().flatten()
        assert int(one.sum()) == len(rows) * len(columns) == 10 * 20
        corners.add((int(rows[0]), int(columns[0])))
    assert len(corners) > 2


@pytest.mark.parametrize("cells", [2, 4, 8])
def test_shuffled_patches_are_all_there(cells: int):
    images = noise(33, 40)
    shuffled = patch_shuffle(images, cells, KEYS)
    tall, wide = 33 // cells, 40 // cells

    def patches(image: Tensor) -> list[list[float]]:
        cut = image[:, : tall * cells, : wide * cells].unfold(1, tall, tall).unfold(2, wide, wide)
        return sorted(cut.permute(1, 2, 0, 3, 4).reshape(cells**2, -1).tolist())

    for before, after in zip(images, shuffled, strict=True):
        assert patches(before) == patches(after)
        assert torch.equal(before[:, tall * cells :], after[:, tall * cells :])
    assert not torch.equal(images, shuffled)


def test_a_grid_finer_than_the_pixels_is_refused():
    with pytest.raises(SnellenError, match="5x28 images for a grid of 8x8"):
        patch_shuffle(noise(5, 28), 8, KEYS)


def test_translation_moves_whole_pixels():
    images = noise(40, 40)
    moved = translate(images, 0.2, KEYS)
    for before, after in zip(images, moved, strict=True):
        inner = before[:, 12:28, 12:28]
        places = [
            (down, across)
            for down in range(-9, 10)
            for across in range(-9, 10)
            if torch.allclose(after[:, 12 + down : 28 + down, 12 + across : 28 + across], inner, atol=1e-4)
        ]
        assert len(places) == 1
        assert np.hypot(*places[0]) == pytest.approx(8, abs=0.8)


def test_turning_there_and_back_is_near_the_image():
    image = torch.nn.functional.interpolate(noise(6, 6, 1), size=(64, 64), mode="bicubic").clamp(0, 1)
    right, left = (rotate(image, sign * 20.0, [3]) for sign in (1, -1))
    assert float((rotate(right, -20.0, [3]) - image)[:, :, 16:48, 16:48].abs().mean()) < 0.01
    assert not torch.allclose(right, left, atol=0.05)
    assert torch.allclose(rotate(image, 90.0, [3]), image.rot90(1, (2, 3)), atol=1e-4) or torch.allclose(
        rotate(image, 90.0, [3]), image.rot90(-1, (2, 3)), atol=1e-4
    )


def test_shearing_moves_rows_and_keeps_the_middle():
    image = torch.zeros(1, 3, 41, 41)
    image[..., 20] = 1.0
    slanted = shear(image, 0.5, [1])[0, 0]
    columns = slanted.argmax(dim=1)
    assert int(columns[20]) == 20
    assert abs(int(columns[0]) - 20) == 10
    assert abs(int(columns[0]) - int(columns[40])) == 20


def test_zooming_in_and_out():
    wide = disc(radius=0.2)
    assert float((zoom(wide, 2.0) < 0.6).float().mean()) == pytest.approx(4 * float((wide < 0.6).float().mean()), rel=0.05)
    small = shrink(disc(radius=0.3), 0.5)
    assert float((small < 0.4).float().mean()) == pytest.approx(float((disc(radius=0.3) < 0.4).float().mean()) / 4, rel=0.1)
    assert torch.allclose(small[..., 0, 0], torch.tensor(0.5))


def test_flips_are_undone_by_themselves():
    assert all(torch.equal(flip(flip(noise(), axis), axis), noise()) for axis in (2, 3))


def test_a_silhouette_is_black_without_holes_on_white():
    found = silhouette(disc(hole=0.1), 0.1)
    assert torch.equal(found, (disc() > 0.6).float())


def test_specks_are_no_part_of_an_object():
    image = disc(64)
    image[..., 10, 10] = 0.0
    assert float(silhouette(image, 0.1)[0, 0, 10, 10]) == 1.0


@pytest.mark.parametrize(("image", "says"), [(noise(n=1), "plain background"), (torch.ones(1, 3, 8, 8), "of one colour")])
def test_where_there_is_no_plain_background_there_is_no_silhouette(image: Tensor, says: str):
    with pytest.raises(SnellenError, match=says):
        silhouette(image, 0.1)


def test_edges_of_a_disc_are_its_outline():
    found = edges(disc(96), 2**0.5)[0, 0] < 0.5
    down, across = np.mgrid[:96, :96] - 95 / 2
    distance = np.abs(np.hypot(down, across) - 0.3 * 96)
    assert distance[found.numpy()].max() < 2
    assert float(found.sum()) == pytest.approx(2 * np.pi * 0.3 * 96, rel=0.25)
    assert set(edges(disc(96), 2.0).unique().tolist()) == {0.0, 1.0}


def test_a_plain_image_has_no_edges():
    assert bool((edges(torch.full((1, 3, 16, 16), 0.3), 2.0) == 1).all())


def test_hues_turn_as_in_hsv():
    images = noise(4, 4, 1)
    for degrees in (30.0, 120.0, 180.0):
        found = hue_shift(images, degrees)[0].flatten(1).T.tolist()
        for before, after in zip(images[0].flatten(1).T.tolist(), found, strict=True):
            hue, depth, value = colorsys.rgb_to_hsv(*before)
            assert after == pytest.approx(colorsys.hsv_to_rgb((hue + degrees / 360) % 1, depth, value), abs=1e-5)


def test_saturation_fades_to_grey():
    grey = saturation(noise(), 0.0)
    assert torch.allclose(grey[:, 0], grey[:, 2], atol=1e-6)
    assert torch.allclose(saturation(noise(), 1.0), noise(), atol=1e-6)

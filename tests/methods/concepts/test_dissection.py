"""Units that are concepts by construction, thresholds beside NumPy's quantiles, and what a rotation takes away."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snellen.core import Preprocessing, SnellenError
from snellen.methods.concepts._overlap import Overlap
from snellen.methods.concepts._quantiles import BINS, Quantiles
from snellen.methods.concepts.dissection import Concepts, Dissection, random_rotation
from snellen.models.torch import TorchModel

SIDE, CELL = 32, 4
CONCEPTS = Concepts(("red", "green", "blue", "left"), ("colour", "colour", "colour", "place"))


class Detectors(nn.Module):
    """The layer `units` gives the mean colours of cells."""

    def __init__(self) -> None:
        super().__init__()
        self.units = nn.AvgPool2d(CELL)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, images: Tensor) -> Tensor:
        return self.units(images * self.scale).mean((2, 3))


MODEL = TorchModel(Detectors(), preprocessing=Preprocessing((SIDE, SIDE), mean=(0.0,) * 3, std=(1.0,) * 3))


def data(count: int, batch: int, resolution: int = SIDE // CELL) -> list[tuple[Tensor, np.ndarray]]:
    """Each image has three cells of full colour, one of each; masks say where, and the fourth concept is the left half."""
    rng, cells = np.random.default_rng(0), SIDE // CELL
    masks = np.zeros((count, 4, cells, cells), bool)
    for channel in range(3):
        masks[np.arange(count), channel, rng.integers(0, cells, count), rng.integers(0, cells, count)] = True
    masks[:, 3, :, : cells // 2] = True
    pixels = torch.tensor(masks[:, :3].repeat(CELL, 2).repeat(CELL, 3).astype(np.float32)) * 0.9
    masks = masks.repeat(resolution // cells, 2).repeat(resolution // cells, 3)
    return [(pixels[start : start + batch], masks[start : start + batch]) for start in range(0, count, batch)]


def test_detectors_are_found() -> None:
    found = Dissection("units", share=1 / 64)(MODEL, data(40, 7), CONCEPTS)
    np.testing.assert_array_equal(found.best, [0, 1, 2])
    assert found.iou[np.arange(3), np.arange(3)] == pytest.approx(np.ones(3))
    assert found.detectors.all()
    np.testing.assert_array_equal(found.unique, [0, 1, 2])
    assert found.by_category() == {"colour": (3, 3), "place": (0, 0)}
    assert found.active == pytest.approx(np.full(3, 1 / 64))
    assert (found.seen, found.mixed) == (40, False)


def test_iou_is_that_of_the_definition() -> None:
    """Of a random layer, with masks of another resolution; beside a loop over units, concepts and images."""
    rng = np.random.default_rng(1)
    images = torch.tensor(rng.random((9, 3, SIDE, SIDE), dtype=np.float32))
    masks = rng.random((9, 4, 20, 20)) < 0.2
    masks[4, :3] = False
    masks[2, 3] = False
    found = Dissection("units", share=0.1)(MODEL, [(images, masks)], CONCEPTS)
    maps = MODEL.activations(images, "units")
    large = nn.functional.interpolate(maps, (20, 20), mode="bilinear").numpy()
    for unit in range(3):
        on = large[:, unit] > found.thresholds[unit]
        for concept in range(4):
            own = masks[:, :3] if concept < 3 else masks[:, 3:]
            labelled = own.any((1, 2, 3))
            both = (on & masks[:, concept]).sum()
            union = on[labelled].sum() + masks[:, concept].sum() - both
            assert found.iou[unit, concept] == pytest.approx(both / union)


def test_how_data_are_cut_changes_little(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    whole = Dissection("units", share=1 / 64)(MODEL, data(40, 40, 16), CONCEPTS)
    monkeypatch.setattr("snellen.methods.concepts._overlap.BUDGET", 1)
    monkeypatch.setattr("snellen.methods.concepts.dissection.at_once", lambda *_: 3)
    parts = Dissection("units", share=1 / 64)(MODEL, data(40, 11, 16), CONCEPTS, progress=told.append)
    assert np.abs(parts.thresholds - whole.thresholds).max() <= (parts.error + whole.error).max()
    np.testing.assert_allclose(parts.iou, whole.iou, atol=0.02)
    assert sum(told) == 80


def test_a_rotation_mixes_what_units_detect() -> None:
    cells = np.random.default_rng(0).random((60, 3, 8, 8), dtype=np.float32)
    images, concepts = torch.tensor(cells.repeat(CELL, 2).repeat(CELL, 3)), Concepts(("r", "g", "b"), ("colour",) * 3)
    rotations = {"none": None, "renamed": np.eye(3)[[1, 2, 0]], "mixed": random_rotation(3, 0)}
    found = {name: Dissection("units", 0.1)(MODEL, [(images, cells > 0.9)], concepts, rotation=r) for name, r in rotations.items()}
    np.testing.assert_array_equal(found["renamed"].best, [1, 2, 0])
    assert found["none"].iou.max(1).min() > 0.95
    assert found["mixed"].iou.max(1).mean() < 0.6
    assert [one.mixed for one in found.values()] == [False, True, True]


def test_rotations_together_and_masks_made_when_needed_change_nothing() -> None:
    rotation, made = random_rotation(3, 1), []
    later = [(images, lambda masks=masks: made.append(len(masks)) or masks) for images, masks in data(40, 11, 16)]
    both = Dissection("units", 1 / 64).each(MODEL, later, CONCEPTS, [None, rotation])
    for one, own in zip(both, (None, rotation), strict=True):
        alone = Dissection("units", 1 / 64)(MODEL, data(40, 11, 16), CONCEPTS, rotation=own)
        np.testing.assert_array_equal(one.iou, alone.iou)
        np.testing.assert_array_equal(one.thresholds, alone.thresholds)
    assert made == [11, 11, 11, 7]
    with pytest.raises(SnellenError, match=r"masks of shape \(1, 1, 8, 8\) for 2 images"):
        Dissection("units")(MODEL, [(images, lambda: np.ones((1, 1, 8, 8), bool)) for images, _ in data(2, 2)], CONCEPTS)


@pytest.mark.parametrize("units", [1, 2, 16])
def test_random_rotations_are_rotations(units: int) -> None:
    rotation = random_rotation(units, 3)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(units), atol=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1)
    np.testing.assert_array_equal(rotation, random_rotation(units, 3))


@pytest.mark.parametrize("share", [0.005, 0.1, 0.5])
def test_quantiles_are_numpys_within_their_error(share: float) -> None:
    """Numbers of very different ranges, which grow, fall, or never change."""
    rng = np.random.default_rng(0)
    growth = np.array([1, 1.3, 1e-3, 0, 1])[:, None]
    batches = [(rng.normal(0, 1, (5, 700)) * growth**step + 5 * (growth == 0)).astype(np.float32) for step in range(30)]
    batches[17][4] -= 1000
    quantiles = Quantiles()
    for batch in batches:
        quantiles.add(torch.tensor(batch))
    found, error = (values.numpy() for values in quantiles.exceeded_by(share))
    every = np.concatenate(batches, 1)
    expected = np.quantile(every, 1 - share, axis=1, method="inverted_cdf")
    assert (np.abs(found - expected) <= error + 1e-9).all()
    assert (error <= 4 * np.ptp(every, axis=1) / BINS + 1e-9).all()


def test_units_that_never_change_detect_nothing() -> None:
    black = [(torch.full((4, 3, SIDE, SIDE), 0.3), np.ones((4, 4, 8, 8), bool))]
    found = Dissection("units")(MODEL, black, CONCEPTS)
    assert not found.detectors.any()
    assert (found.iou == 0).all()


def test_what_cannot_be_dissected_is_said() -> None:
    method = Dissection("units")
    with pytest.raises(SnellenError, match="gone through once"):
        method(MODEL, iter(data(2, 2)), CONCEPTS)
    with pytest.raises(SnellenError, match="got no images"):
        method(MODEL, [], CONCEPTS)
    with pytest.raises(SnellenError, match=r"masks of shape \(2, 4, 8, 8\) for 2 images and 1 concepts"):
        method(MODEL, data(2, 2), Concepts(("red",), ("colour",)))
    with pytest.raises(SnellenError, match=r"expected \(3, 3\)"):
        method(MODEL, data(2, 2), CONCEPTS, rotation=np.eye(2))
    with pytest.raises(SnellenError, match="NaN or infinite"):
        method(MODEL, [(torch.full((1, 3, SIDE, SIDE), torch.nan), np.ones((1, 4, 8, 8), bool))], CONCEPTS)
    with pytest.raises(SnellenError, match="expected one each"):
        Concepts(("red",), ())
    with pytest.raises(SnellenError, match="a share between 0 and 1"):
        Dissection("units", share=1.0)


def test_images_drawn_again_count_as_often_as_they_were_drawn() -> None:
    rng = np.random.default_rng(2)
    images, masks = torch.tensor(rng.random((9, 3, SIDE, SIDE), dtype=np.float32)), rng.random((9, 4, 20, 20)) < 0.2
    masks[4, :3] = False
    drawn = [0, 0, 4, 4, 7, 7, 7, 8, 8]
    weights = np.stack([np.ones(9), np.bincount(drawn, minlength=9)])
    batches = [(images[:5], masks[:5]), (images[5:], masks[5:])]
    found = Dissection("units", share=0.1)(MODEL, batches, CONCEPTS, redraws=weights)
    overlap = Overlap(CONCEPTS.categories)
    overlap.add(MODEL.activations(images[drawn], "units"), masks[drawn], torch.as_tensor(found.thresholds))
    assert found.redrawn is not None
    fit, best = found.redrawn
    for at, iou in enumerate((found.iou, overlap.iou())):
        np.testing.assert_allclose(fit[at], iou.max(1), rtol=1e-5)
        np.testing.assert_array_equal(best[at], iou.argmax(1))
    assert Dissection("units")(MODEL, batches, CONCEPTS).redrawn is None

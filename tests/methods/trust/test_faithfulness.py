"""Maps that find what the answer needs score above random orders, maps that do not score at chance or below."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from snellen.core import SnellenError
from snellen.methods.trust.faithfulness import Faithfulness, evidence
from tests.patients import SIZE, draw, patient

CLASSES = np.arange(8)
IMAGES = torch.from_numpy(draw(CLASSES, CLASSES).astype(np.float32) / 255)


def blobs() -> np.ndarray:
    maps = np.zeros((8, SIZE, SIZE), np.float32)
    for k in CLASSES:
        row, column = divmod(int(k), 4)
        maps[k, 16 * row : 16 * row + 16, 16 * column : 16 * column + 16] = 1
    return maps


def test_the_true_map_is_above_chance_and_its_opposite_below() -> None:
    rng = np.random.default_rng(0)
    maps = {"true": blobs(), "opposite": -blobs(), "noise": rng.normal(size=(8, 14, 14)).repeat(5, 1).repeat(5, 2)[:, :64, :64]}
    found = Faithfulness()(patient(gain=4.0), IMAGES, CLASSES, maps)
    assert found["true"].min() > 0.1
    assert found["opposite"].max() < -0.1
    assert abs(found["noise"].mean()) < found["true"].mean() / 3


def test_fine_maps_count_by_the_squares_they_lie_in() -> None:
    rng = np.random.default_rng(1)
    noisy = blobs() + rng.normal(0, 1, (8, SIZE, SIZE))
    found = Faithfulness()(patient(gain=4.0), IMAGES, CLASSES, {"plain": blobs(), "noisy": noisy})
    assert (found["noisy"] > 0.5 * found["plain"]).all()


def test_the_key_decides_the_random_orders_in_any_batch() -> None:
    model, maps = patient(gain=4.0), {"one": blobs()}
    whole = Faithfulness()(model, IMAGES, CLASSES, maps, keys=range(10, 18))["one"]
    alone = Faithfulness()(model, IMAGES[3:4], CLASSES[3:4], {"one": blobs()[3:4]}, keys=[13])["one"]
    assert alone[0] == pytest.approx(whole[3], abs=1e-6)
    assert not np.allclose(Faithfulness()(model, IMAGES, CLASSES, maps, keys=range(8))["one"], whole)


def test_small_and_constant_images() -> None:
    model = patient()
    maps = {"flat": np.zeros((2, SIZE, SIZE))}
    assert np.isfinite(Faithfulness()(model, IMAGES[:2] * 0, CLASSES[:2], maps)["flat"]).all()
    with pytest.raises(SnellenError, match="expected two cells"):
        Faithfulness(cells=1)


def test_maps_whose_sign_says_nothing_count_by_size() -> None:
    maps = np.array([[[[1.0, -2.0]]] * 3]).reshape(1, 3, 1, 2)
    assert evidence(maps, True).tolist() == [[[3.0, -6.0]]]
    assert evidence(maps, False).tolist() == [[[3.0, 6.0]]]

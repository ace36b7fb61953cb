"""What every perturbation promises, checked on all of them unasked."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor

from snellen.core import SnellenError
from snellen.methods.perturb import registry
from snellen.report.references import works

NAMES = registry.names()
KEYS = (11, 2**64 - 1)
SAME = 2e-6
"""Batches of another size may be summed in another order."""


def pictures(height: int = 40, width: int = 40, n: int = 2) -> Tensor:
    """Blotches in colour before plain backgrounds: whatever is done, there is something to do it to."""
    rng = np.random.default_rng(7)
    coarse = torch.from_numpy(rng.random((n, 3, 5, 5), dtype=np.float32))
    blotches = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bilinear")
    images = torch.from_numpy(rng.uniform(0.6, 1, (n, 3, 1, 1)).astype(np.float32)).expand(n, 3, height, width).clone()
    down, across = height // 4, width // 4
    images[:, :, down : height - down, across : width - across] = (
        blotches[:, :, down : height - down, across : width - across] * 0.6
    )
    return (images * 255).floor() / 255


@cache
def strongest(name: str) -> Tensor:
    """All pictures at the last level."""
    perturbation = registry.get(name)
    return perturbation(pictures(), list(perturbation.levels)[-1], KEYS)


@pytest.mark.parametrize("name", NAMES)
def test_describes_itself(name: str):
    perturbation = registry.get(name)
    assert perturbation.name == name
    assert perturbation.summary.endswith(".")
    assert perturbation.source in works(), "every source needs an entry in report/sources.bib"
    assert perturbation.levels
    assert perturbation.version >= 1
    assert not perturbation.code
    for side in (8, 32, 64, 224, 1000):
        assert all(perturbation.amount(level, side) is not None for level in perturbation.levels)


@pytest.mark.parametrize("name", NAMES)
def test_gives_images_and_leaves_those_it_was_given(name: str):
    perturbation, images = registry.get(name), pictures()[:1]
    for level in (next(iter(perturbation.levels)), list(perturbation.levels)[-1]):
        changed = perturbation(images, level, KEYS[:1])
        assert changed.shape == images.shape
        assert changed.dtype == torch.float32
        assert 0 <= float(changed.min()) <= float(changed.max()) <= 1
    assert torch.equal(images, pictures()[:1])
    assert not torch.equal(strongest(name), pictures()), "its last level changes nothing"


@pytest.mark.parametrize("name", NAMES)
def test_an_image_and_its_key_decide(name: str):
    perturbation, images, together = registry.get(name), pictures(), strongest(name)
    level = list(perturbation.levels)[-1]
    alone = perturbation(images[1:2], level, KEYS[1:2])
    turned = perturbation(images.flip(0), level, KEYS[::-1])
    assert float((alone[0] - together[1]).abs().max()) <= SAME
    assert float((turned.flip(0) - together).abs().max()) <= SAME


@pytest.mark.parametrize("name", NAMES)
def test_keys_matter_where_it_is_random(name: str):
    perturbation = registry.get(name)
    level, one = list(perturbation.levels)[-1], pictures()[:1]
    others = (perturbation(one, level, [key]) for key in (2, 3, 4, 5) if perturbation.random or key == 2)
    assert perturbation.random == any(not torch.equal(strongest(name)[:1], other) for other in others)


@pytest.mark.parametrize("name", NAMES)
def test_bytes_are_truncated_and_arrays_stay_arrays(name: str):
    perturbation = registry.get(name)
    codes = (pictures() * 255).round().to(torch.uint8)[:1].numpy()
    changed = perturbation(codes, list(perturbation.levels)[-1], KEYS[:1])
    assert isinstance(changed, np.ndarray)
    assert changed.dtype == np.uint8
    again = perturbation(codes.astype(np.float32) / 255, list(perturbation.levels)[-1], KEYS[:1])
    assert isinstance(again, np.ndarray)
    assert again.dtype == np.float32
    assert (changed == np.floor(again * 255 + 1e-4)).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1, 1), (5, 3), (9, 40)])
def test_small_and_narrow_images_are_changed_or_refused_in_a_sentence(name: str, size: tuple[int, int]):
    perturbation, images = registry.get(name), torch.full((1, 3, *size), 0.5)
    try:
        changed = perturbation(images, list(perturbation.levels)[-1], KEYS[:1])
    except SnellenError:
        return
    assert changed.shape == images.shape
    assert bool(((changed >= 0) & (changed <= 1)).all())


MALFORMED = {
    "not a number": np.full((1, 3, 8, 8), np.nan, np.float32),
    "infinite": np.full((1, 3, 8, 8), np.inf, np.float32),
    "beyond one": np.full((1, 3, 8, 8), 255, np.float32),
    "below zero": np.full((1, 3, 8, 8), -1e30, np.float64),
    "four channels": np.zeros((1, 4, 8, 8), np.float32),
    "one channel": np.zeros((1, 1, 8, 8), np.float32),
    "channels last": np.zeros((1, 8, 8, 3), np.float32),
    "one image": np.zeros((3, 8, 8), np.float32),
    "no images": np.zeros((0, 3, 8, 8), np.float32),
    "no pixels": np.zeros((1, 3, 0, 8), np.float32),
    "uint16": np.zeros((1, 3, 8, 8), np.uint16),
    "int64": np.zeros((1, 3, 8, 8), np.int64),
    "bool": np.zeros((1, 3, 8, 8), bool),
    "complex": np.zeros((1, 3, 8, 8), np.complex64),
    "text": np.full((1, 3, 8, 8), "a"),
}


@pytest.mark.parametrize("images", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("name", ["fog", "edges", "eidolon-3", "fourier-basis"])
def test_malformed_arrays_are_refused_in_a_sentence(name: str, images: np.ndarray):
    perturbation = registry.get(name)
    with pytest.raises(SnellenError, match=r"^got .* expected "):
        perturbation(images, next(iter(perturbation.levels)), [1] * len(images))


@pytest.mark.parametrize("name", ["fog", "eidolon-3"])
def test_half_precision_read_only_and_backwards_arrays_come_back_as_they_came(name: str):
    perturbation, images = registry.get(name), pictures(16, 16)[:1].numpy()
    level = next(iter(perturbation.levels))
    for given in (images.astype(np.float16), images[:, :, ::-1, ::-1], np.broadcast_to(images, images.shape)):
        changed = perturbation(given, level, KEYS[:1])
        assert isinstance(changed, np.ndarray)
        assert (changed.dtype, changed.shape) == (given.dtype, given.shape)


def test_gradients_are_no_obstacle():
    changed = registry.get("fog")(pictures(8, 8).requires_grad_(), "1", KEYS)
    assert not changed.requires_grad


@pytest.mark.parametrize("images", [None, "photos/", [[[[0.5]] * 3]]])
def test_what_is_no_array_is_refused_in_a_sentence(images: object):
    with pytest.raises(SnellenError, match=r"^got images of .* expected "):
        registry.get("fog")(images, "1", [1])


@pytest.mark.parametrize("keys", [[1], [1, 2, 3], []])
def test_keys_that_are_not_one_an_image_are_refused_in_a_sentence(keys: list[int]):
    with pytest.raises(SnellenError, match=r"^got .* expected one an image"):
        registry.get("fog")(pictures(8, 8), "1", keys)

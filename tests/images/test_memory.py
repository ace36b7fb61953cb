import numpy as np
import pytest
import torch

from snellen.core import SnellenError
from snellen.images import open_images

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 3, 8, 6), dtype=np.uint8)


def test_channels_first_or_last_are_the_same():
    first, last = (
        open_images((PIXELS, ["cat", "dog", "cat", "dog"])),
        open_images((PIXELS.transpose(0, 2, 3, 1), ["cat", "dog", "cat", "dog"])),
    )
    assert first.id == last.id
    assert first.labels.name == "sixteen"
    assert np.array_equal(first.fetch([2])[0], PIXELS[2].transpose(1, 2, 0))
    assert first.facts["image"].to_list() == ["000000", "000001", "000002", "000003"]


def test_unlabelled_and_numbered():
    assert open_images(PIXELS).labels is None
    numbered = open_images((PIXELS, np.array([3, 0, 0, 1])), name="mine")
    assert (numbered.name, numbered.labels.keys) == ("mine", ("0", "1", "2", "3"))
    assert open_images((PIXELS, [3, 0, 0, 1]), labels="imagenet").labels.name == "imagenet-1k"


def test_identity_tells_values_types_and_categories_apart():
    ids = {
        open_images(source).id for source in (PIXELS, 255 - PIXELS, PIXELS / 255, (PIXELS, [0, 1, 0, 1]), (PIXELS, [0, 1, 1, 1]))
    }
    assert len(ids) == 5


def test_a_torch_tensor_is_an_array():
    assert open_images(torch.from_numpy(PIXELS)).id == open_images(PIXELS).id


def test_sample_and_pass_through():
    images = open_images((PIXELS, [0, 0, 0, 1]), sample=2)
    assert images.facts["category"].to_list() == ["0", "1"]
    assert np.array_equal(images.fetch([1])[0], PIXELS[3].transpose(1, 2, 0))
    assert open_images(images) is images
    with pytest.raises(SnellenError, match="at least 1"):
        open_images(PIXELS, sample=0)


@pytest.mark.parametrize(
    "source, message",
    [
        (PIXELS[0], r"shape \(3, 8, 6\)"),
        (PIXELS[:0], "at least one image"),
        (PIXELS[:, :1], "repeat a grey channel"),
        (PIXELS.astype(np.int64), "array of int64"),
        (PIXELS.astype(float), "values from 0 to 255"),
        (np.full((1, 3, 4, 4), -0.5), "divide by 255"),
        (np.full((1, 3, 4, 4), np.nan), "not finite"),
        (np.full((1, 3, 4, 4), np.inf), "not finite"),
        ((PIXELS, ["cat"]), "4 images and 1 categories"),
        (42, "got int"),
        (None, "got NoneType"),
    ],
)
def test_other_things_are_explained(source, message):
    with pytest.raises(SnellenError, match=message):
        open_images(source)


def test_unknown_labels_are_explained():
    with pytest.raises(SnellenError, match="expected one of imagenet"):
        open_images((PIXELS, [0, 1, 2, 3]), labels="imagenett")

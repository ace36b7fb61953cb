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


def test_a_sample_of_an_opened_set():
    whole = open_images((PIXELS, [0, 0, 0, 1]))
    part = open_images(whole, sample=2, seed=1)
    assert part.facts["category"].to_list() == ["0", "1"]
    assert np.array_equal(part.fetch([1, 0])[0], whole.fetch([3])[0])
    assert (part.labels, part.name) == (whole.labels, whole.name)
    assert part.origin["sample"].startswith("2 of 4")
    assert part.id == open_images(whole, sample=2, seed=1).id != whole.id
    assert open_images(whole, sample=9) is whole


@pytest.mark.parametrize("option", [{"labels": "imagenet"}, {"name": "mine"}])
def test_an_opened_set_takes_no_name_and_no_labels(option):
    with pytest.raises(SnellenError, match=f"got {next(iter(option))}= for the opened set array"):
        open_images(open_images(PIXELS), **option)


def test_digests_are_of_contents():
    digests = open_images(PIXELS).facts["digest"]
    assert digests.str.len_chars().to_list() == [16] * 4
    assert digests.n_unique() == 4
    assert open_images(PIXELS[::-1]).facts["digest"].to_list() == digests.to_list()[::-1]


def test_categories_that_are_no_text_can_be_written():
    images = open_images((PIXELS, ["caf\udce9", "b", "b", "b"]), labels="custom", name="n\udce9")
    "".join([*images.labels.keys, images.name, *images.facts["category"]]).encode()


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

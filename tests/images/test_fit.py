import numpy as np
import pytest
from PIL import Image

from snellen.core import Preprocessing
from snellen.images.fit import fit, fit_array
from tests.images.damaged import photograph


def torchvision_way(image: Image.Image, resize: int, crop: tuple[int, int], scale: Image.Resampling) -> Image.Image:
    """The published arithmetic of Resize(int) and CenterCrop, written down plainly."""
    width, height = image.size
    short, long = min(width, height), max(width, height)
    new_long = int(resize * long / short)
    image = image.resize((resize, new_long) if width <= height else (new_long, resize), scale)
    width, height = image.size
    crop_height, crop_width = crop
    top, left = round((height - crop_height) / 2.0), round((width - crop_width) / 2.0)
    return image.crop((left, top, left + crop_width, top + crop_height))


@pytest.mark.parametrize("size", [(500, 375), (375, 500), (401, 300), (333, 334), (262, 262), (640, 100), (97, 61), (300, 299)])
@pytest.mark.parametrize(
    "resize, crop", [(256, (224, 224)), (236, (224, 224)), (257, (224, 192)), (224, (224, 224)), (280, (261, 260))]
)
@pytest.mark.parametrize("name, scale", [("bilinear", Image.Resampling.BILINEAR), ("bicubic", Image.Resampling.BICUBIC)])
def test_resize_and_crop_are_torchvisions(size, resize, crop, name, scale):
    image = photograph(1, size)
    fitted = fit(image, Preprocessing(crop, resize, name))
    assert fitted.size == crop[::-1]
    assert np.array_equal(np.asarray(fitted), np.asarray(torchvision_way(image, resize, crop, scale)))


def test_an_image_of_the_right_size_is_untouched():
    image = photograph(2, (224, 224))
    for resize in (None, 256, 224):
        assert fit(image, Preprocessing((224, 224), resize)) is image


@pytest.mark.parametrize("side", [1, 28, 32, 223])
def test_a_small_square_is_enlarged_whole(side):
    image = photograph(3, (side, side))
    fitted = fit(image, Preprocessing((224, 224), 256, "bicubic"))
    assert np.array_equal(np.asarray(fitted), np.asarray(image.resize((224, 224), Image.Resampling.BICUBIC)))


def test_without_resize_the_image_is_brought_to_size_directly():
    image = photograph(4, (300, 100))
    fitted = fit(image, Preprocessing((64, 48), None, "lanczos"))
    assert np.array_equal(np.asarray(fitted), np.asarray(image.resize((48, 64), Image.Resampling.LANCZOS)))


def test_a_crop_larger_than_the_image_is_padded_with_black():
    fitted = np.asarray(fit(Image.new("RGB", (40, 20), "white"), Preprocessing((31, 31), 28)))
    assert fitted.shape == (31, 31, 3)
    assert (fitted[0] == 0).all()
    assert (fitted[1:29] == 255).all()
    assert (fitted[29:] == 0).all()


@pytest.mark.parametrize("size", [(1, 60_000), (60_000, 1), (3, 9_000)])
def test_slivers_keep_their_middle_and_cost_little(size):
    image = Image.new("RGB", size, "black")
    wide = size[0] > size[1]
    middle = (size[0] // 2 - 30, 0, size[0] // 2 + 30, size[1]) if wide else (0, size[1] // 2 - 30, size[0], size[1] // 2 + 30)
    image.paste("white", middle)
    assert (np.asarray(fit(image, Preprocessing((224, 224), 256))) == 255).all()


def test_long_images_are_cut_as_if_resized_whole():
    image = photograph(5, (40, 40 * 50))
    assert np.array_equal(
        np.asarray(fit(image, Preprocessing((56, 56), 64))),
        np.asarray(torchvision_way(image, 64, (56, 56), Image.Resampling.BILINEAR)),
    )


def test_arrays_of_the_right_size_keep_their_values():
    pixels = np.random.default_rng(0).random((8, 6, 3))
    assert np.array_equal(fit_array(pixels, Preprocessing((8, 6), 12)), pixels.astype(np.float32).transpose(2, 0, 1))

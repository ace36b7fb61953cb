import io

import numpy as np
import pytest
from PIL import Image

from snellen.images.thumbnail import thumbnail
from tests.images.damaged import photograph


@pytest.mark.parametrize("size, expected", [((224, 224), (192, 192)), ((320, 160), (192, 96)), ((32, 20), (32, 20))])
def test_size(size, expected):
    pixels = np.asarray(photograph(1, size)).transpose(2, 0, 1)
    image = Image.open(io.BytesIO(thumbnail(pixels)))
    assert (image.format, image.size) == ("WEBP", expected)


def test_same_bytes_every_time_and_for_floats():
    pixels = np.asarray(photograph(2)).transpose(2, 0, 1)
    assert thumbnail(pixels) == thumbnail(pixels) == thumbnail((pixels / 255).astype(np.float32))
    assert thumbnail(pixels) != thumbnail(255 - pixels)
    assert len(thumbnail(pixels)) < pixels.size / 4

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from snellen.report import maps


def pixel(image: Image.Image, row: int, column: int) -> np.ndarray:
    return np.asarray(image, int)[row, column]


def test_signed_maps_are_blue_below_and_orange_above_zero():
    values = np.array([[-1.0, 0.0, 1.0]])
    painted = maps.paint(values, signed=True)
    low, zero, high = (pixel(painted, 0, i) for i in range(3))
    assert low[2] > low[0] + 80
    assert high[0] > high[2] + 80
    assert (zero == 255).all()


def test_unsigned_maps_grow_brighter():
    brightness = np.asarray(maps.paint(np.linspace(5, 6, 50)[None], signed=False).convert("L"), int)[0]
    assert (np.diff(brightness) >= 0).all()
    assert brightness[0] < 5
    assert brightness[-1] > 240


def test_one_outlier_does_not_darken_the_rest():
    values = np.random.default_rng(0).random((50, 50))
    spiked = values.copy()
    spiked[0, 0] = 1e6
    calm, wild = (np.asarray(maps.paint(v, signed=False), int)[1:] for v in (values, spiked))
    assert np.abs(calm - wild).mean() < 3


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize(
    "values", [np.zeros((4, 4)), np.full((4, 4), 3.0), np.array([[np.nan, np.inf], [-np.inf, 1.0]])], ids=["zero", "flat", "broken"]
)
def test_maps_without_contrast_are_painted_too(values: np.ndarray, signed: bool):
    assert maps.paint(values, signed).size == values.shape[::-1]


def test_signed_maps_lie_over_the_photograph():
    photograph = Image.fromarray(np.tile(np.array([[0], [255]], np.uint8), (1, 2)))
    over = maps.paint(np.array([[0.0, 1.0], [0.0, 1.0]]), signed=True, backdrop=photograph)
    assert len(set(pixel(over, 0, 0))) == 1
    assert pixel(over, 0, 0)[0] < pixel(over, over.size[1] - 1, 0)[0]


@pytest.mark.parametrize(
    ("size", "expected"), [((384, 192), (192, 96)), ((160, 120), (160, 120)), ((7, 7), (192, 192)), ((5000, 2), (192, 1))]
)
def test_pictures_are_made_to_fit(size: tuple[int, int], expected: tuple[int, int]):
    assert maps.fit(Image.new("L", size)).size == expected


def test_pictures_in_colours_stay_as_they_are():
    values = np.arange(3 * 2 * 4, dtype=np.uint8).reshape(3, 2, 4)
    assert (np.asarray(maps.coloured(values)) == values.transpose(1, 2, 0)).all()
    for wrong in (values[0], values[:2], values.astype(float)):
        with pytest.raises(ValueError, match="expected uint8"):
            maps.coloured(wrong)

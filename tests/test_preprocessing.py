"""What can stand between image files and a model."""

import pytest

from snellen.core import Preprocessing, SnellenError


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"size": (0, 8)}, "got images of 0x8 pixels"),
        ({"size": (8, -1)}, "expected sides from 1 to 10,000"),
        ({"size": (10**6, 10**6)}, "expected sides from 1 to 10,000"),
        ({"size": (8, 8), "resize": 10**6}, "resized to 1000000"),
        ({"size": (8, 8), "mean": (float("nan"),) * 3}, "finite"),
        ({"size": (8, 8), "std": (1.0, 0.0, 1.0)}, "std above 0"),
        ({"size": (8, 8), "std": (float("inf"),) * 3}, "finite"),
    ],
)
def test_what_cannot_be_is_said(given: dict, says: str):
    with pytest.raises(SnellenError, match=says):
        Preprocessing(**given)

"""Which outputs lie over an image, and how."""

from __future__ import annotations

import numpy as np
import pytest

from snellen.grids import Grid, grid, places


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [
        ((2, 512, 7, 7), (224, 224), Grid(7, 7, "maps")),
        ((2, 7, 7, 768), (224, 224), Grid(7, 7, "maps, channels last")),
        ((2, 197, 384), (224, 224), Grid(14, 14, "tokens", 1)),
        ((2, 49, 768), (224, 224), Grid(7, 7, "tokens")),
        ((2, 201, 384), (224, 224), Grid(14, 14, "tokens", 5)),
        ((2, 64, 5, 8), (150, 255), Grid(5, 8, "maps")),
        ((2, 41, 16), (80, 128), Grid(5, 8, "tokens", 1)),
        ((2, 12, 197, 64), (224, 224), None),
        ((2, 512, 1, 1), (224, 224), None),
        ((2, 512), (224, 224), None),
        ((2, 3, 300, 300), (224, 224), None),
    ],
)
def test_grids(shape: tuple[int, ...], size: tuple[int, int], expected: Grid | None) -> None:
    assert grid(shape, *size) == expected


def test_places_are_maps_in_rows_and_columns() -> None:
    maps = np.arange(2 * 3 * 2 * 4).reshape(2, 3, 2, 4)
    last = maps.transpose(0, 2, 3, 1)
    tokens = np.concatenate([np.full((2, 1, 3), -1), last.reshape(2, 8, 3)], axis=1)
    for output, holds, leading in ((maps, "maps", 0), (last, "maps, channels last", 0), (tokens, "tokens", 1)):
        assert np.array_equal(places(output, Grid(2, 4, holds, leading)), maps)

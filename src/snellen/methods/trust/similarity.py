"""How alike two maps of the same image are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, get_args

import numpy as np
from jaxtyping import Float

from snellen.core import SnellenError
from snellen.methods.trust._maps import magnitudes, summed

SOURCE = "adebayo-2018"

Measure: TypeAlias = Literal["spearman", "absolute-spearman", "ssim", "hog"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
CELL = 16
"""Side in pixels of the cells that histograms of gradients are made of; smaller where a map has no room for blocks of cells."""
BLOCK = 3
"""Cells a side of the blocks within which histograms are normalised."""

Described: TypeAlias = Mapping[Measure, np.ndarray]
"""What each measure needs to know of N maps: those that are compared often are described once."""


def similarity(
    first: Float[np.ndarray, "n ..."], second: Float[np.ndarray, "n ..."], measures: Sequence[Measure] = MEASURES
) -> dict[Measure, Float[np.ndarray, " n"]]:
    """The measures of adebayo-2018 by name, of each of N pairs of maps (N, H, W) or (N, 3, H, W).

    Channels are summed first, for "absolute-spearman" their absolute values.

    Raises:
        SnellenError: the maps differ in shape or hold NaN, or there is no such measure.
    """
    if first.shape != second.shape:
        raise SnellenError(f"got maps of shapes {first.shape} and {second.shape}; expected maps of the same images, alike in shape")
    return compared(described(first, measures), described(second, measures))


def described(maps: Float[np.ndarray, "n ..."], measures: Sequence[Measure] = MEASURES) -> Described:
    """What `compared` needs to know of maps (N, H, W) or (N, 3, H, W).

    Raises:
        SnellenError: the maps have another shape or hold NaN, or there is no such measure.
    """
    unknown = [name for name in measures if name not in MEASURES]
    if unknown:
        raise SnellenError(f"got the measure {unknown[0]!r}; expected any of {', '.join(MEASURES)}")
    signed = summed(maps)
    describe = {
        "spearman": lambda: _ranks(signed),
        "absolute-spearman": lambda: _ranks(magnitudes(maps)),
        "ssim": lambda: _unit(signed),
        "hog": lambda: _ranks(_histograms(_unit(signed))),
    }
    return {name: describe[name]() for name in measures}


def compared(first: Described, second: Described) -> dict[Measure, Float[np.ndarray, " n"]]:
    """Each measure of maps that were described, for each of N pairs."""
    compare = {"ssim": _structural}
    return {name: compare.get(name, _correlation)(first[name], second[name]) for name in first}


def spearman(first: Float[np.ndarray, "n h w"], second: Float[np.ndarray, "n h w"]) -> Float[np.ndarray, " n"]:
    """Rank correlation of signed maps (spearman-1904), in [-1, 1]; 0 if one of two maps is constant, 1 if both are."""
    return similarity(first, second, ["spearman"])["spearman"]


def absolute_spearman(first: Float[np.ndarray, "n h w"], second: Float[np.ndarray, "n h w"]) -> Float[np.ndarray, " n"]:
    """Rank correlation of the absolute values of maps; constant ones as for `spearman`."""
    return similarity(first, second, ["absolute-spearman"])["absolute-spearman"]


def ssim(first: Float[np.ndarray, "n h w"], second: Float[np.ndarray, "n h w"]) -> Float[np.ndarray, " n"]:
    """Structural similarity (wang-2004) in two dimensions, in [-1, 1], of maps brought to [0, 1] each, constant ones to 0.

    Windows are Gaussian with a deviation of 1.5 pixels, over 11 pixels or the largest odd number that a smaller map has room for;
    only places whose window lies inside the map count.
    """
    return similarity(first, second, ["ssim"])["ssim"]


def hog(first: Float[np.ndarray, "n h w"], second: Float[np.ndarray, "n h w"]) -> Float[np.ndarray, " n"]:
    """Rank correlation of histograms of oriented gradients (dalal-2005) of maps brought to [0, 1]; constant ones as for `spearman`.

    Cells have 16 pixels a side, in maps under 48 pixels a third of the shorter side; maps of one or two pixels a side have no
    gradients and count as constant.
    """
    return similarity(first, second, ["hog"])["hog"]


def _unit(maps: np.ndarray) -> np.ndarray:
    low, high = maps.min(axis=(1, 2), keepdims=True), maps.max(axis=(1, 2), keepdims=True)
    return (maps - low) / np.where(high > low, high - low, 1)


def _ranks(values: np.ndarray) -> np.ndarray:
    """Of the values of each row, of length 1 about 0; all 0 of constant rows."""
    flat = values.reshape(len(values), values[0].size if len(values) else 0)
    if not flat.size:
        return flat
    ranks = average_ranks(flat)
    ranks -= (flat.shape[1] - 1) / 2
    length = np.sqrt((ranks**2).sum(axis=1, keepdims=True))
    return ranks / np.where(length > 0, length, 1)


def average_ranks(rows: Float[np.ndarray, "n k"]) -> Float[np.ndarray, "n k"]:
    """Of the values of each row, from 0, equal ones sharing their mean: as `scipy.stats.rankdata`, in a quarter of the time."""
    order = np.argsort(rows, axis=1)
    ordered = np.take_along_axis(rows, order, axis=1)
    fresh = np.ones(rows.shape, bool)
    fresh[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    starts = np.flatnonzero(fresh)
    counts = np.diff(starts, append=rows.size)
    ranks = np.empty(rows.shape)
    np.put_along_axis(ranks, order, np.repeat(starts % rows.shape[1] + (counts - 1) / 2, counts).reshape(rows.shape), axis=1)
    return ranks


def _histograms(maps: np.ndarray) -> np.ndarray:
    from skimage.feature import hog as histogram

    side = min(maps.shape[1:])
    cell = max(1, min(CELL, side // BLOCK))
    block = min(BLOCK, side // cell)
    found = [histogram(one, pixels_per_cell=(cell, cell), cells_per_block=(block, block)) for one in maps]
    return np.stack(found) if found else np.zeros((0, 1))


def _correlation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pearson's correlation of rows of length 1 about 0; 0 if one of two is constant, 1 if both are."""
    constant = ~(first.any(axis=1) | second.any(axis=1))
    return np.where(constant, 1.0, np.clip(np.einsum("nk,nk->n", first, second), -1, 1))


def _structural(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    from skimage.metrics import structural_similarity

    if not len(first):
        return np.zeros(0)
    side = min(11, *(size - (size + 1) % 2 for size in first.shape[1:]))
    found = structural_similarity(
        first,
        second,
        win_size=side,
        data_range=1.0,
        channel_axis=0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    edge, local = side // 2, np.asarray(found[1])
    return local[:, edge : local.shape[1] - edge, edge : local.shape[2] - edge].mean(axis=(1, 2))

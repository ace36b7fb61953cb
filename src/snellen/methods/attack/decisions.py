"""What attacks on decisions share: they learn of each place only whether the model errs there, and count how often they asked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np
from jaxtyping import Bool, Float, Int

from snellen.arrays import like
from snellen.core import Array, SnellenError
from snellen.methods.asked import Asked
from snellen.methods.attack.linearized import differs
from snellen.methods.attack.search import usable

PIXELS = 2**22
"""Pixel values in a pass: 27 images of 224 x 224."""
MOST = 128
"""Images in a pass."""
TRIES = 60
"""Places that are tried before it is given up to find any from which to start."""
TOLERANCE = 2.0**-20
"""A search along a line ends here at the latest: pixels in float32 tell no more apart."""


@final
class Decisions:
    """Whether a model errs, in NumPy, and how often that was asked of each image of a batch."""

    def __init__(self, asked: Asked, images: Float[Array, "n 3 h w"], truth: Int[np.ndarray, " n"]) -> None:
        self.asked, self.truth = asked, truth
        self.spent = np.zeros(len(truth), np.int64)
        self.together = int(np.clip(PIXELS // np.prod(images.shape[1:]), 1, MOST))
        self._native = images

    def wrong(self, places: Float[np.ndarray, "m 3 h w"], rows: Int[np.ndarray, " m"]) -> Bool[np.ndarray, " m"]:
        """Whether the model errs at each place; `rows` tells whose image it is. One query each."""
        np.add.at(self.spent, rows, 1)
        told = [np.zeros(0, bool)]
        for at in range(0, len(rows), self.together):
            some = slice(at, at + self.together)
            logits = self.asked.logits(like(places[some], self._native))
            told.append(differs(usable(logits), self.truth[rows[some]]))
        return np.concatenate(told)


@final
@dataclass(frozen=True)
class Pool:
    """Images to start from, float32 (P, 3, H, W) in [0, 1]; known by a hash of their pixels.

    Raises:
        SnellenError: they are not what is expected.
    """

    images: Float[np.ndarray, "p 3 h w"] = field(repr=False, compare=False)
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        images = np.asarray(self.images)
        if images.ndim != 4 or 0 in images.shape or images.dtype != np.float32 or not ((images >= 0) & (images <= 1)).all():
            raise SnellenError(
                f"got images of shape {images.shape} and type {images.dtype} to start from; expected float32 (P, 3, H, W) in [0, 1]"
            )
        object.__setattr__(self, "digest", hashlib.sha256(images.tobytes()).hexdigest()[:16])


def generators(keys: Sequence[int]) -> list[np.random.Generator]:
    """One source of chance an image."""
    return [np.random.Generator(np.random.PCG64(key)) for key in keys]


def starting_places(
    decisions: Decisions, shape: tuple[int, ...], chance: Sequence[np.random.Generator], pool: Pool | None, most: int
) -> tuple[Float[np.ndarray, "n 3 h w"], Bool[np.ndarray, " n"]]:
    """A place for each image where the model errs, and whether one was found: of the pool, from a random one on, else noise.

    Noise in single pixels, in cells of 2 x 2 and so on to one colour all over, in turns: a model may well give one kind the true
    class. At most `most` queries an image.

    Raises:
        SnellenError: the images of the pool have another size.
    """
    others = np.zeros((0, *shape), np.float32) if pool is None else pool.images
    if others.shape[1:] != shape:
        raise SnellenError(f"got images of shape {others.shape[1:]} to start from; expected {shape}, as those under attack")
    places, found = np.zeros((len(chance), *shape), np.float32), np.zeros(len(chance), bool)
    first = [int(one.integers(max(1, len(others)))) for one in chance]
    given = min(TRIES, len(others))
    for attempt in range(min(given + TRIES, most)):
        rows = np.flatnonzero(~found)
        if not len(rows):
            break
        if attempt < given:
            tried = others[[(first[row] + attempt) % len(others) for row in rows.tolist()]]
        else:
            tried = np.stack([_noise(chance[row], shape, attempt - given) for row in rows.tolist()])
        wrong = decisions.wrong(tried, rows)
        places[rows[wrong]], found[rows[wrong]] = tried[wrong], True
    return places, found


def _noise(chance: np.random.Generator, shape: tuple[int, ...], attempt: int) -> Float[np.ndarray, "3 h w"]:
    channels, height, width = shape
    cell = 2 ** (attempt % (max(height, width).bit_length() + 1))
    drawn = chance.random((channels, -(-height // cell), -(-width // cell)), dtype=np.float32)
    rows, columns = (np.arange(side) // cell for side in (height, width))
    return drawn[:, rows][:, :, columns]


def between(
    images: Float[np.ndarray, "m 3 h w"], places: Float[np.ndarray, "m 3 h w"], share: Float[np.ndarray, " m"], norm: str
) -> Float[np.ndarray, "m 3 h w"]:
    """Places drawn in to a share of their distance from the images: along the line for l2, into the box for linf."""
    change = places - images
    share = share[:, None, None, None].astype(np.float32)
    if norm == "linf":
        reach = share * np.abs(change).max(axis=(1, 2, 3), keepdims=True)
        return np.clip(images + np.clip(change, -reach, reach), 0, 1)
    return np.clip(images + share * change, 0, 1)


def halvings(tolerance: float) -> int:
    """How many queries `onto_border` needs to end within a share `tolerance` of the distance."""
    return max(1, int(np.ceil(-np.log2(max(tolerance, TOLERANCE)))))


def onto_border(
    decisions: Decisions,
    images: Float[np.ndarray, "m 3 h w"],
    places: Float[np.ndarray, "m 3 h w"],
    rows: Int[np.ndarray, " m"],
    norm: str,
    tolerance: float,
) -> Float[np.ndarray, "m 3 h w"]:
    """Places where the model errs drawn in towards their images, by halving, as far as it still errs."""
    low, high = np.zeros(len(rows)), np.ones(len(rows))
    for _ in range(halvings(tolerance)):
        middle = (low + high) / 2
        wrong = decisions.wrong(between(images, places, middle, norm), rows)
        low, high = np.where(wrong, low, middle), np.where(wrong, middle, high)
    return np.where((high == 1)[:, None, None, None], places, between(images, places, high, norm))

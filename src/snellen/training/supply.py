"""From an image set to the arrays that a training takes: the images of each epoch, and those held out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

import numpy as np

from snellen.core import Images, Preprocessing, SnellenError
from snellen.images.sample import stratified
from snellen.images.stream import parts

CHUNK = 256
LARGEST = 8 * 2**30
"""Bytes of the images of an epoch, all of which are in memory together."""
HELD_OUT = 1024
"""Images of a world that are held out unless said otherwise; of other sets it is one in ten."""
BEYOND = 2**40
"""How far on the held-out images of a world lie, the same for all trainings."""
FRESH = 2**41
"""How far on the fresh images of a world lie, so that an exam on the world itself shows none of them."""


@runtime_checkable
class Endless(Protocol):
    """An image set that can draw others of its kind, as a world does."""

    def shifted(self, images: int) -> Images:
        """As many other images, so many indices further on."""
        ...


@dataclass(frozen=True, eq=False)
class Examples:
    """Images (N, 3, H, W) uint8 and the index of each one's category; `left_out` had no category or could not be read."""

    images: np.ndarray
    targets: np.ndarray
    left_out: int = 0


def read(images: Images, preprocessing: Preprocessing, rows: list[int] | None = None, target: str = "category") -> Examples:
    """The rows that have a category and can be read, all unless given, at the size of `preprocessing`.

    `target` is the column of the facts that holds the category to learn.

    Raises:
        SnellenError: there are no such images, or there is no such column.
    """
    place = {key: at for at, key in enumerate(images.labels.keys)} if images.labels else {}
    if target not in images.facts.columns:
        known = ", ".join(images.facts.columns)
        raise SnellenError(f"got the target {target!r} for {images.name}; expected one of its facts: {known}")
    categories = images.facts[target].to_list()
    wanted = list(range(len(images))) if rows is None else rows
    named = [row for row in wanted if categories[row] in place]
    if wanted and not named:
        raise SnellenError(
            f"got the target {target!r}, which names one of the {len(place)} categories in no image of {images.name}; expected a "
            "fact that does, such as category"
        )
    _affordable(len(named), preprocessing)
    pixels: list[np.ndarray] = []
    found: list[int] = []
    for part in parts(images, preprocessing, [named[at : at + CHUNK] for at in range(0, len(named), CHUNK)]):
        whole = part.pixels if part.pixels.dtype == np.uint8 else (part.pixels * 255).round().astype(np.uint8)
        pixels.append(whole)
        found += part.rows
    if not found:
        raise SnellenError(f"got {images.name}, with no image that can be read and has a category; expected some to train on")
    targets = np.array([place[categories[row]] for row in found], dtype=np.int64)
    return Examples(np.concatenate(pixels), targets, len(wanted) - len(found))


@dataclass(frozen=True, eq=False)
class Split:
    """What to train on in each epoch (`draw`), and what is held out."""

    draw: Callable[[int], Examples]
    held_out: Examples
    n: int
    """Images in an epoch."""
    left_out: int
    fresh: bool


def split(
    images: Images,
    preprocessing: Preprocessing,
    held_out: int | Images | None,
    fresh: bool,
    shuffle_labels: bool,
    seed: int,
    target: str = "category",
) -> Split:
    """Fresh images in every epoch where `fresh` and they can be had, and never the set's own; else these in every epoch.

    Raises:
        SnellenError: nothing is left to train on, or `held_out` has other categories.
    """
    _affordable(len(images), preprocessing)
    rows = list(range(len(images)))
    if isinstance(held_out, Images):
        if held_out.labels != images.labels:
            raise SnellenError(f"got {held_out.name} to hold out, with other categories than {images.name}; expected the same list")
        apart = read(held_out, preprocessing, target=target)
    elif isinstance(images, Endless):
        apart = _beyond(images, len(images), HELD_OUT if held_out is None else held_out, preprocessing, target)
    else:
        categories = images.facts[target].to_list()
        named = [row for row in rows if categories[row] is not None]
        count = max(1, len(named) // 10) if held_out is None else held_out
        if not 1 <= count < len(named):
            raise SnellenError(
                f"got {count:,} of {len(named):,} images to hold out; expected 1 or more, and some left to train on: {images.name}"
            )
        chosen = [named[at] for at in stratified([categories[row] for row in named], count, seed)]
        rows = sorted(set(rows) - set(chosen))
        apart = read(images, preprocessing, chosen, target)
    if fresh and isinstance(images, Endless):
        many = len(images)
        return Split(lambda epoch: read(images.shifted(FRESH + epoch * many), preprocessing, target=target), apart, many, 0, True)
    train = read(images, preprocessing, rows, target)
    if shuffle_labels:
        order = np.random.default_rng(seed).permutation(len(train.targets))
        train = Examples(train.images, train.targets[order], train.left_out)
    return Split(lambda epoch: train, apart, len(train.targets), train.left_out, False)


def _beyond(images: Endless, block: int, count: int, preprocessing: Preprocessing, target: str) -> Examples:
    """`count` images that no training shows, drawn a block at a time."""
    if count < 1:
        raise SnellenError(f"got {count} images to hold out; expected at least 1")
    _affordable(count, preprocessing)
    sizes = [min(block, count - start) for start in range(0, count, block)]
    drawn = [read(images.shifted(BEYOND + at * block), preprocessing, list(range(size)), target) for at, size in enumerate(sizes)]
    return Examples(np.concatenate([part.images for part in drawn]), np.concatenate([part.targets for part in drawn]))


def _affordable(count: int, preprocessing: Preprocessing) -> None:
    height, width = preprocessing.size
    if count * height * width * 3 > LARGEST:
        raise SnellenError(
            f"got {count:,} images of {width}x{height}, which take {count * height * width * 3 / 2**30:,.1f} GiB; expected at most "
            f"{LARGEST // 2**30} GiB, all being in memory together: take fewer images, or smaller ones"
        )


@final
class Ahead(AbstractContextManager["Ahead"]):
    """Draws the images of the next epoch in a thread while this one's are trained on; an error comes out where it is asked for."""

    def __init__(self, draw: Callable[[int], Examples], epochs: int) -> None:
        self._draw, self._epochs = draw, epochs
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="snellen-draw")
        self._coming: dict[int, Future[Examples]] = {}

    def __call__(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """The images and targets of an epoch."""
        now = self._coming.pop(epoch, None) or self._pool.submit(self._draw, epoch)
        if epoch + 1 < self._epochs:
            self._coming[epoch + 1] = self._pool.submit(self._draw, epoch + 1)
        examples = now.result()
        return examples.images, examples.targets

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

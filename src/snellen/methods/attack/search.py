"""What attacks share: the first look at a batch, who is still searched, and the account of what was found."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar, final

import numpy as np
from jaxtyping import Bool, Float, Int

from snellen.arrays import like, namespace, take, to_numpy
from snellen.core import Array, Model, SnellenError
from snellen.methods.asked import Asked, check_batch, check_classes, class_indices
from snellen.methods.attack.attack import Attack, Attacked, Norm
from snellen.methods.attack.rows import LARGEST, lengths

Told = Callable[[int], None]
R = TypeVar("R")


@dataclass(frozen=True)
class Search(Attack):
    """An attack on those images of a batch that the model gets right; one forward pass before tells which these are."""

    norm: Norm = "linf"

    @final
    def __call__(
        self,
        model: Model,
        images: Float[Array, "n 3 h w"],
        truth: Int[np.ndarray, " n"],
        keys: Sequence[int],
        *,
        progress: Told | None = None,
    ) -> Attacked:
        """See `Attack`.

        Raises:
            SnellenError: images, classes or keys are not what is expected, or the model's outputs are no logits.
            Unsupported: the attack needs gradients and the model gives none.
        """
        asked, tell, truth = Asked(model), Telling(progress), class_indices(truth)
        scores = first_look(asked, images, truth, keys)
        right = np.flatnonzero(scores.argmax(axis=1) == truth)
        tell(len(truth) - len(right))
        if not len(right):
            return settled(asked, images, np.arange(0), images, np.zeros(0, bool), self.norm)
        own = images if len(right) == len(truth) else take(images, right)
        places, found = self.search(asked, own, truth[right], [keys[row] for row in right.tolist()], scores[right], tell)
        tell(len(truth) - tell.told)
        return settled(asked, images, right, places, found, self.norm)

    @abstractmethod
    def search(
        self,
        asked: Asked,
        images: Float[Array, "n 3 h w"],
        truth: Int[np.ndarray, " n"],
        keys: Sequence[int],
        scores: Float[np.ndarray, "n k"],
        tell: Told,
    ) -> tuple[Float[Array, "n 3 h w"], Bool[np.ndarray, " n"]]:
        """Images that the model gets right, and its logits on them → the adversarial ones, and which were found.

        The images of rows where nothing was found are as they were. `tell` is told of images that are found.
        """


@final
class Telling:
    """Tells of finished images, and remembers of how many."""

    def __init__(self, progress: Told | None) -> None:
        self.told, self._progress = 0, progress

    def __call__(self, images: int) -> None:
        """So many more."""
        self.told += images
        if self._progress is not None and images:
            self._progress(images)


@final
class Account:
    """What was found so far of a batch of images: the first adversarial image of each."""

    def __init__(self, images: Float[Array, "n 3 h w"], tell: Told) -> None:
        self.found = np.zeros(len(images), bool)
        self._images, self._tell = images, tell
        self._pieces: list[Array] = []
        self._rows: list[np.ndarray] = []

    @property
    def open(self) -> Int[np.ndarray, " m"]:
        """The rows of which nothing is found."""
        return np.flatnonzero(~self.found)

    def add(self, rows: Int[np.ndarray, " m"], wrong: Bool[np.ndarray, " m"], places: Float[Array, "m 3 h w"]) -> None:
        """Keep those places where the model is wrong, of rows of the batch that have none yet."""
        new = np.flatnonzero(wrong & ~self.found[rows])
        if len(new):
            self.found[rows[new]] = True
            self._pieces.append(places if len(new) == len(rows) else take(places, new))
            self._rows.append(rows[new])
            self._tell(len(new))

    def images(self) -> Float[Array, "n 3 h w"]:
        """The adversarial images, and the others as they were."""
        if not self._pieces:
            return self._images
        source = np.arange(len(self.found))
        source[np.concatenate(self._rows)] = len(source) + np.arange(int(self.found.sum()))
        return take(namespace(self._images).concat([self._images, *self._pieces], axis=0), source)


def first_look(
    asked: Asked, images: Float[Array, "n 3 h w"], truth: Int[np.ndarray, " n"], keys: Sequence[int]
) -> Float[np.ndarray, "n k"]:
    """The logits of a batch before anything is done to it.

    Raises:
        SnellenError: images, classes or keys are not what is expected, or the model's outputs are no logits.
    """
    check_batch(images, truth, keys)
    if not len(truth):
        return np.zeros((0, 2))
    scores = scored(asked.logits(images), asked.model.name)
    check_classes(truth, scores.shape[1], asked.model.name)
    return scores


def scored(logits: Array, name: str) -> Float[np.ndarray, "n k"]:
    """What a model says of a batch before anything is done to it, as `usable`.

    Raises:
        SnellenError: that is NaN, infinite, or of fewer than two classes.
    """
    given = to_numpy(logits)
    if given.shape[1] < 2:
        raise SnellenError(f"{name} returned {given.shape[1]} logits an image; expected two classes or more to choose from")
    bad = np.asarray(np.isnan(given).any(axis=1) | np.isposinf(given).any(axis=1) | np.isneginf(given).all(axis=1))
    if bad.any():
        raise SnellenError(
            f"{name} returned NaN or infinite logits for {int(bad.sum())} of {len(bad)} images; expected finite "
            "numbers: check its weights, its number type and its normalisation"
        )
    return usable(given)


def usable(logits: Array) -> Float[np.ndarray, "n k"]:
    """Logits as float64 without NaN: NaN is never the largest, and +inf is the largest that single precision holds.

    Raises:
        SnellenError: a row has nothing but NaN and -inf.
    """
    scores = to_numpy(logits).astype(np.float64)
    if not np.isfinite(scores).all():
        scores = np.where(np.isnan(scores), -np.inf, np.minimum(scores, LARGEST))
        lost = np.asarray(np.isneginf(scores).all(axis=1))
        if lost.any():
            raise SnellenError(
                f"the model returned NaN or -inf for every class of {int(lost.sum())} of {len(lost)} images under attack; "
                "expected a number for some class: check its number type (half precision overflows)"
            )
    return scores


def settled(
    asked: Asked,
    images: Float[Array, "n 3 h w"],
    right: Int[np.ndarray, " m"],
    places: Float[Array, "_ 3 h w"],
    found: Bool[np.ndarray, " m"],
    norm: Norm,
) -> Attacked:
    """What was found among the rows that were right, as an answer about the whole batch."""
    wrong = np.ones(len(images), bool)
    wrong[right[~found]] = False
    distance = np.where(wrong, 0.0, np.inf)
    if found.any():
        source = np.arange(len(images))
        source[right[found]] = len(images) + np.flatnonzero(found)
        distance[right[found]] = lengths(take(places, np.flatnonzero(found)) - take(images, right[found]), norm)
        images = take(namespace(images).concat([images, places], axis=0), source)
    return Attacked(images, wrong, distance, asked.forwards, asked.pulls)


def staying(found: Bool[np.ndarray, " m"]) -> Int[np.ndarray, " s"] | None:
    """Which rows stay in a batch; None while too few are found for it to be worth another shape of arrays."""
    return np.flatnonzero(~found) if found.sum() > len(found) // 8 else None


def narrowed(record: R, stay: Int[np.ndarray, " s"]) -> R:
    """A dataclass of arrays with a row an image, with these rows only."""
    values: dict[str, Any] = {f.name: getattr(record, f.name) for f in fields(record)}  # type: ignore[arg-type]
    return replace(record, **{n: v[stay] if isinstance(v, np.ndarray) and v.ndim < 4 else take(v, stay) for n, v in values.items()})  # type: ignore[type-var]


def slopes(pull: Callable[[Array], Array], cotangent: Float[np.ndarray, "n k"], logits: Array) -> Float[Array, "n 3 h w"]:
    """The gradient of the pixels for a cotangent of the logits, each row scaled to a largest value of 1; 0 where it is not finite.

    Only the direction of a gradient matters to a search; scaled, it survives where a loss is flat: confident models mask nothing.
    """
    largest = np.abs(cotangent).max(axis=1, keepdims=True)
    gradient = pull(like((cotangent / np.where(largest > 0, largest, 1)).astype(np.float32), logits))
    xp = namespace(gradient)
    if bool(xp.isfinite(xp.sum(gradient))):
        return gradient
    return xp.where(xp.isfinite(gradient), gradient, xp.zeros_like(gradient))

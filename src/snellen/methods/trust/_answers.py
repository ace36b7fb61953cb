"""What a model answers to many views of every image, in batches that fit in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import like, softmax, take, to_numpy
from snellen.core import Array
from snellen.methods.asked import Asked, check_classes, largest
from snellen.methods.explain._views import View, at_once, logits_of
from snellen.methods.explain.explanation import TOGETHER

Score: TypeAlias = Callable[[Float[np.ndarray, "views k"], int], Float[np.ndarray, " views"]]
"""(logits of all views of an image, its class) → one number a view."""


def logit(logits: Float[np.ndarray, "views k"], target: int) -> Float[np.ndarray, " views"]:
    """The class logit."""
    return logits[:, target].astype(np.float64)


def probability(logits: Float[np.ndarray, "views k"], target: int) -> Float[np.ndarray, " views"]:
    """The probability of the class."""
    return softmax(logits)[:, target]


def answers(
    asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], count: int, view: View, score: Score = logit
) -> Float[np.ndarray, "n views"]:
    """The score of each of `count` views of each image; batches mix views of several images.

    Raises:
        SnellenError: a class is none of the model's.
    """
    found = np.zeros((len(images), count))
    for first in range(0, len(images), TOGETHER):
        own = classes[first : first + TOGETHER]
        size, parts = at_once(asked.model, *images.shape[2:]), []
        for start in range(0, len(own) * count, size):
            rows, numbers = np.divmod(np.arange(start, min(start + size, len(own) * count)), count)
            parts.append(to_numpy(asked.logits(view(first + rows, numbers))))
            check_classes(own, parts[-1].shape[1], asked.model.name)
        logits = np.concatenate(parts).reshape(len(own), count, -1)
        found[first : first + len(own)] = [score(one, target) for one, target in zip(logits, own.tolist(), strict=True)]
    return found


def responses(asked: Asked, images: Float[Array, "n 3 h w"]) -> Int[np.ndarray, " n"]:
    """The class of the largest logit of each image."""
    return largest(logits_of(asked, images)) if len(images) else np.zeros(0, int)


def probabilities(asked: Asked, images: Float[Array, "n 3 h w"]) -> Float[np.ndarray, "n k"]:
    """Of every class, for one image or more, in double precision."""
    return softmax(logits_of(asked, images))


def total_variation(first: Float[np.ndarray, "*n k"], second: Float[np.ndarray, "*n k"]) -> Float[np.ndarray, " *n"]:
    """How far apart probabilities are, in [0, 1]."""
    return np.abs(first - second).sum(axis=-1) / 2


def replaced(
    asked: Asked,
    first: Float[Array, "n 3 h w"],
    second: Float[Array, "n 3 h w"],
    ranks: Int[np.ndarray, "n h w"],
    counts: Int[np.ndarray, " steps"],
    classes: Int[np.ndarray, " n"],
    score: Score,
) -> Float[np.ndarray, "n steps"]:
    """Scores while ever more pixels of `first` become those of `second`: at each step all of a rank below its count."""

    def view(rows: np.ndarray, numbers: np.ndarray) -> Array:
        gone = (ranks[rows] < counts[numbers, None, None])[:, None].astype(np.float32)
        share = like(gone, first)
        return take(first, rows) * (1 - share) + take(second, rows) * share

    return answers(asked, first, classes, len(counts), view, score)


def descending(maps: Float[np.ndarray, "n h w"]) -> Int[np.ndarray, "n h w"]:
    """The place of each pixel, from 0, when those of a map are put in order from the highest; equal ones row by row."""
    flat = maps.reshape(len(maps), maps.shape[1] * maps.shape[2])
    order = np.argsort(-flat, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(flat.shape[1])[None], axis=1)
    return ranks.reshape(maps.shape)

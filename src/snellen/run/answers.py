"""From logits to answers: which list a model answers from, what it answered, how sure it was."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from snellen import labels as known
from snellen.arrays import softmax
from snellen.core import Labels, Model, SnellenError
from snellen.methods.compare.decision import sixteen_way


def answer_labels(classes: Labels, categories: Labels | None, occurring: Sequence[str], model: str, images: str) -> Labels:
    """The list of answers when a model with `classes` meets images with `categories`, of which some are `occurring`, sorted.

    They meet when every category that occurs is one of the classes; when ImageNet classes can be summed up as the sixteen
    categories; and when a model that names no classes has as many as there are categories, or as many as occur: then class i
    is the i-th category of the list, or in alphabetical order.

    Raises:
        SnellenError: they cannot be brought together.
    """
    if categories is None or set(occurring) <= set(classes.keys):
        return classes
    if classes.name == "imagenet-1k" and categories.name == "sixteen":
        return categories
    if classes.name == "integers" and len(classes) == len(categories):
        return categories
    if classes.name == "integers" and len(classes) == len(occurring):
        names = dict(zip(categories.keys, categories.names, strict=True))
        return Labels("custom", tuple(occurring), tuple(names[key] for key in occurring))
    raise SnellenError(
        f"{model} answers with {len(classes)} classes ({classes.name}: {_sample(classes)}), but {images} has {len(categories)} "
        f"categories ({categories.name}: {_sample(categories)}); expected the same list, or ImageNet classes with the sixteen "
        "categories. Name the model's classes with `--labels FILE` (one a line) in the words of the image set, or the image set's "
        "categories with `--categories`."
    )


def check_logits(logits: np.ndarray, n: int, model: str, classes: int | None = None, distinct: bool = False) -> None:
    """Refuse outputs that are no logits.

    Raises:
        SnellenError: a wrong shape, a wrong number of classes, NaN or infinity, or the same row for every (`distinct`) image.
    """
    shape = tuple(logits.shape)
    if logits.ndim != 2 or shape[0] != n or shape[1] < 2:
        raise SnellenError(
            f"{model} returned an array of shape {shape} for {n} images; expected ({n}, classes): return one row of logits per "
            f"image"
        )
    if np.isnan(logits).any() or np.isposinf(logits).any() or np.isneginf(logits).all(axis=1).any():
        bad = int((~np.isfinite(logits)).any(axis=1).sum())
        raise SnellenError(
            f"{model} returned NaN or infinite logits for {bad} of {n} images; expected finite numbers: check its weights, its "
            f"dtype and its normalisation"
        )
    if classes is not None and shape[1] != classes:
        raise SnellenError(
            f"{model} returned {shape[1]} logits per image; expected {classes}, the number of its classes: mend --labels or the "
            f"model's last layer"
        )
    if distinct and n > 1 and (logits == logits[0]).all():
        raise SnellenError(
            f"{model} returned the same logits for {n} different images; expected them to differ: is the input connected and "
            f"the weights loaded?"
        )


def answers(logits: np.ndarray, classes: Labels, given: Labels, categories: list[str | None]) -> pl.DataFrame:
    """One row an image: response, correct, confidence, rank of the true category, and the sixteen-way answer where it applies.

    `logits` (N, K); `given` is the list of answers from `answer_labels`. Confidence is the probability of the response; for
    the sixteen categories, its mean class probability over the sum of the sixteen (geirhos-2018 average, then choose).
    """
    probabilities = softmax(logits)
    sixteen = sixteen_way(probabilities) if classes.name == "imagenet-1k" else None
    scores = sixteen if given.name == "sixteen" and sixteen is not None else probabilities
    choice = _choose(scores)
    rows = np.arange(len(scores))
    confidence = scores[rows, choice] / np.maximum(scores.sum(axis=1), 1e-300)
    place = {name: at for at, name in enumerate(given.keys)}
    truth = np.array([place.get(name, -1) if name is not None else -1 for name in categories], dtype=int)
    own = scores[rows, np.maximum(truth, 0)]
    rank = (
        1
        + (scores > own[:, None]).sum(axis=1)
        + ((scores == own[:, None]) & (np.arange(scores.shape[1]) > truth[:, None])).sum(axis=1)
    )
    keys = np.array(given.keys, dtype=object)
    labelled = truth >= 0
    frame = pl.DataFrame(
        {
            "response": keys[choice].tolist(),
            "correct": [bool(c == t) if ok else None for c, t, ok in zip(choice, truth, labelled, strict=True)],
            "confidence": np.clip(confidence, 0.0, 1.0),
            "rank": [int(r) if ok else None for r, ok in zip(rank, labelled, strict=True)],
        },
        schema={"response": pl.String, "correct": pl.Boolean, "confidence": pl.Float64, "rank": pl.Int32},
    )
    return frame.with_columns(*_coarse(sixteen, given, categories))


def _choose(scores: np.ndarray) -> np.ndarray:
    """The last of the largest: ties go to the later answer, as published (geirhos-2021)."""
    return scores.shape[1] - 1 - np.argmax(scores[:, ::-1], axis=1)


def _coarse(sixteen: np.ndarray | None, given: Labels, categories: list[str | None]) -> list[pl.Series]:
    """The sixteen-way category and answer of images whose fine label belongs to one of the sixteen."""
    coarse: list[str | None] = [None] * len(categories)
    response: list[str | None] = [None] * len(categories)
    if sixteen is not None and given.name == "imagenet-1k":
        members = known.coarse_of(given)
        names = known.sixteen().keys
        for at, (category, chosen) in enumerate(zip(categories, _choose(sixteen), strict=True)):
            if category in members:
                coarse[at], response[at] = members[category], names[chosen]
    return [pl.Series("coarse_category", coarse, pl.String), pl.Series("coarse_response", response, pl.String)]


def named(model: Model, classes: int) -> Labels:
    """The model's own list, or integers when it has none."""
    return model.labels if model.labels is not None else known.imagenet() if classes == 1000 else known.integers(classes)


def _sample(labels: Labels) -> str:
    return ", ".join(labels.names[:3]) + (" …" if len(labels) > 3 else "")

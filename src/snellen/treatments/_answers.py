"""What a model answers to labelled images, in memory: logits beside the true classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from snellen.arrays import to_numpy
from snellen.core import Images, Model, SnellenError
from snellen.errors import blaming
from snellen.images.stream import parts
from snellen.methods.calibrate.logits import are_probabilities

BATCH = 32


@final
@dataclass(frozen=True, eq=False)
class Answers:
    """Logits (N, K), the true class of each (N,), the digest of each image, and whether the model gave probabilities.

    Then `logits` are their logarithms. `left_out` images could not be read or have a category that the model does not know.
    """

    logits: np.ndarray
    truth: np.ndarray
    digests: tuple[str, ...]
    probabilities: bool
    left_out: int

    def only(self, kept: Sequence[int] | np.ndarray) -> Answers:
        """Some of the rows."""
        at = np.asarray(kept, dtype=np.int64)
        return Answers(self.logits[at], self.truth[at], tuple(self.digests[i] for i in at), self.probabilities, self.left_out)


def ask(model: Model, images: Images) -> Answers:
    """Show the model all images that have a category.

    Raises:
        SnellenError: the images have no categories that the model knows, or its outputs are no logits.
    """
    categories = images.facts["category"].to_list()
    if images.labels is None:
        raise SnellenError(f"got {images.name}, whose images have no categories; expected some: name them by sub-folder or a CSV")
    digests = images.facts["digest"].to_list() if "digest" in images.facts.columns else [""] * len(images)
    rows = [row for row, category in enumerate(categories) if category is not None]
    found: list[np.ndarray] = []
    seen: list[int] = []
    for part in parts(images, model.preprocessing, [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]):
        if part.rows:
            with blaming(model.name, part.pixels.shape):
                outputs = to_numpy(model.logits(model.asarray(part.pixels)))
            if outputs.ndim != 2 or len(outputs) != len(part.rows):
                raise SnellenError(f"{model.name} returned an array of shape {outputs.shape} for {len(part.rows)} images")
            found.append(outputs)
            seen += part.rows
    if not found:
        raise SnellenError(f"got {images.name}, of which no labelled image can be read; expected some")
    outputs = np.concatenate(found).astype(np.float64)
    place = _classes(model, images, outputs.shape[1])
    known = [at for at, row in enumerate(seen) if categories[row] in place]
    if not known:
        raise SnellenError(
            f"{model.name} knows none of the categories of {images.name}; expected the same list: name the model's classes with "
            "--labels or the images' with --categories"
        )
    probabilities = are_probabilities(outputs)
    with np.errstate(divide="ignore"):
        logits = np.log(outputs) if probabilities else outputs
    truth = np.array([place[categories[seen[at]]] for at in known], dtype=np.int64)
    return Answers(logits[known], truth, tuple(digests[seen[at]] for at in known), probabilities, len(images) - len(known))


def _classes(model: Model, images: Images, k: int) -> dict[str, int]:
    """Category → class: by the model's own list, or, where that names nothing, by the order of the images' list."""
    theirs = images.labels.keys if images.labels else ()
    if model.labels is None or model.labels.name == "integers":
        occurring = sorted(set(images.facts["category"].drop_nulls()))
        for keys in (theirs, occurring):
            if len(keys) == k and not (model.labels and set(occurring) <= set(model.labels.keys)):
                return {key: at for at, key in enumerate(keys)}
    return {key: at for at, key in enumerate(model.labels.keys)} if model.labels else {}

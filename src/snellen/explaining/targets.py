"""Which class of an image is to be explained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from snellen.core import Labels, SnellenError
from snellen.run.classes import class_index

ANSWER = "answer"


def targets(logits: np.ndarray, wanted: str | int, classes: Labels, categories: Sequence[str | None]) -> np.ndarray:
    """(N, K) logits → the class (N,) of each image: "answer", "second", "truth", or one for all by its index, key or name.

    Raises:
        SnellenError: there is no such class, or "truth" of images without one.
    """
    order = np.argsort(-np.nan_to_num(logits, nan=-np.inf), axis=1, kind="stable")
    if wanted == ANSWER:
        return order[:, 0]
    if wanted == "second":
        return order[:, 1]
    if wanted == "truth":
        place = {key: at for at, key in enumerate(classes.keys)}
        lost = next((category for category in categories if category not in place), "")
        if lost != "":
            said = "no category" if lost is None else f"the category {lost}"
            raise SnellenError(f"got the target truth for an image with {said}; expected categories that the model knows")
        return np.array([place[str(category)] for category in categories])
    return np.full(len(logits), class_index(wanted, classes, "answer, second, truth, or "))

"""What a method of explanation is and what it returns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import take
from snellen.core import Array, Model
from snellen.errors import blaming
from snellen.methods.asked import Asked, check_batch, class_indices
from snellen.methods.method import Method

TOGETHER = 32
"""Images whose maps are summed up at the same time: sums are in double precision, maps are kept in single."""


@dataclass(frozen=True)
class Explanation:
    """Maps of N images, each for one class.

    Attributes:
        maps: (N, 3, H, W) or (N, H, W), float32, signed unless the method says otherwise.
        unit: of the maps' values.
        error: of the same shape, the standard error of each value where the method draws at random.
        gap: (N,), of methods that share out a difference of logits: how much of it the map lacks or has too much, in logits.
        where: the layer or the grid of regions that was chosen, where there is one to choose.
        forwards: images passed forward in all. pulls: cotangents pulled back in all, counted in images.
    """

    maps: Float[np.ndarray, "n ..."]
    unit: str
    error: Float[np.ndarray, "n ..."] | None = None
    gap: Float[np.ndarray, " n"] | None = None
    where: str = ""
    forwards: int = 0
    pulls: int = 0


@dataclass(frozen=True)
class Explainer(Method, ABC):
    """A way to say which pixels a class logit depends on; the fields are its settings.

    The model, its mode, its gradients and all global generators are left as they were. Memory is bounded whatever the number of
    images and of the passes that each of them takes.
    """

    unit: ClassVar[str]
    """What the values of a map are in."""
    signed: ClassVar[bool] = True
    """Whether the sign of a value says for or against the class; else values are rates of change, whose size alone counts."""

    folds: ClassVar[bool] = False
    """Whether there are so many passes for each image that a folded copy of the network pays (`Model.folded`)."""

    @final
    def __call__(
        self,
        model: Model,
        images: Float[Array, "n 3 h w"],
        classes: Int[np.ndarray, " n"],
        keys: Sequence[int] | None = None,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> Explanation:
        """Native images in [0, 1] and the class of each to explain → maps.

        `keys` are N integers that seed whatever is random, one an image; unless given, 0, 1, 2 … The same key gives the same map
        in any batch, but for rounding. `progress` is told of images that are done.

        Raises:
            SnellenError: images, classes or keys are not what is expected, or the model fails.
            Unsupported: the method needs what the model does not give.
        """
        classes, keys = class_indices(classes), list(range(len(images))) if keys is None else list(keys)
        check_batch(images, classes, keys)
        with blaming(model.name, tuple(images.shape)):
            asked, parts = Asked(model.folded() if self.folds and len(classes) else model), []
        for start in range(0, len(classes), TOGETHER):
            rows = np.arange(start, min(start + TOGETHER, len(classes)))
            own = images if len(rows) == len(classes) else take(images, rows)
            parts.append(self.explain(asked, own, classes[rows], [keys[row] for row in rows.tolist()]))
            if progress is not None:
                progress(len(rows))
        return self._joined(parts, asked, images)

    @abstractmethod
    def explain(
        self, asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], keys: Sequence[int]
    ) -> Explanation:
        """The maps of a batch that was checked; what was asked is counted elsewhere."""

    def _joined(self, parts: Sequence[Explanation], asked: Asked, images: Array) -> Explanation:
        if not parts:
            return Explanation(np.zeros(tuple(images.shape), np.float32), self.unit)
        maps = np.concatenate([part.maps for part in parts])
        error, gap = _whole([part.error for part in parts]), _whole([part.gap for part in parts])
        where = "; ".join(dict.fromkeys(part.where for part in parts))
        return Explanation(maps, parts[0].unit, error, gap, where, asked.forwards, asked.pulls)


def _whole(arrays: Sequence[np.ndarray | None]) -> np.ndarray | None:
    return np.concatenate([one for one in arrays if one is not None]) if arrays[0] is not None else None

"""Plain functions from images to logits: black boxes that can only be asked for their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, final

import numpy as np

from snellen.arrays import to_numpy
from snellen.core import Labels, Model, Preprocessing, SnellenError
from snellen.labels import printable
from snellen.models.fingerprint import identity
from snellen.models.pixels import checked, normalised, unit_range

DEFAULT = Preprocessing(size=(224, 224), resize=256)


@final
class FunctionModel(Model):
    """A callable that takes NumPy float32 (N, 3, H, W) in [0, 1], RGB, and returns (N, K) logits or probabilities.

    It may return a NumPy array, a tensor or nested lists. It normalises for itself, unless `preprocessing` does. `id` is a
    fingerprint of its code and of what that code reaches, or of the `id` given instead, with the preprocessing and the labels.
    """

    def __init__(
        self,
        function: Callable[[np.ndarray], Any],
        *,
        name: str | None = None,
        labels: Labels | None = None,
        preprocessing: Preprocessing | None = None,
        facts: Mapping[str, str] | None = None,
        id: str | None = None,  # noqa: A002
    ) -> None:
        self.function = function
        self.name = printable(name or getattr(function, "__name__", type(function).__name__))
        self.labels = labels
        self.preprocessing = preprocessing or DEFAULT
        self.id, doubts = identity(function, id, self.preprocessing, labels)
        self.facts = {"framework": "a plain function: no gradients, no features", **doubts, **(facts or {})}

    def asarray(self, images: np.ndarray) -> np.ndarray:
        """(N, 3, H, W) uint8 or float → float32 in [0, 1]."""
        return unit_range(images)

    def logits(self, images: np.ndarray) -> np.ndarray:
        """What the function returns, as float32 (N, K); raises SnellenError where that is no row of numbers an image."""
        try:
            returned = self.function(normalised(images, self.preprocessing))
        except (TypeError, AttributeError) as error:
            if "ndarray" not in str(error) and "Tensor" not in str(error):
                raise
            raise SnellenError(
                f"{self.name} failed on a NumPy array ({error}); expected a function of NumPy float32 (N, 3, H, W): convert "
                "inside it with torch.from_numpy(images), or pass the nn.Module itself"
            ) from error
        try:
            logits = np.asarray(to_numpy(returned), dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise SnellenError(
                f"{self.name} returned {type(returned).__name__}, which is no array of numbers; expected logits of shape "
                f"({len(images)}, classes): return one row an image"
            ) from error
        return checked(logits, len(images), self.name, self.labels)

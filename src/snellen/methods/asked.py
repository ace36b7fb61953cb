"""A model that counts what it is asked, and what may be asked of it: images in [0, 1], a class and a key each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import like, namespace, to_numpy
from snellen.core import Array, Model, SnellenError
from snellen.errors import blaming


@final
class Asked:
    """What a method asks of a model, with the number of images passed forward and of cotangents pulled back so far.

    Whatever the model's own code raises becomes a `SnellenError`.
    """

    def __init__(self, model: Model) -> None:
        self.model, self.forwards, self.pulls = model, 0, 0

    def vjp(self, images: Float[Array, "n 3 h w"]) -> tuple[Float[Array, "n k"], Callable[[Array], Array]]:
        """As `Model.vjp`."""
        with blaming(self.model.name, images.shape):
            logits, pull = self.model.vjp(images)
        self.forwards += len(images)
        return logits, self._counted(pull, images)

    def vjp_from(self, images: Float[Array, "n 3 h w"], layer: str) -> tuple[Float[Array, "n k"], Array, Callable[[Array], Array]]:
        """As `Model.vjp_from`."""
        with blaming(self.model.name, images.shape):
            logits, output, pull = self.model.vjp_from(images, layer)
        self.forwards += len(images)
        return logits, output, self._counted(pull, images)

    def patched(
        self,
        image: Float[Array, "3 h w"],
        patches: Float[np.ndarray, "p 3 a b"],
        tops: Int[np.ndarray, " p"],
        lefts: Int[np.ndarray, " p"],
    ) -> Float[Array, "p k"]:
        """As `Model.patched`, with patches from the host; each counts as an image."""
        with blaming(self.model.name, (len(patches), *image.shape)):
            logits = self.model.patched(image, like(np.array(patches, order="C"), image), tops, lefts)
        self.forwards += len(patches)
        return logits

    def resumed(self, images: Float[Array, "n 3 h w"], layer: str, output: Array) -> Float[Array, "n k"]:
        """As `Model.resumed`."""
        self.forwards += len(images)
        with blaming(self.model.name, images.shape):
            return self.model.resumed(images, layer, output)

    def grid_layer(self, height: int, width: int) -> str:
        """As `Model.grid_layer`; what it costs is not counted, as it is paid once for a model."""
        with blaming(self.model.name, (1, 3, height, width)):
            return self.model.grid_layer(height, width)

    def logits(self, images: Float[Array, "n 3 h w"]) -> Float[Array, "n k"]:
        """As `Model.logits`."""
        self.forwards += len(images)
        with blaming(self.model.name, images.shape):
            return self.model.logits(images)

    def answers(self, images: Float[Array, "n 3 h w"]) -> Int[np.ndarray, " n"]:
        """As `largest`, of images."""
        return largest(self.logits(images))

    def _counted(self, pull: Callable[[Array], Array], images: Array) -> Callable[[Array], Array]:
        def counted(cotangent: Array) -> Array:
            self.pulls += len(images)
            with blaming(self.model.name, images.shape):
                return pull(cotangent)

        return counted


def largest(logits: Float[Array, "n k"]) -> Int[np.ndarray, " n"]:
    """The class of the largest of native logits; NaN is never the largest."""
    scores = to_numpy(logits)
    return np.where(np.isnan(scores), -np.inf, scores).argmax(axis=1)


def class_indices(truth: Sequence[int] | Array) -> Int[np.ndarray, " n"]:
    """The class of each image, whatever holds it, as int64.

    Raises:
        SnellenError: they are not whole numbers, one an image.
    """
    found = to_numpy(truth)
    if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
        raise SnellenError(
            f"got classes of shape {found.shape} and type {found.dtype}; expected (N,) whole numbers: the index of each image's "
            "class among the model's"
        )
    return found.astype(np.int64)


def check_classes(classes: Int[np.ndarray, " n"], logits: int, name: str) -> None:
    """Nothing, if each class is one of those that the model's `logits` an image are of.

    Raises:
        SnellenError: one is not.
    """
    if len(classes) and classes.max() >= logits:
        raise SnellenError(
            f"{name} returned {logits} logits an image, and the images have class {int(classes.max())}; "
            "expected classes counted from 0: give each image the index of its class among the model's"
        )


def check_batch(images: Array, truth: np.ndarray, keys: Sequence[int]) -> None:
    """Nothing, if these are images in [0, 1] with a class and a key each.

    Raises:
        SnellenError: they are not.
    """
    shape = tuple(getattr(images, "shape", ()))
    if len(shape) != 4 or shape[1] != 3 or 0 in shape[2:]:
        raise SnellenError(f"got images of shape {shape}; expected (N, 3, H, W)")
    xp = namespace(images)
    if "float" not in str(images.dtype):
        raise SnellenError(f"got images of type {images.dtype}; expected float in [0, 1]: bring them there with model.asarray")
    if len(truth) != shape[0] or len(keys) != shape[0] or (len(truth) and truth.min() < 0):
        raise SnellenError(
            f"got {shape[0]} images, {len(truth)} classes and {len(keys)} keys; expected one of each an image, no class below 0"
        )
    if shape[0] and not bool(xp.all((images >= 0) & (images <= 1))):
        raise SnellenError(
            f"got pixels from {float(xp.min(images)):.4g} to {float(xp.max(images)):.4g}; expected float images in [0, 1], "
            "without NaN: normalisation belongs to the model"
        )

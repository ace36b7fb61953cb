"""What every adapter does between the contract's pixels and its framework, and what it checks on the way back."""

from __future__ import annotations

from typing import Literal, TypeAlias, TypeVar

import numpy as np

from snellen.core import Array, Labels, Preprocessing, SnellenError

A = TypeVar("A", bound=Array)
Layout: TypeAlias = Literal["NHWC", "NCHW"]
"""Where a function wants the channels of its images."""


def unit_range(images: np.ndarray) -> np.ndarray:
    """(N, 3, H, W) uint8 in 0..255 or float in [0, 1] → float32 in [0, 1]."""
    return images.astype(np.float32) / np.float32(255) if images.dtype == np.uint8 else images.astype(np.float32, copy=False)


def normalised(images: A, preprocessing: Preprocessing) -> A:
    """(N, 3, H, W) of NumPy, JAX or TensorFlow in [0, 1], RGB → the channels and the scale the model was trained on."""
    if any(preprocessing.mean) or any(s != 1 for s in preprocessing.std):
        mean, std = (np.array(values, np.float32)[:, None, None] for values in (preprocessing.mean, preprocessing.std))
        images = (images - mean) / std
    return images[:, ::-1] if preprocessing.channels == "BGR" else images


def checked(logits: A, n: int, name: str, labels: Labels | None) -> A:
    """The logits, if they are (n, K) with K the number of labels.

    Raises:
        SnellenError: they are not.
    """
    shape = tuple(logits.shape)
    if len(shape) != 2 or shape[0] != n:
        raise SnellenError(
            f"{name} returned an array of shape {shape} for {n} images; expected ({n}, classes): return one row of logits an image"
        )
    if labels is not None and len(labels) != shape[1]:
        raise SnellenError(
            f"{name} returned {shape[1]} logits an image; expected {len(labels)}, one for each of the labels "
            f"({labels.name}): give as many labels as the model has outputs"
        )
    return logits

"""One way to write array code that runs natively on NumPy, PyTorch, JAX and TensorFlow, and the steps between them and NumPy."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib import import_module
from typing import Any, TypeAlias

import array_api_compat
import numpy as np

from snellen.core import Array

Numbers: TypeAlias = Any
"""NumPy numbers: a scalar, or an array of any shape, as what went in was."""


def namespace(array: Array) -> Any:
    """The array-API namespace of a native array; of TensorFlow, `snellen.tensorflow_arrays`."""
    if type(array).__module__.startswith("tensorflow."):
        return import_module("snellen.tensorflow_arrays")
    return array_api_compat.array_namespace(array)


def to_numpy(array: Array) -> np.ndarray:
    """A native array as NumPy, on the host, detached from any graph; half precisions become float32."""
    if hasattr(array, "detach"):
        array = array.detach()
        if array.dtype.is_floating_point and array.dtype.itemsize < 4:
            array = array.float()
        return array.cpu().numpy()
    values = np.asarray(array)
    halved = values.dtype.name in ("float16", "bfloat16")
    return values.astype(np.float32) if halved else values


def like(values: np.ndarray, array: Array) -> Array:
    """`values` as a native array of the same framework, dtype and device as `array`."""
    xp = namespace(array)
    return xp.asarray(values, dtype=array.dtype, device=array_api_compat.device(array))


def take(array: Array, rows: np.ndarray) -> Array:
    """Rows (M,) of a native array (N, ...), in this order: (M, ...)."""
    xp = namespace(array)
    return xp.take(array, xp.asarray(rows, device=array_api_compat.device(array)), axis=0)


def image_keys(condition: str, level: str, names: Sequence[str], seed: int) -> list[int]:
    """One integer an image that seeds whatever is random about it under a condition: of its name and the seed alone."""
    texts = (f"{seed}|{condition}|{level}|{name}" for name in names)
    return [int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()[:8], "big") for text in texts]


def keyed(keys: Sequence[int], what: str) -> list[int]:
    """Keys for a further purpose: of the key and the purpose alone."""
    return [int.from_bytes(hashlib.sha256(f"{key}|{what}".encode()).digest()[:8], "big") for key in keys]


def uniform(keys: Sequence[int], shape: tuple[int, ...], array: Array) -> Array:
    """U[0, 1) of shape (len(keys), *shape), native like `array`; row i depends on keys[i] alone."""
    rows = [np.random.Generator(np.random.PCG64(key)).random(shape, dtype=np.float32) for key in keys]
    return like(np.stack(rows), array)


def one_hot(classes: np.ndarray, array: Array) -> Array:
    """(N,) integer classes → (N, K) native like the logits `array` (N, K): the cotangent that picks one logit a row."""
    picked = np.zeros(tuple(array.shape), np.float32)
    picked[np.arange(len(classes)), classes] = 1.0
    return like(picked, array)


def softmax(logits: np.ndarray) -> np.ndarray:
    """(N, K) logits → probabilities in float64. If all rows are probabilities already (≥ 0, sum 1 ± .01), they are kept.

    The tolerance is that of probabilities in half precision or rounded to two digits; kept rows are scaled to sum to 1.
    """
    logits = np.asarray(logits, np.float64)
    total = logits.sum(axis=1, keepdims=True)
    if (logits >= 0).all() and (np.abs(total - 1) < 0.01).all():
        return logits / total
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)

"""The array-API functions that methods use, for TensorFlow, which has no namespace of its own that array-api-compat knows.

Arguments and results are those of the standard. A number stands for itself in the dtype of the array beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib import import_module
from types import SimpleNamespace
from typing import Any, TypeAlias

tf: Any = import_module("tensorflow")

Tensor: TypeAlias = Any
Axes: TypeAlias = "int | Sequence[int] | None"

pi, e, inf, nan, newaxis = math.pi, math.e, math.inf, math.nan, None
float16, bfloat16, float32, float64 = tf.float16, tf.bfloat16, tf.float32, tf.float64
int8, int16, int32, int64 = tf.int8, tf.int16, tf.int32, tf.int64
uint8, uint16, uint32, uint64 = tf.uint8, tf.uint16, tf.uint32, tf.uint64
bool = tf.bool  # noqa: A001

abs, ceil, floor, round, sign = tf.abs, tf.math.ceil, tf.math.floor, tf.math.rint, tf.sign  # noqa: A001
exp, expm1, log, log1p, sqrt, square = tf.exp, tf.math.expm1, tf.math.log, tf.math.log1p, tf.sqrt, tf.square
sin, cos, tan, asin, acos, atan, atan2 = tf.sin, tf.cos, tf.tan, tf.asin, tf.acos, tf.atan, tf.atan2
sinh, cosh, tanh, asinh, acosh, atanh = tf.sinh, tf.cosh, tf.tanh, tf.asinh, tf.acosh, tf.atanh
isfinite, isnan, isinf = tf.math.is_finite, tf.math.is_nan, tf.math.is_inf
logical_and, logical_or, logical_not, logical_xor = tf.logical_and, tf.logical_or, tf.logical_not, tf.math.logical_xor
equal, not_equal, less, less_equal = tf.equal, tf.not_equal, tf.less, tf.less_equal
greater, greater_equal = tf.greater, tf.greater_equal
add, subtract, multiply, negative, pow, matmul = tf.add, tf.subtract, tf.multiply, tf.negative, tf.pow, tf.matmul  # noqa: A001
divide, remainder, floor_divide = tf.divide, tf.math.floormod, tf.math.floordiv
maximum, minimum = tf.maximum, tf.minimum
zeros_like, ones_like = tf.zeros_like, tf.ones_like


def asarray(values: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`values` as a tensor, on the device named or on the default one."""
    if isinstance(values, tf.Tensor) and dtype in (None, values.dtype) and device in (None, values.device):
        return values
    with tf.device(device):
        tensor = tf.convert_to_tensor(values)
        return tf.identity(tensor) if dtype is None else tf.cast(tensor, dtype)


def astype(array: Tensor, dtype: Any, copy: Any = True, device: Any = None) -> Tensor:
    """Cast; tensors cannot be changed, so that a copy is never needed."""
    return asarray(array, dtype, device)


def zeros(shape: int | Sequence[int], dtype: Any = float32, device: Any = None) -> Tensor:
    """All 0."""
    return full(shape, 0, dtype, device)


def ones(shape: int | Sequence[int], dtype: Any = float32, device: Any = None) -> Tensor:
    """All 1."""
    return full(shape, 1, dtype, device)


def full(shape: int | Sequence[int], fill_value: Any, dtype: Any = float32, device: Any = None) -> Tensor:
    """All the same."""
    with tf.device(device):
        return tf.fill((shape,) if isinstance(shape, int) else tuple(shape), tf.cast(fill_value, dtype))


def full_like(array: Tensor, fill_value: Any, dtype: Any = None) -> Tensor:
    """All the same, of the shape of `array`."""
    return full(tuple(array.shape), fill_value, dtype or array.dtype, array.device)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None, device: Any = None) -> Tensor:
    """Numbers in steps."""
    with tf.device(device):
        return tf.range(0 if stop is None else start, start if stop is None else stop, step, dtype=dtype)


def clip(array: Tensor, min: Any = None, max: Any = None) -> Tensor:  # noqa: A002
    """Between `min` and `max`, either of which may be missing."""
    array = array if min is None else tf.maximum(array, min)
    return array if max is None else tf.minimum(array, max)


def where(condition: Tensor, this: Any, other: Any) -> Tensor:
    """`this` where true, `other` elsewhere."""
    dtype = next((part.dtype for part in (this, other) if hasattr(part, "dtype")), None)
    this, other = (part if hasattr(part, "dtype") or dtype is None else tf.cast(part, dtype) for part in (this, other))
    return tf.where(condition, this, other)


def sum(array: Tensor, axis: Axes = None, dtype: Any = None, keepdims: Any = False) -> Tensor:  # noqa: A001
    """Sums; of truth values, how many are true."""
    counted = tf.cast(array, tf.int64) if array.dtype == tf.bool else array
    return tf.reduce_sum(counted if dtype is None else tf.cast(counted, dtype), axis, keepdims)


def mean(array: Tensor, axis: Axes = None, keepdims: Any = False) -> Tensor:
    """Means."""
    return tf.reduce_mean(array, axis, keepdims)


def std(array: Tensor, axis: Axes = None, keepdims: Any = False) -> Tensor:
    """Standard deviations, of all there is."""
    return tf.math.reduce_std(array, axis, keepdims)


def prod(array: Tensor, axis: Axes = None, keepdims: Any = False) -> Tensor:
    """Products."""
    return tf.reduce_prod(array, axis, keepdims)


def max(array: Tensor, axis: Axes = None, keepdims: Any = False) -> Tensor:  # noqa: A001
    """Greatest values."""
    return tf.reduce_max(array, axis, keepdims)


def min(array: Tensor, axis: Axes = None, keepdims: Any = False) -> Tensor:  # noqa: A001
    """Least values."""
    return tf.reduce_min(array, axis, keepdims)


def all(array: Tensor, axis: Axes = None, keepdims: Any = False) -> Tensor:  # noqa: A001
    """Whether all are true."""
    return tf.reduce_all(tf.cast(array, tf.bool), axis, keepdims)


def any(array: Tensor, axis: Axes = None, keepdims: Any = False) -> Tensor:  # noqa: A001
    """Whether any is true."""
    return tf.reduce_any(tf.cast(array, tf.bool), axis, keepdims)


def argmax(array: Tensor, axis: int | None = None) -> Tensor:
    """Where the greatest value is, the first of several."""
    return tf.argmax(array if axis is not None else tf.reshape(array, (-1,)), axis or 0)


def argmin(array: Tensor, axis: int | None = None) -> Tensor:
    """Where the least value is, the first of several."""
    return tf.argmin(array if axis is not None else tf.reshape(array, (-1,)), axis or 0)


def sort(array: Tensor, axis: int = -1, descending: Any = False, stable: Any = True) -> Tensor:
    """In order."""
    return tf.sort(array, axis, "DESCENDING" if descending else "ASCENDING")


def argsort(array: Tensor, axis: int = -1, descending: Any = False, stable: Any = True) -> Tensor:
    """The order; equal values keep theirs."""
    return tf.cast(tf.argsort(array, axis, "DESCENDING" if descending else "ASCENDING", stable=True), tf.int64)


def take(array: Tensor, indices: Any, axis: int = 0) -> Tensor:
    """Those at `indices` along an axis."""
    return tf.gather(array, indices, axis=axis)


def take_along_axis(array: Tensor, indices: Any, axis: int = -1) -> Tensor:
    """Those at `indices` along an axis, others in each row; all other sides are equally long."""
    last = array.ndim - 1
    moved, places = (moveaxis(part, axis, last) for part in (array, tf.convert_to_tensor(indices)))
    return moveaxis(tf.gather(moved, places, batch_dims=last), last, axis)


def reshape(array: Tensor, shape: int | Sequence[int], copy: Any = None) -> Tensor:
    """The same values in another shape; one side may be -1."""
    return tf.reshape(array, (shape,) if isinstance(shape, int) else tuple(shape))


def permute_dims(array: Tensor, axes: Sequence[int]) -> Tensor:
    """The axes in another order."""
    return tf.transpose(array, axes)


def moveaxis(array: Tensor, source: int, destination: int) -> Tensor:
    """One axis elsewhere."""
    order = [axis for axis in range(array.ndim) if axis != source % array.ndim]
    order.insert(destination % array.ndim, source % array.ndim)
    return tf.transpose(array, order)


def expand_dims(array: Tensor, axis: int = 0) -> Tensor:
    """One more axis, of length 1."""
    return tf.expand_dims(array, axis)


def squeeze(array: Tensor, axis: int | Sequence[int]) -> Tensor:
    """Without axes of length 1."""
    return tf.squeeze(array, axis)


def flip(array: Tensor, axis: Axes = None) -> Tensor:
    """The other way round."""
    axes = range(array.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    return tf.reverse(array, list(axes))


def roll(array: Tensor, shift: int | Sequence[int], axis: int | Sequence[int]) -> Tensor:
    """Shifted around."""
    return tf.roll(array, shift, axis)


def broadcast_to(array: Tensor, shape: Sequence[int]) -> Tensor:
    """Repeated to a shape."""
    return tf.broadcast_to(array, tuple(shape))


def tile(array: Tensor, repetitions: Sequence[int]) -> Tensor:
    """Repeated side by side."""
    return tf.tile(array, tuple(repetitions))


def concat(arrays: Sequence[Tensor], axis: int = 0) -> Tensor:
    """One behind the other."""
    return tf.concat(list(arrays), axis)


def stack(arrays: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Side by side along a new axis."""
    return tf.stack(list(arrays), axis)


def cumulative_sum(array: Tensor, axis: int = 0) -> Tensor:
    """Sums so far."""
    return tf.cumsum(array, axis)


def _vector_norm(array: Tensor, axis: Axes = None, keepdims: Any = False, ord: float = 2) -> Tensor:  # noqa: A002
    if ord == 2:
        return tf.sqrt(tf.reduce_sum(tf.square(array), axis, keepdims))
    return tf.reduce_sum(tf.abs(array), axis, keepdims) if ord == 1 else tf.reduce_max(tf.abs(array), axis, keepdims)


linalg = SimpleNamespace(vector_norm=_vector_norm, matmul=matmul)

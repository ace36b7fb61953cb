"""Passes of many copies of one image that differ in a small region each: only what the region reaches is computed again.

After Krypton (nakandala-2019), exactly: activations of the image are computed once, and for every copy, at every step, those inside
the rectangle that the change can have reached. Steps that are not local, or a rectangle that covers most of the map, end this, and
the rest of the pass is an ordinary one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._pytree import tree_leaves, tree_map

aten = torch.ops.aten
MOST = 0.6
"""Share of a map that is computed by itself; beyond, the whole is quicker."""
POINTWISE = {
    "_to_copy", "alias", "clamp", "clamp_min", "clone", "detach", "elu", "exp", "gelu", "hardsigmoid", "hardswish", "hardtanh",
    "leaky_relu", "mish", "neg", "pow", "relu", "sigmoid", "silu", "softplus", "sqrt", "square", "tanh",
}  # fmt: skip
BINARY = {"add", "div", "mul", "sub"}


@final
class Clean:
    """The image's own activations, of the first pass, for those that follow; `trail` stands for all that a pass has done so far."""

    def __init__(self) -> None:
        self.kept: dict[int, Tensor] = {}
        self.trail = 0

    def walk(self, what: str) -> None:
        """Note a step, or that it was none of a patch: where passes part, activations are computed again."""
        self.trail = hash((self.trail, what))

    def step(self, compute: Callable[[], Tensor]) -> Tensor:
        """What the step noted last makes of the image as it is."""
        if self.trail not in self.kept:
            self.kept[self.trail] = compute()
        return self.kept[self.trail]


@final
class Patched(Tensor):
    """(P, C, H, W): `whole` (1, C, H, W) with `patch` (P, C, h, w) at `tops` and `lefts` (P,). Computes what stays local so."""

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    whole: Tensor
    patch: Tensor
    tops: np.ndarray
    lefts: np.ndarray
    clean: Clean

    @staticmethod
    def __new__(cls, whole: Tensor, patch: Tensor, tops: np.ndarray, lefts: np.ndarray, clean: Clean) -> Patched:
        """Nothing of the size of the copies is held."""
        made = torch.Tensor._make_wrapper_subclass(cls, (len(patch), *whole.shape[1:]), dtype=whole.dtype, device=whole.device)  # type: ignore[attr-defined]
        made._hold(whole, patch, tops, lefts, clean)
        return made

    def _hold(self, whole: Tensor, patch: Tensor, tops: np.ndarray, lefts: np.ndarray, clean: Clean) -> None:
        self.whole, self.patch, self.tops, self.lefts, self.clean = whole, patch, tops, lefts, clean

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore
        """The step on patches if it is local, else on the whole copies."""
        kwargs, name = kwargs or {}, func._schema.name.removeprefix("aten::")
        inplace = name.endswith("_") and not name.startswith("_")
        clean = next(part.clean for part in tree_leaves((args, kwargs)) if isinstance(part, Patched))
        clean.walk(str(func))
        made = _local(func, name.removesuffix("_") if inplace else name, inplace, args, kwargs)
        if made is None:
            clean.walk("whole")
            plain_args, plain_kwargs = tree_map(filled, args), tree_map(filled, kwargs)
            made = func(*plain_args, **plain_kwargs)
            if inplace and isinstance(args[0], Patched):
                nowhere = np.zeros(len(made), int)
                args[0]._hold(args[0].whole, made, nowhere, nowhere, args[0].clean)
                return args[0]
            return made
        if inplace:
            args[0]._hold(made.whole, made.patch, made.tops, made.lefts, made.clean)
            return args[0]
        return made

    def __repr__(self, **_: Any) -> str:
        """Shape and patch."""
        return f"Patched({tuple(self.shape)}, patch={tuple(self.patch.shape[2:])})"


def filled(value: Any) -> Any:
    """The whole copies (P, C, H, W) of what is patched; anything else as it is."""
    if not isinstance(value, Patched):
        return value
    if value.patch.shape[2:] == value.whole.shape[2:]:
        return value.patch
    layout = torch.channels_last if value.whole.is_contiguous(memory_format=torch.channels_last) else torch.contiguous_format
    copies = torch.empty(value.shape, dtype=value.dtype, device=value.device, memory_format=layout)
    copies.copy_(value.whole)
    height, width = value.patch.shape[2:]
    for copy, patch, top, left in zip(copies, value.patch, value.tops.tolist(), value.lefts.tolist(), strict=True):
        copy[:, top : top + height, left : left + width] = patch
    return copies


def _local(func: Any, name: str, inplace: bool, args: Any, kwargs: dict[str, Any]) -> Any:
    """What a step gives, patched; None where it is not local or most of the map is reached."""
    first = args[0]
    if name == "cat" and len(args) > 1 and args[1] == 1 and all(isinstance(part, Patched) for part in first):
        return _together(list(first), lambda parts: func(parts, 1))
    if not isinstance(first, Patched) or _covered(first):
        return None
    step = getattr(getattr(aten, name), func._overloadname) if inplace else func
    if name in POINTWISE or (name == "flip" and args[1] == [1]):
        return _apart(first, lambda tensor: step(tensor, *args[1:], **kwargs))
    if name in BINARY and len(args) > 1:
        if isinstance(args[1], Patched):
            return None if _covered(args[1]) else _together([first, args[1]], lambda two: step(*two, **kwargs))
        if not isinstance(args[1], Tensor) or args[1].numel() == 1 or (args[1].shape[-2:] == (1, 1) and args[1].ndim <= 3):
            return _apart(first, lambda tensor: step(tensor, args[1], **kwargs))
    if name == "constant_pad_nd" and len(args[1]) == 4 and min(args[1]) >= 0:
        left, _, top, _ = args[1]
        whole = first.clean.step(lambda: step(first.whole, *args[1:]))
        return Patched(whole, first.patch, first.tops + top, first.lefts + left, first.clean)
    if name == "native_batch_norm" and not args[5]:
        nothing = first.whole.new_empty(0)
        return _apart(first, lambda tensor: step(tensor, *args[1:], **kwargs)[0]), nothing, nothing
    if name == "convolution" and not args[6] and len(args[3]) == 2:
        weight, bias, stride, padding, dilation, groups = args[1], args[2], args[3], args[4], args[5], args[8]
        if weight.shape[2:] == (1, 1) and tuple(stride) == (1, 1) and not any(padding):
            return _apart(first, lambda tensor: step(tensor, *args[1:]))
        sizes = _pair(weight.shape[2:]), _pair(stride), _pair(padding), _pair(dilation)
        return _sliding(
            first, sizes, lambda t: step(t, *args[1:]), lambda t: F.conv2d(t, weight, bias, stride, 0, dilation, groups), 0.0
        )
    if name == "max_pool2d_with_indices":
        kernel, stride, padding, dilation = (_pair(value) for value in _pooling(args))
        made = _sliding(
            first,
            (kernel, stride, padding, dilation),
            lambda t: step(t, *args[1:])[0],
            lambda t: F.max_pool2d(t, kernel, stride, 0, dilation),
            -torch.inf,
        )
        return None if made is None else (made, made)
    if name == "avg_pool2d" and (len(args) < 5 or not args[4]) and not any(_pair(args[3] if len(args) > 3 else 0)):
        kernel, stride, padding, _ = (_pair(value) for value in _pooling(args))
        return _sliding(
            first, (kernel, stride, padding, (1, 1)), lambda t: step(t, *args[1:]), lambda t: F.avg_pool2d(t, kernel, stride), 0.0
        )
    return None


def _covered(value: Patched) -> bool:
    height, width = value.patch.shape[2:]
    return height * width >= MOST * value.whole.shape[2] * value.whole.shape[3]


def _apart(value: Patched, step: Callable[[Tensor], Tensor]) -> Patched:
    """A step that looks at each place alone."""
    whole = value.clean.step(lambda: step(value.whole))
    return Patched(whole, step(value.patch), value.tops, value.lefts, value.clean)


def _together(values: list[Patched], step: Callable[[list[Tensor]], Tensor]) -> Patched | None:
    """A step on the same places of several maps; the rectangles are enlarged until each covers all."""
    if len({tuple(value.whole.shape[2:]) for value in values}) > 1:
        return None
    whole, clean = values[0].whole, values[0].clean
    spans = [_union([(v.tops, v.patch.shape[2]) for v in values], whole.shape[2])]
    spans.append(_union([(v.lefts, v.patch.shape[3]) for v in values], whole.shape[3]))
    parts = [_cut(value, spans[0], spans[1], 0.0) for value in values]
    return Patched(clean.step(lambda: step([value.whole for value in values])), step(parts), spans[0][0], spans[1][0], clean)


def _union(spans: list[tuple[np.ndarray, int]], length: int) -> tuple[np.ndarray, int]:
    starts, ends = np.min([start for start, _ in spans], axis=0), np.max([start + size for start, size in spans], axis=0)
    size = int((ends - starts).max())
    return np.clip(starts, 0, length - size), size


def _sliding(
    value: Patched,
    sizes: tuple[tuple[int, int], ...],
    step: Callable[[Tensor], Tensor],
    inner: Callable[[Tensor], Tensor],
    fill: float,
) -> Patched | None:
    """A step that slides a kernel; `inner` is the same without padding, which is of `fill`."""
    whole = value.clean.step(lambda: step(value.whole))
    spans, needed = [], []
    for axis, at in enumerate((value.tops, value.lefts)):
        kernel, stride, padding, dilation = (pair[axis] for pair in sizes)
        length, reach = whole.shape[2 + axis], (kernel - 1) * dilation
        size = min((value.patch.shape[2 + axis] - 1 + reach) // stride + 1, length)
        start = np.clip(-((reach - at - padding) // stride), 0, length - size)
        spans.append((start, size))
        needed.append((start * stride - padding, (size - 1) * stride + reach + 1))
    return Patched(whole, inner(_cut(value, needed[0], needed[1], fill)), spans[0][0], spans[1][0], value.clean)


def _cut(value: Patched, rows: tuple[np.ndarray, int], columns: tuple[np.ndarray, int], fill: float) -> Tensor:
    """(P, C, rows, columns) of the copies, from starts that differ between them and may lie outside, where there is `fill`."""
    (tops, height), (lefts, width) = rows, columns
    if (height, width) == tuple(value.patch.shape[2:]) and (tops == value.tops).all() and (lefts == value.lefts).all():
        return value.patch
    before = max(0, -int(tops.min())), max(0, -int(lefts.min()))
    after = [max(0, int(start.max()) + size - value.whole.shape[2 + axis]) for axis, (start, size) in enumerate((rows, columns))]
    whole = F.pad(value.whole, (before[1], after[1], before[0], after[0]), value=fill)[0]
    layout = torch.channels_last if value.whole.is_contiguous(memory_format=torch.channels_last) else torch.contiguous_format
    cut = torch.empty((len(value.patch), len(whole), height, width), dtype=whole.dtype, device=whole.device, memory_format=layout)
    for place, top, left in zip(cut, (tops + before[0]).tolist(), (lefts + before[1]).tolist(), strict=True):
        place.copy_(whole[:, top : top + height, left : left + width])
    inner = value.patch.shape[2:]
    for place, patch, down, right in zip(
        cut, value.patch, (value.tops - tops).tolist(), (value.lefts - lefts).tolist(), strict=True
    ):
        top, left, bottom, end = max(down, 0), max(right, 0), min(down + inner[0], height), min(right + inner[1], width)
        if bottom > top and end > left:
            place[:, top:bottom, left:end] = patch[:, top - down : bottom - down, left - right : end - right]
    return cut


def _pooling(args: Any) -> tuple[Any, Any, Any, Any]:
    """Kernel, stride, padding and dilation of a pooling step; the stride is the kernel's side unless given."""
    kernel = args[1]
    stride = args[2] if len(args) > 2 and args[2] else kernel
    return kernel, stride, args[3] if len(args) > 3 else 0, args[4] if len(args) > 4 else 1


def _pair(value: Any) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, int) else tuple(value)
    return (pair[0], pair[-1])

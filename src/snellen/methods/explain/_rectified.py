"""Other ways back through rectifiers, without a change to the network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from snellen.core import Array, Unsupported
from snellen.methods.asked import Asked
from snellen.methods.explain._views import averaged
from snellen.methods.explain.explanation import Explainer, Explanation

Rule = Callable[[Tensor, Tensor], Tensor]
"""(what comes back, where the rectifier let through) → what goes on backwards."""

_RELU = {torch.relu, torch.relu_, F.relu, F.relu_, Tensor.relu, Tensor.relu_}
_CLIPPED = {F.relu6, F.hardtanh, F.hardtanh_}
_CLAMPED = {
    torch.clamp,
    torch.clamp_,
    torch.clamp_min,
    torch.clamp_min_,
    Tensor.clamp,
    Tensor.clamp_,
    Tensor.clamp_min,
    Tensor.clamp_min_,
}


@final
class Rectified(TorchFunctionMode):
    """Inside, rectifiers (ReLU, ReLU6, clamping from 0) go back by `rule`: modules or functions, in place, used again.

    `count` is how many were met.
    """

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        self.rule, self.count = rule, 0

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        """Rectifiers by the rule, all else as it is."""
        kwargs = kwargs or {}
        passing = _limits(func, args[1:], kwargs)
        given = args[0] if args else kwargs.get("input")
        if passing is None or not isinstance(given, Tensor):
            return func(*args, **kwargs)
        self.count += 1
        out = _Rectifier.apply(given, passing[1], self.rule)
        return given.copy_(out) if kwargs.get("inplace") or func.__name__.endswith("_") else out


class _Rectifier(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, given: Tensor, upper: float | None, rule: Rule) -> Tensor:
        ctx.save_for_backward((given > 0) if upper is None else (given > 0) & (given < upper))
        ctx.rule = rule
        return given.clamp(0, upper)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return ctx.rule(gradients[0], ctx.saved_tensors[0]), None, None


def _limits(func: Any, rest: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[float, float | None] | None:
    """From where to where a function lets through, if that is from 0; else None."""
    if func in _RELU:
        return 0.0, None
    if func is F.relu6:
        return 0.0, 6.0
    if func in _CLIPPED | _CLAMPED:
        names = ("min_val", "max_val") if func in _CLIPPED else ("min", "max")
        given = dict(zip(names, rest, strict=False)) | {name: kwargs[name] for name in names if name in kwargs}
        low, high = given.get(names[0], -1.0 if func in _CLIPPED else None), given.get(names[1], 1.0 if func in _CLIPPED else None)
        if low is not None and not isinstance(low, Tensor) and low == 0 and not isinstance(high, Tensor):
            return 0.0, None if high is None else float(high)
    return None


@dataclass(frozen=True)
class Backwards(Explainer, ABC):
    """Abstract. One pass forward and one back, by a rule of its own at every rectifier; what comes out is no gradient.

    PyTorch only, and only networks that have rectifiers.
    """

    signed: ClassVar[bool] = False
    unit: ClassVar[str] = "logits per unit of pixel value, by other rules than a gradient's"

    def explain(
        self, asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], keys: Sequence[int]
    ) -> Explanation:
        """See `Explainer.explain`."""
        with Rectified(self.rule) as met:
            maps = averaged(asked, images, classes, np.ones(1), lambda rows, _: images[int(rows[0]) : int(rows[-1]) + 1])
        if not met.count:
            raise Unsupported(
                f"{asked.model.name} has no rectifier that {self.name} could go back through: expected a PyTorch network with ReLU "
                "or ReLU6 that is not scripted or compiled"
            )
        return Explanation(maps.astype(np.float32), self.unit)

    @staticmethod
    @abstractmethod
    def rule(back: Tensor, passed: Tensor) -> Tensor:
        """What goes on backwards, of what comes back and of where the rectifier let something through."""

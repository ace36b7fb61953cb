"""Attention roll-out: where the tokens that a transformer answers by come from, through all its layers of attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from snellen.arrays import take, to_numpy
from snellen.core import Array, Unsupported
from snellen.grids import grid, places
from snellen.methods.asked import Asked, check_classes
from snellen.methods.explain._views import at_once
from snellen.methods.explain.explanation import Explainer, Explanation

SOURCE = "abnar-2020"
_SOFTMAX = {torch.softmax, F.softmax, Tensor.softmax}


@final
@dataclass(frozen=True)
class AttentionRollout(Explainer):
    """The product over layers of attention, averaged over heads and mixed half and half with staying in place (abnar-2020).

    Read at the token of the class; where there is none, averaged over all tokens. It knows nothing of the class. PyTorch
    transformers whose attention is over all tokens at once; one pass forward.
    """

    unit: ClassVar[str] = "share of attention"

    def explain(
        self, asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], keys: Sequence[int]
    ) -> Explanation:
        """See `Explainer.explain`; raises Unsupported where there is no attention over all tokens."""
        height, width = images.shape[2:]
        size, maps, where = at_once(asked.model, height, width), [], ""
        for start in range(0, len(images), size):
            rows = np.arange(start, min(start + size, len(images)))
            with _Attention(len(rows)) as met:
                check_classes(classes[rows], asked.logits(take(images, rows)).shape[1], asked.model.name)
            whole = met.rolled is not None and not met.partial
            shape = grid((len(rows), met.tokens, 1), height, width) if whole else None
            if shape is None or met.rolled is None:
                raise Unsupported(
                    f"{asked.model.name} has no attention over all places of the image at once: expected a vision transformer of "
                    "PyTorch, neither scripted nor compiled, whose attention is not inside windows"
                )
            seen = met.rolled[:, 0] if shape.leading else met.rolled.mean(1)
            small = places(seen[:, :, None], shape)
            maps.append(to_numpy(F.interpolate(small, (height, width), mode="bilinear", align_corners=False)[:, 0]))
            where = f"{met.count} layers of attention: {shape}"
        return Explanation(np.concatenate(maps), self.unit, where=where)


@final
class _Attention(TorchFunctionMode):
    """Inside, weights of attention (n, heads, T, T) are multiplied up: `rolled` (n, T, T), over `count` layers.

    `partial`: some attention was inside windows, or over other tokens.
    """

    def __init__(self, images: int) -> None:
        super().__init__()
        self.images, self.tokens, self.count = images, 0, 0
        self.rolled: Tensor | None = None
        self.partial = False

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        """Every step as it is; those that are attention are looked at besides."""
        kwargs = kwargs or {}
        if func is F.multi_head_attention_forward:
            output, weights = func(*args, **{**kwargs, "need_weights": True, "average_attn_weights": True})
            self._take(weights)
            return output, weights if kwargs.get("need_weights", True) else None
        found = func(*args, **kwargs)
        if func is F.scaled_dot_product_attention:
            self._take(_weights(*args, **kwargs))
        elif func in _SOFTMAX and found.ndim == 4:
            self._take(found)
        return found

    def _take(self, weights: Tensor) -> None:
        weights = weights.detach().float()
        average = weights.mean(1) if weights.ndim == 4 else weights
        tokens = average.shape[-1]
        if average.ndim != 3 or average.shape[1] != tokens:
            return
        if len(average) != self.images or self.tokens not in (0, tokens):
            self.partial = True
            return
        stay = torch.eye(tokens, device=average.device)
        mixed = (average + stay) / (average + stay).sum(-1, keepdim=True)
        self.rolled = mixed if self.rolled is None else mixed @ self.rolled
        self.tokens, self.count = tokens, self.count + 1


def _weights(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """What `scaled_dot_product_attention` multiplies the values by, without dropout."""
    if key.shape[1] != query.shape[1]:
        key = key.repeat_interleave(query.shape[1] // key.shape[1], 1)
    scores = query.float() @ key.float().transpose(-2, -1) * (scale or query.shape[-1] ** -0.5)
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, -torch.inf) if attn_mask.dtype == torch.bool else scores + attn_mask
    return scores.softmax(-1)

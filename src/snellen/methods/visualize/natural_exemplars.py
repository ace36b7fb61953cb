"""The images of a set that each channel of a layer responds to most and least, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from snellen.core import Model, SnellenError
from snellen.errors import blaming
from snellen.methods.explain._views import at_once
from snellen.methods.method import Method
from snellen.methods.visualize._maps import check_torch, maps_of

SOURCE = "borowski-2020"
Batches: TypeAlias = Iterable[tuple[Sequence[int], Float[Tensor, "_ 3 _ _"]]]
"""The numbers of some rows of an image set, and these images, native in [0, 1]."""


@final
@dataclass(frozen=True)
class Ranked:
    """For each of C channels the k images at one end of the scale, the outermost first.

    Attributes:
        rows: (C, k), of the image set.
        values: (C, k), the channel's response.
        places: (C, k, 2), row and column on the layer's grid where the channel is outermost.
    """

    rows: Int[np.ndarray, "c k"]
    values: Float[np.ndarray, "c k"]
    places: Int[np.ndarray, "c k 2"]


@final
@dataclass(frozen=True)
class Exemplars:
    """What the channels of a layer respond to most and least; `grid` is the layer's rows and columns, `seen` counts images."""

    top: Ranked
    bottom: Ranked
    grid: tuple[int, int]
    seen: int


@final
@dataclass(frozen=True)
class NaturalExemplars(Method):
    """Images sorted by the response of each channel (borowski-2020), in one pass over any number of them.

    What is kept is the best so far: memory is that of a batch. Of images that are equal, as where a rectifier lets nothing through,
    those that came first are kept. NaN is never outermost.

    Attributes:
        layer: its name; None for logits, so that each channel is a class.
        count: images for each channel and end.
        by: an image's mean over places, or its maximum, which for the other end is its minimum.
    """

    layer: str | None = None
    count: int = 9
    by: Literal["mean", "maximum"] = "mean"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.count < 1 or self.by not in ("mean", "maximum"):
            raise SnellenError(f"got {self}; expected a count from 1, by mean or maximum")

    def __call__(self, model: Model, batches: Batches, *, progress: Callable[[int], None] | None = None) -> Exemplars:
        """Go through all images once. `progress` is told of images.

        Raises:
            SnellenError: there are no images or they are of several sizes, there is no such layer, or the model fails.
            Unsupported: the model is no PyTorch network.
        """
        check_torch(model)
        top, bottom = _Running(self.count, True), _Running(self.count, False)
        shape, seen = None, 0
        for rows, images in batches:
            size = at_once(model, *images.shape[2:])
            for start in range(0, len(images), size):
                part = images[start : start + size]
                with blaming(model.name, tuple(part.shape)):
                    output = model.logits(part) if self.layer is None else model.activations(part, self.layer)
                maps = maps_of(output, part.shape[2], part.shape[3], self.layer)
                if shape is not None and shape != maps.shape[1:]:
                    raise SnellenError(
                        f"got images for which {self.layer or 'the model'} gives {tuple(maps.shape[1:])}, after others of "
                        f"{tuple(shape)}; expected images of one size"
                    )
                shape, seen = maps.shape[1:], seen + len(part)
                own = torch.as_tensor(np.asarray(rows[start : start + size]), device=maps.device)
                top.add(own, maps, self.by)
                bottom.add(own, maps, self.by)
                if progress is not None:
                    progress(len(part))
        if shape is None:
            raise SnellenError("got no images; expected some")
        return Exemplars(top.ranked(shape[2]), bottom.ranked(shape[2]), (shape[1], shape[2]), seen)


@final
@dataclass
class _Running:
    """The outermost images so far: values, rows and places, (k, C) each."""

    count: int
    largest: bool
    kept: tuple[Tensor, Tensor, Tensor] | None = field(default=None)

    def add(self, rows: Int[Tensor, " n"], maps: Float[Tensor, "n c a b"], by: str) -> None:
        """Merge a batch in."""
        flat = maps.flatten(2)
        worst = -torch.inf if self.largest else torch.inf
        known = torch.where(flat.isnan(), worst, flat)
        outermost, places = known.max(2) if self.largest else known.min(2)
        values = outermost if by == "maximum" else torch.where(flat.isnan().any(2), worst, flat.mean(2))
        new = values, rows[:, None].expand_as(values), places
        old = self.kept or tuple(one[:0] for one in new)
        merged = [torch.cat(pair) for pair in zip(old, new, strict=True)]
        order = merged[0].sort(stable=True, dim=0, descending=self.largest).indices[: self.count]
        self.kept = merged[0].gather(0, order), merged[1].gather(0, order), merged[2].gather(0, order)

    def ranked(self, columns: int) -> Ranked:
        """As it stands, for a grid of so many columns."""
        if self.kept is None:
            raise SnellenError("got no images; expected some")
        values, rows, places = (one.T.contiguous().cpu().numpy() for one in self.kept)
        return Ranked(rows, values, np.stack(np.divmod(places, columns), -1))

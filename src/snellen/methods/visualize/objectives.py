"""What to maximise: a number for each image, made of what a layer gives, and how that number changes with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from snellen.core import SnellenError
from snellen.methods.visualize._maps import maps_of

SOURCE = "olah-2017"
Place = Literal["centre", "strongest"] | tuple[int, int]


@dataclass(frozen=True)
class Objective(ABC):
    """Abstract. Of U units: N images are N / U for each of them, those of the first unit first.

    Attributes:
        layer: its name; None for logits, which are maps of one place.
    """

    layer: str | None

    @property
    @abstractmethod
    def count(self) -> int | None:
        """How many units there are; None where it is the same for any."""

    @abstractmethod
    def of(self, units: Int[np.ndarray, " m"]) -> Objective:
        """The same of some of its units, counted from 0, as often as they are named; of no units, the same."""

    @abstractmethod
    def value(self, maps: Float[Tensor, "n c a b"], copies: int) -> Float[Tensor, " n"]:
        """The number of each image, differentiable; `copies` images in a row are for the same unit.

        Raises:
            SnellenError: the layer has no such unit.
        """

    @final
    def pulled(self, output: Tensor, height: int, width: int, copies: int = 1) -> tuple[Float[Tensor, " n"], Tensor]:
        """What a layer gave for images of this size → values (N,) and the cotangent of their sum, of the shape of `output`.

        Raises:
            SnellenError: the layer has no such unit, or no places where that matters.
        """
        with torch.inference_mode(False), torch.enable_grad():
            leaf = output.detach().clone().requires_grad_()
            values = self.value(maps_of(leaf, height, width, self.layer), copies)
            return values.detach(), torch.autograd.grad(values.sum(), leaf)[0]


@dataclass(frozen=True)
class _OfUnits(Objective, ABC):
    """Abstract.

    Attributes:
        units: the number of a channel, for each unit.
    """

    units: Sequence[int] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "units", tuple(int(unit) for unit in self.units))
        if not self.units or min(self.units) < 0:
            raise SnellenError(f"got the units {self.units}; expected one or more, counted from 0")

    @property
    def count(self) -> int:
        """See `Objective.count`."""
        return len(self.units)

    def of(self, units: Int[np.ndarray, " m"]) -> Objective:
        """See `Objective.of`."""
        return replace(self, units=tuple(self.units[unit] for unit in units))

    def own(self, maps: Float[Tensor, "n c a b"], copies: int) -> Float[Tensor, "n a b"]:
        """The map of the unit that each image is for.

        Raises:
            SnellenError: the layer has no such unit.
        """
        if max(self.units) >= maps.shape[1]:
            raise SnellenError(
                f"got the unit {max(self.units)} of {self.layer or 'the logits'}; expected one of {maps.shape[1]}, counted from 0"
            )
        rows = torch.arange(len(maps), device=maps.device)
        return maps[rows, torch.tensor(self.units, device=maps.device).repeat_interleave(copies)]


@final
@dataclass(frozen=True)
class ClassLogit(_OfUnits):
    """The logit of a class (simonyan-2013), whose number is a unit here; not its probability, which falls with other classes."""

    layer: str | None = field(default=None, init=False)

    def value(self, maps: Float[Tensor, "n c a b"], copies: int) -> Float[Tensor, " n"]:
        """See `Objective.value`."""
        return self.own(maps, copies)[:, 0, 0]


@final
@dataclass(frozen=True)
class Unit(_OfUnits):
    """A channel at one place (olah-2017).

    Attributes:
        place: row and column on the layer's grid, its centre, or where the channel is strongest in each image.
    """

    place: Place = "centre"

    def value(self, maps: Float[Tensor, "n c a b"], copies: int) -> Float[Tensor, " n"]:
        """See `Objective.value`."""
        own = self.own(maps, copies)
        if self.place == "strongest":
            return own.flatten(1).gather(1, own.flatten(1).argmax(1, keepdim=True))[:, 0]
        row, column = (own.shape[1] // 2, own.shape[2] // 2) if isinstance(self.place, str) else self.place
        if not (0 <= row < own.shape[1] and 0 <= column < own.shape[2]):
            raise SnellenError(
                f"got the place {self.place} of {self.layer}; expected a row and a column of its {own.shape[1]} x {own.shape[2]}"
            )
        return own[:, row, column]


@final
@dataclass(frozen=True)
class Channel(_OfUnits):
    """The mean of a channel over all places (olah-2017)."""

    def value(self, maps: Float[Tensor, "n c a b"], copies: int) -> Float[Tensor, " n"]:
        """See `Objective.value`."""
        return self.own(maps, copies).mean((1, 2))


@final
@dataclass(frozen=True, eq=False)
class Direction(Objective):
    """How far what a layer gives points into a direction, averaged over places (olah-2017).

    Attributes:
        vectors: (U, C), a direction for each unit: a channel's weights, or a concept's vector.
        by: the dot product with the direction brought to length 1, or the cosine of the angle, which length does not change.
    """

    vectors: Float[np.ndarray, "u c"]
    by: Literal["dot", "cosine"] = "dot"

    @property
    def count(self) -> int:
        """See `Objective.count`."""
        return len(self.vectors)

    def of(self, units: Int[np.ndarray, " m"]) -> Objective:
        """See `Objective.of`."""
        return replace(self, vectors=self.vectors[units])

    def value(self, maps: Float[Tensor, "n c a b"], copies: int) -> Float[Tensor, " n"]:
        """See `Objective.value`."""
        if self.vectors.shape[1] != maps.shape[1]:
            raise SnellenError(
                f"got directions of {self.vectors.shape[1]} numbers; expected {maps.shape[1]}: one for each channel of {self.layer}"
            )
        wanted = torch.as_tensor(self.vectors).to(maps).repeat_interleave(copies, 0)[:, :, None, None]
        if self.by == "cosine":
            return F.cosine_similarity(maps, wanted.expand_as(maps), dim=1).mean((1, 2))
        return (maps * F.normalize(wanted, dim=1)).sum(1).mean((1, 2))


@dataclass(frozen=True)
class _OfLayer(Objective, ABC):
    """Abstract: of all channels of a layer, whatever the units are."""

    @property
    def count(self) -> None:
        """See `Objective.count`."""
        return

    def of(self, units: Int[np.ndarray, " m"]) -> Objective:
        """See `Objective.of`."""
        return self


@final
@dataclass(frozen=True)
class MeanSquare(_OfLayer):
    """The mean square of all that a layer gives: more of whatever is there already (mordvintsev-2015)."""

    def value(self, maps: Float[Tensor, "n c a b"], copies: int) -> Float[Tensor, " n"]:
        """See `Objective.value`."""
        return maps.square().mean((1, 2, 3))


@final
@dataclass(frozen=True)
class Diversity(_OfLayer):
    """How unlike the images for one unit are: minus the mean cosine of an image's Gram matrix with the others' (olah-2017).

    Attributes:
        weight: of this beside what it is maximised together with.
    """

    weight: float = 100.0

    def value(self, maps: Float[Tensor, "n c a b"], copies: int) -> Float[Tensor, " n"]:
        """See `Objective.value`."""
        if copies < 2:
            raise SnellenError("got one image for each unit; expected 2 copies or more: diversity is among those of one unit")
        flat = maps.flatten(2)
        gram = F.normalize((flat @ flat.transpose(1, 2)).flatten(1), dim=1).unflatten(0, (-1, copies))
        others = (gram @ gram.transpose(1, 2)).sum(2) - gram.square().sum(2)
        return -self.weight * (others / (copies - 1)).flatten()


def spread(objective: Objective, images: int) -> Objective:
    """The same with a unit for each image: those of its units in turn, images / units times each.

    Raises:
        SnellenError: there are not as many images for each unit.
    """
    if objective.count is None or not images:
        return objective
    if images % objective.count:
        raise SnellenError(f"got {images} images for {objective.count} units; expected as many for each unit")
    return objective.of(np.repeat(np.arange(objective.count), images // objective.count))

"""Images that a unit, a channel, a direction or a class responds to most, by gradient ascent from noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, final

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from snellen.arrays import to_numpy
from snellen.core import Model, SnellenError
from snellen.methods.explain._views import at_once
from snellen.methods.method import Method
from snellen.methods.visualize._maps import check_torch, pulled, uphill
from snellen.methods.visualize.objectives import Objective
from snellen.methods.visualize.parameterization import Fourier, Parameterization
from snellen.methods.visualize.robustness import WIDE, Robustness

SOURCE = "simonyan-2013"


@final
@dataclass(frozen=True)
class Maximised:
    """Images, and how they were found.

    Attributes:
        images: (N, 3, H, W) in [0, 1]; those of the first unit first.
        values: (N,), the objective at the images as they are.
        course: (N, steps), the objective at what was looked at in each step, moved about.
    """

    images: Float[np.ndarray, "n 3 h w"]
    values: Float[np.ndarray, " n"]
    course: Float[np.ndarray, "n steps"]


@final
@dataclass(frozen=True)
class ActivationMaximization(Method):
    """arg max of objectives less decay · ‖I‖² (simonyan-2013), by Adam, moved about before each look (olah-2017).

    A unit that a rectifier keeps at 0 is woken by steps that go back as if rectifiers were not there. The image for a unit depends
    on its key and not on what else is in the batch, but for rounding.

    Attributes:
        steps: of Adam; each costs one forward and one backward pass up to each layer.
        rate: the size of a step.
        copies: images for each unit; several make sense with another key each, which they have, and with `Diversity`.
        decay: λ of the squared distance from mid-grey, summed over the values of the image.
        least: look for the images that it responds to least.
        parameterization: what Adam's steps are made in.
        robustness: the movements; None for none; "auto" for the published ones where layers are asked for, and `WIDE` for classes
            alone, of which more can be recognised then.
    """

    version: ClassVar[int] = 2
    steps: int = 512
    rate: float = 0.05
    copies: int = 1
    decay: float = 0.0
    least: bool = False
    parameterization: Parameterization = field(default_factory=Fourier)
    robustness: Robustness | Literal["auto"] | None = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.steps < 1 or self.rate <= 0 or self.copies < 1 or self.decay < 0:
            raise SnellenError(f"got {self}; expected steps and copies from 1, a rate above 0 and a decay from 0")

    def __call__(
        self,
        model: Model,
        objectives: Objective | Sequence[Objective],
        *,
        size: tuple[int, int] | None = None,
        keys: Sequence[int] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Maximised:
        """Images of `size`, height and width, for all units of the objectives, whose sum is maximised.

        `size` is what the model expects unless given. `keys` are integers that seed the noise and the movements, one an image; 0,
        1, 2 … unless given. `progress` is told of images times steps.

        Raises:
            SnellenError: objectives, keys or size do not fit together or the model, or the model fails.
            Unsupported: the model is no PyTorch network, or gives no gradients.
        """
        check_torch(model)
        objectives = [objectives] if isinstance(objectives, Objective) else list(objectives)
        units = _count(objectives)
        height, width = size or model.preprocessing.size
        keys = list(range(units * self.copies)) if keys is None else list(keys)
        if len(keys) != units * self.copies or min(height, width) < 1:
            raise SnellenError(
                f"got {len(keys)} keys and images of {height} x {width} pixels; expected {units * self.copies} keys, one for "
                "each copy of each unit, and a pixel or more"
            )
        together, parts = max(1, at_once(model, height, width) // self.copies), []
        for start in range(0, units, together):
            stop = min(start + together, units)
            own = [objective.of(np.arange(start, stop)) for objective in objectives]
            parts.append(self._batch(model, own, height, width, keys[start * self.copies : stop * self.copies], progress))
        return Maximised(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("images", "values", "course")))

    def _batch(
        self,
        model: Model,
        objectives: Sequence[Objective],
        height: int,
        width: int,
        keys: Sequence[int],
        progress: Callable[[int], None] | None,
    ) -> Maximised:
        sign, course = -1.0 if self.least else 1.0, np.zeros((len(keys), self.steps), np.float32)
        robustness = self._movements(objectives)
        drawn = robustness.draws(keys, self.steps) if robustness else None
        device = model.asarray(np.zeros((1, 3, 1, 1), np.float32)).device
        with torch.inference_mode(False), torch.enable_grad():
            coefficients = self.parameterization.start(keys, height, width, device).requires_grad_()
            optimizer, slept = torch.optim.Adam([coefficients], self.rate), None
            for step in range(self.steps):
                images = self.parameterization.images(coefficients, height, width)
                views = images if robustness is None or drawn is None else robustness(images, drawn[step])
                values, gradient, asleep = uphill(model, objectives, views.detach(), self.copies)
                if slept is not None:
                    _forget(optimizer, coefficients, slept & ~asleep)
                slept = asleep
                course[:, step] = _finite(values, model)
                optimizer.zero_grad()
                loss = -sign * (views * gradient).sum() + self.decay * (images - 0.5).square().sum()
                loss.backward()
                optimizer.step()
                if progress is not None:
                    progress(len(keys))
            images = self.parameterization.images(coefficients.detach(), height, width)
        values, _ = pulled(model, objectives, images, self.copies)
        return Maximised(to_numpy(images), _finite(values, model), course)

    def _movements(self, objectives: Sequence[Objective]) -> Robustness | None:
        if self.robustness != "auto":
            return self.robustness
        return WIDE if all(objective.layer is None for objective in objectives) else Robustness()


def _forget(optimizer: torch.optim.Adam, coefficients: Tensor, woken: Bool[Tensor, " n"]) -> None:
    """Drop Adam's averages for images that have just been woken: gradients that led there can be thousands of times larger."""
    for name in ("exp_avg", "exp_avg_sq"):
        optimizer.state[coefficients][name][woken] = 0


def _count(objectives: Sequence[Objective]) -> int:
    """The number of units that objectives agree on.

    Raises:
        SnellenError: there are none, or they do not agree.
    """
    counts = {objective.count for objective in objectives if objective.count is not None}
    if not objectives or len(counts) > 1:
        found = " and ".join(map(str, sorted(counts))) or "no"
        raise SnellenError(f"got objectives of {found} units; expected one objective or more, all of as many units")
    return counts.pop() if counts else 1


def _finite(values: Tensor, model: Model) -> np.ndarray:
    found = to_numpy(values)
    if not np.isfinite(found).all():
        raise SnellenError(f"{model.name} gave {found[~np.isfinite(found)][0]} on the way; expected numbers: it cannot be climbed")
    return found

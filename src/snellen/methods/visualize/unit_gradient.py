"""What pixels a unit depends on at an image."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from jaxtyping import Float
from torch import Tensor

from snellen.arrays import take, to_numpy
from snellen.core import Model, SnellenError, Unsupported
from snellen.methods.asked import check_batch
from snellen.methods.explain._rectified import Rectified, Rule
from snellen.methods.explain._views import at_once
from snellen.methods.explain.deconvolution import Deconvolution
from snellen.methods.explain.guided_backpropagation import GuidedBackpropagation
from snellen.methods.method import Method
from snellen.methods.visualize._maps import check_torch, pulled
from snellen.methods.visualize.objectives import Objective, spread

SOURCE = "zeiler-2014"
RULES: dict[str, Rule | None] = {
    "gradient": None,
    "deconvolution": Deconvolution.rule,
    "guided-backpropagation": GuidedBackpropagation.rule,
}


@final
@dataclass(frozen=True)
class UnitGradient(Method):
    """The gradient of a unit at the pixels, or what goes back by other rules at rectifiers (zeiler-2014, springenberg-2014).

    With `Unit(layer, units, place="strongest")`, what the strongest place of a channel goes by, as published. By the other rules
    pictures are clearer and hardly change with the network's weights (adebayo-2018): they show edges more than what it goes by.

    Attributes:
        by: gradient, deconvolution or guided-backpropagation.
    """

    by: Literal["gradient", "deconvolution", "guided-backpropagation"] = "gradient"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.by not in RULES:
            raise SnellenError(f"got by {self.by!r}; expected one of {', '.join(RULES)}")

    def __call__(
        self,
        model: Model,
        images: Float[Tensor, "n 3 h w"],
        objective: Objective,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> Float[np.ndarray, "n 3 h w"]:
        """Images in [0, 1] → signed maps, in units of the objective per unit of pixel value.

        An objective of U units is of the first N / U images for the first unit, and so on. `progress` is told of images.

        Raises:
            SnellenError: images or units are not what is expected, or the model fails.
            Unsupported: the model is no PyTorch network, gives no gradients, or has no rectifier that the rule is for.
        """
        check_torch(model)
        check_batch(images, np.zeros(len(images), int), range(len(images)))
        every, size = spread(objective, len(images)), at_once(model, *images.shape[2:])
        maps = np.zeros(tuple(images.shape), np.float32)
        for start in range(0, len(images), size):
            rows = np.arange(start, min(start + size, len(images)))
            maps[rows] = self._back(model, take(images.float(), rows), every.of(rows))
            if progress is not None:
                progress(len(rows))
        return maps

    def _back(self, model: Model, images: Float[Tensor, "n 3 h w"], objective: Objective) -> np.ndarray:
        rule = RULES[self.by]
        met = Rectified(rule) if rule else None
        with met or contextlib.nullcontext():
            _, gradient = pulled(model, [objective], images)
        if met and not met.count:
            raise Unsupported(
                f"{model.name} has no rectifier before {objective.layer or 'its logits'} that {self.by} could go back through: "
                "expected ReLU or ReLU6 in a PyTorch network that is not scripted or compiled"
            )
        return to_numpy(gradient)

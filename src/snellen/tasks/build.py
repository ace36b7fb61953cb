"""The pictures and the answers of the trials of one unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter
from torch import Tensor

from snellen.arrays import keyed
from snellen.core import Model
from snellen.methods.visualize.activation_maximization import ActivationMaximization
from snellen.methods.visualize.natural_exemplars import Exemplars
from snellen.methods.visualize.objectives import Channel, Diversity
from snellen.methods.visualize.occlusion_query import OcclusionQuery
from snellen.tasks.choose import BINS, Chosen, choose

Design: TypeAlias = Literal["borowski-2020", "zimmermann-2021"]
References: TypeAlias = Literal["natural", "blurred", "synthetic", "mixed", "none"]
SYNTHETIC_OF_MIXED = 4
SHARP = 0.4
"""Share of an image's side that stays sharp in blurred references."""


@final
@dataclass(frozen=True)
class Trial:
    """What a person is shown and what is right.

    Attributes:
        layer, unit, number: of the unit's trials.
        references: end ("max" or "min") → (n, 3, H, W) in [0, 1].
        queries: (2, 3, H, W), on the left and on the right.
        answer: the side of the picture to which the unit responds more.
        responses: to the two, left first.
        facts: machine baselines ("by …": the side they choose), places of occluders, names of images.
    """

    layer: str
    unit: int
    number: int
    references: Mapping[str, Float[np.ndarray, "n 3 h w"]]
    queries: Float[np.ndarray, "2 3 h w"]
    answer: Literal["left", "right"]
    responses: tuple[float, float]
    facts: Mapping[str, object]


@final
@dataclass(frozen=True)
class Builder:
    """Trials of one model and one layer.

    Attributes:
        look: rows → (n, 3, H, W) in [0, 1], of the image set. names: of its images.
        share: of the occluder's side (zimmermann-2021). stride: from place to place, in pixels.
        steps: of the synthetic references' ascent.
    """

    model: Model
    layer: str
    design: Design
    references: References
    trials: int
    share: float
    stride: int
    steps: int
    seed: int
    look: Callable[[Sequence[int]], Float[np.ndarray, "n 3 h w"]]
    names: Sequence[str]

    def __call__(self, unit: int, found: Exemplars) -> list[Trial]:
        """All trials of a unit, whose outermost images were found."""
        seed = keyed([self.seed], f"{self.layer}:{unit}")[0]
        ends = {"max": choose(found.top.rows[unit], self.trials, seed)}
        if self.design == "borowski-2020":
            ends["min"] = choose(found.bottom.rows[unit], self.trials, seed + 1)
        made = {end: self._synthetic(unit, end, seed) for end in ends} if self.references in ("synthetic", "mixed") else {}
        sides = np.random.Generator(np.random.PCG64(seed)).integers(0, 2, self.trials)
        return [self._trial(unit, number, ends, made, bool(sides[number]), found) for number in range(self.trials)]

    def _trial(
        self, unit: int, number: int, ends: Mapping[str, Chosen], made: Mapping[str, np.ndarray], right: bool, found: Exemplars
    ) -> Trial:
        shown = {end: self._references(chosen.references[number], made.get(end)) for end, chosen in ends.items()}
        if self.design == "borowski-2020":
            rows = [int(ends[end].queries[number]) for end in ("min", "max")]
            pictures = self.look(rows)
            with_model = self.model.activations(self.model.asarray(pictures), self.layer)
            responses = _means(with_model, unit)
            facts: dict[str, object] = {"min image": self.names[rows[0]], "max image": self.names[rows[1]]}
        else:
            row = int(ends["max"].queries[number])
            (image,) = self.look([row])
            query = OcclusionQuery(self.layer, unit, self.share, self.stride)(self.model, self.model.asarray(image[None])[0])
            pictures, responses = query.pixels, (float(query.responses.min()), float(query.responses.max()))
            chosen = {"by distance": query.by_distance, "by contrast": query.by_contrast(image)}
            facts = {
                "image": self.names[row],
                "side": query.side,
                "lowest": query.lowest,
                "highest": query.highest,
                "difference": round(query.difference, 6),
                **{name: "right" if hit == right else "left" for name, hit in chosen.items()},
            }
        order = [0, 1] if right else [1, 0]
        left, other = (responses[at] for at in order)
        return Trial(self.layer, unit, number, shown, pictures[order], "right" if right else "left", (left, other), facts)

    def _references(self, rows: np.ndarray, synthetic: np.ndarray | None) -> np.ndarray:
        match self.references:
            case "none":
                return np.zeros((0, 3, *self.model.preprocessing.size), np.float32)
            case "synthetic" if synthetic is not None:
                return synthetic
            case "mixed" if synthetic is not None:
                natural = self.look(rows[: BINS - 1 - SYNTHETIC_OF_MIXED].tolist())
                return np.concatenate([natural, synthetic[:SYNTHETIC_OF_MIXED]])
            case "blurred":
                return _blurred(self.look(rows.tolist()))
        return self.look(rows.tolist())

    def _synthetic(self, unit: int, end: str, seed: int) -> np.ndarray:
        """Nine images, diverse as a set, of what the unit responds to most or least."""
        method = ActivationMaximization(steps=self.steps, copies=BINS - 1, least=end == "min")
        objectives = [Channel(self.layer, (unit,)), Diversity(self.layer)]
        return method(self.model, objectives, keys=keyed([seed + at for at in range(BINS - 1)], end)).images


def _means(output: Tensor, unit: int) -> tuple[float, float]:
    first, second = output[:, unit].flatten(1).mean(1).tolist()
    return first, second


def _blurred(images: Float[np.ndarray, "n 3 h w"]) -> Float[np.ndarray, "n 3 h w"]:
    """Sharp in the middle alone."""
    height, width = images.shape[2:]
    found = gaussian_filter(images, 0.05 * min(height, width), axes=(2, 3))
    top, left = (round(side * (1 - SHARP) / 2) for side in (height, width))
    found[:, :, top : height - top, left : width - left] = images[:, :, top : height - top, left : width - left]
    return found

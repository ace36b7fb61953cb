"""Whether a model's answers jump on the way from an image to a perturbed one, as those of a model behind a detector do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Bool, Float

from snellen.arrays import like, take
from snellen.core import Array, Interval, Model, SnellenError
from snellen.methods.asked import Asked, check_batch
from snellen.methods.explain.explanation import TOGETHER
from snellen.methods.method import Method
from snellen.methods.trust._answers import probabilities, total_variation
from snellen.stats import clopper_pearson

SOURCE = "slack-2020"
JUMP = 0.05
"""A convention: a change of probability that no smooth model shows between images so close to each other."""


@final
@dataclass(frozen=True)
class Jumps:
    """Where the answers change most on the way from N images to their perturbed versions.

    Attributes:
        whole: (N,), in [0, 1], the total variation between the answers at both ends: what there was to find.
        jump: (N,), in [0, 1], the total variation across the last step, the shortest.
        place: (N,), in [0, 1], where on the way.
        step: the length of the last step, as a share of the way.
    """

    whole: Float[np.ndarray, " n"]
    jump: Float[np.ndarray, " n"]
    place: Float[np.ndarray, " n"]
    step: float

    @property
    def found(self) -> Bool[np.ndarray, " n"]:
        """Which ways have a jump: by more than .05 in probability, which is a convention."""
        return self.jump > JUMP

    @property
    def interval(self) -> Interval:
        """Of the share of ways with a jump (clopper-1934)."""
        return clopper_pearson(int(self.found.sum()), len(self.jump))

    @property
    def warns(self) -> bool:
        """Whether any way has a jump: of a continuous model none has, however many are tried."""
        return bool(self.found.any())


@final
@dataclass(frozen=True)
class Continuity(Method):
    """A search for jumps by answers alone: the way between two images is cut in parts, and that of the largest change cut again.

    Networks are continuous: as the parts get short, the change across them goes to nothing. A scaffold (slack-2020) changes from
    one model to another where its detector changes its mind, by as much however short the part is. Not found: a detector that
    blends, models that agree with each other on the way, and jumps that are smaller than smooth changes. Models that round their
    input, choose between experts or return no more than a label jump as well, without anything to hide.

    Attributes:
        parts: of the way at first. halvings: of the part with the largest change.
    """

    black_box = True
    parts: int = 16
    halvings: int = 14

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.parts < 1 or not 1 <= self.halvings <= 20:
            raise SnellenError(f"got {self}; expected one part or more and 1 to 20 halvings, as pixels have 24 bits")

    def __call__(self, model: Model, images: Float[Array, "n 3 h w"], perturbed: Float[Array, "n 3 h w"]) -> Jumps:
        """Native images in [0, 1] and a perturbed version of each, such as `scaffolding.queries` gives → where answers jump.

        Raises:
            SnellenError: images are not what is expected, the model fails, or it returns no more than a label an image.
        """
        for one in (images, perturbed):
            check_batch(one, np.zeros(len(images), int), range(len(images)))
        if not len(images):
            raise SnellenError("got no images; expected one or more, and a perturbed version of each")
        asked, parts = Asked(model), []
        for start in range(0, len(images), TOGETHER):
            rows = np.arange(start, min(start + TOGETHER, len(images)))
            parts.append(self._part(asked, take(images, rows), take(perturbed, rows)))
        whole, jump, place = (np.concatenate([part[number] for part in parts]) for number in range(3))
        return Jumps(whole, jump, place, 1 / (self.parts * 2**self.halvings))

    def _part(self, asked: Asked, images: Array, perturbed: Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The first three columns of `Jumps` for a few images."""
        n = len(images)

        def answers(shares: Float[np.ndarray, "n k"]) -> Float[np.ndarray, "n k classes"]:
            rows, flat = np.repeat(np.arange(n), shares.shape[1]), shares.reshape(-1)
            share = like(flat[:, None, None, None].astype(np.float32), images)
            said = probabilities(asked, take(images, rows) * (1 - share) + take(perturbed, rows) * share)
            return said.reshape(n, shares.shape[1], -1)

        grid = np.tile(np.linspace(0, 1, self.parts + 1), (n, 1))
        said = answers(grid)
        if np.isin(said, (0, 1)).all():
            raise SnellenError(
                f"{asked.model.name} returns no more than a label an image, which jumps in any case; expected probabilities"
            )
        whole, rows = total_variation(said[:, 0], said[:, -1]), np.arange(n)
        first = total_variation(said[:, :-1], said[:, 1:]).argmax(axis=1)
        low, high, below, above = grid[rows, first], grid[rows, first + 1], said[rows, first], said[rows, first + 1]
        for _ in range(self.halvings):
            middle = (low + high) / 2
            between = answers(middle[:, None])[:, 0]
            up = total_variation(between, above) > total_variation(below, between)
            low, below = np.where(up, middle, low), np.where(up[:, None], between, below)
            high, above = np.where(up, high, middle), np.where(up[:, None], above, between)
        return whole, total_variation(below, above), (low + high) / 2

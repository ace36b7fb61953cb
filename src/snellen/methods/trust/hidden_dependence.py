"""Whether a model depends on a cause as much in perturbed images as it does in images as they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import keyed, like, take, to_numpy
from snellen.core import Array, Interval, Model, SnellenError
from snellen.methods.asked import Asked, check_batch
from snellen.methods.explain._superpixels import Superpixels
from snellen.methods.explain.explanation import TOGETHER
from snellen.methods.method import Method
from snellen.methods.perturb.draws import generators
from snellen.methods.trust._answers import probabilities, total_variation
from snellen.stats import Estimate, bootstrap

SOURCE = "slack-2020"
DEPENDS, HALF = 0.1, 0.5
"""Conventions: from where on there is a dependence to hide, and how much of it may be gone."""
GREY = 0.5


@final
@dataclass(frozen=True)
class Hidden:
    """How far the answers to N images and to their twins, which differ in one cause, are apart.

    Attributes:
        real: (N,), in [0, 1], the total variation between the answers to both as they come.
        perturbed: (N,), the same when regions are hidden that are alike in both; the mean over `views` ways to hide.
        hidden: (N,), in [0, 1], the share of the pixels that were hidden. Pairs without any such region are 0 throughout.
    """

    real: Float[np.ndarray, " n"]
    perturbed: Float[np.ndarray, " n"]
    hidden: Float[np.ndarray, " n"]

    @property
    def ratio(self) -> Estimate:
        """How much of the dependence is left in perturbed images: 1 where it is the same."""

        def value(sums: np.ndarray) -> np.ndarray:
            some = sums[..., 1] > 0
            return np.where(some, sums[..., 0] / np.where(some, sums[..., 1], 1), np.nan)

        return Estimate(np.arange(len(self.real)), np.column_stack([self.perturbed, self.real]), value)

    @property
    def applies(self) -> bool:
        """Whether there is a dependence that could be hidden: .1 or more on average, which is a convention."""
        return bool(self.real.mean() >= DEPENDS)

    @property
    def interval(self) -> Interval | None:
        """Of the ratio, over pairs (efron-1993); None of fewer than two or where there is no dependence at all."""
        return bootstrap(self.ratio)

    @property
    def warns(self) -> bool:
        """Whether more than half of the dependence is gone: the interval of the ratio lies below .5, which is a convention."""
        interval = self.interval
        return self.applies and interval is not None and interval.high < HALF


@final
@dataclass(frozen=True)
class HiddenDependence(Method):
    """Twins, alike but for one cause, before and after regions are hidden that both share, by answers alone.

    What the cause shows as is never hidden. An honest model that goes by it goes on doing so; a scaffold (slack-2020) answers such
    images as if it did not. Needs images of which the cause can be changed alone, such as the twins of a world. A detector that
    these perturbations do not set off is not found: give the method `by` which the model was explained. Nor is there much to hide
    where the cause fills the image.

    Attributes:
        by: LIME or KernelSHAP, whose superpixels are hidden as they hide them; None for squares of `patch` pixels in mid-grey.
        patch: side of the squares in pixels. share: how many of the regions that may be hidden are, above 0 and up to 1.
        views: ways to hide, an image.
    """

    black_box = True
    by: Superpixels | None = None
    patch: int = 8
    share: float = 0.9
    views: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.patch < 1 or self.views < 1 or not 0 < self.share <= 1:
            raise SnellenError(f"got {self}; expected a pixel and a view or more, and a share above 0 and up to 1")

    def __call__(
        self,
        model: Model,
        images: Float[Array, "n 3 h w"],
        twins: Float[Array, "n 3 h w"],
        keys: Sequence[int] | None = None,
    ) -> Hidden:
        """Native images in [0, 1], the twin of each, and keys that decide what is hidden → how much dependence is left.

        Raises:
            SnellenError: images are not what is expected, no region of any pair is alike, or the model fails.
        """
        keys = list(range(len(images))) if keys is None else list(keys)
        for one in (images, twins):
            check_batch(one, np.zeros(len(images), int), keys)
        asked, parts = Asked(model), []
        for start in range(0, len(images), TOGETHER):
            rows = np.arange(start, min(start + TOGETHER, len(images)))
            pair = take(images, rows), take(twins, rows)
            parts.append(self._part(asked, pair, [keys[row] for row in rows.tolist()]))
        real, left, hidden = (np.concatenate([part[number] for part in parts] or [np.zeros(0)]) for number in range(3))
        if not hidden.any():
            raise SnellenError("got twins that share no region that could be hidden; expected some: give smaller regions")
        return Hidden(np.where(hidden > 0, real, 0), np.where(hidden > 0, left, 0), hidden)

    def _part(self, asked: Asked, pair: tuple[Array, Array], keys: Sequence[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How far apart the answers to a few pairs are as they come and when regions are hidden, and how much was hidden."""
        masks, fills = self._masks(to_numpy(pair[0]), to_numpy(pair[1]), keys)
        told = np.repeat(np.arange(len(keys)), self.views)
        gone, filled = like(masks[:, None].astype(np.float32), pair[0]), like(fills[told], pair[0])
        views = (take(one, told) * (1 - gone) + filled * gone for one in pair)
        real = total_variation(*(probabilities(asked, one) for one in pair))
        left = total_variation(*(probabilities(asked, one) for one in views))
        return real, left.reshape(-1, self.views).mean(axis=1), masks.mean(axis=(1, 2)).reshape(-1, self.views).mean(axis=1)

    def _masks(self, images: np.ndarray, twins: np.ndarray, keys: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """What is hidden in each view, (N · views, H, W), and by what in each image, (N, 3, H, W): both twins are alike there."""
        masks, fills = [], []
        for image, twin, key in zip(images, twins, keys, strict=True):
            regions = self._regions(image)
            fills.append(np.full(image.shape, GREY, np.float32) if self.by is None else self.by.hidden(image, regions))
            free = np.setdiff1d(regions, regions[(image != twin).any(axis=0)])
            count, seeds = max(1, round(self.share * len(free))), keyed([key], "hidden")
            chosen = [rng.permutation(free)[:count] for rng in generators(seeds) for _ in range(self.views)]
            masks += [np.isin(regions, some) for some in chosen]
        return np.stack(masks), np.stack(fills)

    def _regions(self, image: Float[np.ndarray, "3 h w"]) -> Int[np.ndarray, "h w"]:
        """The region of each pixel."""
        if self.by is not None:
            return self.by.segmented(image)
        down, across = (np.arange(side) // self.patch for side in image.shape[1:])
        return down[:, None] * (across[-1] + 1) + across

"""Whether an explanation survives a nudge: a change that nobody sees, which keeps the answer and moves the map."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np
from jaxtyping import Bool, Float, Int

from snellen.arrays import keyed, like, namespace, take
from snellen.core import Array, Model, SnellenError
from snellen.methods.asked import Asked, check_batch
from snellen.methods.explain.explanation import TOGETHER, Explainer
from snellen.methods.explain.gradient import Gradient
from snellen.methods.method import Method
from snellen.methods.perturb.draws import generators, signs
from snellen.methods.trust._answers import answers, probability, responses
from snellen.methods.trust._criteria import Aim, Criterion, attention, centre, highest
from snellen.methods.trust._curvature import Path, Walk, ascent, path, walk
from snellen.methods.trust._maps import magnitudes
from snellen.methods.trust.similarity import spearman

SOURCE = "ghorbani-2019"
MOMENTUM = 0.75
"""How much of the last step goes into the next."""


@final
@dataclass(frozen=True)
class Nudged:
    """What an attack on the explanations of N images reached; the model gives every nudged image the label of the original.

    Attributes:
        images: (N, 3, H, W), native, in [0, 1].
        labels: (N,), the model's own, which were explained.
        moved: (N,), whether a change was found that keeps the label and serves the criterion; else the image is as it was.
        before, after: (N, H, W), magnitudes of the maps, each as a share of the map's sum.
        intersection: (N,), in [0, 1], how many of the highest pixels before are among the highest after.
        rank_correlation: (N,), Spearman's, of `before` and `after`.
        shift: (N,), pixels by which the centre of the map's mass moved.
        confidence_before, confidence_after: (N,), the probability of the label.
        forwards: images passed forward in all. pulls: cotangents pulled back in all, in images.
    """

    images: Array
    labels: Int[np.ndarray, " n"]
    moved: Bool[np.ndarray, " n"]
    before: Float[np.ndarray, "n h w"]
    after: Float[np.ndarray, "n h w"]
    intersection: Float[np.ndarray, " n"]
    rank_correlation: Float[np.ndarray, " n"]
    shift: Float[np.ndarray, " n"]
    confidence_before: Float[np.ndarray, " n"]
    confidence_after: Float[np.ndarray, " n"]
    forwards: int
    pulls: int


@final
@dataclass(frozen=True)
class Fragility(Method):
    """An attack on explanations (ghorbani-2019) of networks that give gradients: small steps along the sign of a criterion's slope.

    That slope takes second derivatives, which rectifiers lack. In their place stands how far the gradient changes over `epsilon`,
    so that nothing of the network has to be made smooth. An iterate that the model gives another label is led back along the
    gradient of the label's logit. Steps have momentum (dong-2018). The iterate with the best criterion is kept, among those that
    keep the label.

    Attributes:
        explainer: gradient, gradient-x-input or integrated-gradients, of which `steps` are taken and no more.
        criterion: "top-k" empties the highest pixels, "mass-centre" moves the centre, "target" fills a region; "random" is the
            control: a change by `epsilon` of a random sign in every value, the first of `iterations` draws that keeps the label.
        epsilon: the largest change of a pixel value, in [0, 1]. step: that of one iteration.
        iterations: each costs two maps; of "random", one pass forward.
        top: the share of pixels that count as highest.
    """

    explainer: Explainer = field(default_factory=Gradient)
    criterion: Criterion = "top-k"
    epsilon: float = 8 / 255
    step: float = 1 / 255
    iterations: int = 100
    top: float = 0.02

    def __post_init__(self) -> None:
        super().__post_init__()
        path(self.explainer)
        if self.criterion not in ("top-k", "mass-centre", "target", "random"):
            raise SnellenError(f"got criterion {self.criterion!r}; expected top-k, mass-centre, target or random")
        if min(self.epsilon, self.step) <= 0 or self.iterations < 1 or not 0 < self.top <= 1:
            raise SnellenError(f"got {self}; expected epsilon and step above 0, one iteration or more, and top above 0 and up to 1")

    def __call__(
        self,
        model: Model,
        images: Float[Array, "n 3 h w"],
        keys: Sequence[int] | None = None,
        regions: Bool[np.ndarray, "n h w"] | Float[np.ndarray, "n h w"] | None = None,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> Nudged:
        """Native images in [0, 1], keys that seed the first step, and for "target" regions in [0, 1] → what was reached.

        `progress` is told of images that are done.

        Raises:
            SnellenError: images, keys or regions are not what is expected, or the model fails.
            Unsupported: the model gives no gradients.
        """
        keys = list(range(len(images))) if keys is None else list(keys)
        check_batch(images, np.zeros(len(images), int), keys)
        self._check_regions(regions, (len(images), *images.shape[2:]))
        asked, parts = Asked(model), []
        for start in range(0, max(1, len(images)), TOGETHER):
            rows = np.arange(start, min(start + TOGETHER, len(images)))
            own = None if regions is None else np.asarray(regions, np.float64)[rows]
            parts.append(self._nudged(asked, take(images, rows), [keys[row] for row in rows.tolist()], own))
            if progress is not None:
                progress(len(rows))
        nudged = namespace(images).concat([part[0] for part in parts])
        labels, moved, before, after = (np.concatenate([part[number] for part in parts]) for number in range(1, 5))
        top = highest(before, self.top)
        return Nudged(
            nudged,
            labels,
            moved,
            before.astype(np.float32),
            after.astype(np.float32),
            (top & highest(after, self.top)).sum(axis=(1, 2)) / top.sum(axis=(1, 2)),
            spearman(before, after),
            np.hypot(*(centre(after) - centre(before)).T),
            _confidence(asked, images, labels),
            _confidence(asked, nudged, labels),
            asked.forwards,
            asked.pulls,
        )

    def _check_regions(self, regions: np.ndarray | None, wanted: tuple[int, ...]) -> None:
        got = None if regions is None else regions.shape
        if got != (wanted if self.criterion == "target" else None):
            raise SnellenError(
                f"got regions of shape {got} for the criterion {self.criterion}; expected regions of shape {wanted} for target, "
                "and none otherwise"
            )

    def _nudged(
        self, asked: Asked, images: Array, keys: Sequence[int], regions: np.ndarray | None
    ) -> tuple[Array, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The images after the attack, their labels, whether they moved, and the maps before and after."""
        labels, way = responses(asked, images), path(self.explainer)
        before = _attention(walk(asked, images, labels, way), way, images)
        if self.criterion == "random":
            best, moved = self._shaken(asked, images, labels, keys)
            return best, labels, moved, before, _attention(walk(asked, best, labels, way), way, best)
        aim = Aim(self.criterion, before, highest(before, self.top), regions)
        best, after, value, moved = images, before.copy(), aim.value(before), np.zeros(len(labels), bool)
        current, pace = self._within(images, images, _random(images, keys, 0), self.step), np.zeros(tuple(images.shape))
        for left in reversed(range(self.iterations)):
            met = walk(asked, current, labels, way)
            maps = _attention(met, way, current)
            reached, kept = aim.value(maps), met.answers == labels
            better = kept & (reached > value)
            best, moved = _either(better, current, best), moved | better
            after[better], value[better] = maps[better], reached[better]
            if left:
                signed = np.sign(met.gradients * way.away(current)) * aim.slope(maps)[:, None]
                largest = np.abs(signed).max(axis=(1, 2, 3), keepdims=True)
                direction = signed / np.where(largest > 0, largest, 1)
                onwards = ascent(asked, current, labels, direction, way, met, self.epsilon)
                onwards[~kept] = met.gradients[~kept]
                sizes = np.abs(onwards).mean(axis=(1, 2, 3), keepdims=True)
                pace = MOMENTUM * pace + onwards / np.where(sizes > 0, sizes, 1)
                current = self._within(images, current, pace, self.step)
        return best, labels, moved, before, after

    def _shaken(self, asked: Asked, images: Array, labels: np.ndarray, keys: Sequence[int]) -> tuple[Array, np.ndarray]:
        """The first random change of each image that keeps its label, and whether there was one."""
        best, moved = images, np.zeros(len(labels), bool)
        for draw in range(self.iterations):
            if moved.all():
                break
            current = self._within(images, images, _random(images, keys, draw), self.epsilon)
            kept = ~moved & (responses(asked, current) == labels)
            best, moved = _either(kept, current, best), moved | kept
        return best, moved

    def _within(self, images: Array, current: Array, towards: np.ndarray, step: float) -> Array:
        """A step on along the sign, no further than epsilon from the images."""
        xp = namespace(images)
        moved = xp.clip(current + step * like(np.sign(towards).astype(np.float32), images) - images, -self.epsilon, self.epsilon)
        return xp.clip(images + moved, 0.0, 1.0)


def _attention(met: Walk, way: Path, images: Array) -> Float[np.ndarray, "n h w"]:
    return attention(magnitudes(met.gradients * way.away(images)))


def _random(images: Array, keys: Sequence[int], draw: int) -> np.ndarray:
    """(N, 3, H, W) of -1 and 1."""
    rngs = generators(keyed(keys, f"nudge {draw}"))
    return np.reshape(signs(rngs, math.prod(images.shape[1:])) if rngs else [], tuple(images.shape))


def _either(first: Bool[np.ndarray, " n"], these: Array, others: Array) -> Array:
    return namespace(these).where(like(first.astype(np.float32), these)[:, None, None, None] > 0, these, others)


def _confidence(asked: Asked, images: Array, labels: np.ndarray) -> Float[np.ndarray, " n"]:
    return answers(asked, images, labels, 1, lambda rows, _: take(images, rows), probability)[:, 0]

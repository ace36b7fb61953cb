"""How far the explanations of one network are from those of another, by what heo-2019 set out to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int

from snellen.core import Array, Interval, Model
from snellen.methods.explain.explanation import Explainer
from snellen.methods.trust._criteria import attention, centre, highest
from snellen.methods.trust._fooling import TOP, Fooling, frame
from snellen.methods.trust.faithfulness import evidence
from snellen.methods.trust.localization import localization
from snellen.methods.trust.similarity import spearman
from snellen.stats import clopper_pearson

HALF, FAR = 0.5, 0.1
"""Conventions: fewer than half of the highest pixels are left; the centre moved by more than a tenth of the side."""


@final
@dataclass(frozen=True)
class Fooled:
    """Maps of N images by one method, of the network as it is now beside those of the network as it was.

    Attributes:
        frame_before, frame_after: (N,), in [0, 1], the share of the map's positive values that lies on the frame of the image.
        frame_chance: of a random map, which is the frame's area.
        pointing_before, pointing_after: (N,), in [0, 1], whether the highest value lies on the frame.
        top_kept: (N,), in [0, 1], how many of the highest tenth of the pixels are still among the highest tenth.
        shift: (N,), how far the centre of the positive values moved, in sides of the image.
        correlation: (N,), Spearman's, of the maps now and then.
        swapped: (N,), in [-2, 2], of two classes whose maps were to be swapped: the mean of how much better the map of each
            correlates with what the other's was than with its own; None where there are none.
    """

    frame_before: Float[np.ndarray, " n"]
    frame_after: Float[np.ndarray, " n"]
    frame_chance: float
    pointing_before: Float[np.ndarray, " n"]
    pointing_after: Float[np.ndarray, " n"]
    top_kept: Float[np.ndarray, " n"]
    shift: Float[np.ndarray, " n"]
    correlation: Float[np.ndarray, " n"]
    swapped: Float[np.ndarray, " n"] | None = None

    def success(self, fooling: Fooling) -> int:
        """Of how many of the images the map is fooled.

        "location": its highest value lies on the frame; "top-k": fewer than half of its highest pixels still are; "centre-mass":
        its centre moved by more than a tenth of the side; "active": `swapped` is above 0. These limits are conventions.
        """
        if fooling == "active":
            return 0 if self.swapped is None else int((self.swapped > 0).sum())
        found = {"location": self.pointing_after > HALF, "top-k": self.top_kept < HALF, "centre-mass": self.shift > FAR}
        return int(found[fooling].sum())


@final
@dataclass(frozen=True)
class Manipulated:
    """A network whose explanations were fooled, and what that reached on N held-out images.

    Attributes:
        model: the manipulated one.
        before, after: (N,), the answers of the network as it was and of the manipulated one.
        methods: by name, how far each method's maps of the answers `before` moved.
        fooling, target: what was aimed at.
    """

    model: Model
    before: Int[np.ndarray, " n"]
    after: Int[np.ndarray, " n"]
    methods: Mapping[str, Fooled]
    fooling: Fooling
    target: str

    @property
    def kept(self) -> int:
        """How many of the answers are the same."""
        return int((self.before == self.after).sum())

    @property
    def kept_interval(self) -> Interval:
        """Of the share of answers that are the same (clopper-1934)."""
        return clopper_pearson(self.kept, len(self.before))


def fooled(
    explainers: Mapping[str, Explainer],
    before: Model,
    after: Model,
    images: Array,
    classes: Int[np.ndarray, " n"],
    pair: tuple[int, int] | None = None,
) -> dict[str, Fooled]:
    """By each explainer, maps of native images in [0, 1] for `classes`; with a `pair` of classes also how far these were swapped.

    Raises:
        SnellenError: as the explainers.
    """
    found = {}
    for name, explainer in explainers.items():

        def maps(model: Model, of: np.ndarray, explainer: Explainer = explainer) -> np.ndarray:
            return evidence(explainer(model, images, of).maps, explainer.signed)

        swapped = None
        if pair is not None:
            each = [np.full(len(classes), one) for one in pair]
            (first, second), (one, other) = ([maps(model, of) for of in each] for model in (before, after))
            gains = (spearman(one, second) - spearman(one, first), spearman(other, first) - spearman(other, second))
            swapped = (gains[0] + gains[1]) / 2
        found[name] = _compared(maps(before, classes), maps(after, classes), swapped)
    return found


def _compared(before: np.ndarray, after: np.ndarray, swapped: np.ndarray | None) -> Fooled:
    masks = np.broadcast_to(frame(*before.shape[1:]).numpy(), before.shape)
    old, new = localization(before, masks), localization(after, masks)
    top = highest(before, TOP)
    moved = centre(attention(np.maximum(after, 0))) - centre(attention(np.maximum(before, 0)))
    return Fooled(
        old.mass,
        new.mass,
        float(masks[0].mean()),
        old.pointing,
        new.pointing,
        (top & highest(after, TOP)).sum(axis=(1, 2)) / top.sum(axis=(1, 2)),
        np.hypot(*(moved / np.array(before.shape[1:])).T),
        spearman(before, after),
        swapped,
    )

"""The causes of an image: every concept with its values, or its range, and how it is distributed unless told otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

from snellen.labels import SIXTEEN

TEXTURES = (
    "stripes",
    "dots",
    "checks",
    "grain",
    "waves",
    "cells",
    "cloth",
    "fur",
    "noise",
    "bricks",
    "rings",
    "zigzag",
    "scales",
    "crosshatch",
    "speckle",
    "marble",
)
PLAIN = "plain"
BACKGROUNDS = ("plain", "gradient", "horizon", "meadow", "water", "clouds", "wall", "forest")
COLOURS = ("red", "orange", "yellow", "lime", "green", "teal", "blue", "violet", "pink", "brown", "white", "black")
GROUND_COLOURS = ("grass", "sky", "sand", "stone", "dusk", "rose", "snow", "night")
WHITE, INK = "white", "ink"
"""The background and the object of a silhouette: white and black all over."""
MARKS = ("none", "tube", "cross", "tag", "ring")


@final
@dataclass(frozen=True)
class Discrete:
    """A concept with named values; `weights` are their shares unless told otherwise; without weight, only on request."""

    name: str
    values: tuple[str, ...]
    weights: tuple[float, ...]

    def paired(self, place: int) -> str:
        """The value that goes with value number `place` of a parent: in order, over and over, those without weight left out."""
        drawn = [value for value, weight in zip(self.values, self.weights, strict=True) if weight]
        return drawn[place % len(drawn)]


@final
@dataclass(frozen=True)
class Continuous:
    """A concept with a number: uniform in [low, high] unless told otherwise, never outside [least, most]."""

    name: str
    low: float
    high: float
    least: float
    most: float
    unit: str = ""


Concept: TypeAlias = Discrete | Continuous


def _uniform(name: str, values: tuple[str, ...], on_request: tuple[str, ...] = ()) -> Discrete:
    return Discrete(name, values + on_request, (1 / len(values),) * len(values) + (0.0,) * len(on_request))


CONCEPTS: Mapping[str, Concept] = {
    concept.name: concept
    for concept in (
        _uniform("category", SIXTEEN),
        Continuous("pose", 0.0, 1.0, 0.0, 1.0),
        Continuous("proportion", 0.87, 1.15, 0.5, 2.0, "width over height, relative"),
        _uniform("view", ("left", "right")),
        _uniform("texture", TEXTURES, (PLAIN,)),
        Continuous("texture_scale", 0.85, 1.2, 0.3, 3.0, "relative"),
        Continuous("texture_angle", -25.0, 25.0, -180.0, 180.0, "degrees"),
        Continuous("texture_contrast", 0.75, 1.0, 0.0, 1.0),
        _uniform("colour", COLOURS, (INK,)),
        _uniform("background", BACKGROUNDS),
        _uniform("background_colour", GROUND_COLOURS, (WHITE,)),
        Continuous("x", -0.14, 0.14, -1.0, 1.0, "half widths from the centre"),
        Continuous("y", -0.14, 0.14, -1.0, 1.0, "half heights from the centre, upwards"),
        Continuous("scale", 0.66, 0.84, 0.1, 1.5, "of the image's side"),
        Continuous("rotation", -15.0, 15.0, -180.0, 180.0, "degrees"),
        Continuous("light", -180.0, 180.0, -180.0, 180.0, "degrees, where it comes from"),
        Continuous("lighting", 0.0, 0.4, 0.0, 1.0, "difference across the image"),
        Continuous("exposure", 0.85, 1.15, 0.1, 2.0, "times the brightness"),
        Discrete("clutter", ("0", "1", "2", "3", "4", "5", "6"), (0.25, 0.25, 0.2, 0.15, 0.1, 0.05, 0.0)),
        Continuous("occlusion", 0.0, 0.0, 0.0, 0.6, "of the object's box"),
        Discrete("mark", MARKS, (0.6, 0.1, 0.1, 0.1, 0.1)),
    )
}
"""In the order of the facts table."""

TEXTURE_OF: Mapping[str, str] = dict(zip(SIXTEEN, TEXTURES, strict=True))
"""Category → the texture that goes with it where textures depend on the category."""

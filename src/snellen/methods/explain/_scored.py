"""What a black-box method explains of an answer: how probable the class is, or its logit."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import softmax, to_numpy
from snellen.core import Array, SnellenError
from snellen.methods.asked import Asked, check_classes
from snellen.methods.explain._black_box import BlackBox

UNITS = {"probability": "probability", "logit": "logits"}


@dataclass(frozen=True)
class Scored(BlackBox, ABC):
    """Abstract.

    Attributes:
        score: "probability" of the class, by softmax unless the model returns probabilities, or its "logit".
    """

    per: ClassVar[str] = ""
    """What a value of the map is for, to come after the unit of the score."""
    score: Literal["probability", "logit"] = "probability"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.unit = UNITS[cls.score] + cls.per

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.score not in UNITS:
            raise SnellenError(f"got score {self.score!r} for {self.name}; expected probability or logit")
        object.__setattr__(self, "unit", UNITS[self.score] + self.per)

    def scores(self, asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The score of the class of each image, in double precision.

        Raises:
            SnellenError: a class is none of the model's, or a score is infinite or NaN.
        """
        logits = to_numpy(asked.logits(images))
        check_classes(classes, logits.shape[1], asked.model.name)
        scores = softmax(logits) if self.score == "probability" else logits.astype(np.float64)
        own = scores[np.arange(len(classes)), classes]
        if not np.isfinite(own).all():
            odd = np.flatnonzero(~np.isfinite(own))[0]
            raise SnellenError(
                f"got a {self.score} of {own[odd]} for class {classes[odd]} from {asked.model.name}, and {self.name} needs finite "
                'ones: explain score="probability" where logits can be infinite, and see that the model returns no NaN'
            )
        return own


def check_fill(fill: object, others: tuple[str, ...]) -> None:
    """Nothing, if this is a grey level or one of the others.

    Raises:
        SnellenError: it is not.
    """
    grey = isinstance(fill, int | float) and 0 <= fill <= 1
    if not grey and fill not in others:
        raise SnellenError(f"got fill {fill!r}; expected a grey level from 0 to 1 or {' or '.join(others)}")

"""What an attack is and what it returns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int

from snellen.core import Array, Model
from snellen.methods.method import Method

Norm: TypeAlias = Literal["linf", "l2", "l1"]


@dataclass(frozen=True)
class Attempt:
    """What one attack of several did: how over-optimistic it would have been alone is seen from what the others found.

    Attributes:
        name: of the attack.
        black_box: whether it did without gradients.
        seen: which images it was given: those that no attack before it had broken, unless all were asked for.
        found: which of those it broke. distance: the norm of its change there, inf elsewhere.
        forwards, pulls: as in `Attacked`.
    """

    name: str
    black_box: bool
    seen: Bool[np.ndarray, " n"]
    found: Bool[np.ndarray, " n"]
    distance: Float[np.ndarray, " n"]
    forwards: int
    pulls: int


@dataclass(frozen=True)
class Attacked:
    """What an attack found, image by image.

    Attributes:
        images: (N, 3, H, W) in [0, 1], native: the adversarial image where one was found, else the image as it was.
        found: whether the model errs on it (or says the target, if there was one).
        distance: the norm of the change; 0 where the model erred before, inf where nothing was found.
        forwards: images passed forward in all. pulls: cotangents pulled back in all, counted in images.
        attempts: of an ensemble, what each of its attacks did, in order.
    """

    images: Float[Array, "n 3 h w"]
    found: Bool[np.ndarray, " n"]
    distance: Float[np.ndarray, " n"]
    forwards: int
    pulls: int
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True)
class Attack(Method, ABC):
    """A search for images that a model gets wrong; the fields are its settings, among them `norm`, in which changes are measured.

    An attack with an `epsilon` looks for a change within that size, others look for the smallest change. The model is left as it
    was: only gradients of the pixels are computed, through `Model.vjp`, and only of images that are not finished.
    """

    @abstractmethod
    def __call__(
        self,
        model: Model,
        images: Float[Array, "n 3 h w"],
        truth: Int[np.ndarray, " n"],
        keys: Sequence[int],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> Attacked:
        """Native images in [0, 1] and the index of each one's class among the model's → what was found.

        `keys` are N integers that seed whatever is random, one an image: order and batch change nothing but rounding. `progress`
        is told of images that are finished.
        """

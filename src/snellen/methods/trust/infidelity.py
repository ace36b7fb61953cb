"""Whether a map says how far the answer falls when the image is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from jaxtyping import Float, Int

from snellen.arrays import keyed, to_numpy
from snellen.core import Array, Model, SnellenError
from snellen.methods.asked import Asked, check_batch, class_indices
from snellen.methods.explain.explanation import Explanation
from snellen.methods.method import Method
from snellen.methods.perturb.draws import generators
from snellen.methods.trust._changes import Change, foretold
from snellen.methods.trust._maps import check_maps

SOURCE = "yeh-2019"

RATE = "per unit of pixel value"
"""What the unit of a map says that is multiplied by a change of pixels; other maps are parts of a logit."""


@final
@dataclass(frozen=True)
class Infidelities:
    """How far N maps are from the truth.

    Attributes:
        infidelity: (N,), in squared logits: the mean squared difference between the falls that came and those foretold.
        unexplained: (N,), that as a share of the mean squared fall: 0 for a map that foretells all, 1 for one that foretells none.
        scale: (N,), what each map was multiplied with so that it foretells best; 1 where that was not asked for.
        forwards: images passed forward in all.
    """

    infidelity: Float[np.ndarray, " n"]
    unexplained: Float[np.ndarray, " n"]
    scale: Float[np.ndarray, " n"]
    forwards: int


@final
@dataclass(frozen=True)
class Infidelity(Method):
    """The expected squared error of what a map foretells under random changes (yeh-2019).

    Attributes:
        change: "squares" blackens one square of the image, "noise" adds normal noise, and takes only maps that are rates.
        samples: changes of each image; each costs one forward pass.
        side: of the squares, in pixels. deviation: of the noise, in pixel values.
        scaled: whether maps are brought to the scale at which they foretell best, image by image, with their sign.
    """

    black_box = True
    change: Literal["squares", "noise"] = "squares"
    samples: int = 100
    side: int = 32
    deviation: float = 0.1
    scaled: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.change not in ("squares", "noise") or self.samples < 1 or self.side < 1 or self.deviation <= 0:
            raise SnellenError(f"got {self}; expected squares or noise, a sample and a pixel or more, and a deviation above 0")

    def __call__(
        self,
        model: Model,
        images: Float[Array, "n 3 h w"],
        classes: Int[np.ndarray, " n"],
        explanation: Explanation,
        keys: Sequence[int] | None = None,
    ) -> Infidelities:
        """Native images, the class of each, their explanation, whose unit tells how it is read, and keys → errors.

        Raises:
            SnellenError: these are not what is expected, or the model fails.
        """
        classes, keys = class_indices(classes), list(range(len(images))) if keys is None else list(keys)
        check_batch(images, classes, keys)
        check_maps(explanation.maps, tuple(images.shape))
        rate = RATE in explanation.unit
        if self.change == "noise" and not rate:
            raise SnellenError(f"got a map in {explanation.unit} and noise; expected a map in logits {RATE}: use change='squares'")
        asked, pixels = Asked(model), to_numpy(images)
        drawn = self._squares(pixels, keys, rate) if self.change == "squares" else self._noise(pixels, keys)
        said, came = foretold(asked, images, classes, explanation.maps, self.samples, drawn)
        power = (said**2).sum(axis=1)
        fitted = np.maximum((said * came).sum(axis=1), 0) / np.where(power > 0, power, 1)
        scale = fitted if self.scaled else np.ones(len(said))
        error, size = ((said * scale[:, None] - came) ** 2).mean(axis=1), (came**2).mean(axis=1)
        return Infidelities(error, error / np.where(size > 0, size, 1), scale, asked.forwards)

    def _squares(self, pixels: np.ndarray, keys: Sequence[int], rate: bool) -> Change:
        height, width = pixels.shape[2:]
        tall, wide = min(self.side, height), min(self.side, width)
        random = (
            np.stack([rng.random((self.samples, 2)) for rng in generators(keyed(keys, "squares"))]) if keys else np.zeros((0, 1, 2))
        )
        corners = (random * (height - tall + 1, width - wide + 1)).astype(int)

        def change(rows: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            top, left = corners[rows, numbers].T[:, :, None]
            down, right = np.arange(height), np.arange(width)
            inside = ((top <= down) & (down < top + tall))[:, :, None] & ((left <= right) & (right < left + wide))[:, None]
            taken = pixels[rows] * inside[:, None]
            return taken if rate else inside[:, None].astype(np.float32), taken

        return change

    def _noise(self, pixels: np.ndarray, keys: Sequence[int]) -> Change:
        def change(rows: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            names = [keyed([keys[row]], f"noise {number}")[0] for row, number in zip(rows.tolist(), numbers.tolist(), strict=True)]
            taken = self.deviation * np.stack([rng.standard_normal(pixels.shape[1:], np.float32) for rng in generators(names)])
            return taken, taken

        return change

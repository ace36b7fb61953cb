"""Answers to images of which some superpixels are hidden: what LIME and KernelSHAP share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from array_api_compat import device
from jaxtyping import Bool, Float, Int

from snellen.arrays import keyed, like, namespace, to_numpy
from snellen.core import Array, SnellenError
from snellen.methods.asked import Asked
from snellen.methods.explain._samples import mixed, sampled
from snellen.methods.explain._scored import Scored, check_fill
from snellen.methods.explain._views import picked
from snellen.methods.explain.explanation import Explanation
from snellen.methods.perturb.draws import generators


@dataclass(frozen=True)
class Superpixels(Scored, ABC):
    """Abstract. Every pixel of a map has the value of its superpixel; superpixels are those of the image alone, not of its key.

    Attributes:
        samples: images to ask the model about, the whole one among them.
        segmenter: "quickshift" (vedaldi-2008) with kernel 4, distance 200 and ratio .2, which finds its own number of superpixels
            and in images of less than about 100 pixels a side very few; or "slic" (achanta-2012).
        superpixels: about how many slic makes.
        fill: what hides a superpixel: its own "mean" colour or a grey level in [0, 1].
    """

    per: ClassVar[str] = " per superpixel"
    samples: int = 1000
    segmenter: Literal["quickshift", "slic"] = "quickshift"
    superpixels: int = 50
    fill: float | Literal["mean"] = "mean"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fill(self.fill, ("mean",))
        if self.segmenter not in ("quickshift", "slic") or self.superpixels < 1 or self.samples < 4:
            raise SnellenError(f"got {self}; expected segmenter quickshift or slic, 1 superpixel or more and 4 samples or more")

    @abstractmethod
    def views(self, regions: int) -> int:
        """How many samples an image of so many superpixels gets."""

    @abstractmethod
    def draw(self, regions: int, rng: np.random.Generator) -> Bool[np.ndarray, "views regions"]:
        """Which superpixels each sample shows."""

    @abstractmethod
    def fit(
        self, shown: Bool[np.ndarray, "views regions"], scores: Float[np.ndarray, " views"]
    ) -> tuple[Float[np.ndarray, " regions"], Float[np.ndarray, " regions"], float | None]:
        """Values, standard errors and gap of the superpixels."""

    def ask(
        self, asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], keys: Sequence[int]
    ) -> Explanation:
        """See `BlackBox.ask`."""
        pixels, xp, seeds = to_numpy(images), namespace(images), keyed(keys, self.name)
        regions = np.stack([self.segmented(image) for image in pixels])
        counts = regions.max(axis=(1, 2)) + 1
        hidden = like(np.stack([self.hidden(*pair) for pair in zip(pixels, regions, strict=True)]), images)
        places = xp.asarray(regions.reshape(len(regions), -1), device=device(images))

        def draw(row: int) -> np.ndarray:
            shown = self.draw(int(counts[row]), generators([seeds[row]])[0])
            return np.pad(shown, ((0, 0), (0, int(counts.max()) - counts[row])))

        def score(rows: np.ndarray, shown: np.ndarray) -> np.ndarray:
            here, starts = np.unique(rows, return_index=True)
            tables = zip(here.tolist(), np.split(shown.astype(np.float32), starts[1:]), strict=True)
            shares = xp.concat([xp.take(like(table, images), places[row], axis=1) for row, table in tables])
            shares = xp.reshape(shares, (len(rows), *images.shape[2:]))
            return self.scores(asked, mixed(shares, picked(images, rows), picked(hidden, rows)), classes[rows])

        maps, errors, gaps = np.zeros(regions.shape, np.float32), np.zeros(regions.shape, np.float32), []
        for row, shown, scores in sampled(asked, images, np.array([self.views(int(d)) for d in counts]), draw, score):
            values, error, gap = self.fit(shown[:, : counts[row]], scores)
            maps[row], errors[row] = values[regions[row]], error[regions[row]]
            gaps.append(gap)
        return Explanation(maps, self.unit, errors, None if None in gaps else np.array(gaps), self._where(counts))

    def _where(self, counts: Int[np.ndarray, " n"]) -> str:
        least, most = counts.min(), counts.max()
        number = str(most) if least == most else f"{least} to {most}"
        return f"{number} superpixel{'s' if most > 1 else ''} of {self.segmenter}"

    def segmented(self, image: Float[np.ndarray, "3 h w"]) -> Int[np.ndarray, "h w"]:
        """The superpixel of each pixel, counted from 0."""
        from skimage.segmentation import quickshift, slic

        pixels = np.ascontiguousarray(np.moveaxis(image, 0, 2), np.float64)
        if self.segmenter == "slic":
            found = slic(pixels, n_segments=self.superpixels, start_label=0)
        else:
            found = quickshift(pixels, kernel_size=4, max_dist=200, ratio=0.2)
        return np.unique(found, return_inverse=True)[1].reshape(found.shape)

    def hidden(self, image: Float[np.ndarray, "3 h w"], regions: Int[np.ndarray, "h w"]) -> Float[np.ndarray, "3 h w"]:
        """What stands for the image where it is hidden."""
        if self.fill != "mean":
            return np.full(image.shape, self.fill, np.float32)
        flat = regions.ravel()
        means = [np.bincount(flat, channel.ravel()) / np.bincount(flat) for channel in image]
        return np.ascontiguousarray(np.stack(means)[:, regions], np.float32)

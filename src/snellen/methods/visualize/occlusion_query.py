"""Where on an image an occluder changes a channel most and least: the two pictures that people are asked to choose between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float

from snellen.core import Array, Model, SnellenError
from snellen.errors import blaming
from snellen.methods.explain.occlusion import means
from snellen.methods.method import Method
from snellen.methods.visualize._maps import check_torch, maps_of

SOURCE = "zimmermann-2021"
SIDES = {0.3: 66, 0.4: 90, 0.5: 112}
"""Share of the image's side → pixels of the occluder at 224, as published."""
PUBLISHED = 224
TOGETHER = 256
"""Places that are looked at together."""


@final
@dataclass(frozen=True)
class Query:
    """A channel's response to an image with an occluder at every place.

    Attributes:
        side: of the occluder in pixels.
        starts: where it was along each axis, in pixels from the upper left corner.
        responses: (rows, columns), the channel's mean over places of the layer.
        whole: the response to the image as it is.
        lowest, highest: the occluder's row and column in pixels where the response is.
        pixels: the two images, (2, 3, H, W): with the occluder at `lowest`, at `highest`.
    """

    side: int
    starts: tuple[tuple[int, ...], tuple[int, ...]]
    responses: Float[np.ndarray, "rows columns"]
    whole: float
    lowest: tuple[int, int]
    highest: tuple[int, int]
    pixels: Float[np.ndarray, "2 3 h w"]

    @property
    def difference(self) -> float:
        """How far the two responses are apart, over the response to the whole image; 0 where that is 0."""
        return float((self.responses.max() - self.responses.min()) / abs(self.whole)) if self.whole else 0.0

    @property
    def by_distance(self) -> bool:
        """Whether one would choose right who takes the picture whose occluder is further from the centre for the stronger one."""
        centre = np.array(self.pixels.shape[2:]) / 2
        low, high = (float(np.hypot(*(np.array(place) + self.side / 2 - centre))) for place in (self.lowest, self.highest))
        return high > low

    def by_contrast(self, image: Float[np.ndarray, "3 h w"]) -> bool:
        """The same for one who takes the picture whose occluder hides what varies less."""
        cut = [image[:, top : top + self.side, left : left + self.side].std() for top, left in (self.lowest, self.highest)]
        return bool(cut[1] < cut[0])


@final
@dataclass(frozen=True)
class OcclusionQuery(Method):
    """A square of the mean colour of what it hides is moved over the image (zimmermann-2021). PyTorch networks only.

    Only what the square can have reached is computed for each of its places.

    Attributes:
        layer: its name.
        channel: of it.
        share: of the image's side; at 224 pixels .3, .4 and .5 give the published 66, 90 and 112 pixels.
        stride: pixels from place to place.
    """

    layer: str
    channel: int
    share: float = 0.4
    stride: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.share < 1 or self.stride < 1 or self.channel < 0:
            raise SnellenError(f"got {self}; expected a share between 0 and 1, a stride from 1 and a channel from 0")

    def side(self, length: int) -> int:
        """Of the occluder, in pixels, for images whose shorter side has so many."""
        return max(1, round(SIDES.get(self.share, self.share * PUBLISHED) * length / PUBLISHED))

    def __call__(self, model: Model, image: Float[Array, "3 h w"]) -> Query:
        """A native image in [0, 1] → the response at every place.

        Raises:
            SnellenError: there is no such layer or channel, or the model fails.
            Unsupported: the model is no PyTorch network.
        """
        check_torch(model)
        pixels = image.detach().cpu().numpy()
        height, width = pixels.shape[1:]
        side = self.side(min(height, width))
        rows, columns = (tuple(range(0, length - side + 1, self.stride)) for length in (height, width))
        places = np.array([(top, left) for top in rows for left in columns])
        colours = means(pixels, places, side, side).astype(np.float32)
        cuts = [slice(at, at + TOGETHER) for at in range(0, len(places), TOGETHER)]
        responses = np.concatenate([self._responses(model, image, places[cut], colours[cut], side) for cut in cuts])
        ends = [places[int(responses.argmin())], places[int(responses.argmax())]]
        pictures = np.stack([pixels, pixels])
        for picture, (top, left) in zip(pictures, ends, strict=True):
            picture[:, top : top + side, left : left + side] = means(pixels, np.array([[top, left]]), side, side)[0][:, None, None]
        whole = float(self._mean(model, model.activations(image[None], self.layer), image)[0])
        low, high = ((int(top), int(left)) for top, left in ends)
        return Query(side, (rows, columns), responses.reshape(len(rows), len(columns)), whole, low, high, pictures)

    def _responses(self, model: Model, image: Array, places: np.ndarray, colours: np.ndarray, side: int) -> np.ndarray:
        patches = image.new_tensor(colours)[:, :, None, None].expand(-1, -1, side, side)
        with blaming(model.name, (len(places), *image.shape)):
            return self._mean(model, model.patched(image, patches, places[:, 0], places[:, 1], self.layer), image)

    def _mean(self, model: Model, output: Array, image: Array) -> np.ndarray:
        maps = maps_of(output, image.shape[1], image.shape[2], self.layer)
        if self.channel >= maps.shape[1]:
            raise SnellenError(
                f"got channel {self.channel} of {self.layer} of {model.name}; expected one of its {maps.shape[1]}, counted from 0"
            )
        return maps[:, self.channel].mean((1, 2)).cpu().numpy()

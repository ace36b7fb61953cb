"""Which part of an image a place of a layer looks at, for the crops beside whole images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from snellen.arrays import to_numpy
from snellen.core import Model, SnellenError
from snellen.errors import blaming
from snellen.methods.perturb.draws import generators
from snellen.methods.visualize._maps import check_torch, maps_of

SOURCE = "luo-2016"
NOISES = 4


@final
@dataclass(frozen=True)
class ReceptiveField:
    """Where places of a layer look.

    Attributes:
        size: height and width of the images. grid: rows and columns of the layer.
        reach: pixels that a place looks up, down, left and right from the centre of its cell.
    """

    size: tuple[int, int]
    grid: tuple[int, int]
    reach: tuple[float, float, float, float]

    def boxes(self, places: Int[np.ndarray, "*n 2"]) -> Int[np.ndarray, "*n 4"]:
        """Rows and columns on the grid → top, left, bottom and right edges in pixels, inside the image, a pixel or more apart."""
        up, down, left, right = self.reach
        centres = (places + 0.5) * np.array(self.size) / np.array(self.grid)
        first = np.clip(np.floor(centres - np.array([up, left])), 0, np.array(self.size) - 1)
        last = np.clip(np.ceil(centres + np.array([down, right])), first + 1, self.size)
        return np.concatenate([first, last], -1).astype(int)


def receptive_field(model: Model, layer: str, height: int, width: int, share: float = 0.95, seed: int = 0) -> ReceptiveField:
    """Measured at the centre place of the layer: the rows and the columns that have `share` of |gradient| (luo-2016).

    The gradients are those of all channels, under random signs, at images of noise. What lies outside on either side is half of the
    rest; with a share of 1 that is nothing, and what attention or pooling reaches counts as much as the middle.

    Raises:
        SnellenError: there is no such layer, it has no places, or nothing there depends on the pixels.
        Unsupported: the model is no PyTorch network, or gives no gradients.
    """
    check_torch(model)
    if not 0 < share <= 1:
        raise SnellenError(f"got the share {share}; expected one above 0 and up to 1")
    rng = generators([seed])[0]
    images = model.asarray(rng.random((NOISES, 3, height, width), dtype=np.float32))
    with blaming(model.name, tuple(images.shape)):
        output, pull = model.vjp_to(images, layer)
        probe, (rows, columns) = _at_centre(output, height, width, layer, rng)
        gradient = to_numpy(pull(probe)).astype(np.float64)
    spread = np.abs(gradient).sum((0, 1))
    if not spread.any():
        raise SnellenError(f"the centre of layer {layer} does not depend on the pixels of noise; expected one that does")
    top, bottom = _middle(spread.sum(1), share)
    left, right = _middle(spread.sum(0), share)
    y, x = (rows // 2 + 0.5) * height / rows, (columns // 2 + 0.5) * width / columns
    return ReceptiveField((height, width), (rows, columns), (y - top, bottom - y, x - left, right - x))


def _at_centre(output: Tensor, height: int, width: int, layer: str, rng: np.random.Generator) -> tuple[Tensor, tuple[int, int]]:
    """A cotangent of random signs at the centre place alone, of the output's shape, and the rows and columns of its grid."""
    with torch.inference_mode(False), torch.enable_grad():
        leaf = output.detach().clone().requires_grad_()
        maps = maps_of(leaf, height, width, layer)
        signs = torch.as_tensor(2.0 * rng.integers(0, 2, maps.shape[:2]) - 1).to(maps)
        centre = maps[:, :, maps.shape[2] // 2, maps.shape[3] // 2]
        return torch.autograd.grad((centre * signs).sum(), leaf)[0], (maps.shape[2], maps.shape[3])


def _middle(spread: Float[np.ndarray, " n"], share: float) -> tuple[int, int]:
    """The first and the last but one of the shortest middle part that has `share` of the sum, the rest halved between the ends."""
    before = np.cumsum(spread) / spread.sum()
    rest = (1 - share) / 2
    first = int(np.searchsorted(before, rest, side="right"))
    last = int(np.searchsorted(before, 1 - rest - 1e-12, side="left"))
    return first, last + 1

"""Augmentations: what is done, at random, to a share of the images before the network sees them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from snellen.core import SnellenError
from snellen.methods.perturb.distortions.contrast import contrast
from snellen.methods.perturb.distortions.low_pass import low_pass
from snellen.methods.perturb.distortions.rotation import rotation
from snellen.methods.perturb.distortions.salt_and_pepper import with_salt_and_pepper
from snellen.methods.perturb.distortions.uniform_noise import with_noise

SIGMA_STEP = 0.25
"""Pixels between the blurs that are drawn from, so that few filters serve all images."""


@dataclass(frozen=True, kw_only=True)
class Augmentation(ABC):
    """Changes each image with probability `share`; images are float32 in [0, 1] and stay so."""

    share: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise SnellenError(f"got share = {self.share}; expected a share of the images from 0 to 1")

    def __call__(self, images: Float[Tensor, "n 3 h w"], generator: torch.Generator) -> Float[Tensor, "n 3 h w"]:
        """(N, 3, H, W) → the same shape; all that is random is drawn from `generator`."""
        chosen = (torch.rand(len(images), generator=generator) < self.share).nonzero().flatten().tolist()
        images = images.clone()
        for at in chosen:
            images[at : at + 1] = self.change(images[at : at + 1], generator)
        return images

    @abstractmethod
    def change(self, image: Float[Tensor, "1 3 h w"], generator: torch.Generator) -> Float[Tensor, "1 3 h w"]:
        """One image, changed."""


@dataclass(frozen=True, kw_only=True)
class _Graded(Augmentation):
    """A perturbation whose strength is drawn evenly between `low` and `high`."""

    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.low <= self.high <= 100:
            raise SnellenError(f"got low = {self.low} and high = {self.high}; expected 0 <= low <= high <= 100")

    def draw(self, generator: torch.Generator) -> float:
        """The strength for one image."""
        return self.low + (self.high - self.low) * float(torch.rand((), generator=generator))


@final
@dataclass(frozen=True, kw_only=True)
class UniformNoise(_Graded):
    """Greyscale, 30 % contrast and uniform noise of a width between `low` and `high` (geirhos-2018)."""

    high: float = 0.6

    def change(self, image: Float[Tensor, "1 3 h w"], generator: torch.Generator) -> Float[Tensor, "1 3 h w"]:
        """Noise of a width of its own."""
        width = self.draw(generator)
        return with_noise(image, width, torch.rand(image[:, :1].shape, generator=generator).to(image))


@final
@dataclass(frozen=True, kw_only=True)
class SaltAndPepper(_Graded):
    """Greyscale, 30 % contrast and a share of white and black pixels between `low` and `high` (geirhos-2018)."""

    high: float = 0.65

    def change(self, image: Float[Tensor, "1 3 h w"], generator: torch.Generator) -> Float[Tensor, "1 3 h w"]:
        """A share of its own."""
        share = self.draw(generator)
        return with_salt_and_pepper(image, share, torch.rand(image[:, :1].shape, generator=generator).to(image))


@final
@dataclass(frozen=True, kw_only=True)
class Contrast(_Graded):
    """Greyscale with a contrast between `low` and `high` (geirhos-2018)."""

    low: float = 0.05

    def change(self, image: Float[Tensor, "1 3 h w"], generator: torch.Generator) -> Float[Tensor, "1 3 h w"]:
        """Contrast of its own."""
        return contrast(image, self.draw(generator))


@final
@dataclass(frozen=True, kw_only=True)
class Blur(_Graded):
    """Greyscale with a Gaussian blur of `low` to `high` pixels, in quarters of a pixel (geirhos-2018)."""

    high: float = 3.0

    def change(self, image: Float[Tensor, "1 3 h w"], generator: torch.Generator) -> Float[Tensor, "1 3 h w"]:
        """Blur of its own."""
        return low_pass(image, round(self.draw(generator) / SIGMA_STEP) * SIGMA_STEP)


@final
@dataclass(frozen=True, kw_only=True)
class QuarterTurns(Augmentation):
    """Greyscale, turned by 0, 90, 180 or 270 degrees (geirhos-2018); images must be square."""

    def change(self, image: Float[Tensor, "1 3 h w"], generator: torch.Generator) -> Float[Tensor, "1 3 h w"]:
        """One of the four."""
        return rotation(image, 90 * int(torch.randint(4, (), generator=generator)))


@final
@dataclass(frozen=True, kw_only=True)
class Rotation(Augmentation):
    """Turned about the centre by an angle drawn evenly from ±`degrees`, bilinear, mirrored beyond the border; keeps colour."""

    degrees: float = 30.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.degrees <= 180:
            raise SnellenError(f"got degrees = {self.degrees}; expected an angle from 0 to 180")

    def change(self, image: Float[Tensor, "1 3 h w"], generator: torch.Generator) -> Float[Tensor, "1 3 h w"]:
        """An angle of its own."""
        angle = math.radians(self.degrees) * (2 * float(torch.rand((), generator=generator)) - 1)
        height, width = image.shape[2:]
        cos, sin = math.cos(angle), math.sin(angle)
        turn = image.new_tensor([[[cos, -sin * height / width, 0], [sin * width / height, cos, 0]]])
        grid = F.affine_grid(turn, list(image.shape), align_corners=False)
        return F.grid_sample(image, grid, mode="bilinear", padding_mode="reflection", align_corners=False).clamp(0, 1)


@final
@dataclass(frozen=True, kw_only=True)
class Crops(Augmentation):
    """Shifted by up to `most` pixels down and across, mirrored beyond the border, and every second image left to right."""

    share: float = 1.0
    most: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.most <= 64:
            raise SnellenError(f"got most = {self.most}; expected 0 to 64 pixels")

    def change(self, image: Float[Tensor, "1 3 h w"], generator: torch.Generator) -> Float[Tensor, "1 3 h w"]:
        """A shift of its own."""
        height, width = image.shape[2:]
        most = min(self.most, height - 1, width - 1)
        down, across, turn = (int(torch.randint(n, (), generator=generator)) for n in (2 * most + 1, 2 * most + 1, 2))
        cut = F.pad(image, (most,) * 4, mode="reflect")[:, :, down : down + height, across : across + width]
        return cut.flip(3) if turn else cut


AUGMENTATIONS: dict[str, type[Augmentation]] = {
    "noise": UniformNoise,
    "salt-and-pepper": SaltAndPepper,
    "contrast": Contrast,
    "blur": Blur,
    "quarter-turns": QuarterTurns,
    "rotation": Rotation,
    "crops": Crops,
}
"""Name on the command line → augmentation."""

"""From coefficients to images in [0, 1]: what is optimised decides which images are found."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from snellen.core import SnellenError
from snellen.methods.perturb.draws import generators, normal

SOURCE = "olah-2017"
DEVIATION = 0.01
"""Of the coefficients at the start."""
COLOURS = np.array([[0.26, 0.09, 0.02], [0.27, 0.0, -0.05], [0.27, -0.09, 0.03]], np.float32)
"""Red, green and blue down, uncorrelated colours across: a root of the covariance of colours in photographs (olah-2017)."""


@dataclass(frozen=True)
class Parameterization(ABC):
    """Abstract. Each image is made of its own coefficients alone, so that what is beside it in a batch changes nothing."""

    @abstractmethod
    def start(self, keys: Sequence[int], height: int, width: int, device: torch.device) -> Tensor:
        """Coefficients of images that are almost grey, (N, ...); row i is drawn from keys[i] alone."""

    @abstractmethod
    def images(self, coefficients: Tensor, height: int, width: int) -> Float[Tensor, "n 3 h w"]:
        """Images in [0, 1], differentiable."""


@final
@dataclass(frozen=True)
class Pixels(Parameterization):
    """A coefficient for each value, brought to [0, 1] by the logistic function. Finds high frequencies that nobody would see."""

    def start(self, keys: Sequence[int], height: int, width: int, device: torch.device) -> Tensor:
        """See `Parameterization.start`."""
        return DEVIATION * normal(generators(keys), (3, height, width), torch.empty(0, device=device))

    def images(self, coefficients: Tensor, height: int, width: int) -> Float[Tensor, "n 3 h w"]:
        """See `Parameterization.images`."""
        return coefficients.sigmoid()


@final
@dataclass(frozen=True)
class Fourier(Parameterization):
    """Coefficients of frequencies, scaled as in photographs, of colours that are uncorrelated in them (olah-2017).

    Steps of equal size change all frequencies and colours as much as they vary in photographs.

    Attributes:
        power: p of the scale 1 / frequency ** p; more than 1, the published one, makes images smoother.
    """

    power: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.power <= 4:
            raise SnellenError(f"got the power {self.power}; expected one from 0 to 4")

    def start(self, keys: Sequence[int], height: int, width: int, device: torch.device) -> Tensor:
        """See `Parameterization.start`."""
        return DEVIATION * normal(generators(keys), (3, height, width // 2 + 1, 2), torch.empty(0, device=device))

    def images(self, coefficients: Tensor, height: int, width: int) -> Float[Tensor, "n 3 h w"]:
        """See `Parameterization.images`."""
        frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
        scale = np.maximum(frequency, 1 / max(height, width)) ** -self.power
        spectrum = torch.view_as_complex(coefficients) * torch.as_tensor(scale).to(coefficients)
        colours = torch.fft.irfft2(spectrum, s=(height, width), norm="ortho") / 4
        mixing = COLOURS / np.linalg.norm(COLOURS, axis=0).max()
        return torch.einsum("nkhw,ck->nchw", colours, torch.as_tensor(mixing).to(colours)).sigmoid()

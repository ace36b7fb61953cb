"""Passes of patched images, of which only what the patch reaches is computed, give the logits of whole images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snellen import load
from snellen.core import Preprocessing
from snellen.models.patched import Patched
from snellen.models.torch import TorchModel

SIDE = 48


class Steps(nn.Module):
    """A stem, a block made by `middle`, an average and a linear layer."""

    def __init__(self, middle: Callable[[], nn.Module], width: int = 8) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem, self.middle, self.head = nn.Conv2d(3, 8, 3, 2, 1), middle(), nn.Linear(width, 4)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.middle(self.stem(images)).mean((2, 3)))


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.wide, self.narrow = nn.Conv2d(8, 8, 5, padding=2), nn.Conv2d(8, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.narrow(F.relu(self.wide(x)))
        x += self.wide(x)
        return x * 0.5 - x / 3 + x * torch.sigmoid(x)


class Parallel(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.three = nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.one(x), F.max_pool2d(self.three(x), 3, 1, 1)], 1)


class Squeezed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.fc(x.mean((2, 3))).sigmoid()[:, :, None, None]


class InPlaceAfterTheEnd(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(x, 4)
        x.mul_(x.mean((2, 3), keepdim=True))
        x.relu_()
        return x.flip(2)


BLOCKS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "strides, dilation, groups": (
        lambda: nn.Sequential(nn.Conv2d(8, 8, 3, 2, 0, 2, 4), nn.ReLU(True), nn.Conv2d(8, 8, 2, 2)),
        8,
    ),
    "normalisation": (lambda: nn.Sequential(nn.BatchNorm2d(8), nn.ReLU6(True), nn.Conv2d(8, 8, (1, 5), padding=(0, 2))), 8),
    "pooling": (
        lambda: nn.Sequential(nn.MaxPool2d(3, 2, 1), nn.SiLU(), nn.AvgPool2d(2), nn.MaxPool2d(3, 2, ceil_mode=True)),
        8,
    ),
    "padded averages": (lambda: nn.Sequential(nn.AvgPool2d(3, 2, 1), nn.GELU()), 8),
    "zeros around": (lambda: nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(8, 8, 3, 2)), 8),
    "residual": (Residual, 8),
    "parallel": (Parallel, 16),
    "squeeze and excitation": (Squeezed, 8),
    "in place when all is reached": (InPlaceAfterTheEnd, 8),
    "upsampling": (lambda: nn.Sequential(nn.ConvTranspose2d(8, 8, 2, 2), nn.Upsample(scale_factor=2)), 8),
}


def views(image: Tensor, patches: Tensor, tops: np.ndarray, lefts: np.ndarray) -> Tensor:
    found = image.repeat(len(patches), 1, 1, 1)
    for one, patch, top, left in zip(found, patches, tops.tolist(), lefts.tolist(), strict=True):
        one[:, top : top + patch.shape[1], left : left + patch.shape[2]] = patch
    return found


@pytest.mark.parametrize("layout", [SIDE, 64], ids=["channels first", "channels last"])
@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("patch", [(1, 1), (7, 10), (47, 48)])
def test_logits_are_those_of_whole_images(block: str, patch: tuple[int, int], layout: int) -> None:
    middle, width = BLOCKS[block]
    model = TorchModel(Steps(middle, width), preprocessing=Preprocessing((layout, layout), channels="BGR"))
    rng = np.random.default_rng(1)
    tops, lefts = rng.integers(0, SIDE - patch[0] + 1, 9), rng.integers(0, SIDE - patch[1] + 1, 9)
    generator = torch.Generator().manual_seed(2)
    image, patches = torch.rand(3, SIDE, SIDE, generator=generator), torch.rand(9, 3, *patch, generator=generator)
    found = model.patched(image, patches, tops, lefts)
    expected = model.logits(views(image, patches, tops, lefts))
    assert float((expected[:, None] - expected[None]).abs().max()) > 1e-7
    np.testing.assert_allclose(found, expected, atol=2e-6)
    given = model.patched(image, patches, tops, lefts, "middle")
    np.testing.assert_allclose(given, model.activations(views(image, patches, tops, lefts), "middle"), atol=2e-5)


def test_batches_change_nothing_and_need_less_than_whole_images(monkeypatch: pytest.MonkeyPatch) -> None:
    model = TorchModel(Steps(Residual), preprocessing=Preprocessing((SIDE, SIDE)))
    tops, lefts = (grid.ravel() for grid in np.mgrid[0:44:4, 0:44:4])
    image, patches = torch.rand(3, SIDE, SIDE), torch.zeros(121, 3, 4, 4)
    made, convolve = [], F.conv2d

    def counted(*given: Any) -> Tensor:
        found = convolve(*given)
        if not isinstance(given[0], Patched):
            made.append(found)
        return found

    monkeypatch.setattr("snellen.models.patched.F.conv2d", counted)
    whole = model.patched(image, patches, tops, lefts)
    monkeypatch.setattr("snellen.models.patched.F.conv2d", convolve)
    np.testing.assert_allclose(whole, model.logits(views(image, patches, tops, lefts)), atol=2e-6)
    places = [maps.shape[2] * maps.shape[3] for maps in made]
    assert places == [3 * 3, 7 * 7, 11 * 11]
    monkeypatch.setattr("snellen.models.torch.TOGETHER", 7 * SIDE * SIDE)
    np.testing.assert_allclose(model.patched(image, patches, tops, lefts), whole, atol=1e-6)


@pytest.mark.parametrize("name", ["efficientnet-lite0", "mobilenet-v2", "squeezenet"])
def test_networks_that_were_trained(name: str) -> None:
    model = load(f"zoo:{name}")
    image = F.interpolate(torch.rand(1, 3, 20, 20, generator=torch.Generator().manual_seed(3)), (224, 224), mode="bilinear")[0]
    tops, lefts = np.array([0, 0, 90, 96, 192, 192]), np.array([0, 192, 33, 96, 0, 192])
    patches = torch.zeros(6, 3, 32, 32)
    found, expected = model.patched(image, patches, tops, lefts), model.logits(views(image, patches, tops, lefts))
    assert float((found - expected).abs().max()) < 1e-4 * float(expected.abs().max())
    assert float((expected[0] - expected[3]).abs().max()) > 1e-3

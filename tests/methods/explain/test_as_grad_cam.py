"""The methods shared with pytorch-grad-cam give its maps: the positive part of ours, from nothing to one.

The network keeps the size of the image, so that neither enlarges its maps.
"""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snellen.core import Preprocessing
from snellen.methods.explain._layer import Layered
from snellen.methods.explain.ablation_cam import AblationCam
from snellen.methods.explain.eigen_cam import EigenCam
from snellen.methods.explain.grad_cam import GradCam
from snellen.methods.explain.grad_cam_plus_plus import GradCamPlusPlus
from snellen.methods.explain.hires_cam import HiresCam
from snellen.methods.explain.layer_cam import LayerCam
from snellen.models.torch import TorchModel

pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("pytorch_grad_cam", "torchvision")),
    reason="pytorch-grad-cam is not installed (see benchmarks/requirements-peers.txt)",
)
if importlib.util.find_spec("torchvision"):
    from tests import torchvision_shim  # noqa: F401
SIDE, CLASSES = 16, 4
TARGETS = np.array([0, 1, 2, 3, 1])
IMAGES = torch.rand(len(TARGETS), 3, SIDE, SIDE, generator=torch.Generator().manual_seed(3))


class Flat(nn.Module):
    """Two convolutions, a rectifier that is no module of a sequence, and a head that is not affine.

    Logits are large: in Grad-CAM++ pytorch-grad-cam adds a millionth to squares of gradients, which drowns those of small ones.
    """

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(6)
        self.first, self.last = nn.Conv2d(3, 6, 3, padding=1), nn.Sequential(nn.Conv2d(6, 8, 3, padding=1), nn.ReLU())
        self.head = nn.Sequential(nn.Linear(8, 12), nn.Tanh(), nn.Linear(12, CLASSES))

    def forward(self, images: Tensor) -> Tensor:
        return 1e4 * self.head(self.last(torch.relu(self.first(images))).mean((2, 3)))


def theirs(name: str, module: Flat) -> np.ndarray:
    """(N, H, W) in [0, 1]; each image alone, as some of its methods take a batch for one."""
    import pytorch_grad_cam
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    with getattr(pytorch_grad_cam, name)(module, [module.last]) as cam:
        maps = [cam(IMAGES[at : at + 1], [ClassifierOutputTarget(int(target))])[0] for at, target in enumerate(TARGETS)]
    return np.stack(maps)


def stretched(maps: np.ndarray) -> np.ndarray:
    """The positive part, from its least to its most, as pytorch-grad-cam returns it."""
    positive = np.maximum(maps.astype(np.float64), 0)
    low, high = (end(positive, axis=(1, 2), keepdims=True) for end in (np.min, np.max))
    return (positive - low) / np.maximum(high - low, 1e-12)


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("GradCAM", GradCam(layer="last")),
        ("GradCAMPlusPlus", GradCamPlusPlus(layer="last")),
        ("LayerCAM", LayerCam(layer="last")),
        ("HiResCAM", HiresCam(layer="last")),
        ("AblationCAM", AblationCam(layer="last")),
    ],
)
def test_as_pytorch_grad_cam(name: str, method: Layered) -> None:
    module = Flat().eval()
    found = method(TorchModel(module, preprocessing=Preprocessing((SIDE, SIDE)), id="flat"), IMAGES, TARGETS).maps
    if name == "AblationCAM":  # it divides what the logit loses by the logit, whose sign may be negative
        with torch.no_grad():
            found = found * np.sign(module(IMAGES).numpy()[np.arange(len(TARGETS)), TARGETS])[:, None, None]
    np.testing.assert_allclose(stretched(found), theirs(name, module), atol=1e-4)


def test_eigen_cam_but_for_its_sign_and_the_mean_that_is_taken_off() -> None:
    module = Flat().eval()
    found = EigenCam(layer="last")(TorchModel(module, preprocessing=Preprocessing((SIDE, SIDE)), id="flat"), IMAGES, TARGETS).maps
    centred = found - found.mean(axis=(1, 2), keepdims=True)
    for own, other in zip(centred, theirs("EigenCAM", module), strict=True):
        assert min(np.abs(stretched(sign * own[None])[0] - other).max() for sign in (1, -1)) < 1e-4

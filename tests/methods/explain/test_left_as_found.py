"""Every method that a network can be explained by: the network and the caller's own state are left as they were found."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snellen.core import Preprocessing, SnellenError
from snellen.methods.explain.registry import make, names
from snellen.models.torch import TorchModel

SIDE, CLASSES = 16, np.array([0, 2])
SETTINGS = {
    "integrated-gradients": "steps=8,most=8",
    "rise": "samples=8",
    "lime": "samples=12",
    "kernel-shap": "samples=60",
    "local-linear": "cell=8,samples=40",
}
EVERY = [f"{name}:{SETTINGS[name]}" if name in SETTINGS else name for name in names() if name != "attention-rollout"]
IMAGES = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(3))


def network() -> nn.Sequential:
    """One rectifier twice, in place, and batch normalisation; its logits are means over places of a linear layer's."""
    torch.manual_seed(4)
    shared = nn.ReLU(inplace=True)
    first, second = nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), shared), nn.Sequential(nn.Conv2d(6, 8, 3), shared)
    return nn.Sequential(first, second, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4))


def explained(module: nn.Module, method: str, images: Tensor) -> np.ndarray:
    model = TorchModel(module, preprocessing=Preprocessing((SIDE, SIDE), mean=(0.0,) * 3, std=(1.0,) * 3))
    return make(method)(model, images, CLASSES, [1, 2]).maps


@pytest.mark.parametrize("method", EVERY)
def test_no_gradient_hook_mode_or_module_is_left_behind(method: str) -> None:
    module = network().train()
    parts, random = [*module.modules()], torch.get_rng_state()
    explained(module, method, IMAGES)
    assert [*module.modules()] == parts
    assert all(part.training for part in parts)
    assert not any(part._forward_hooks or part._forward_pre_hooks or part._backward_hooks for part in parts)
    assert all(one.grad is None and one.requires_grad for one in module.parameters())
    assert parts[4].inplace is True
    assert torch.equal(random, torch.get_rng_state())


@pytest.mark.parametrize("method", EVERY)
def test_frozen_networks_and_images_of_inference_give_the_same_maps(method: str) -> None:
    expected = explained(network(), method, IMAGES)
    with torch.inference_mode():
        images = IMAGES.clone()
    assert images.is_inference()
    found = explained(network().requires_grad_(False), method, images)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("method", ["gradient", "grad-cam", "guided-backpropagation", "occlusion:patch=4,stride=4"])
def test_errors_of_the_network_come_out_by_name(method: str) -> None:
    """Also an IndexError, which a context manager may take for its own."""

    class Wrong(nn.Sequential):
        def forward(self, images: Tensor) -> Tensor:
            return super().forward(images)[[0] * 99] if len(images) > 1 else [][0]

    with pytest.raises(SnellenError, match=r"Wrong failed on images of shape .*IndexError"):
        explained(Wrong(*network()), method, IMAGES)

"""The methods shared with zennit give its maps, as far as the definitions are the same."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snellen.methods.explain.deconvolution import Deconvolution
from snellen.methods.explain.gradient import Gradient
from snellen.methods.explain.gradient_x_input import GradientXInput
from snellen.methods.explain.guided_backpropagation import GuidedBackpropagation
from snellen.methods.explain.integrated_gradients import IntegratedGradients
from snellen.methods.explain.smooth_grad import SmoothGrad
from tests.methods.explain.test_gradients import CLASSES, SIDE, TARGETS, Power, convolutional, model_of

pytestmark = [
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("zennit", "torchvision")),
        reason="zennit is not installed (see benchmarks/requirements-peers.txt)",
    ),
    pytest.mark.filterwarnings("ignore:Setting backward hooks"),
]
if importlib.util.find_spec("zennit") and importlib.util.find_spec("torchvision"):
    from tests import torchvision_shim  # noqa: F401
IMAGES = torch.rand(5, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(2))


def theirs(attributor: str, module: nn.Module, images: Tensor = IMAGES, composite: str = "", **settings: object) -> np.ndarray:
    """What zennit's attributor gives for the logit of each image's class."""
    from zennit import attribution, composites

    rules = getattr(composites, composite)() if composite else None
    wanted = F.one_hot(torch.from_numpy(TARGETS), CLASSES).float()
    with getattr(attribution, attributor)(module, rules, **settings) as attribute:
        return attribute(images.clone().requires_grad_(), wanted)[1].detach().numpy()


def test_gradients() -> None:
    module = convolutional().eval()
    expected = theirs("Gradient", module)
    np.testing.assert_allclose(Gradient()(model_of(module), IMAGES, TARGETS).maps, expected, atol=1e-6)
    np.testing.assert_allclose(GradientXInput()(model_of(module), IMAGES, TARGETS).maps, expected * IMAGES.numpy(), atol=1e-6)


def test_smooth_grad_as_its_noise_goes() -> None:
    """What noise is drawn differs; where there is next to none, both are the gradient."""
    module = convolutional().eval()
    own = SmoothGrad(samples=2, noise=1e-6)(model_of(module), IMAGES, TARGETS).maps
    np.testing.assert_allclose(own, theirs("SmoothGrad", module, noise_level=0.0, n_iter=2), atol=1e-6)


def test_integrated_gradients_by_its_rule() -> None:
    """Gradients at the right ends of n steps: of a square w · x², whose gradient is linear on the way, (n + 1) / n of the truth."""
    module, steps = Power(2), 8
    own = IntegratedGradients(steps=2, tolerance=1.0)(model_of(module), IMAGES, TARGETS).maps
    np.testing.assert_allclose(own, theirs("IntegratedGradients", module, n_iter=steps) * steps / (steps + 1), atol=1e-5)


def test_integrated_gradients_come_together_with_steps() -> None:
    """Of a network of rectifiers, whose gradient jumps on the way: both rules are wrong by no more than one over the steps."""
    module = convolutional().eval()
    own = IntegratedGradients(steps=512, tolerance=1.0, most=512)(model_of(module), IMAGES, TARGETS).maps
    far, near = (np.abs(own - theirs("IntegratedGradients", module, n_iter=steps)).max() for steps in (16, 256))
    assert near < far / 8
    assert near < 0.005 * np.abs(own).max()


def test_rules_at_rectifiers() -> None:
    module = convolutional().eval()
    for method, composite in ((GuidedBackpropagation(), "GuidedBackprop"), (Deconvolution(), "DeconvNet")):
        expected = theirs("Gradient", module, composite=composite)
        np.testing.assert_allclose(method(model_of(module), IMAGES, TARGETS).maps, expected, atol=1e-6)

"""Methods made of gradients of pixels and of answers give the same map on PyTorch, JAX and TensorFlow; others are refused there."""

import os

import numpy as np
import pytest

from snellen.core import Unsupported
from snellen.methods.explain.explanation import Explainer
from snellen.methods.explain.grad_cam import GradCam
from snellen.methods.explain.gradient import Gradient
from snellen.methods.explain.gradient_x_input import GradientXInput
from snellen.methods.explain.guided_backpropagation import GuidedBackpropagation
from snellen.methods.explain.integrated_gradients import IntegratedGradients
from snellen.methods.explain.kernel_shap import KernelShap
from snellen.methods.explain.lime import Lime
from snellen.methods.explain.local_linear import LocalLinear
from snellen.methods.explain.occlusion import Occlusion
from snellen.methods.explain.rise import Rise
from snellen.methods.explain.smooth_grad import SmoothGrad
from snellen.methods.explain.var_grad import VarGrad
from tests.methods.explain.boxes import photos
from tests.models import same_network as same

pytestmark = [pytest.mark.frameworks, pytest.mark.filterwarnings("default")]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

PIXELS = photos(3, 16, 16)
MADE = {"jax": same.on_jax, "flax": same.on_flax, "tensorflow": same.on_tensorflow, "keras": same.on_keras}
CASES = [
    Gradient(),
    GradientXInput(),
    IntegratedGradients(),
    SmoothGrad(samples=6),
    VarGrad(samples=6),
    KernelShap(samples=200, segmenter="slic", superpixels=12),
    Lime(samples=80, segmenter="slic", superpixels=12, score="logit"),
    Lime(samples=80, segmenter="slic", superpixels=12, fill=0.5),
    LocalLinear(samples=200, cell=4, sigma=0.3),
    Occlusion(patch=8, stride=4),
    Rise(samples=50, cells=4),
    Rise(samples=50, cells=4, fill="mean", score="logit"),
]


@pytest.mark.parametrize("framework", MADE)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_same_map(case: Explainer, framework: str) -> None:
    pytest.importorskip(framework)
    reference, model = same.on_torch(), MADE[framework]()
    classes, keys = np.array([0, 1, 2]), [11, 12, 13]
    expected = case(reference, reference.asarray(PIXELS), classes, keys)
    found = case(model, model.asarray(PIXELS), classes, keys)
    np.testing.assert_allclose(found.maps, expected.maps, atol=1e-4 * np.abs(expected.maps).max())
    if expected.error is not None:
        np.testing.assert_allclose(found.error, expected.error, rtol=1e-2, atol=1e-4 * np.abs(expected.error).max())
    if expected.gap is not None:
        np.testing.assert_allclose(found.gap, expected.gap, atol=1e-4 * np.abs(expected.maps).reshape(3, -1).sum(1).max())
    assert (found.forwards, found.unit, found.where) == (expected.forwards, expected.unit, expected.where)


@pytest.mark.parametrize("framework", MADE)
@pytest.mark.parametrize(("case", "said"), [(GradCam(), "does not show its layers"), (GuidedBackpropagation(), "has no rectifier")])
def test_what_needs_a_pytorch_network_is_refused(case: Explainer, said: str, framework: str) -> None:
    pytest.importorskip(framework)
    model = MADE[framework]()
    with pytest.raises(Unsupported, match=said):
        case(model, model.asarray(PIXELS), np.array([0, 1, 2]))

"""Every black-box method gives the same map on PyTorch, JAX and TensorFlow."""

import os

import numpy as np
import pytest

from snellen.methods.explain._black_box import BlackBox
from snellen.methods.explain.kernel_shap import KernelShap
from snellen.methods.explain.lime import Lime
from snellen.methods.explain.local_linear import LocalLinear
from snellen.methods.explain.occlusion import Occlusion
from snellen.methods.explain.rise import Rise
from tests.methods.explain.boxes import photos
from tests.models import same_network as same

pytestmark = [pytest.mark.frameworks, pytest.mark.filterwarnings("default")]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

PIXELS = photos(3, 16, 16)
MADE = {"jax": same.on_jax, "tensorflow": same.on_tensorflow}
CASES = [
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
def test_the_same_map(case: BlackBox, framework: str) -> None:
    pytest.importorskip(framework)
    reference, model = same.on_torch(), MADE[framework]()
    classes, keys = np.array([0, 1, 2]), [11, 12, 13]
    expected = case(reference, reference.asarray(PIXELS), classes, keys)
    found = case(model, model.asarray(PIXELS), classes, keys)
    np.testing.assert_allclose(found.maps, expected.maps, atol=1e-4 * np.abs(expected.maps).max())
    if expected.error is not None:
        np.testing.assert_allclose(found.error, expected.error, rtol=1e-2, atol=1e-4 * np.abs(expected.error).max())
    assert (found.forwards, found.unit, found.where) == (expected.forwards, expected.unit, expected.where)

"""Occluders are as large and lie where it was published, and the two pictures are those with the outermost responses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from snellen.core import Preprocessing, SnellenError
from snellen.methods.visualize.occlusion_query import OcclusionQuery
from snellen.models.torch import TorchModel


def model_of(side: int) -> TorchModel:
    torch.manual_seed(0)
    return TorchModel(
        nn.Sequential(nn.Conv2d(3, 5, 5, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, 3)),
        preprocessing=Preprocessing((side, side)),
    )


@pytest.mark.parametrize(("share", "side", "places"), [(0.3, 66, 80), (0.4, 90, 68), (0.5, 112, 57)])
def test_the_published_geometry(share: float, side: int, places: int) -> None:
    found = OcclusionQuery("0", 1, share)(model_of(224), torch.rand(3, 224, 224, generator=torch.Generator().manual_seed(1)))
    assert (found.side, found.responses.shape) == (side, (places, places))
    assert found.starts[0][:3] == (0, 2, 4)
    assert found.starts[0][-1] == 224 - side


def test_responses_are_those_to_the_pictures() -> None:
    model, image = model_of(40), torch.rand(3, 40, 40, generator=torch.Generator().manual_seed(2))
    image[:, 5:15, 5:15] = (torch.arange(100).reshape(10, 10) % 2).float()
    found = OcclusionQuery("0", 3, 0.25, stride=3)(model, image)
    assert found.side == 10
    responses = model.activations(torch.from_numpy(found.pixels), "0")[:, 3].mean((1, 2))
    assert float(responses[0]) == pytest.approx(found.responses.min(), abs=1e-5)
    assert float(responses[1]) == pytest.approx(found.responses.max(), abs=1e-5)
    top, left = found.highest
    hidden = found.pixels[1][:, top : top + 10, left : left + 10]
    assert np.allclose(hidden, image.numpy()[:, top : top + 10, left : left + 10].mean((1, 2), keepdims=True), atol=1e-6)
    rest = [np.delete(one, np.s_[top : top + 10], axis=1) for one in (found.pixels[1], image.numpy())]
    assert np.array_equal(*rest)
    assert found.whole == pytest.approx(float(model.activations(image[None], "0")[0, 3].mean()), abs=1e-6)
    assert found.difference == pytest.approx((found.responses.max() - found.responses.min()) / abs(found.whole))


def test_what_one_would_choose_who_knows_no_network() -> None:
    model = model_of(40)
    image = torch.full((3, 40, 40), 0.5)
    image[:, 15:25, 15:25] = torch.rand(3, 10, 10, generator=torch.Generator().manual_seed(3))
    found = OcclusionQuery("1", 0, 0.25, stride=5)(model, image)
    centre = [abs(found.lowest[axis] + 5 - 20) for axis in (0, 1)], [abs(found.highest[axis] + 5 - 20) for axis in (0, 1)]
    assert found.by_distance is bool(np.hypot(*centre[1]) > np.hypot(*centre[0]))
    hides = [image.numpy()[:, top : top + 10, left : left + 10].std() for top, left in (found.lowest, found.highest)]
    assert found.by_contrast(image.numpy()) is bool(hides[1] < hides[0])


@pytest.mark.parametrize(
    ("method", "said"),
    [(OcclusionQuery("0", 5), "expected one of its 5"), (OcclusionQuery("00", 0), "Did you mean 0?")],
)
def test_what_cannot_be_asked(method: OcclusionQuery, said: str) -> None:
    with pytest.raises(SnellenError, match=said.replace("?", r"\?")):
        method(model_of(40), torch.rand(3, 40, 40))
    with pytest.raises(SnellenError, match="expected a share between 0 and 1"):
        OcclusionQuery("0", 0, 1.5)

"""Evidence of places: its mean is the logit, and where there is none it is said."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import snellen
from snellen.core import Preprocessing, Unsupported
from snellen.methods.explain.class_evidence import ClassEvidence
from snellen.models.torch import TorchModel

IMAGES = torch.rand(3, 3, 24, 24, generator=torch.Generator().manual_seed(1))
CLASSES = np.array([0, 2, 3])


def model_of(*head: nn.Module) -> TorchModel:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 6, 4, 4), nn.ReLU(), *head, nn.Linear(6 if len(head) == 2 else 216, 4))
    return TorchModel(network, preprocessing=Preprocessing((24, 24)))


def test_the_mean_of_the_places_is_the_logit_and_each_is_that_of_its_patch() -> None:
    model = model_of(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    found = ClassEvidence()(model, IMAGES, CLASSES)
    small = F.avg_pool2d(torch.from_numpy(found.maps)[:, None], 4)[:, 0]
    logits = model.logits(IMAGES).numpy()
    np.testing.assert_allclose(small.mean((1, 2)), logits[range(3), CLASSES], atol=1e-5)
    patch = IMAGES[1:2, :, 8:12, 12:16]
    with torch.no_grad():
        maps = F.conv2d(model.activations(IMAGES, "1"), model.module[4].weight[CLASSES, :, None, None])  # type: ignore[index]
        own = maps[1, 1, 2, 3] + model.module[4].bias[CLASSES[1]]  # type: ignore[index]
    assert float(own) == pytest.approx(float(model.logits(patch)[0, CLASSES[1]]), abs=1e-5)


def test_a_bag_of_local_features_shows_its_evidence() -> None:
    model = snellen.load("patient:bag-of-local-features")
    images = model.asarray(np.random.default_rng(0).integers(0, 256, (2, 3, *model.preprocessing.size), dtype=np.uint8))
    images[1] = images[0]
    images[1, :, :16, :16] = 0.5
    found = ClassEvidence()(model, images, np.array([1, 1]))
    np.testing.assert_allclose(found.maps[1, 24:, 24:], found.maps[0, 24:, 24:], atol=1e-4)
    assert np.abs(found.maps[1, :12, :12] - found.maps[0, :12, :12]).max() > 1e-2


def test_other_networks_have_none() -> None:
    for model in (model_of(nn.Flatten()), model_of(nn.AdaptiveMaxPool2d(1), nn.Flatten())):
        with pytest.raises(Unsupported, match="does not average over the places of 1"):
            ClassEvidence()(model, IMAGES, CLASSES)

"""Methods that weigh the maps of a layer: closed forms where the head is linear, kin that agree where they must, any layout."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snellen import load
from snellen.core import Preprocessing, SnellenError, Unsupported
from snellen.methods.explain._layer import Layered
from snellen.methods.explain.ablation_cam import AblationCam
from snellen.methods.explain.eigen_cam import EigenCam
from snellen.methods.explain.grad_cam import GradCam
from snellen.methods.explain.grad_cam_plus_plus import GradCamPlusPlus
from snellen.methods.explain.hires_cam import HiresCam
from snellen.methods.explain.layer_cam import LayerCam
from snellen.models.torch import TorchModel

SIDE = 32
EVERY = (GradCam(), GradCamPlusPlus(), LayerCam(), HiresCam(), EigenCam(), AblationCam())
CLASSES = np.array([0, 1, 2, 3])


class Pooled(nn.Module):
    """Convolutions, an average over places, a linear layer."""

    def __init__(self, maximum: bool = False) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.early = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU())
        self.late = nn.Sequential(nn.Conv2d(6, 10, 3, 2, 1), nn.ReLU())
        self.head, self.maximum = nn.Linear(10, 4), maximum

    def forward(self, images: Tensor) -> Tensor:
        maps = self.late(self.early(images))
        return self.head(maps.amax((2, 3)) if self.maximum else maps.mean((2, 3)))


class ChannelsLast(Pooled):
    """The same with maps turned round, as in some transformers."""

    def __init__(self) -> None:
        super().__init__()
        self.turned = nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.turned(self.late(self.early(images)).permute(0, 2, 3, 1)).mean((1, 2)))


class Tokens(Pooled):
    """The same as tokens behind one that stands for no place, after a normalisation that does nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.late(self.early(images)).flatten(2).transpose(1, 2)
        tokens = self.norm(torch.cat([torch.full_like(tokens[:, :1], 7.0), tokens], 1))
        return self.head(tokens[:, 1:].mean(1))


def model_of(module: nn.Module) -> TorchModel:
    return TorchModel(module, preprocessing=Preprocessing((SIDE, SIDE), mean=(0.0,) * 3, std=(1.0,) * 3))


@pytest.fixture
def images() -> Tensor:
    return torch.rand(4, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(5))


def coarse(maps: np.ndarray) -> np.ndarray:
    """The values on the grid of 8 x 8, of which bilinear enlargement by an even factor keeps the mean of the four at the centre."""
    return F.avg_pool2d(torch.from_numpy(maps)[:, None], 4).numpy()[:, 0]


def test_grad_cam_of_a_linear_head_sums_to_the_logit_less_its_bias(images: Tensor) -> None:
    module = Pooled()
    model = model_of(module)
    found = GradCam()(model, images, CLASSES)
    assert found.where == "late: 8 x 8 maps"
    assert found.unit == "logits per place of the layer"
    expected = model.logits(images).numpy()[CLASSES, CLASSES] - module.head.bias.detach().numpy()
    np.testing.assert_allclose(coarse(found.maps).sum((1, 2)), expected, atol=1e-5)
    assert (found.maps < 0).any()


def test_where_the_head_is_linear_hires_is_grad_cam_and_ablation_its_own_definition(images: Tensor) -> None:
    model = model_of(Pooled())
    np.testing.assert_allclose(HiresCam()(model, images, CLASSES).maps, GradCam()(model, images, CLASSES).maps, atol=1e-6)
    closed = AblationCam()(model, images, CLASSES)
    assert closed.forwards == 4
    activations = model.activations(images, "late")
    falls = torch.zeros(4, 10)
    for channel in range(10):
        changed = activations.clone()
        changed[:, channel] = 0
        falls[:, channel] = (model.logits(images) - model.resumed(images, "late", changed))[CLASSES, CLASSES]
    small = (falls[:, :, None, None] * activations).sum(1, keepdim=True)
    expected = F.interpolate(small, (SIDE, SIDE), mode="bilinear", align_corners=False)[:, 0]
    np.testing.assert_allclose(closed.maps, expected, atol=1e-6)


def test_ablation_passes_where_there_is_no_closed_form(images: Tensor) -> None:
    model = model_of(Pooled(maximum=True))
    found = AblationCam()(model, images, CLASSES)
    assert found.forwards == 4 + 4 * 11
    activations = model.activations(images, "late")
    weights = model.module.head.weight.detach()[CLASSES]  # type: ignore[union-attr]
    falls = weights * activations.amax((2, 3))
    small = (falls[:, :, None, None] * activations).sum(1, keepdim=True)
    expected = F.interpolate(small, (SIDE, SIDE), mode="bilinear", align_corners=False)[:, 0]
    np.testing.assert_allclose(found.maps, expected, atol=1e-6)


@pytest.mark.parametrize("method", EVERY, ids=lambda method: method.name)
def test_maps_do_not_depend_on_how_a_layer_holds_its_places(method: Layered, images: Tensor) -> None:
    maps = type(method)(layer="late")(model_of(Pooled()), images, CLASSES).maps
    for module, layer in ((ChannelsLast(), "turned"), (Tokens(), "norm")):
        np.testing.assert_allclose(type(method)(layer=layer)(model_of(module), images, CLASSES).maps, maps, atol=1e-5)


@pytest.mark.parametrize("method", EVERY, ids=lambda method: method.name)
def test_a_batch_of_one_frozen_and_training_and_many(method: Layered, images: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    module = Pooled().train().requires_grad_(False)
    model = model_of(module)
    whole = method(model, images, CLASSES)
    assert whole.maps.shape == (4, SIDE, SIDE)
    assert whole.maps.dtype == np.float32
    monkeypatch.setattr("snellen.methods.explain._views.BUDGET", 1)
    alone = method(model, images[2:3], CLASSES[2:3])
    np.testing.assert_allclose(alone.maps[0], whole.maps[2], atol=1e-5)
    assert module.training
    assert not any(part._forward_hooks for part in module.modules())
    assert method(model, images[:0], CLASSES[:0]).maps.shape[0] == 0
    half = method(model_of(Pooled().half()), images, CLASSES)
    assert np.corrcoef(half.maps.ravel(), whole.maps.ravel())[0, 1] > 0.999


def test_eigen_cam_is_the_direction_in_which_places_differ_most(images: Tensor) -> None:
    model = model_of(Pooled())
    activations = model.activations(images[:1], "late")[0].flatten(1).T.double()
    values, vectors = torch.linalg.eigh(torch.cov(activations.T))
    projected = activations @ vectors[:, values.argmax()]
    projected = projected * torch.sign(projected.sum())
    small = F.interpolate(projected.reshape(1, 1, 8, 8).float(), (SIDE, SIDE), mode="bilinear", align_corners=False)
    np.testing.assert_allclose(EigenCam()(model, images[:1], CLASSES[:1]).maps[0], small[0, 0], atol=1e-5)
    assert np.array_equal(EigenCam()(model, images, CLASSES).maps, EigenCam()(model, images, CLASSES[::-1].copy()).maps)


def test_a_blank_image_and_a_constant_network() -> None:
    model = model_of(Pooled())
    nn.init.zeros_(model.module.head.weight)  # type: ignore[union-attr]
    for method in EVERY:
        assert np.isfinite(method(model_of(Pooled()), torch.zeros(1, 3, SIDE, SIDE), np.array([0])).maps).all()
    with pytest.raises(Unsupported, match="no layer with a grid of places"):
        GradCam()(model, torch.zeros(1, 3, SIDE, SIDE), np.array([0]))
    assert not GradCam(layer="late")(model, torch.rand(1, 3, SIDE, SIDE), np.array([0])).maps.any()


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ("laet", "got the layer 'laet'; expected one of early, .* Did you mean late?"),
        ("head", r"layer head of Pooled gives \(4, 4\) .* as those of late do"),
    ],
)
def test_layers_that_will_not_do(layer: str, said: str, images: Tensor) -> None:
    with pytest.raises(SnellenError, match=said.replace("?", r"\?")):
        GradCam(layer=layer)(model_of(Pooled()), images, CLASSES)
    box = load(lambda given: given.mean(axis=(2, 3)), preprocessing=Preprocessing((SIDE, SIDE)))
    with pytest.raises(Unsupported, match="does not show its layers"):
        GradCam()(box, box.asarray(images.numpy()), CLASSES % 3)
    with pytest.raises(SnellenError, match="the images have class 9"):
        GradCam()(model_of(Pooled()), images, CLASSES + 6)


@pytest.mark.skipif(importlib.util.find_spec("captum") is None, reason="captum is not installed")
@pytest.mark.parametrize("layer", ["early", "late"])
def test_as_captum(layer: str, images: Tensor) -> None:
    import captum.attr

    module = Pooled().eval()
    theirs = captum.attr.LayerGradCam(module, getattr(module, layer)).attribute(images, torch.from_numpy(CLASSES))
    large = captum.attr.LayerAttribution.interpolate(theirs, (SIDE, SIDE), "bilinear")
    np.testing.assert_allclose(GradCam(layer=layer)(model_of(module), images, CLASSES).maps, large.detach()[:, 0], atol=1e-6)

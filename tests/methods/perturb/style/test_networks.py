"""Transfers that need a network: Gram matrices over a backbone, and adaptive instance normalisation."""

import pytest
import torch
from torch import nn

from snellen.core import SnellenError
from snellen.methods.perturb.style.adain import Adain, adaptive_instance_normalization
from snellen.methods.perturb.style.backbones import Layers, RandomFilters
from snellen.methods.perturb.style.gram import Gram, gram
from tests.methods.perturb.style.test_pyramid import disc, stripes


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(4, 5, 3, padding=1), nn.Flatten())


@pytest.mark.parametrize("optimiser", ["lbfgs", "adam"])
def test_gram_comes_closer_to_the_texture_and_keeps_the_content(optimiser: str):
    content, style = disc(32), stripes(32)
    filters = RandomFilters(filters=8)
    layers = filters.style_layers
    transfer = Gram(filters, filters.content_layers, layers, 0.1, steps=12, optimiser=optimiser)  # type: ignore[arg-type]
    out = transfer(content, style, [0])

    def far(images: torch.Tensor) -> float:
        found, aim = filters(images), filters(style)
        return sum(float((gram(found[at]) - gram(aim[at])).square().mean() / gram(aim[at]).square().mean()) for at in layers)

    assert far(out) < 0.8 * far(content)
    assert float((out * (content == 0)).sum() / (content == 0).sum()) < float((out * (content == 1)).sum() / (content == 1).sum())


def test_any_network_gives_layers_and_is_left_as_it_was():
    net = network()
    net.train()
    before = [value.clone() for value in net.state_dict().values()]
    backbone = Layers(net, ["0", "1", "2"], (0.5, 0.5, 0.5), (0.2, 0.2, 0.2))
    found = backbone(torch.rand(2, 3, 8, 8))
    assert {name: tuple(value.shape) for name, value in found.items()} == {"0": (2, 4, 8, 8), "1": (2, 4, 8, 8), "2": (2, 5, 8, 8)}
    assert float(found["0"].min()) < 0 <= float(found["1"].min()), "an in-place activation must not write over what lies before it"
    out = Gram(backbone, ("1",), ("0", "2"), steps=3)(disc(16), stripes(16))
    assert out.shape == (1, 3, 16, 16)
    assert net.training
    assert all(p.requires_grad and p.grad is None for p in net.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, net.state_dict().values(), strict=True))


def test_layers_that_are_not_there():
    with pytest.raises(SnellenError, match="got the layer 'conv1'"):
        Layers(network(), ["conv1"])
    with pytest.raises(SnellenError, match="gives no maps"):
        Layers(network(), ["3"])(torch.rand(1, 3, 8, 8))
    with pytest.raises(SnellenError, match="got the layer 'relu9'"):
        Gram(RandomFilters(filters=2), ("relu9",), ("random3x1",))(disc(16), stripes(16))


def test_random_filters_are_the_same_everywhere():
    first, again, other = RandomFilters(3, 2), RandomFilters(3, 2), RandomFilters(4, 2)
    image = stripes(16)
    assert torch.equal(first(image)["random5x2"], again(image)["random5x2"])
    assert not torch.equal(first(image)["random5x2"], other(image)["random5x2"])


def test_gram_of_a_known_map():
    features = torch.tensor([[[[1.0, 2.0]], [[0.0, 3.0]]]])
    assert gram(features).tolist() == [[[2.5, 3.0], [3.0, 4.5]]]


def test_normalised_features_have_the_moments_of_the_other():
    features, like = torch.rand(2, 4, 6, 5), 3 + 2 * torch.rand(2, 4, 7, 7)
    mixed = adaptive_instance_normalization(features, like)
    torch.testing.assert_close(mixed.mean((2, 3)), like.mean((2, 3)))
    torch.testing.assert_close(mixed.std((2, 3)), like.std((2, 3)), atol=1e-3, rtol=1e-3)


def test_alpha_and_colours():
    content, style = disc(16) * 0.5 + 0.25, stripes(16)
    same = nn.Identity()
    torch.testing.assert_close(Adain(same, same, alpha=0.0)(content, style), content)
    whole = Adain(same, same)(content, style)
    torch.testing.assert_close(whole.mean((2, 3)), style.mean((2, 3)), atol=0.05, rtol=0)
    kept = Adain(same, same, keep_colour=True)(content, style)
    torch.testing.assert_close(kept.mean((2, 3)), content.mean((2, 3)), atol=0.05, rtol=0)
    with pytest.raises(SnellenError, match=r"alpha = 1\.5"):
        Adain(same, same, alpha=1.5)

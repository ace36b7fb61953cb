"""Attention is found however a network computes it, and rolled out as published."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snellen.core import Preprocessing, Unsupported
from snellen.methods.explain.attention_rollout import AttentionRollout
from snellen.models.torch import TorchModel

SIDE, CLASSES = 16, np.array([0, 1, 2])


class Block(nn.Module):
    """Attention in one of four ways, with the same numbers."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.attend = how, nn.MultiheadAttention(8, 2, batch_first=True)

    def weights(self, x: Tensor) -> Tensor:
        q, k, _ = self._parts(x)
        return (q @ k.transpose(-2, -1) * 4**-0.5).softmax(-1)

    def _parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        qkv = F.linear(x, self.attend.in_proj_weight, self.attend.in_proj_bias)
        return tuple(one.unflatten(2, (2, 4)).transpose(1, 2) for one in qkv.chunk(3, 2))  # type: ignore[return-value]

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self._parts(x)
        match self.how:
            case "module":
                return x + self.attend(x, x, x, need_weights=False)[0]
            case "fused":
                out = F.scaled_dot_product_attention(q, k, v)
            case "method":
                out = (q @ k.transpose(-2, -1) * 4**-0.5).softmax(dim=-1) @ v
            case _:
                out = F.softmax(q @ k.transpose(-2, -1) * 4**-0.5, dim=-1) @ v
        return x + self.attend.out_proj(out.transpose(1, 2).flatten(2))


class Transformer(nn.Module):
    def __init__(self, how: str, token: bool = True) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.embed, self.head = nn.Conv2d(3, 8, 4, 4), nn.Linear(8, 5)
        self.token = nn.Parameter(torch.randn(1, 1, 8)) if token else None
        self.blocks = nn.Sequential(*(Block(how) for _ in range(3)))

    def tokens(self, images: Tensor) -> Tensor:
        x = self.embed(images).flatten(2).transpose(1, 2)
        return x if self.token is None else torch.cat([self.token.expand(len(x), -1, -1), x], 1)

    def forward(self, images: Tensor) -> Tensor:
        x = self.blocks(self.tokens(images))
        return self.head(x.mean(1) if self.token is None else x[:, 0])


def model_of(module: nn.Module) -> TorchModel:
    return TorchModel(module, preprocessing=Preprocessing((SIDE, SIDE), mean=(0.0,) * 3, std=(1.0,) * 3))


@pytest.fixture
def images() -> Tensor:
    return torch.rand(3, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(4))


def by_hand(network: Transformer, images: Tensor) -> Tensor:
    with torch.no_grad():
        x, rolled = network.tokens(images), torch.eye(17 if network.token is not None else 16)
        for block in network.blocks:
            rolled = (0.5 * block.weights(x).mean(1) + 0.5 * torch.eye(x.shape[1])) @ rolled  # type: ignore[operator]
            x = block(x)
    seen = rolled[:, 0, 1:] if network.token is not None else rolled.mean(1)
    return F.interpolate(seen.reshape(-1, 1, 4, 4), (SIDE, SIDE), mode="bilinear", align_corners=False)[:, 0]


@pytest.mark.parametrize("token", [True, False], ids=["a class token", "an average"])
@pytest.mark.parametrize("how", ["module", "fused", "method", "function"])
def test_attention_is_found_however_it_is_computed(how: str, token: bool, images: Tensor) -> None:
    network = Transformer(how, token).eval()
    found = AttentionRollout()(model_of(network), images, CLASSES)
    np.testing.assert_allclose(found.maps, by_hand(network, images), atol=1e-5)
    assert found.where.startswith("3 layers of attention: 4 x 4 tokens")
    assert (found.maps >= 0).all()
    alone = AttentionRollout()(model_of(network), images[1:2], CLASSES[1:2])
    np.testing.assert_allclose(alone.maps[0], found.maps[1], atol=1e-6)


class Windows(Transformer):
    """The first block looks at each row of places by itself."""

    def forward(self, images: Tensor) -> Tensor:
        x = self.tokens(images)
        x = self.blocks[0](x.reshape(-1, 4, 8)).reshape(len(x), 16, 8)
        return self.head(self.blocks[1](x).mean(1))


def test_attention_inside_windows_is_refused(images: Tensor) -> None:
    with pytest.raises(Unsupported, match="not inside windows"):
        AttentionRollout()(model_of(Windows("fused", token=False)), images, CLASSES)


def test_networks_without_attention_over_all_places_are_refused(images: Tensor) -> None:
    model = model_of(nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5)))
    with pytest.raises(Unsupported, match="has no attention over all places"):
        AttentionRollout()(model, images, CLASSES)

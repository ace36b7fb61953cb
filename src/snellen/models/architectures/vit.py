"""The vision transformer (dosovitskiy-2021) with layer scale (touvron-2021): the class token's features, no classifier."""

from __future__ import annotations

from pathlib import Path
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snellen.models.options import need
from snellen.models.weights import fill


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.scale1, self.scale2 = nn.Parameter(torch.ones(width)), nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.scale1 * self._attend(self.norm1(x))
        return x + self.scale2 * self.fc2(F.gelu(self.fc1(self.norm2(x))))

    def _attend(self, x: Tensor) -> Tensor:
        q, k, v = (layer(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for layer in (self.query, self.key, self.value))
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


@final
class VisionTransformer(nn.Module):
    """(N, 3, H, W), sides divisible by `patch` → (N, width). `grid` is the side of the stored map of positions."""

    def __init__(self, width: int = 384, depth: int = 12, heads: int = 6, patch: int = 14, grid: int = 37) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.token_position = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, grid * grid, width))
        self.blocks = nn.Sequential(*(_Block(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.grid = grid

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) → features (N, width)."""
        patches = self.patches(images)
        stored = self.positions.transpose(1, 2).unflatten(2, (self.grid, self.grid))
        where = F.interpolate(stored, size=patches.shape[2:], mode="bicubic", align_corners=False)
        tokens = (patches + where).flatten(2).transpose(1, 2)
        first = (self.token + self.token_position).expand(len(images), -1, -1)
        return self.norm(self.blocks(torch.cat([first, tokens], 1)))[:, 0]


def build(path: Path) -> VisionTransformer:
    """With the backbone of the package's ONNX graph; its saliency decoder is left out.

    Raises:
        SnellenError: the package onnx is not installed.
    """
    onnx = need("onnx", "zoo")
    graph = onnx.load(path).graph
    stored = {item.name: torch.from_numpy(onnx.numpy_helper.to_array(item).copy()) for item in graph.initializer}
    for node in graph.node:  # the exporter renamed the matrices: they are called after the layer that multiplies by them
        if node.op_type == "MatMul" and node.input[1] in stored:
            layer = node.output[0].removesuffix("/MatMul_output_0").strip("/").replace("/", ".")
            stored[f"{layer}.weight"] = stored[node.input[1]].T
    network = VisionTransformer()
    names = {name: _stored_name(name) for name in network.state_dict() if "position" not in name}
    state = {ours: stored[theirs] for ours, theirs in names.items()}
    positions = {tuple(value.shape): value for name, value in stored.items() if name.startswith("onnx::") and value.ndim == 3}
    for name in ("token_position", "positions"):
        state[name] = positions[tuple(network.state_dict()[name].shape)]
    fill(network, state, path)
    return network


def _stored_name(name: str) -> str:
    embeddings = {"patches": "patch_embeddings.projection", "token": "cls_token"}
    parts = {
        "query": "attention.attention.query", "key": "attention.attention.key", "value": "attention.attention.value",
        "out": "attention.output.dense", "fc1": "mlp.fc1", "fc2": "mlp.fc2",
        "scale1": "layer_scale1.lambda1", "scale2": "layer_scale2.lambda1",
    }  # fmt: skip
    first, *rest = name.split(".")
    if first == "blocks":
        return ".".join(["backbone.encoder.layer", rest[0], parts.get(rest[1], rest[1]), *rest[2:]])
    return ".".join(["backbone.layernorm" if first == "norm" else f"backbone.embeddings.{embeddings[first]}", *rest])

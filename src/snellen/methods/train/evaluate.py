"""The loss and accuracy of a network on images."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Int, UInt8
from torch import Tensor, nn
from torch.nn import functional as F

from snellen.frozen import frozen

BATCH = 256


def to_unit(images: UInt8[np.ndarray, "n 3 h w"], device: torch.device, channels_last: bool = True) -> Tensor:
    """(N, 3, H, W) uint8 → float32 in [0, 1] on `device`."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    return torch.from_numpy(images).to(device).to(torch.float32, memory_format=layout).div_(255)


def evaluate(
    network: nn.Module, images: UInt8[np.ndarray, "n 3 h w"], targets: Int[np.ndarray, " n"], channels_last: bool = True
) -> tuple[float, int]:
    """Mean cross-entropy in nats, and how many of the images are classified as their targets say."""
    device = next(network.parameters()).device
    loss, hits = 0.0, 0
    with frozen(network), torch.no_grad():
        for start in range(0, len(images), BATCH):
            truth = torch.from_numpy(targets[start : start + BATCH]).long().to(device)
            logits = network(to_unit(images[start : start + BATCH], device, channels_last)).float()
            loss += float(F.cross_entropy(logits, truth, reduction="sum"))
            hits += int((logits.argmax(1) == truth).sum())
    return loss / len(images), hits

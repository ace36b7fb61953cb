"""Randomness that belongs to a seed and a place in the training, and never to what ran before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def mixed(*words: int) -> int:
    """One seed, 63 bits, out of several integers: of the training, the epoch, the step …"""
    return int.from_bytes(hashlib.sha256(repr(words).encode()).digest()[:8], "big") >> 1


def generator(*words: int) -> torch.Generator:
    """A generator on the CPU seeded by `words`, so that every device draws the same."""
    return torch.Generator().manual_seed(mixed(*words))


@contextmanager
def seeded(*words: int, device: torch.device | None = None) -> Iterator[None]:
    """Seed PyTorch's global generators of the CPU and of `device`; afterwards they are what they were.

    Networks draw their first weights from these, and dropout its masks.
    """
    gpus = [device] if device is not None and device.type == "cuda" else []
    with torch.random.fork_rng(gpus):
        torch.default_generator.manual_seed(mixed(*words))
        for gpu in gpus:
            with torch.cuda.device(gpu):
                torch.cuda.manual_seed(mixed(*words))
        yield

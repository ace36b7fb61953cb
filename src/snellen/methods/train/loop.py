"""The training loop: supervised learning with cross-entropy, the same for every network and every treatment."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn
from torch.nn import functional as F

from snellen.core import SnellenError
from snellen.methods.train import checkpoint as checkpoints
from snellen.methods.train.checkpoint import State
from snellen.methods.train.evaluate import evaluate, to_unit
from snellen.methods.train.history import Epoch, History
from snellen.methods.train.seeds import generator, seeded
from snellen.methods.train.settings import Training

Examples: TypeAlias = tuple[UInt8[np.ndarray, "n 3 h w"], Int[np.ndarray, " n"]]
"""Images and the index of each one's class."""
Supply: TypeAlias = Callable[[int], Examples]
"""Epoch → the images to train on in it: always the same, or fresh ones. It must give the same for the same epoch."""
Augment: TypeAlias = Callable[[Tensor, torch.Generator], Tensor]
"""(N, 3, H, W) float32 in [0, 1] and a generator on the CPU → the same shape and range."""
Adversary: TypeAlias = Callable[[nn.Module, Tensor, Tensor, torch.Generator], Tensor]
"""Network, images, targets and a generator on the CPU → images to train on instead."""
Loss: TypeAlias = Callable[[nn.Module, Tensor, Tensor, Tensor], Tensor]
"""Network, images, targets and logits → a scalar that is added to the cross-entropy."""

_ORDER, _DRAWS, _HOOKS = range(3)
"""What a seed is for, so that no two streams of random numbers are the same."""


def train(
    network: nn.Module,
    supply: Supply,
    settings: Training,
    *,
    held_out: Examples | None = None,
    augment: Sequence[Augment] = (),
    adversary: Adversary | None = None,
    losses: Sequence[Loss] = (),
    progress: Callable[[int], None] | None = None,
    told: Callable[[int, Epoch], None] | None = None,
    checkpoint: Path | None = None,
    recipe: str = "",
) -> History:
    """Train `network` where it is, on the device it is on; it is left in eval mode.

    On a CPU the same first weights, images, settings and hooks give the same last weights bit for bit, on one machine with one
    version of PyTorch and one number of threads (`torch.get_num_threads()`), whether or not the training was interrupted.
    PyTorch's global generators are left as they were found.

    Args:
        network: images (N, 3, H, W) in [0, 1] → logits (N, K).
        supply: gives the images of each epoch.
        settings: see `Training`.
        held_out: images that are never trained on, to measure loss and accuracy on after every epoch.
        augment: applied to every batch in this order.
        adversary: applied after them, such as `Pgd`.
        losses: added to the cross-entropy.
        progress: told how many images more were trained on.
        told: told the index of every finished epoch, and what it brought.
        checkpoint: a file that is written after every epoch, and gone on from where it is there already.
        recipe: what else decides the weights, such as the images' name: a checkpoint with another recipe is refused.

    Raises:
        SnellenError: images or targets of a wrong shape or type, a loss that is no finite number, patience without held-out
            images, or a checkpoint of another training.
    """
    if settings.patience and held_out is None:
        raise SnellenError(f"got patience = {settings.patience} and no held-out images; expected some: early stopping watches them")
    state = State(network, _optimiser(network, settings))
    if checkpoint is not None and checkpoint.exists():
        checkpoints.restore(checkpoint, state, settings, recipe)
        if progress:
            progress(sum(epoch.images for epoch in state.epochs))
    device = next(network.parameters()).device
    while len(state.epochs) < settings.epochs and not _stale(state, settings):
        at, start = len(state.epochs), time.perf_counter()
        with seeded(settings.seed, _DRAWS, at, device=device):
            loss, hits, n = _epoch(state, supply, settings, at, augment, adversary, losses, progress)
        lost, right = evaluate(network, *held_out, settings.channels_last) if held_out is not None else (None, None)
        share = None if right is None or held_out is None else right / len(held_out[0])
        state.epochs.append(Epoch(n, loss, hits / n, lost, share, time.perf_counter() - start))
        if settings.patience and (at == 0 or _held_out_loss(state, at) < _held_out_loss(state, state.best)):
            state.best, state.best_weights = at, {name: value.clone() for name, value in network.state_dict().items()}
        if checkpoint is not None:
            checkpoints.write(checkpoint, state, settings, recipe)
        if told:
            told(at, state.epochs[-1])
    if settings.patience:
        network.load_state_dict(state.best_weights)
    network.eval()
    return History(tuple(state.epochs), state.best if settings.patience else len(state.epochs) - 1)


def _epoch(
    state: State,
    supply: Supply,
    settings: Training,
    at: int,
    augment: Sequence[Augment],
    adversary: Adversary | None,
    losses: Sequence[Loss],
    progress: Callable[[int], None] | None,
) -> tuple[float, int, int]:
    """Train on all images once: mean loss, how many were classified right as they were shown, how many there are."""
    images, targets = _checked(*supply(at))
    network, optimiser = state.network.train(), state.optimiser
    device = next(network.parameters()).device
    steps = max(1, round(len(images) / settings.batch_size))
    total, hits = 0.0, 0
    order = torch.randperm(len(images), generator=generator(settings.seed, _ORDER, at))
    for step, rows in enumerate(order.tensor_split(steps)):
        x = to_unit(images[rows.numpy()], device, settings.channels_last)
        y = torch.from_numpy(targets[rows.numpy()]).long().to(device)
        draws = generator(settings.seed, _HOOKS, at, step)
        for change in augment:
            x = change(x, draws)
        for group in optimiser.param_groups:
            group["lr"] = settings.rate((at + (step + 0.5) / steps) / settings.epochs)
        with torch.autocast(device.type, torch.bfloat16, enabled=settings.halved(device.type)):
            if adversary is not None:
                x = adversary(network, x, y, draws)
            logits = network(x)
            loss = _cross_entropy(logits.float(), y, settings) + sum(extra(network, x, y, logits) for extra in losses)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        value = float(loss.detach())
        if not math.isfinite(value):
            raise SnellenError(
                f"the loss became {value} in epoch {at + 1}, step {step + 1} of {steps}; expected finite numbers: lower the "
                f"learning rate, now {settings.learning_rate:g}, or look at what hooks and further losses return"
            )
        total += value * len(rows)
        hits += int((logits.detach().argmax(1) == y).sum())
        if progress:
            progress(len(rows))
    return total / len(images), hits, len(images)


def _cross_entropy(logits: Float[Tensor, "n k"], targets: Int[Tensor, " n"], settings: Training) -> Float[Tensor, ""]:
    if int(targets.max()) >= logits.shape[1]:
        raise SnellenError(f"got the target {int(targets.max())}; expected less than {logits.shape[1]}, the network's logits")
    return F.cross_entropy(logits, targets, label_smoothing=settings.label_smoothing)


def _optimiser(network: nn.Module, settings: Training) -> torch.optim.Optimizer:
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    if not parameters:
        raise SnellenError(f"got {type(network).__name__}, which has no parameters to train; expected some that require gradients")
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if settings.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=settings.learning_rate, momentum=0.9, nesterov=True)
    return torch.optim.AdamW(groups, lr=settings.learning_rate)


def _checked(images: np.ndarray, targets: np.ndarray) -> Examples:
    if images.ndim != 4 or images.shape[1] != 3 or images.dtype != np.uint8 or len(images) == 0:
        raise SnellenError(f"got images {images.dtype} of shape {images.shape}; expected uint8 (N, 3, H, W), at least one")
    if targets.shape != (len(images),) or targets.dtype.kind not in "iu" or targets.min() < 0:
        raise SnellenError(
            f"got targets {targets.dtype} of shape {targets.shape} for {len(images)} images; expected the index of a class for each"
        )
    return images, targets


def _held_out_loss(state: State, at: int) -> float:
    loss = state.epochs[at].held_out_loss
    return math.inf if loss is None else loss


def _stale(state: State, settings: Training) -> bool:
    return bool(settings.patience) and len(state.epochs) - 1 - state.best >= settings.patience

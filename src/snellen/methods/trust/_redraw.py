"""Other values for what a layer has learned."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

NARROWED = 0.8796
"""The deviation of a standard normal that is truncated at two deviations."""
SPREAD = 0.25
"""Deviation of values that take the place of equal ones, as a share of these."""
USUAL = 0.02
"""Deviation of values that take the place of zeros, as tokens and embeddings usually start with."""


def redrawn(part: nn.Module, own: Mapping[str, Tensor], seed: int) -> dict[str, Tensor]:
    """Random values, on the CPU, for the tensors `own` of `part`, which itself stays as it is.

    They are those of the part's `reset_parameters`, where it has one. What that sets to one constant is drawn around it: scales,
    shifts and running statistics of a normalisation would otherwise make it the identity. What it leaves as it was, and all of
    parts without `reset_parameters` (tokens, embeddings, projections inside attention), is drawn around the trained values.

    Draws are from a normal truncated at two deviations, of the mean and deviation of these values; where all of them are above 0,
    from a log-normal, so that they stay so. Where they are all equal the deviation is a quarter of the value, or 0.02 of zeros.

    The global generators stay as they were; the same seed gives the same values on any device.
    """
    generator = torch.Generator().manual_seed(seed)
    fresh = _reset(part, seed)
    values: dict[str, Tensor] = {}
    for name, trained in own.items():
        old, new = trained.detach().cpu(), fresh.get(name)
        if new is None or torch.equal(new, old):
            values[name] = _drawn(old, generator)
        else:
            values[name] = _drawn(new, generator) if bool((new == new.flatten()[0]).all()) else new
    return values


def _reset(part: nn.Module, seed: int) -> dict[str, Tensor]:
    """What the part's own initialiser gives; nothing if it has none."""
    if not callable(getattr(part, "reset_parameters", None)):
        return {}
    other = copy.deepcopy(part).cpu()
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.default_generator.manual_seed(seed)
        other.reset_parameters()  # type: ignore[operator]
    return {name: tensor.detach() for name, tensor in [*other.named_parameters(recurse=False), *other.named_buffers(recurse=False)]}


def _drawn(old: Tensor, generator: torch.Generator) -> Tensor:
    """Random values of the mean and deviation of others; what is not finite stays."""
    if old.is_complex():
        return torch.view_as_complex(_drawn(torch.view_as_real(old), generator))
    finite = old.isfinite()
    known = old[finite].double() if bool(finite.any()) else torch.zeros(1, dtype=torch.float64)
    mean, deviation = known.mean(), known.std(correction=0)
    if bool((known == known[0]).all()):
        deviation = SPREAD * mean.abs() if mean != 0 else torch.tensor(USUAL, dtype=torch.float64)
    noise = torch.empty(old.shape, dtype=torch.float64)
    nn.init.trunc_normal_(noise, a=-2.0, b=2.0, generator=generator).div_(NARROWED)
    if bool((known > 0).all()):
        width = torch.log1p((deviation / mean) ** 2)
        drawn = torch.exp(mean.log() - width / 2 + width.sqrt() * noise)
    else:
        drawn = mean + deviation * noise
    return torch.where(finite, drawn.to(old.dtype), old)

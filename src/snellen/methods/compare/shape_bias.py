"""Shape bias: where an image's shape says one category and its texture another, which of the two is answered?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from snellen.arrays import Numbers

Texts: TypeAlias = Sequence[str | None] | np.ndarray

_CUE_CONFLICT = re.compile(r"(?:^|[_/])([a-z]+)\d+-([a-z]+)\d+\.[A-Za-z]+$")


@dataclass(frozen=True)
class Decisions:
    """Which cue N answers follow, as booleans (N,): `conflict` where the cues differ; there `shape`, `texture` or neither."""

    conflict: np.ndarray
    shape: np.ndarray
    texture: np.ndarray


def texture_of(image: str) -> str | None:
    """The texture category in a published cue-conflict file name, "cat/cat7-elephant1.png" → "elephant"; None for others."""
    found = _CUE_CONFLICT.search(image)
    return found[2] if found else None


def decisions(shape: Texts, texture: Texts, response: Texts) -> Decisions:
    """From the categories (N,) of shape, texture and answer (geirhos-2019).

    Images whose cues agree, and those without a texture, decide nothing.
    """
    shapes, textures, responses = (np.asarray(values, dtype=object) for values in (shape, texture, response))
    has = np.array([value is not None for value in textures], dtype=bool)
    conflict = has & (shapes != textures)
    return Decisions(conflict, conflict & (responses == shapes), conflict & (responses == textures))


def shape_bias(shape: Numbers, texture: Numbers) -> Numbers:
    """Numbers of decisions for the shape and for the texture → share for the shape, in [0, 1] (geirhos-2019).

    Answers that follow neither cue do not count. NaN when there is no decision for either.
    """
    shape, texture = np.asarray(shape, float), np.asarray(texture, float)
    total = shape + texture
    return shape / np.where(total > 0, total, np.nan)

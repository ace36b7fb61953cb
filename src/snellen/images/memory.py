"""Images in memory: a NumPy array (or anything that converts to one) with a list of labels, or encoded files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import polars as pl

from snellen.core import Images, Labels, SnellenError, Unreadable
from snellen.images.facts import canonical, frame
from snellen.images.identity import digest, identity
from snellen.images.sample import stratified


@final
@dataclass(frozen=True, eq=False)
class InMemory(Images):
    """`payloads` are one a row of `facts`: encoded bytes, or arrays (H, W, 3), uint8 or float in [0, 1]."""

    name: str
    id: str
    labels: Labels | None
    facts: pl.DataFrame
    origin: Mapping[str, str]
    payloads: Sequence[bytes | np.ndarray]

    def fetch(self, rows: Sequence[int]) -> list[bytes | np.ndarray | Unreadable]:
        """The payload of each row."""
        return [self.payloads[row] for row in rows]


def open_array(
    images: Any,
    categories: Sequence[object] | np.ndarray | None = None,
    name: str | None = None,
    labels: Labels | str | None = None,
    sample: int | None = None,
    seed: int = 0,
) -> InMemory:
    """An array of images as an image set.

    Args:
        images: (N, 3, H, W) or (N, H, W, 3), uint8 in 0..255 or float in [0, 1]; not copied when it is NumPy's.
        categories: one an image, as texts or indices; None for an image, or for all, that have none.
        name: shown in reports; "array" unless given.
        labels: the list the categories belong to, or its name; guessed by `snellen.labels.resolve` unless given.
        sample: keep so many images, with categories as equal as possible.
        seed: of the sample.

    Raises:
        SnellenError: a wrong shape or type, values out of range or not finite, or not one category for each image.
    """
    pixels = _checked(images)
    texts = [None] * len(pixels) if categories is None else [None if category is None else str(category) for category in categories]
    if len(texts) != len(pixels):
        raise SnellenError(f"got {len(pixels)} images and {len(texts)} categories; expected one category for each image")
    return assemble(
        [f"{row:06d}" for row in range(len(pixels))],
        texts,
        pixels,
        name or "array",
        labels,
        sample,
        seed,
        {"array": f"{pixels.dtype}, {'x'.join(map(str, pixels.shape))}"},
    )


def assemble(
    names: Sequence[str],
    texts: Sequence[str | None],
    payloads: Sequence[bytes | np.ndarray] | np.ndarray,
    name: str,
    labels: Labels | str | None,
    sample: int | None,
    seed: int,
    origin: Mapping[str, str],
    sources: Sequence[str] | None = None,
) -> InMemory:
    """An image set from what is in memory already; `names`, `texts` and `payloads` are one an image.

    Raises:
        SnellenError: the categories can't be made out.
    """
    resolved, categories = canonical(texts, labels, name)
    rows = list(range(len(names))) if sample is None else stratified(categories, sample, seed)
    kept, keys, chosen = [names[row] for row in rows], [categories[row] for row in rows], [payloads[row] for row in rows]
    whole = (
        {}
        if len(rows) == len(names)
        else {"sample": f"{len(rows)} of {len(names)}, equal per category as far as possible, seed {seed}"}
    )
    digests = [digest(payload) for payload in chosen]
    facts = frame(kept, keys, name if sources is None else [sources[row] for row in rows], digests)
    return InMemory(name, identity(kept, keys, digests), resolved, facts, {**origin, **whole}, chosen)


def _checked(images: Any) -> np.ndarray:
    """The images as (N, H, W, 3), uint8 or float32."""
    pixels = np.asarray(images)
    if pixels.ndim != 4 or 3 not in (pixels.shape[1], pixels.shape[3]) or 0 in pixels.shape:
        raise SnellenError(
            f"got an array of shape {pixels.shape}; expected (N, 3, H, W) or (N, H, W, 3) with at least one image: "
            "repeat a grey channel three times"
        )
    if pixels.dtype.kind == "f":
        low, high = pixels.min(), pixels.max()
        if not (low >= 0 and high <= 1):
            seen = (
                "values that are not finite"
                if np.isnan(low) or np.isinf([low, high]).any()
                else f"values from {low:.4g} to {high:.4g}"
            )
            raise SnellenError(
                f"got a float array with {seen}; expected values in [0, 1]: undo the normalisation, or divide by 255"
            )
        pixels = pixels.astype(np.float32, copy=False)
    elif pixels.dtype != np.uint8:
        raise SnellenError(f"got an array of {pixels.dtype}; expected uint8 in 0..255 or float in [0, 1]: convert it with .astype")
    return pixels if pixels.shape[3] == 3 else pixels.transpose(0, 2, 3, 1)

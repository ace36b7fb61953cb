"""What makes two image sets the same: the same contents under the same names and categories, in the same order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

import numpy as np

from snellen.core import Unreadable


def digest(payload: bytes | np.ndarray | Unreadable) -> str:
    """SHA-256 of one payload in hexadecimal; of an array's type, shape and values; of the reason where there is none."""
    if isinstance(payload, Unreadable):
        return hashlib.sha256(f"unreadable: {payload}".encode()).hexdigest()
    if isinstance(payload, np.ndarray):
        sha = hashlib.sha256(f"{payload.dtype.str} {payload.shape}".encode())
        sha.update(np.ascontiguousarray(payload).data)
        return sha.hexdigest()
    return hashlib.sha256(payload).hexdigest()


def identity(images: Sequence[str], categories: Sequence[str | None], digests: Iterable[str]) -> str:
    """SHA-256 over (name, category, digest) of every image, in order."""
    sha = hashlib.sha256()
    for row in zip(images, categories, digests, strict=True):
        sha.update(json.dumps(row).encode())
        sha.update(b"\n")
    return sha.hexdigest()

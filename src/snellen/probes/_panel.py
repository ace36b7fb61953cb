"""A panel of methods of explanation that a probe asks of the same images: which they are, what they cost, what a map shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from snellen import labels as known
from snellen.core import Evidence, SnellenError
from snellen.methods.explain.edges import edges
from snellen.methods.explain.explanation import Explainer, Explanation
from snellen.methods.explain.occlusion import Occlusion, starts
from snellen.methods.explain.registry import make

_DRAWS = ("steps", "samples")
BESIDE = (
    "caution: the interval of what lies on the object beyond its area reaches 0, so that random numbers would do as well; there is "
    "no agreed limit for good"
)
"""The verdict of what lies on the object."""


def panel(methods: str, grid: int, size: tuple[int, int]) -> dict[str, Explainer]:
    """Name → method, of a setting such as `gradient;occlusion`, for images of a size; each is named once.

    Occlusion without settings of its own hides squares of which `grid` fit side by side, and which overlap by half.

    Raises:
        SnellenError: there is no such method or setting, one is named twice, or none.
    """
    found: dict[str, Explainer] = {}
    for text in filter(None, map(str.strip, methods.split(";"))):
        method = make(text)
        if isinstance(method, Occlusion) and method == Occlusion():
            patch = max(1, round(min(size) / grid))
            method = replace(method, patch=patch, stride=max(1, patch // 2))
        if method.name in found:
            raise SnellenError(f"got methods {methods!r}, with {method.name} twice; expected each of them once")
        found[method.name] = method
    if not found:
        raise SnellenError(f"got methods {methods!r}; expected one or more, such as gradient;occlusion")
    return found


def passes(method: Explainer, size: tuple[int, int]) -> int:
    """About how many forward passes a map of one image costs; a pass back counts as two."""
    if isinstance(method, Occlusion):
        return 1 + len(starts(size[0], method.patch, method.stride)) * len(starts(size[1], method.patch, method.stride))
    asked = max((value for name, value in vars(method).items() if name in _DRAWS), default=1)
    return asked if method.black_box else 3 * asked


def flat(method: Explainer, explanation: Explanation) -> np.ndarray:
    """Maps (N, H, W) float32: the sum over colours, or for sensitivities the largest size over colours (simonyan-2013)."""
    maps = explanation.maps if method.signed else np.abs(explanation.maps)
    if maps.ndim == 4:
        maps = maps.sum(axis=1) if method.signed else maps.max(axis=1)
    return maps.astype(np.float32)


def outlines(images: np.ndarray) -> np.ndarray:
    """Edges (N, H, W) float32 of images (N, 3, H, W), 8-bit or in [0, 1]: the control that knows no model."""
    return edges(images.astype(np.float32) / (255.0 if images.dtype == np.uint8 else 1.0)).astype(np.float32)


def in_part(region: np.ndarray) -> bool:
    """Whether the object is in view, with something beside it: of where it is (H, W) in [0, 1]."""
    return bool((region >= 0.5).any() and region.mean() < 1)


def explained(logits: np.ndarray, responses: Sequence[str]) -> np.ndarray:
    """The class (N,) whose logit is explained: the answer's, or for one of the sixteen categories its member with the largest."""
    best = logits.argmax(axis=1)
    if logits.shape[1] != len(known.imagenet()):
        return best
    for at, response in enumerate(responses):
        members = known.SIXTEEN_MEMBERS.get(response, ())
        if members:
            best[at] = members[int(logits[at, list(members)].argmax())]
    return best


def runners_up(logits: np.ndarray, classes: np.ndarray, responses: Sequence[str]) -> np.ndarray:
    """The class (N,) with the largest logit that is not the answer, nor another member of the category that was answered."""
    rest = logits.astype(np.float64)
    for at, response in enumerate(responses):
        summed = known.SIXTEEN_MEMBERS.get(response, ()) if logits.shape[1] == len(known.imagenet()) else ()
        rest[at, [classes[at], *summed]] = -np.inf
    return rest.argmax(axis=1)


def called(evidence: Evidence, index: int, count: int) -> str:
    """What a reader calls the class at `index` of a model with `count` of them, which may answer with the sixteen categories."""
    return (evidence.labels if len(evidence.labels) == count else known.imagenet()).names[index]

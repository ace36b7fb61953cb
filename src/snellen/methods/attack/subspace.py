"""How far away another answer is when only some directions may be taken: margins in subspaces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, final

import numpy as np
from jaxtyping import Bool, Float, Int

from snellen.arrays import namespace, take
from snellen.core import Array, Model, SnellenError
from snellen.methods.asked import Asked
from snellen.methods.attack.linearized import Seen, Walk
from snellen.methods.attack.rows import lengths, replaced
from snellen.methods.attack.search import scored

Project: TypeAlias = Callable[[Array, np.ndarray], Array]
"""(M, 3, H, W) native and M numbers of subspaces → the orthogonal projection of each row onto its subspace."""
PIXELS = 2**20
"""Pixel values in a pass unless told otherwise: 6 images of 224 x 224."""
MOST = 128
"""Images in a pass unless told otherwise."""


@final
@dataclass(frozen=True)
class Margins:
    """The distance from each image to another answer along each subspace.

    Attributes:
        distance: (N, S) L2 norm of the change, pixels in [0, 1]; an upper bound of the margin. inf where none was found.
        converged: (N, S) whether the answer changed within the steps.
        answers: (N,) the class that was left.
        changes: (N, S, 3, H, W) native, the changes themselves, where they were asked for.
        forwards: images passed forward in all. pulls: cotangents pulled back in all, counted in images.
    """

    distance: Float[np.ndarray, "n s"]
    converged: Bool[np.ndarray, "n s"]
    answers: Int[np.ndarray, " n"]
    forwards: int
    pulls: int
    changes: Float[Array, "n s 3 h w"] | None = None

    @property
    def medians(self) -> Float[np.ndarray, " s"]:
        """The median over images of each subspace; inf where half of them or more did not converge."""
        return np.median(self.distance, axis=0)


def subspace_margins(
    model: Model,
    images: Float[Array, "n 3 h w"],
    subspaces: int,
    project: Project,
    *,
    candidates: int = 10,
    overshoot: float = 0.02,
    steps: int = 100,
    batch: int | None = None,
    keep: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Margins:
    """The L2 size of the smallest change found within each of S linear subspaces that changes each image's answer.

    DeepFool with gradients projected onto the subspace (ortiz-jimenez-2020), from the model's own answer, in all of space: nothing
    is clipped to [0, 1]. At the images themselves the gradients are shared by all subspaces; from then on pairs of image and
    subspace go through the model together, at most `batch` at a time, and leave when they are done.

    Args:
        model: one that gives gradients.
        images: native, as the model takes them.
        subspaces: S, how many there are.
        project: the projection onto them, by number from 0; no basis need ever be held.
        candidates: how many classes are looked at: the answer and its nearest rivals.
        overshoot: how far beyond the border a step goes, relative to its length; part of the distance.
        steps: after so many, a pair that still has its first answer is reported as not converged.
        batch: pairs in a pass; unless given, as many as have a million pixel values, but at most 128.
        keep: also return the changes.
        progress: told of images that are finished.

    Raises:
        SnellenError: a setting or the images are not what is expected.
        Unsupported: the model gives no gradients.
    """
    walk = Walk("l2", candidates, overshoot, steps, clip=False)
    _check(images, subspaces, batch)
    batch = batch or int(np.clip(PIXELS // np.prod(images.shape[1:]), 1, MOST))
    asked = Asked(model)
    each = max(1, batch // subspaces)
    groups = [
        _group(walk, asked, images[start : start + each], subspaces, project, batch, keep, progress)
        for start in range(0, len(images), each)
    ]
    answers, distances, changes = zip(*groups, strict=True)
    distance = np.concatenate(distances)
    kept = namespace(images).concat(list(changes), axis=0) if keep else None
    return Margins(distance, np.isfinite(distance), np.concatenate(answers), asked.forwards, asked.pulls, kept)


def _group(
    walk: Walk,
    asked: Asked,
    images: Float[Array, "n 3 h w"],
    subspaces: int,
    project: Project,
    batch: int,
    keep: bool,
    progress: Callable[[int], None] | None,
) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, "n s"], Float[Array, "n s 3 h w"] | None]:
    """Images that share a pass at the start: their answers, the distances, and the changes where they are kept."""
    owner, subspace = np.divmod(np.arange(len(images) * subspaces), subspaces)
    logits, pull = asked.vjp(images)
    classes = walk.ranked(scored(logits, asked.model.name))
    move, known = walk.step(Seen(logits, pull, classes, owner), lambda slope: project(slope, subspace))
    del logits, pull
    distance = np.full(len(owner), np.inf)
    changes = namespace(images).zeros_like(take(images, owner)) if keep else None
    pairs = np.flatnonzero(known)
    for some in np.array_split(pairs, -(-len(pairs) // batch)) if len(pairs) else []:
        origin = take(images, owner[some])
        within = partial(_projected, project, subspace[some])
        places, left = walk.onward(asked, origin, take(move, some), classes[owner[some]], within)
        change, done = take(places - origin, np.flatnonzero(left)), some[left]
        if len(done):
            distance[done] = lengths(change, "l2")
            changes = changes if changes is None else replaced(changes, done, change)
    if progress:
        progress(len(images))
    shape = (len(images), subspaces)
    kept = changes if changes is None else namespace(images).reshape(changes, (*shape, *images.shape[1:]))
    return classes[:, 0], distance.reshape(shape), kept


def _projected(project: Project, subspace: Int[np.ndarray, " p"], slope: Array, walks: Int[np.ndarray, " m"]) -> Array:
    return project(slope, subspace[walks])


def check(images: Array) -> None:
    """Refuse what is no batch of images.

    Raises:
        SnellenError: see there.
    """
    shape = tuple(getattr(images, "shape", ()))
    if len(shape) != 4 or shape[1] != 3 or 0 in shape or "float" not in str(images.dtype):
        kind = getattr(images, "dtype", type(images).__name__)
        raise SnellenError(f"got images of shape {shape} and type {kind}; expected float (N, 3, H, W), one image or more")
    xp = namespace(images)
    if not bool(xp.all(xp.isfinite(images))):
        raise SnellenError("got images with NaN or infinite pixels; expected numbers: leave out the images that hold others")


def _check(images: Array, subspaces: int, batch: int | None) -> None:
    check(images)
    if subspaces < 1 or (batch is not None and batch < 1):
        raise SnellenError(f"got {subspaces} subspaces and a batch of {batch}; expected 1 or more of each")

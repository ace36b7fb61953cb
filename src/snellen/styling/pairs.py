"""Which shapes and textures go together, and how the pictures of them are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from snellen.arrays import image_keys
from snellen.core import Images, SnellenError
from snellen.labels import SIXTEEN_MEMBERS, imagenet

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_LETTER = re.compile(r"[^a-z]")


@dataclass(frozen=True)
class Pair:
    """One picture to be made: rows of the content and the style set, the file it goes to, relative, and its categories.

    `texture` is None where the style has no category; `key` seeds what is random.
    """

    content: int
    style: int
    file: str
    category: str
    texture: str | None
    key: int


def conflicts(content: Images, style: Images, per_pair: int, seed: int) -> list[Pair]:
    """`per_pair` pictures, or as many as there are, of every shape category in the texture of every other.

    ImageNet classes count as those of the sixteen categories that they belong to, and are left out where they belong to none.

    Raises:
        SnellenError: a set has no categories, or there are no two different ones.
    """
    shapes, textures = _by_category(content), _by_category(style)
    pairs = []
    for shape, rows in shapes.items():
        for texture, looks in textures.items():
            if shape == texture:
                continue
            order = np.random.default_rng(image_keys("style", f"{shape} {texture}", ["pairs"], seed)[0])
            for at in order.permutation(len(rows) * len(looks))[:per_pair].tolist():
                k, j = at // len(looks), at % len(looks)
                name = f"{_letters(shape)}{k + 1}-{_letters(texture)}{j + 1}.png"
                pairs.append((rows[k], looks[j], f"{shape}/{name}", shape, texture))
    if not pairs:
        raise SnellenError(
            f"got shapes of {', '.join(shapes) or 'no category'} and textures of {', '.join(textures) or 'no category'}; "
            "expected at least two different categories for a conflict"
        )
    return _keyed(pairs, seed)


def restyled(content: Images, style: Images, per_image: int, seed: int) -> list[Pair]:
    """Every content image with `per_image` styles drawn at random with replacement, in the folder of its own category.

    Raises:
        SnellenError: the content has no categories.
    """
    if content.labels is None:
        raise SnellenError(f"got {content.name} without categories; expected one sub-folder per category, each with its images")
    pairs, textures = [], style.facts["category"].to_list()
    for row, (image, category) in enumerate(content.facts.select("image", "category").rows()):
        if category is None:
            continue
        draws = np.random.default_rng(image_keys("style", "", [image], seed)[0]).integers(0, len(style), per_image)
        stem = re.sub(r"[^\w.-]", "-", image.rpartition("/")[2].rpartition(".")[0] or image.rpartition("/")[2])
        for at, look in enumerate(draws.tolist()):
            pairs.append((row, look, f"{category}/{row:06d}-{stem}-{at + 1}.png", category, textures[look]))
    return _keyed(pairs, seed)


def _keyed(pairs: Sequence[tuple[int, int, str, str, str | None]], seed: int) -> list[Pair]:
    keys = image_keys("style", "", [pair[2] for pair in pairs], seed)
    return [Pair(*pair, key) for pair, key in zip(pairs, keys, strict=True)]


def _by_category(images: Images) -> dict[str, list[int]]:
    """Category → rows, in the order of names; ImageNet classes by the sixteen."""
    if images.labels is None:
        raise SnellenError(f"got {images.name} without categories; expected one sub-folder per category, each with its images")
    found: dict[str, list[int]] = {}
    of = _sixteen_of() if images.labels == imagenet() else None
    for row, category in enumerate(images.facts["category"].to_list()):
        name = category if of is None or category is None else of.get(category)
        if name is not None:
            found.setdefault(name, []).append(row)
    letters = [_letters(name) for name in found]
    if len(set(letters)) < len(letters) or not all(letters):
        raise SnellenError(
            f"got the categories {', '.join(found)} of {images.name}; expected names that differ in their letters a to z"
        )
    return dict(sorted(found.items()))


def _sixteen_of() -> Mapping[str, str]:
    keys = imagenet().keys
    return {keys[index]: category for category, members in SIXTEEN_MEMBERS.items() for index in members}


def _letters(category: str) -> str:
    """What a file name says of a category: its letters, as published names are of letters and a number."""
    return _NO_LETTER.sub("", category.lower())

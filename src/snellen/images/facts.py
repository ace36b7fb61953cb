"""One row of facts an image: names that can be shown, canonical categories, textures of cue-conflict images."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import polars as pl

from snellen import labels as known
from snellen.core import Labels, SnellenError

DIGITS = 16
"""Of a digest, in the facts."""
_CUE_CONFLICT = re.compile(r"([a-z]+)\d+-([a-z]+)\d+\.png")


def shown(name: str) -> str:
    """The name with everything that can't be printed (newlines, stray bytes, direction marks) escaped, as in Python text."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in name)


def unique(names: Iterable[str]) -> list[str]:
    """The names; where escaping made two of them equal, the later one has "~2", "~3" … added."""
    taken: set[str] = set()
    answer: list[str] = []
    for name in names:
        free, count = name, 2
        while free in taken:
            free, count = f"{name}~{count}", count + 1
        taken.add(free)
        answer.append(free)
    return answer


def canonical(texts: Sequence[str | None], hint: Labels | str | None, source: str) -> tuple[Labels | None, list[str | None]]:
    """The list the categories belong to and a key an image; None for images without a category.

    Raises:
        SnellenError: see `snellen.labels.resolve`; the message names `source`.
    """
    given = [text for text in texts if text is not None]
    if not given:
        return None, [None] * len(texts)
    try:
        labels, keys = known.resolve(given, hint)
    except SnellenError as error:
        raise SnellenError(f"{source}: {error}") from error
    key = dict(zip(given, keys, strict=True))
    return labels, [None if text is None else key[text] for text in texts]


def textures(images: Sequence[str]) -> list[str] | None:
    """The texture category of each image when every file is named `<shape><k>-<texture><j>.png`, else None (geirhos-2019)."""
    found = [_CUE_CONFLICT.fullmatch(image.rpartition("/")[2]) for image in images]
    if not images or not all(match and {match[1], match[2]} <= set(known.SIXTEEN) for match in found):
        return None
    return [match[2] for match in found if match]


def frame(
    images: Sequence[str],
    categories: Sequence[str | None],
    sources: str | Sequence[str],
    digests: Sequence[str],
    extra: Mapping[str, Sequence[object] | pl.Series] | None = None,
) -> pl.DataFrame:
    """The facts: image, category, source, digest, `texture` where the names tell it, then the extra columns.

    `digest` is the start of the SHA-256 of an image's contents, 16 hexadecimal digits: equal files, equal digests.
    """
    texture = textures(images)
    columns: dict[str, object] = {
        "image": pl.Series(list(images), dtype=pl.String),
        "category": pl.Series(list(categories), dtype=pl.String),
        "source": pl.Series([sources] * len(images) if isinstance(sources, str) else list(sources), dtype=pl.String),
        "digest": pl.Series([digest[:DIGITS] for digest in digests], dtype=pl.String),
    }
    columns |= {} if texture is None else {"texture": pl.Series(texture, dtype=pl.String)}
    columns |= {name: values for name, values in (extra or {}).items() if name not in columns}
    return pl.DataFrame(columns)


def as_hint(labels: Labels | str | Path | Sequence[str] | None) -> Labels | str | None:
    """What a user may give as labels: a list, its name ("imagenet", "sixteen", "custom"), names, or a file with one name a line.

    Raises:
        SnellenError: it is none of these.
    """
    if labels is None or isinstance(labels, Labels):
        return labels
    if isinstance(labels, str | Path):
        if Path(labels).is_file():
            lines = Path(labels).read_text("utf-8", errors="replace").splitlines()
            return known.custom(line.strip() for line in lines if line.strip())
        known.by_name(str(labels))
        return str(labels)
    return known.custom(labels)

"""Closed lists of answers: ImageNet-1k, the sixteen entry-level categories, and lists of the user's own.

Canonical keys: ImageNet-1k uses WordNet ids ("n02123045"), the sixteen their English names ("cat").
"""

from __future__ import annotations

import csv
import difflib
import re
import unicodedata
from collections import defaultdict
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from snellen.core import Labels, SnellenError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_RANGES = {
    "airplane": "404",
    "bear": "294-297",
    "bicycle": "444 671",
    "bird": "8 10-16 18-20 22-24 80-83 87-96 98-100 127-133 135-145",
    "boat": "472 554 625 814 914",
    "bottle": "440 720 737 898-899 901 907",
    "car": "436 511 817",
    "cat": "281-286",
    "chair": "423 559 765 857",
    "clock": "409 530 892",
    "dog": "152-191 193-203 205-226 228-241 243-250 252-257 259 261-263 265-268",
    "elephant": "385-386",
    "keyboard": "508 878",
    "knife": "499",
    "oven": "766",
    "truck": "555 569 656 675 717 734 864 867",
}

SIXTEEN = tuple(_RANGES)
"""The entry-level categories in which people answered (geirhos-2018)."""

_LARGEST_INTEGER = 99_999
_MOSTLY = 0.9


def _expand(ranges: str) -> tuple[int, ...]:
    pairs = (part.partition("-") for part in ranges.split())
    return tuple(index for first, _, last in pairs for index in range(int(first), int(last or first) + 1))


SIXTEEN_MEMBERS: Mapping[str, tuple[int, ...]] = {category: _expand(ranges) for category, ranges in _RANGES.items()}
"""Category → the ImageNet-1k indices that count as it; 207 in all (geirhos-2018)."""


@cache
def _table() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """(wnid, name, synonyms) of the 1,000 classes, in the order of their indices."""
    text = resources.files("snellen").joinpath("data", "imagenet.csv").read_text("utf-8")
    return tuple((row["wnid"], row["name"], tuple(row["synonyms"].split("|"))) for row in csv.DictReader(text.splitlines()))


@cache
def imagenet() -> Labels:
    """The 1,000 classes of ImageNet-1k in the order of their indices; keys are WordNet ids (russakovsky-2015)."""
    return Labels("imagenet-1k", tuple(row[0] for row in _table()), tuple(row[1] for row in _table()))


@cache
def sixteen() -> Labels:
    """The sixteen entry-level categories (geirhos-2018)."""
    return Labels("sixteen", SIXTEEN, SIXTEEN)


def integers(k: int) -> Labels:
    """A list of `k` classes known by number only: keys "0" to "k-1"."""
    keys = tuple(str(index) for index in range(k))
    return Labels("integers", keys, keys)


def custom(names: Iterable[str]) -> Labels:
    """The user's own list, in the order given.

    Raises:
        SnellenError: the list is empty or names a class twice.
    """
    keys = tuple(map(printable, names))
    twice = sorted({key for key in keys if keys.count(key) > 1}) if len(set(keys)) < len(keys) else []
    if not keys or twice:
        what = f"{twice[0]!r} more than once" if twice else "an empty list of categories"
        raise SnellenError(f"got {what}; expected a list of different names: give each class its own name")
    return Labels("custom", keys, keys)


@cache
def _coarse() -> Mapping[str, str]:
    keys = imagenet().keys
    return {keys[index]: category for category, members in SIXTEEN_MEMBERS.items() for index in members}


def coarse(wnid: str) -> str | None:
    """The entry-level category of an ImageNet class; None for the 793 classes that have none."""
    return _coarse().get(wnid)


def coarse_of(labels: Labels) -> dict[str, str]:
    """Key → entry-level category, for the keys of `labels` that have one; empty for lists other than the two built in."""
    if labels.name == "sixteen":
        return {key: key for key in labels.keys}
    return dict(_coarse()) if labels.name == "imagenet-1k" else {}


def printable(text: str) -> str:
    """The text with lone surrogates, as from file names that are no UTF-8, escaped: it can be written anywhere."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def plain(text: str) -> str:
    """The text as it is compared: case, underscores, hyphens, punctuation and doubled spaces do not matter."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")
    return re.sub(r"[\W_]+", " ", text).strip()


@cache
def _imagenet_by_text() -> Mapping[str, tuple[str, ...]]:
    """Plain text → the WordNet ids it can stand for: ids, names and synonyms. A first lemma beats another class's later one."""
    found: dict[str, set[str]] = defaultdict(set)
    first: dict[str, set[str]] = defaultdict(set)
    for wnid, name, synonyms in _table():
        first[plain(synonyms[0])].add(wnid)
        for text in (wnid, name, ", ".join(synonyms), *synonyms):
            found[plain(text)].add(wnid)
    return {text: tuple(sorted(wnids)) for text, wnids in {**found, **first}.items()}


def _by_text(labels: Labels) -> Mapping[str, tuple[str, ...]]:
    if labels.name == "imagenet-1k":
        return _imagenet_by_text()
    found: dict[str, set[str]] = defaultdict(set)
    for key, name in zip(labels.keys, labels.names, strict=True):
        found[plain(key) or key].add(key)
        found[plain(name) or name].add(key)
    exact = {text: {text} for text in labels.keys}
    return {text: tuple(sorted(keys)) for text, keys in {**found, **exact}.items()}


def _lookup(text: str, table: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return table.get(text) or table.get(plain(text), ())


def _is_integer(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,12}", text)) and int(text) <= _LARGEST_INTEGER


def _suggest(text: str, table: Mapping[str, tuple[str, ...]], cutoff: float = 0.6) -> list[str]:
    return difflib.get_close_matches(plain(text), list(table), n=3, cutoff=cutoff)


def _keys(texts: Sequence[str], labels: Labels) -> dict[str, str]:
    """Distinct text → key of `labels`. Integers are indices of the list.

    Raises:
        SnellenError: a text is not in the list, or stands for several of its classes.
    """
    table = _by_text(labels)
    answer: dict[str, str] = {}
    for text in dict.fromkeys(texts):
        found = _lookup(text, table)
        if not found and _is_integer(text) and int(text) < len(labels):
            found = (labels.keys[int(text)],)
        if len(found) > 1:
            raise SnellenError(
                f"the category {text!r} stands for {len(found)} classes of {labels.name}: write one of {', '.join(found)}"
            )
        if not found:
            near = _suggest(text, table)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise SnellenError(
                f"got the category {text!r}; expected one of the {len(labels)} of {labels.name}.{hint} "
                "If the categories are your own, say so with labels 'custom'."
            )
        answer[text] = found[0]
    return answer


def by_name(name: str) -> Labels | None:
    """A built-in list by its name ("imagenet" or "imagenet-1k", "sixteen"); None for "custom".

    Raises:
        SnellenError: there is no such list.
    """
    known = {"imagenet": imagenet, "imagenet-1k": imagenet, "sixteen": sixteen, "custom": lambda: None}
    if name not in known:
        raise SnellenError(f"got the labels {name!r}; expected one of {', '.join(known)}, names, or a file with one name a line")
    return known[name]()


def _guess(distinct: Sequence[str]) -> Labels | None:
    """The built-in list that the texts belong to, but for what looks like a mistake; None when they are the user's own."""
    wnids = frozenset(imagenet().keys)
    if any(text.casefold() in wnids for text in distinct):
        return imagenet()
    for labels in (sixteen(), imagenet()):
        table = _by_text(labels)
        unknown = [text for text in distinct if not _lookup(text, table)]
        known = len(distinct) - len(unknown)
        slips = 2 * known >= len(distinct) and all(_suggest(text, table, cutoff=0.8) for text in unknown)
        if not unknown or known >= _MOSTLY * len(distinct) or slips:
            return labels
    return None


def resolve(texts: Sequence[str], labels_hint: Labels | str | None = None) -> tuple[Labels, list[str]]:
    """Which list the category texts of an image set (folder names, a CSV column, integers) belong to, and their keys in it.

    Case, underscores, hyphens and spaces do not matter; a subset of a list is enough. In this order:

    1. A hint decides: every text must be in that list, as a key, a name, a synonym or an index. "custom" takes texts as they are.
    2. One WordNet id of ImageNet-1k, and all must be classes of ImageNet-1k.
    3. All integers: a list known by number only, "0" to the largest. They are ImageNet indices only when a hint says so.
    4. All among the sixteen entry-level categories: those.
    5. All names or synonyms of ImageNet classes: ImageNet-1k.
    6. Otherwise the user's own list, sorted; unless nine in ten texts are of the list of rule 4 or 5, or at least half are and
       the others look like misspellings: then the unknown one is an error that suggests the nearest names.

    Args:
        texts: one category an image, repeats allowed.
        labels_hint: a list, or its name: "imagenet", "sixteen" or "custom".

    Returns:
        The list, and one canonical key a text, in order.

    Raises:
        SnellenError: a text is unknown to the list, stands for several classes, or is empty; or the hint names no list.
    """
    texts = [printable(text.strip()) for text in texts]
    if not texts or not all(texts):
        raise SnellenError(
            "got an empty category; expected a name, a WordNet id or an index for every image: leave unlabelled images out"
        )
    distinct = list(dict.fromkeys(texts))
    labels = by_name(labels_hint) if isinstance(labels_hint, str) else labels_hint
    if labels is None and labels_hint is None:
        if all(_is_integer(text) for text in distinct):
            labels = integers(max(int(text) for text in distinct) + 1)
            return labels, [str(int(text)) for text in texts]
        labels = _guess(distinct)
    if labels is None:
        return custom(sorted(distinct)), texts
    keys = _keys(distinct, labels)
    return labels, [keys[text] for text in texts]

"""Finding a class by what somebody calls it."""

from __future__ import annotations

from snellen.core import Labels, SnellenError
from snellen.labels import plain
from snellen.nearest import did_you_mean


def class_index(wanted: str | int, classes: Labels, also: str = "") -> int:
    """The place of a class in the list, by its number from 0, its name or its key; `also` is what else could have been asked for.

    Raises:
        SnellenError: there is no such class.
    """
    text = str(wanted)
    if text.isdecimal() and int(text) < len(classes):
        return int(text)
    known = {plain(one): at for texts in (classes.names, classes.keys) for at, one in enumerate(texts)}
    if plain(text) in known:
        return known[plain(text)]
    raise SnellenError(
        f"got the class {text!r}; expected {also}one of the {len(classes)} classes by name or by its number from 0."
        f"{did_you_mean(text, [*classes.names, *classes.keys])}"
    )

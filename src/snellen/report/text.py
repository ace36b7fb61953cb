"""Text from outside, made fit to print: file names may hold anything."""

from __future__ import annotations

import re
import unicodedata

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_PERCENT = re.compile(r"(\d) %")


def clean(text: str) -> str:
    """The text with control, surrogate and direction-changing characters shown as U+FFFD, and line breaks as spaces."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_printable(character) for character in text)


def prose(text: str) -> str:
    """Clean text whose numbers stay on one line with their per cent sign."""
    return _PERCENT.sub("\\1\u00a0%", clean(text))


def _printable(character: str) -> str:
    if character in "\n\r\t":
        return " "
    if character in _BIDI or unicodedata.category(character) in ("Cc", "Cs", "Cn"):
        return "\ufffd"
    return character

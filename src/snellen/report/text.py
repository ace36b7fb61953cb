"""Text from outside, made fit to print: file names may hold anything."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from markupsafe import Markup, escape

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_PERCENT = re.compile(r"(\d) %")
_MINUS = re.compile(r"(?<![\w.\-])-(?=\d)")
_KEY = re.compile(r"\b[a-z]+(?:-[a-z]+){0,3}-(?:18|19|20)\d\d(?:-[a-z]+)?\b")
_IN_BRACKETS = re.compile(r'\((<a class="cite"[^>]*>[^<]*</a>)\)')


def clean(text: str) -> str:
    """The text with control, surrogate and direction-changing characters shown as U+FFFD, and line breaks as spaces."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_printable(character) for character in text)


def keys_in(text: str) -> list[str]:
    """What looks like a citation key (`guo-2017`) in a text, in order."""
    return _KEY.findall(text)


def prose(text: str, references: Mapping[str, int]) -> Markup:
    """Clean, escaped text with true minus signs and unbroken per cents, whose citation keys are numbered links."""
    safe = str(escape(_PERCENT.sub("\\1\u00a0%", _MINUS.sub("\u2212", clean(text)))))
    linked = _KEY.sub(lambda m: _link(references[m[0]]) if m[0] in references else m[0], safe)
    return Markup(_IN_BRACKETS.sub(r"\1", linked))  # noqa: S704 (escaped above)


def _link(number: int) -> str:
    return f'<a class="cite" href="#ref-{number}" aria-label="reference {number}">[{number}]</a>'


def _printable(character: str) -> str:
    if character in "\n\r\t":
        return " "
    if character in _BIDI or unicodedata.category(character) in ("Cc", "Cs", "Cn"):
        return "\ufffd"
    return character

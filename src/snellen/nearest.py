"""What somebody may have meant who wrote a name that nothing has."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST = 64


def did_you_mean(name: object, known: Iterable[str], before: str = "") -> str:
    """A question to put behind an error's sentence, with `before` before the nearest of `known`; empty where none is near."""
    near = difflib.get_close_matches(str(name)[:_LONGEST], list(known), n=1, cutoff=0.5)
    return f" Did you mean {before}{near[0]}?" if near else ""

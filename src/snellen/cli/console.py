"""Where tables go."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

PIPED_WIDTH = 140


def console() -> Console:
    """Standard output; wide when nobody's window sets the width, so that no name is cut in a log.

    `net.py:two:` is the name of a model, not an emoji.
    """
    from rich.console import Console

    found = Console(emoji=False)
    return found if found.is_terminal else Console(width=PIPED_WIDTH, emoji=False)

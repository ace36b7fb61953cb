"""The examples of a page: fenced blocks, with what a comment before them says about how they are run.

- ```python runs, all blocks of a page in one namespace; with `title="name.py"` it is written to that file instead.
- ```toml with a title is written to that file.
- ```console holds `$ snellen …` commands with their output; a line `…` stands for what was left out of it.
- `<!-- exit: 1 -->` names another exit code than 0, `<!-- needs: zoo -->` what must be installed,
  `<!-- output -->` that a text block is what the Python block above it prints.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))

_FENCE = re.compile(
    r"(?P<notes>(?:^<!-- .*? -->\n\n?)*)^```(?P<kind>[a-z]+)(?P<rest>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
_NOTE = re.compile(r"<!-- (?P<key>[a-z]+)(?:: (?P<value>[^>]*?))? -->")


@dataclass(frozen=True)
class Block:
    """One fenced block; `line` is the number of its first line."""

    kind: str
    body: str
    line: int
    title: str | None = None
    exit: int = 0
    needs: tuple[str, ...] = ()
    is_output: bool = False


@dataclass(frozen=True)
class Command:
    """One command of a console block; `target` is the file its output is redirected to."""

    words: tuple[str, ...]
    output: tuple[str, ...]
    target: str | None = None


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    text = page.read_text("utf-8")
    return [_block(match, text) for match in _FENCE.finditer(text)]


def _block(match: re.Match[str], text: str) -> Block:
    notes = {note["key"]: note["value"] or "" for note in _NOTE.finditer(match["notes"])}
    unknown = set(notes) - {"exit", "needs", "output"}
    assert not unknown, f"a comment before a block says {', '.join(unknown)}; expected exit, needs or output"
    title = re.search(r'title="([^"]+)"', match["rest"])
    return Block(
        match["kind"],
        match["body"],
        text.count("\n", 0, match.start("kind")) + 1,
        title[1] if title else None,
        int(notes.get("exit", 0)),
        tuple(notes.get("needs", "").replace(",", " ").split()),
        "output" in notes,
    )


def commands(body: str) -> list[Command]:
    """The commands of a console block, each with the lines below it."""
    out = []
    for part in re.split(r"^\$ ", body.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        words = shlex.split(line)
        target = words[words.index(">") + 1] if ">" in words else None
        words = words[: words.index(">")] if target else words
        out.append(Command(tuple(words), tuple(text.rstrip() for text in output.splitlines() if text.strip()), target))
    return out


def differs(expected: tuple[str, ...], found: str) -> str | None:
    """The first expected line that is not where it should be; None when all are. "…" stands for any number of lines."""
    lines = [line.rstrip() for line in found.splitlines() if line.strip()]
    at, free = 0, False
    for line in expected:
        if line.strip() == "…":
            free = True
            continue
        places = range(at, len(lines)) if free else range(at, min(at + 1, len(lines)))
        place = next((place for place in places if lines[place] == line), None)
        if place is None:
            return line
        at, free = place + 1, False
    return None if free or at == len(lines) or not expected else f"(the end, but there is {lines[at]!r})"

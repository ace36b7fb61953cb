"""Telling how far the exam is: a bar on a terminal, a line now and then in a pipe, nothing when asked to be quiet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

LINE_SECONDS = 10.0


class Progress:
    """Where news of an exam goes. Texts are for people; `stage` wraps a stretch of work counted in passes."""

    def __init__(self, quiet: bool = False, console: Any = None) -> None:
        """`console` is a rich Console; standard error unless given."""
        self.quiet = quiet
        self._console = console

    @property
    def console(self) -> Any:
        """The rich console, made when first needed."""
        if self._console is None:
            from rich.console import Console

            self._console = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
        return self._console

    def say(self, text: str) -> None:
        """One line, as plain text."""
        if not self.quiet:
            self.console.print(text, markup=False)

    @contextmanager
    def stage(self, title: str, total: int) -> Iterator[Callable[[int], None]]:
        """Count `total` units under `title`; yields the function that advances."""
        if self.quiet or total <= 0:
            yield lambda n: None
        elif self.console.is_terminal:
            with self._bar(title, total) as advance:
                yield advance
        else:
            yield self._lines(title, total)

    @contextmanager
    def _bar(self, title: str, total: int) -> Iterator[Callable[[int], None]]:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Bar(*columns, console=self.console, transient=False) as bar:
            task = bar.add_task(title, total=total)
            yield lambda n: bar.advance(task, n)

    def _lines(self, title: str, total: int) -> Callable[[int], None]:
        done, told = 0, time.monotonic()
        self.say(f"{title}: 0 of {total:,}")

        def advance(n: int) -> None:
            nonlocal done, told
            done += n
            now = time.monotonic()
            if done >= total > done - n or (now - told >= LINE_SECONDS and done < total):
                told = now
                self.say(f"{title}: {done:,} of {total:,} ({done / total:.0%})")

        return advance

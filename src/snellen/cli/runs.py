"""Commands on finished exams: `snellen judge · report · compare · cite`."""

from __future__ import annotations

from pathlib import Path


def judge(run: Path, /, *, trust: bool = False) -> int:
    """Judge a finished exam again, without the model, and write its page anew.

    Example: `snellen judge exams/efficientnet-lite0-on-photos`

    Parameters:
        run: the folder of the exam.
        trust: run probes that stand in files of their own, which the exam names.
    """
    from snellen.api import write_page
    from snellen.run.rejudge import rejudge

    _say(f"Report: {write_page(rejudge(run, trust), run)}")
    return 0


def report(run: Path, /) -> int:
    """Write the page of a finished exam anew, from its record alone.

    Example: `snellen report exams/efficientnet-lite0-on-photos`
    """
    from snellen.api import write_page
    from snellen.run.record import read

    _say(f"Report: {write_page(read(run), run)}")
    return 0


def compare(*runs: Path, out: Path = Path("comparison.html")) -> int:
    """Compare two or more exams on one page: every number side by side, and paired differences with intervals.

    Example: `snellen compare exams/a exams/b exams/c --out families.html`

    Parameters:
        runs: folders of finished exams of different models on the same image sets.
        out: where to write the page.
    """
    from rich.markup import escape
    from rich.table import Table

    from snellen.cli.console import console
    from snellen.report.compare import render_compare
    from snellen.run.compare import differences

    records, rows = differences(runs)
    out.write_text(render_compare(records, rows, list(runs)), encoding="utf-8")
    table = Table("finding", "images", "first", "second", "second - first", "95 % interval", "n", title="Paired differences")
    for row in rows:
        known = row.value is not None and row.low is not None and row.high is not None
        numbers = [f"{row.value:+.3f}", f"{row.low:+.3f} – {row.high:+.3f}"] if known else [row.reason, ""]
        clear = row.low is not None and row.high is not None and not row.low <= 0 <= row.high
        cells = [row.finding_id, row.dataset, row.first, row.second, *numbers, f"{row.n:,}"]
        table.add_row(*map(escape, cells), style="bold" if clear else None)
    console().print(table)
    _say(f"Page: {out}")
    return 0


def cite(run: Path, /) -> int:
    """Print the BibTeX of everything a finished exam rests on.

    Example: `snellen cite exams/efficientnet-lite0-on-photos > exam.bib`
    """
    from snellen.report.references import cite as bibtex
    from snellen.run.record import read

    keys = dict.fromkeys(key for section in read(run).sections if section.status == "done" for key in section.cites)
    print(bibtex(list(keys)))
    return 0


def _say(text: str) -> None:
    print(text)

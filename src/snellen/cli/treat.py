"""`snellen treat`."""

from __future__ import annotations

import json as js
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

if TYPE_CHECKING:
    from snellen.core import Interval
    from snellen.treating import Treated

app = App(name="treat", help="Make a model better, and say by how much.")


@app.command
def calibrate(
    model: str,
    images: str,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    method: Literal["temperature", "vector", "platt", "isotonic", "beta"] = "temperature",
    share: float = 0.5,
    seed: int = 0,
    labels: str | None = None,
    categories: str | None = None,
    preprocess: list[str] | None = None,
    sample: int | None = None,
    device: str = "auto",
    trust: bool = False,
    json: bool = False,
) -> int:
    """Make a model as sure as it is right: fit on one part of the images, judge on the other.

    The file that comes out is a model: `snellen exam` takes it, and says so when it is examined on images it was fitted on.

    - One number for all logits: `snellen treat calibrate zoo:mobilenet-v2 photos/ -o calibrated.json`
    - A curve instead: `snellen treat calibrate zoo:mobilenet-v2 photos/ --method isotonic -o calibrated.json`
    - Then: `snellen exam calibrated.json other-photos/`

    Parameters:
        model: what to calibrate, as `snellen exam` takes it.
        images: labelled images that no training has seen.
        out: the file to write, `NAME.json`; beside it comes `NAME.svg`, accuracy against confidence before and after.
        method: `temperature` (one number), `vector` (a weight and a bias for each class), or a curve from the confidence of the
            answer to its chance of being right: `platt`, `isotonic`, `beta`.
        share: of the images to fit on.
        seed: of the split.
        labels: a file that names the model's classes, one a line, or `imagenet`, or `sixteen`.
        categories: the list that the images' categories belong to, given likewise; guessed from their texts unless given.
        preprocess: what stands between image files and a model of your own, `key=value`. Repeatable.
        sample: use a random sample of this many images.
        device: cpu, cuda, cuda:1. Default: the GPU if there is one.
        trust: allow unpickling of weights and code that comes with them. Only for files you would run.
        json: print the numbers as JSON on standard output.
    """
    from snellen.cli.options import preprocessing
    from snellen.treating import treat

    done = treat(
        model,
        images,
        method,
        share=share,
        seed=seed,
        out=out,
        labels=labels,
        categories=categories,
        preprocessing=preprocessing(preprocess or []),
        sample=sample,
        device=device,
        trust=trust,
    )
    if json:
        from pydantic import TypeAdapter

        print(js.dumps([TypeAdapter(type(score)).dump_python(score) for score in done.scores], indent=1))
    else:
        _print(done)
    return 0


def _print(done: Treated) -> None:
    """A row for each number, before and after, then where the model is."""
    from rich.markup import escape
    from rich.table import Table

    from snellen.cli.console import console

    screen = console()
    table = Table("on images it was not fitted on", "before", "after", "after - before", title=escape(done.model.name))
    for score in done.scores:
        gap = score.difference
        clear = gap is not None and not gap.low <= 0 <= gap.high
        cells = (_number(score.before, score.interval_before), _number(score.after, score.interval_after), _interval(gap))
        table.add_row(score.title, *cells, style="bold" if clear else None)
    screen.print(table)
    screen.print(f"Fitted on {done.fitted:,} images, judged on {done.judged:,}: {done.model.scaling.describe()}", markup=False)
    if done.left_out:
        screen.print(f"{done.left_out:,} images left out: unreadable, or of a category the model does not know", markup=False)
    screen.print(f"Reliability: {done.figure}", markup=False, soft_wrap=True)
    screen.print(f"Model: {done.path}. Next: snellen exam {done.path} IMAGES", markup=False, soft_wrap=True)


def _number(value: float | None, interval: Interval | None) -> str:
    return "infinite" if value is None else f"{value:.4f} {_interval(interval)}".rstrip()


def _interval(interval: Interval | None) -> str:
    return rf"\[{interval.low:.4f}, {interval.high:.4f}]" if interval else ""

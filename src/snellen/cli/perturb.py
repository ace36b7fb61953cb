"""`snellen perturb`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from snellen.cli.style import style

TOLD = 5
"""Problems that are printed."""

app = App(name="perturb")
app.command(style)


@app.default
def perturb(
    name: str,
    images: str,
    /,
    *,
    level: list[str] | None = None,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    seed: int = 0,
    size: int | None = None,
    limit: int | None = None,
    jpeg85: bool = False,
    quiet: bool = False,
) -> int:
    """Write images as they are under a perturbation: one folder a level, a table of what was done and a contact sheet.

    Running the same command again writes what is missing. A folder with anything else in it is refused.

    - All five severities of fog: `snellen perturb fog photos/ -o foggy`, then `snellen exam MODEL foggy/3`
    - Two levels: `snellen perturb uniform-noise photos/ --level 0.10 --level 0.35 -o noisy`
    - A look at one: `snellen perturb edges photos/ --limit 4 --size 224`, then open `perturbed/edges/sheet.png`
    - One's own file: `snellen perturb ./mine.py photos/ --level 1`
    - Which there are: `snellen list perturbations`; the levels of one: `snellen show fog`

    Parameters:
        name: a perturbation, as in `snellen list perturbations`, or a file with LEVELS and a function.
        images: a folder, a parquet file, `photos:all` or `world`.
        level: a level, or several separated by commas. Repeatable. Default: all.
        out: the folder to write. Default: `perturbed/NAME`.
        seed: of whatever is random, and of `--limit`.
        size: bring the shorter side to so many pixels and keep the centre. Default: images keep their size.
        limit: so many images, equal per category as far as possible.
        jpeg85: JPEG files of quality 85, as the published ImageNet-C has them, instead of PNG.
        quiet: no progress.
    """
    from snellen.cli.console import console
    from snellen.perturbing import ALL
    from snellen.perturbing import perturb as conduct
    from snellen.run.progress import Progress

    levels = [text.strip() for given in level or [ALL] for text in given.split(",") if text.strip()]
    done = conduct(images, name, levels, out, seed=seed, size=size, limit=limit, jpeg85=jpeg85, progress=Progress(quiet))
    screen = console()
    screen.print(
        f"{done.perturbation}, {len(done.levels)} levels of {done.images:,} images: wrote {done.written:,} files to {done.folder}",
        markup=False,
        soft_wrap=True,
        highlight=False,
    )
    for image, at, reason in done.problems[:TOLD]:
        screen.print(f"Left out: {image}{at and f' at {at}'}: {reason}", markup=False, soft_wrap=True, highlight=False)
    if len(done.problems) > TOLD:
        screen.print(f"… and {len(done.problems) - TOLD:,} more", highlight=False)
    screen.print(f"Contact sheet: {done.sheet}", markup=False, soft_wrap=True, highlight=False)
    return 0

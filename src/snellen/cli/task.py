"""`snellen task`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter


def task(
    model: str,
    images: str,
    /,
    *,
    unit: Annotated[list[str], Parameter(consume_multiple=True)],
    design: Literal["borowski-2020", "zimmermann-2021"] = "borowski-2020",
    references: Literal["natural", "blurred", "synthetic", "mixed", "none"] = "natural",
    trials: int = 4,
    share: float = 0.4,
    stride: int = 2,
    steps: int = 2560,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    preprocess: list[str] | None = None,
    seed: int = 0,
    device: str = "auto",
    trust: bool = False,
    quiet: bool = False,
) -> int:
    """Write a task for people: of two pictures, to which does a unit respond more? With the answers and machine baselines.

    - Two natural images, nine references at each end: `snellen task zoo:squeezenet photos/ --unit features.9:3,17`
    - One image under two occluders: `snellen task zoo:squeezenet photos/ --unit features.9:0-7 --design zimmermann-2021`
    - Without references, as the control: `… --references none`

    Written: `trials.csv` (answers, the unit's responses, what baselines choose), `task.json`, and for each trial a folder of PNG
    files.

    Parameters:
        model: a PyTorch network, as `snellen exam` takes it.
        images: an image set with ten images a trial at least.
        unit: `LAYER:CHANNEL`, `LAYER:FIRST-LAST` or `LAYER:3,7,10-12`, all of one layer. Repeatable.
        design: which study's.
        references: natural images, the same blurred but for their middle, images made from noise, five and four of these, or none.
        trials: of each unit.
        share: side of the occluder over that of the image: .3, .4 and .5 of 224 pixels are 66, 90 and 112.
        stride: pixels from place to place of the occluder.
        steps: of the ascent that makes images from noise.
        out: folder. Default: tasks/MODEL-LAYER-DESIGN.
        preprocess: what stands between image files and a model of your own, `key=value`. Repeatable.
        seed: of which image is in which trial, and which side is right.
        device: cpu, cuda, cuda:1. Default: the GPU if there is one.
        trust: allow unpickling of weights and code that comes with them. Only for files you would run.
        quiet: no progress.
    """
    from snellen.cli.console import console
    from snellen.cli.options import preprocessing
    from snellen.run.progress import Progress
    from snellen.stats import clopper_pearson
    from snellen.tasks import make_task

    made = make_task(
        model,
        images,
        unit,
        design=design,
        references=references,
        trials=trials,
        share=share,
        stride=stride,
        steps=steps,
        out=out,
        preprocessing=preprocessing(preprocess or []),
        seed=seed,
        device=device,
        trust=trust,
        progress=Progress(quiet),
    )
    screen, count = console(), made.trials.height
    for baseline in (name for name in made.trials.columns if name.startswith("by ")):
        hits = round(made.accuracy(baseline) * count)
        low_high = clopper_pearson(hits, count)
        told = f"Chosen {baseline}: right in {hits} of {count} [{low_high.low:.0%}, {low_high.high:.0%}]"
        screen.print(told, markup=False, highlight=False)
    screen.print(f"{count} trials: {made.folder / 'trials.csv'}", markup=False, soft_wrap=True, highlight=False)
    return 0

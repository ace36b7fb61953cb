"""`snellen explain`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    import numpy as np


def explain(
    model: str,
    images: list[str],
    /,
    *,
    method: Annotated[list[str] | None, Parameter(name=["--method", "-m"], consume_multiple=True)] = None,
    target: str = "answer",
    unchecked: bool = False,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    labels: str | None = None,
    preprocess: list[str] | None = None,
    sample: int | None = None,
    seed: int = 0,
    device: str = "auto",
    trust: bool = False,
    json: bool = False,
    quiet: bool = False,
) -> int:
    """Draw what a model's answer depends on: a map over each image, by several methods beside each other.

    Maps are signed and have a scale: orange speaks for the class, blue against it. No map says by itself whether it can be
    believed. So each is checked: regions are hidden, and brought back, in its order, and how much sooner than in random orders the
    probability of the class goes and comes is its faithfulness (0: chance). Methods that disagree cannot all be right.

    - A look: `snellen explain zoo:efficientnet-lite0 cat.jpg -o cat.png`
    - Other methods, with settings: `snellen explain net.safetensors photos/ -m integrated-gradients -m occlusion:patch=16,stride=8`
    - Why not that class? `snellen explain zoo:mobilenet-v2 dog.jpg --target "Siberian husky"`
    - A black box: `snellen explain model.onnx cat.jpg -m occlusion`
    - A layer of one's choice: `snellen explain net.safetensors cat.jpg -m grad-cam:layer=features.5`

    Written: a picture alone where `--out` ends in .png, .webp or .jpg; else a folder with `sheet.png`, `maps.npz` (the maps) and
    `explain.json`.

    Parameters:
        model: as `snellen exam` takes it. PyTorch networks can be explained by every method, JAX and TensorFlow ones by those made
            of gradients of pixels or of answers, others by those made of answers.
        images: image files, or one folder, parquet file, `photos:all` or `world`.
        method: a name from `snellen list explainers`, with settings if need be, or a file of one's own. Repeatable. Default:
            gradient, grad-cam, occlusion.
        target: the class explained: `answer`, `second`, `truth`, or a class by name or number.
        unchecked: leave out how faithful maps are.
        out: a picture file or a folder. Default: explanations/MODEL-on-IMAGES.
        labels: a file that names the model's classes, one a line, or `imagenet`.
        preprocess: what stands between image files and a model of your own, `key=value`. Repeatable.
        sample: explain so many images of a set, balanced over categories. Default: 16.
        seed: of the sample and of methods that draw at random.
        device: cpu, cuda, cuda:1. Default: the GPU if there is one.
        trust: allow unpickling of weights and code that comes with them. Only for files you would run.
        json: print what was found as JSON on standard output.
        quiet: no progress.
    """
    import json as writer

    from snellen.cli.console import console
    from snellen.cli.options import preprocessing
    from snellen.explaining import DEFAULT, FOLDER
    from snellen.explaining import explain as conduct
    from snellen.explaining.files import table, write
    from snellen.methods.explain.validity import misses
    from snellen.run.evidence import slug
    from snellen.run.progress import Progress

    done = conduct(
        model,
        images if len(images) > 1 else images[0],
        method or DEFAULT,
        target=target,
        check=not unchecked,
        labels=labels,
        preprocessing=preprocessing(preprocess or []),
        sample=sample,
        seed=seed,
        device=device,
        trust=trust,
        progress=Progress(quiet),
    )
    called = done.images[0] if len(done.images) == 1 else f"{len(done.images)}-images"
    written = write(done, out or Path(FOLDER) / slug(f"{done.model.name}-on-{called}"))
    if json:
        print(writer.dumps(table(done), indent=1))
        return 0
    screen = console()
    for (explainer, _), scores in zip(done.methods, done.faithful, strict=False):
        told = f"{explainer.name}: faithful {scores.mean():+.2f}{_interval(scores)}, 0 being chance"
        screen.print(told, markup=False, soft_wrap=True, highlight=False)
    for explainer, _ in done.methods:
        for text in misses(explainer.name):
            screen.print(f"Warning: {explainer.name}: {text}", markup=False, soft_wrap=True, highlight=False)
    for name, reason in (*done.refused.items(), *done.problems.items()):
        screen.print(f"Left out: {name}: {reason}", markup=False, soft_wrap=True, highlight=False)
    for place in written:
        screen.print(str(place), markup=False, soft_wrap=True, highlight=False)
    return 0


def _interval(scores: np.ndarray) -> str:
    """Of the mean over images, where there are several."""
    import numpy as np

    from snellen.stats import bootstrap, mean_estimate

    found = bootstrap(mean_estimate(np.arange(len(scores)), scores), 0) if len(scores) > 2 else None
    return f" [{found.low:+.2f}, {found.high:+.2f}] over {len(scores)} images" if found else ""

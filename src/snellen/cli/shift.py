"""`snellen shift`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path


def shift(
    model: str,
    old: str,
    new: str,
    /,
    *,
    pool: str = "",
    scale: str = "probit",
    labels: str | None = None,
    categories: str | None = None,
    preprocess: list[str] | None = None,
    sample: int | None = None,
    seed: int = 0,
    out: Path | None = None,
    device: str = "auto",
    batch_size: str = "auto",
    require: list[str] | None = None,
    trust: bool = False,
    quiet: bool = False,
) -> int:
    """Examine a model on an old test set and on a new one: what it loses, and whether that is more than other models lose.

    - `snellen shift model.onnx validation/ collected-this-year/ --labels classes.txt`
    - Among published models: `snellen shift timm:resnet50 imagenet/ imagenetv2/ --pool timm/results`
    - As a gate: `snellen shift model.onnx old/ new/ --require "new-test-set.drop<=0.05"`

    Parameters:
        model: what to examine, as in `snellen exam`.
        old: the image set on which the model was chosen, as in `snellen exam`.
        new: images that were collected anew.
        pool: accuracies of other models on the same two sets: a CSV with columns model, original and shifted, or a table of timm,
            ImageNetV2 or the ImageNet testbed; `PATH#NAME` names the new test set where a table has several.
        scale: of the line through the pool: `probit`, `logit` or `linear`.
        labels: a file that names the model's classes, one a line, or `imagenet`, or `sixteen`.
        categories: the list that the images' categories belong to, given likewise; guessed from their texts unless given.
        preprocess: what stands between image files and a model of your own, `key=value`. Repeatable.
        sample: examine a random sample of this many images of each set, balanced over categories.
        seed: what everything random depends on.
        out: folder of the exam. Default: exams/MODEL-on-OLD+NEW.
        device: cpu, cuda, cuda:1, mps. Default: the GPU if there is one.
        batch_size: images a forward pass, or `auto`.
        require: a requirement on a finding; exit code 1 when it is not met. Repeatable.
        trust: allow unpickling of weights and code that comes with them. Only for files you would run.
        quiet: no progress.
    """
    from snellen.cli.exam import tell
    from snellen.cli.options import batch, preprocessing
    from snellen.run.memory import keep
    from snellen.run.progress import Progress
    from snellen.shifting import shift as conduct

    keep()
    done = conduct(
        model,
        old,
        new,
        pool=pool,
        scale=scale,
        require=require or (),
        progress=Progress(quiet),
        labels=labels,
        categories=categories,
        preprocessing=preprocessing(preprocess or []),
        sample=sample,
        seed=seed,
        out=out,
        device=device,
        batch_size=batch(batch_size),
        trust=trust,
        command=shlex.join(["snellen", *sys.argv[1:]]),
    )
    tell(done)
    unmet = [text for text, met, _ in done.record.requirements if not met]
    return 1 if unmet else 3 if done.failed else 0

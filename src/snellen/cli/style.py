"""`snellen perturb style`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter


def style(
    content: str,
    style: str,
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    method: Literal["pyramid", "gram", "adain"] = "pyramid",
    stylised: bool = False,
    per_pair: int | None = None,
    size: int = 224,
    seed: int = 0,
    alpha: float = 1.0,
    keep_colour: bool = False,
    backbone: str = "random",
    style_layers: str = "",
    content_layers: str = "",
    content_weight: float | None = None,
    steps: int = 60,
    weights: Path | None = None,
    device: str = "auto",
    quiet: bool = False,
) -> int:
    """Give the shapes of one image set the textures of another: cue conflicts, or a stylised training set.

    Running the same command again makes what is missing. The folder written is an image set, with a table of what went into
    each picture and a contact sheet, `sheet.png`.

    - Cue conflicts: `snellen perturb style shapes/ textures/ -o conflict`, then `snellen exam MODEL conflict --probes shape-bias`
    - A training set in which texture tells nothing: `snellen perturb style photos/ paintings/ -o stylised --stylised`
    - As Stylized-ImageNet was made: `--method adain --stylised`, with the weights of a package (it says which)
    - By optimisation, slowly: `--method gram`, with `--backbone vgg19` or any PyTorch model and names of its layers

    Parameters:
        content: images of shapes, one sub-folder per category.
        style: images of textures, likewise; with `--stylised` they need no categories.
        out: the folder to write.
        method: `pyramid`, which needs no network, `gram` (optimisation) or `adain` (needs weights).
        stylised: each content image in a random style, in the folder of its own category: a training set.
        per_pair: pictures of each pair of different categories. Default: 5; with `--stylised` 1 of each image.
        size: side of the pictures, pixels.
        seed: of which images go together and of all else that is random.
        alpha: of adain: share of the style.
        keep_colour: of adain: keep the colours of the content.
        backbone: of gram: `random` filters, `vgg19` (needs weights), or a PyTorch model by name.
        style_layers: of gram: names of layers, separated by commas.
        content_layers: likewise.
        content_weight: of gram: weight of the content against the style.
        steps: of gram: of the optimiser.
        weights: the archive that adain and vgg19 read. Default: the one in the current folder.
        device: cpu, cuda, cuda:1. Default: the GPU if there is one.
        quiet: no progress.
    """
    from snellen.run.progress import Progress
    from snellen.styling import stylise

    progress = Progress(quiet)
    done = stylise(
        content,
        style,
        out,
        method=method,
        stylised=stylised,
        per_pair=per_pair,
        size=size,
        seed=seed,
        alpha=alpha,
        keep_colour=keep_colour,
        backbone=backbone,
        style_layers=_names(style_layers),
        content_layers=_names(content_layers),
        content_weight=content_weight,
        steps=steps,
        weights=weights,
        device=device,
        progress=progress,
    )
    for reason in done.unreadable:
        progress.say(f"Left out: {reason}")
    print(
        f"{done.pictures:,} pictures in {done.folder}, {done.made:,} of them made now. Contact sheet: {done.folder / 'sheet.png'}"
    )
    if not stylised:
        print(f"Next: snellen exam MODEL {done.folder} --probes shape-bias")
    return 0


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())

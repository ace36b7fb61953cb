"""`snellen attack`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from snellen.attacking import Attacks


def attack(
    model: str,
    images: str,
    *,
    attack: Annotated[list[str] | None, Parameter(name=["--attack", "-a"])] = None,
    norm: Literal["linf", "l2", "l1"] = "linf",
    eps: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    each: bool = False,
    save: Literal["none", "png", "npz"] = "none",
    labels: str | None = None,
    categories: str | None = None,
    preprocess: list[str] | None = None,
    sample: int | None = None,
    seed: int = 0,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    device: str = "auto",
    batch_size: str = "auto",
    trust: bool = False,
    json: bool = False,
    quiet: bool = False,
) -> int:
    """Change images a little, against a model, and count how many it still gets right.

    No attack proves that a model is robust: its accuracy under attack is at most what is found here. Several attacks find more
    than one, so each sees what those before it could not break. Running the same command again computes only what is missing.

    - A quick look: `snellen attack patient:healthy world --attack fgsm --attack pgd --eps 4/255`
    - A curve, from one run: `snellen attack model.onnx photos/ --attack square --eps 1/255 2/255 4/255 8/255`
    - The suite that published numbers are made with: `snellen attack net.safetensors photos/ --attack standard --eps 8/255`
    - How far is the nearest error? `snellen attack net.safetensors photos/ --attack deepfool --norm l2 --eps 0.25 0.5 1`
    - Other settings, an attack of your own: `snellen attack net.onnx photos/ --attack square:queries=9000 --attack ./mine.py`

    Written into the folder: `attack.json` (the table), `attack.parquet` (a row for each image, size and attack), `sheet.png`.

    Parameters:
        model: as `snellen exam` takes it. With gradients: PyTorch, JAX and TensorFlow. Others are black boxes: square.
        images: labelled images of the model's own categories.
        attack: a name, with settings if need be. Within a size: `fgsm`, `pgd`, `apgd-ce`, `apgd-dlr`, `apgd-t`, `square`. For the
            smallest change: `fab`, `fab-t`, `deepfool`, `carlini-wagner`. AutoAttack's suite: `standard`. Repeatable. Default:
            apgd-ce, apgd-t and square:queries=500.
        norm: how changes are measured, pixels being in 0 to 1: the largest (`linf`), Euclidean (`l2`), or the sum (`l1`).
        eps: the largest changes allowed, numbers or fractions; several make a curve. Default: 8/255, 0.5 or 12 by norm.
        each: let every attack see every image, to compare the single attacks; slower.
        save: adversarial images as PNG files (rounded to 8 bits, and checked again) or as one .npz of floats.
        labels: a file that names the model's classes, one a line, or `imagenet`, or `sixteen`.
        categories: the list that the images' categories belong to, given likewise; guessed from their texts unless given.
        preprocess: what stands between image files and a model of your own, `key=value`. Repeatable.
        sample: attack a random sample of this many images, balanced over categories.
        seed: of the sample and of random starts.
        out: folder. Default: attacks/MODEL-on-IMAGES.
        device: cpu, cuda, cuda:1. Default: the GPU if there is one.
        batch_size: images attacked together, or `auto`. An interrupted run loses at most these.
        trust: allow unpickling of weights and code that comes with them. Only for files you would run.
        json: print the table as JSON on standard output.
        quiet: no progress.
    """
    from snellen.attacking import DEFAULT
    from snellen.attacking import attack as conduct
    from snellen.attacking.files import write_images, write_sheet, write_table
    from snellen.cli.options import batch, preprocessing
    from snellen.run.progress import Progress

    done = conduct(
        model,
        images,
        attack or DEFAULT,
        norm=norm,
        epsilons=eps or None,
        each=each,
        out=out,
        labels=labels,
        categories=categories,
        preprocessing=preprocessing(preprocess or []),
        sample=sample,
        seed=seed,
        device=device,
        batch_size=batch(batch_size),
        trust=trust,
        progress=Progress(quiet),
    )
    table = write_table(done)
    if json:
        print(table.read_text("utf-8"))
    else:
        _print(done)
    said = [f"Table: {table}", f"Sheet: {written}" if (written := write_sheet(done)) else "No image was broken: no sheet."]
    if save != "none":
        place, count, held = write_images(done, save)
        rounded = f"; rounded to 8 bits, {held} of them are still got wrong" if save == "png" else ""
        said.append(f"Adversarial images: {place} ({count}{rounded})")
    if not json:
        for line in said:
            _say(line)
    return 0


def _print(done: Attacks) -> None:
    """Accuracy at each size, of every attack and of all together, then what speaks against trusting it."""
    from rich.markup import escape
    from rich.table import Table

    from snellen.cli.console import console

    title = f"{done.assault.model.name} on {done.assault.images.name}: accuracy under attack ({done.norm})"
    table = Table("eps", "attack", "seen", "broken", "accuracy", "95 % interval", "median size", title=escape(title))
    for stand in done.stands:
        low_high = f"{stand.interval.low:.1%} – {stand.interval.high:.1%}" if stand.interval else ""
        cells = [
            _size(stand.epsilon),
            escape(stand.attack if stand.epsilon else "the images as they are"),
            f"{stand.seen:,}",
            f"{stand.broken:,}",
            "" if stand.accuracy is None else f"{stand.accuracy:.1%}",
            low_high,
            "" if stand.distance is None else f"{stand.distance:.3g}",
        ]
        table.add_row(*([f"[bold]{cell}[/bold]" for cell in cells] if stand.together else cells), end_section=stand.together)
    console().print(table)
    for warning in done.warnings:
        _say(f"Warning: {warning}")


def _say(text: str) -> None:
    from snellen.cli.console import console

    console().print(text, markup=False, soft_wrap=True, highlight=False)


def _size(epsilon: float) -> str:
    """Grey levels as such: 4/255."""
    levels = round(epsilon * 255)
    return f"{levels}/255" if levels and abs(epsilon * 255 - levels) < 1e-6 else f"{epsilon:.4g}"

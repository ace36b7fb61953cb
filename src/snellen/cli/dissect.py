"""`snellen dissect`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from snellen.dissecting import Dissections


def dissect(
    model: str,
    images: str,
    /,
    *,
    layer: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    share: float = 0.005,
    least: float = 0.04,
    side: int = 112,
    cards: int = 24,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    preprocess: list[str] | None = None,
    sample: int | None = None,
    seed: int = 0,
    device: str = "auto",
    trust: bool = False,
    json: bool = False,
    quiet: bool = False,
) -> int:
    """Count the units of a layer that detect a concept: that are strong where it is, and weak elsewhere.

    The same is done after a random rotation of the units, which keeps all that the layer tells and loses its axes: what is left
    then is what any axes would detect.

    - On a world, whose masks are exact: `snellen dissect patient:healthy world:images=2000 --layer features.5`
    - On Broden, once you have it: `snellen dissect zoo:efficientnet-lite0 broden1_224/ --layer features.12 -o dissected`
    - Several layers: `snellen dissect net.safetensors world:images=2000 --layer layer3 layer4`

    Written, in a folder: `dissect.json` and `dissect.parquet` (a row for each unit), and `units.webp`, the units that fit a concept
    best with the images that they respond to most. Layers that are done are kept: the same command again does what is missing.

    Parameters:
        model: a PyTorch network, as `snellen exam` takes it.
        images: `world`, `world:KEY=VALUE,…`, or a folder in the form of Broden: index.csv, label.csv, images/.
        layer: its name; `snellen visualize MODEL --layers` lists them. Repeatable. Default: the last that has a grid of places.
        share: of places that are above a unit's threshold.
        least: what the intersection over union of a detector exceeds.
        side: rows and columns in which maps and masks are compared.
        cards: units of each layer on the sheet.
        out: folder. Default: dissections/MODEL-on-IMAGES.
        preprocess: what stands between image files and a model of your own, `key=value`. Repeatable.
        sample: so many of the images.
        seed: of the sample and of the rotation.
        device: cpu, cuda, cuda:1. Default: the GPU if there is one.
        trust: allow unpickling of weights and code that comes with them. Only for files you would run.
        json: print what was found as JSON on standard output.
        quiet: no progress.
    """
    from snellen.cli.console import console
    from snellen.cli.options import preprocessing
    from snellen.dissecting import dissect as conduct
    from snellen.dissecting.files import save
    from snellen.run.progress import Progress

    done = conduct(
        model,
        images,
        layer,
        share=share,
        least=least,
        side=side,
        out=out,
        preprocessing=preprocessing(preprocess or []),
        sample=sample,
        seed=seed,
        device=device,
        trust=trust,
        progress=Progress(quiet),
    )
    written = save(done, cards)
    if json:
        print(written[0].read_text("utf-8"))
        return 0
    _print(done)
    for name, reason in done.problems.items():
        console().print(f"Left out: {name}: {reason}", markup=False, soft_wrap=True, highlight=False)
    for path in written:
        console().print(str(path), markup=False, soft_wrap=True, highlight=False)
    return 0


def _print(done: Dissections) -> None:
    """Detectors and concepts of each layer and category, beside those after a rotation."""
    from rich.table import Table
    from rich.text import Text

    from snellen.cli.console import console
    from snellen.dissecting.files import counts

    title = Text(f"{done.model.name} on {done.data.images.name}: units that detect a concept")
    table = Table("layer", "units", "category", "detectors", "concepts", "detectors, mixed", "concepts, mixed", title=title)
    for row in counts(done):
        table.add_row(*(Text(str(value)) for value in row.values()), end_section=row["category"] == "all")
    console().print(table)

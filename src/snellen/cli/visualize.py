"""`snellen visualize` and `snellen dream`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from snellen.core import Preprocessing
    from snellen.run.progress import Progress


def visualize(
    model: str,
    /,
    *,
    unit: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    class_: Annotated[list[str] | None, Parameter(name="--class", consume_multiple=True)] = None,
    layers: bool = False,
    images: str | None = None,
    count: int = 4,
    steps: int = 512,
    rate: float = 0.05,
    power: float = 1.0,
    copies: int = 1,
    size: int | None = None,
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
    """Draw what channels of a network and its classes respond to most, by gradient ascent from noise.

    - Eight classes: `snellen visualize zoo:efficientnet-lite0 -o classes.webp`
    - Which layers are there? `snellen visualize zoo:efficientnet-lite0 --layers`
    - Channels: `snellen visualize zoo:squeezenet --unit features.5:0-7 -o channels.webp`
    - Classes by name: `snellen visualize zoo:squeezenet --class goldfish "sports car" --steps 256`
    - Beside images that they respond to most and least: `snellen visualize net.safetensors --unit layer3:4 --images photos/`
    - Smoother and more natural, if less strong: `snellen visualize zoo:efficientnet-lite0 --power 1.5 --rate 0.02`

    Written: a picture alone where `--out` ends in .webp, .png or .jpg; else a folder with `sheet.webp`, `visualize.json` and every
    image by itself. In a folder, finished units are kept: the same command again makes what is missing.

    Parameters:
        model: a PyTorch network, as `snellen exam` takes it.
        unit: `LAYER:CHANNEL`, `LAYER:FIRST-LAST` or `LAYER:3,7,10-12`. Repeatable.
        class_: a class by name or number. Repeatable. Default, where no unit is given: eight from all over the list.
        layers: list the layers with the shapes of what they give, and do nothing else.
        images: an image set; beside each unit are shown images of it at both ends of the scale, and the part that counts.
        count: of those, at each end.
        steps: of the ascent; each costs a pass forward and back up to the layer.
        rate: the size of a step.
        power: p of the frequencies' scale 1 / f ** p; more makes images smoother.
        copies: images for each unit, from different noise.
        size: side of the images made. Default: what the model expects.
        out: a picture file or a folder. Default: visualizations/MODEL.
        labels: a file that names the model's classes, one a line, or `imagenet`.
        preprocess: what stands between image files and a model of your own, `key=value`. Repeatable.
        sample: look through so many of the images, balanced over categories.
        seed: of the noise and the sample.
        device: cpu, cuda, cuda:1. Default: the GPU if there is one.
        trust: allow unpickling of weights and code that comes with them. Only for files you would run.
        json: print what was found as JSON on standard output.
        quiet: no progress.
    """
    import json as writer

    from snellen.cli.options import preprocessing
    from snellen.methods.visualize.activation_maximization import ActivationMaximization
    from snellen.methods.visualize.parameterization import Fourier
    from snellen.run.evidence import slug
    from snellen.run.folder import writable
    from snellen.run.progress import Progress
    from snellen.sheets import PICTURES
    from snellen.visualizing import FOLDER
    from snellen.visualizing import visualize as conduct
    from snellen.visualizing.files import save, table

    fitted = preprocessing(preprocess or [])
    if layers:
        return _layers(model, fitted, device, trust, Progress(quiet))
    method = ActivationMaximization(steps, rate, copies, parameterization=Fourier(power))
    place = out or Path(FOLDER) / slug(model)
    alone = place.suffix.lower() in PICTURES
    home = writable(place.parent if alone else place)
    done = conduct(
        model,
        unit or (),
        class_ or (),
        method=method,
        size=size,
        images=images,
        count=count,
        keep=None if alone else home / "parts",
        labels=labels,
        preprocessing=fitted,
        sample=sample,
        seed=seed,
        device=device,
        trust=trust,
        progress=Progress(quiet),
    )
    written = save(done, place)
    if json:
        print(writer.dumps(table(done), indent=1))
        return 0
    for name, reason in done.problems.items():
        _say(f"Left out: {name}: {reason}")
    for path in written[:2]:
        _say(str(path))
    if len(written) > 2:
        _say(f"{written[2].parent} ({len(written) - 2} images)")
    return 0


def dream(
    model: str,
    image: Path,
    /,
    *,
    layer: str | None = None,
    unit: int | None = None,
    octaves: int = 4,
    steps: int = 10,
    rate: float = 1.5 / 255,
    size: int = 512,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("dream.webp"),
    preprocess: list[str] | None = None,
    seed: int = 0,
    device: str = "auto",
    trust: bool = False,
    quiet: bool = False,
) -> int:
    """Change a photograph so that a layer responds more to it, whatever it sees in it: DeepDream.

    - A dream: `snellen dream zoo:efficientnet-lite0 cat.jpg --layer features.9 -o dream.webp`
    - Of one channel: `snellen dream zoo:squeezenet cat.jpg --layer features.10 --unit 3`
    - Stronger: `snellen dream zoo:squeezenet cat.jpg --layer features.10 --steps 30`

    Parameters:
        model: a PyTorch network, as `snellen exam` takes it.
        image: an image file.
        layer: its name; `snellen visualize MODEL --layers` lists them. Default: the last that has a grid of places.
        unit: a channel of it. Default: all that the layer responds to already.
        octaves: sizes that are gone through, each 1.4 times the one before; 1 for networks that want one size.
        steps: in each size.
        rate: the mean change of a value in a step.
        size: an image with a longer side is brought to this one.
        out: a picture file: .webp, .png or .jpg.
        preprocess: what stands between image files and a model of your own, `key=value`. Repeatable.
        seed: of the movements before each step.
        device: cpu, cuda, cuda:1. Default: the GPU if there is one.
        trust: allow unpickling of weights and code that comes with them. Only for files you would run.
        quiet: no progress.
    """
    from snellen.cli.options import preprocessing
    from snellen.methods.visualize.deep_dream import DeepDream
    from snellen.run.folder import writable
    from snellen.run.progress import Progress
    from snellen.sheets import as_picture
    from snellen.visualizing.dreaming import dream as conduct
    from snellen.visualizing.files import check_picture, save_picture

    check_picture(out)
    writable(out.parent)
    dreamt = conduct(
        model,
        image,
        layer,
        unit=unit,
        method=DeepDream(octaves=octaves, steps=steps, rate=rate),
        size=size,
        preprocessing=preprocessing(preprocess or []),
        seed=seed,
        device=device,
        trust=trust,
        progress=Progress(quiet),
    )
    save_picture(as_picture(dreamt), out)
    _say(str(out))
    return 0


def _layers(model: str, fitted: Preprocessing | None, device: str, trust: bool, progress: Progress) -> int:
    """A table of the layers whose channels can be visualised."""
    from rich.table import Table
    from rich.text import Text

    from snellen import models
    from snellen.cli.console import console
    from snellen.visualizing.units import find_layers

    loaded = models.load(model, preprocessing=fitted, device=device, trust=trust)
    with progress.stage(f"Looking at the layers of {loaded.name}", len(loaded.layers())) as advance:
        found = find_layers(loaded, loaded.preprocessing.size, advance)
    height, width = loaded.preprocessing.size
    table = Table("layer", "channels", "places", "gives", title=Text(f"{loaded.name}, images of {height} x {width}"))
    for layer in found:
        places = f"{layer.grid[0]} x {layer.grid[1]}" if max(layer.grid) > 1 else ""
        table.add_row(Text(layer.name), str(layer.units), places, " x ".join(map(str, layer.shape)))
    console().print(table)
    return 0


def _say(text: str) -> None:
    from snellen.cli.console import console

    console().print(text, markup=False, soft_wrap=True, highlight=False)

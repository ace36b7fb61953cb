"""`snellen exam`."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

if TYPE_CHECKING:
    from snellen.api import Exam
    from snellen.run.record import Record
    from snellen.run.spec import Spec

DEFAULT_MODEL, DEFAULT_IMAGES = "zoo:efficientnet-lite0", "photos:all"
DEMO_MODEL, DEMO_IMAGES = "patient:texture-biased", "world"


def exam(
    model: str | None = None,
    *images: str,
    people: str | None = None,
    probes: Annotated[
        str | None, Parameter(help="Names or `./mine.py`, comma-separated; `default` for all of the default exam.")
    ] = None,
    exam: Annotated[Path | None, Parameter(help="A TOML file with the same keys as these options; options win.")] = None,
    set_: Annotated[list[str] | None, Parameter(name="--set", help="A probe's setting, `probe.field=value`.")] = None,
    labels: str | None = None,
    categories: str | None = None,
    preprocess: list[str] | None = None,
    readout: str | None = None,
    sample: int | None = None,
    seed: int | None = None,
    out: Path | None = None,
    device: str | None = None,
    batch_size: str | None = None,
    require: list[str] | None = None,
    trust: bool = False,
    json: bool = False,
    dry_run: bool = False,
    quiet: bool = False,
) -> int:
    """Examine a model on images and write one page.

    Running the same command again computes only what is missing.

    - A real classifier on photographs that ship in packages: `snellen exam`
    - A patient, whose condition was planted, on images drawn from a causal model: `snellen exam patient:texture-biased world`
    - A sample of a folder: `snellen exam zoo:efficientnet-lite0 photos/ --sample 500`
    - Beside people, as a gate: `snellen exam model.onnx cue-conflict/ --people humans.parquet --require "shape-bias.value>=0.2"`
    - What it would cost: `snellen exam mypackage.models:resnet photos/ cue-conflict/ --labels classes.txt --dry-run`

    Parameters:
        model: what to examine: `zoo:NAME`, `patient:NAME`, `timm:NAME`, `torchvision:NAME`, `hf:NAME`, `model.onnx`,
            `model.safetensors`, `package.module:function` or `file.py:function`. Default: zoo:efficientnet-lite0, or
            patient:texture-biased where the packages with its weights and the photographs are not installed.
        images: one or more image sets: a folder with a sub-folder per category, a flat folder with a CSV, a parquet file,
            `photos:all`, `world`. Default: photos:all; of a patient, world.
        people: trials of people (parquet, CSV or a folder of CSVs) to compare with.
        labels: a file that names the model's classes, one a line, or `imagenet`, or `sixteen`.
        categories: the list that the images' categories belong to, given likewise; guessed from their texts unless given.
        preprocess: what stands between image files and a model of your own, `key=value`: size=224, resize=256,
            interpolation=bicubic, mean=0.485,0.456,0.406, std=0.229,0.224,0.225, channels=BGR. Repeatable.
        readout: labelled images to fit a read-out on, for a model that gives features only; `PATH` or `PATH,linear`.
        sample: examine a random sample of this many images, balanced over categories.
        seed: what everything random depends on. Default: 0.
        out: folder of the exam. Default: exams/MODEL-on-IMAGES.
        device: cpu, cuda, cuda:1, mps. Default: the GPU if there is one.
        batch_size: images a forward pass, or `auto`.
        require: a requirement on a finding, such as `"accuracy.top1.low>=0.7"`; exit code 1 when it is not met. Repeatable.
        trust: allow unpickling of weights and code that comes with them. Only for files you would run.
        json: print the findings as JSON on standard output.
        dry_run: print what would be shown, how many passes and about how many minutes, and stop.
        quiet: no progress.
    """
    from snellen.api import conduct
    from snellen.run.memory import keep
    from snellen.run.progress import Progress

    keep()
    spec, requirements = _specify(locals() | {"set": set_})
    if dry_run:
        return _plan(spec)
    progress = Progress(quiet)
    done = conduct(spec, requirements, progress)
    if json:
        from pydantic import TypeAdapter

        from snellen.core import Finding

        sys.stdout.write(TypeAdapter(tuple[Finding, ...]).dump_json(done.findings, indent=1).decode() + "\n")
    else:
        tell(done)
    unmet = [text for text, met, _ in done.record.requirements if not met]
    return 1 if unmet else 3 if done.failed else 0


def _specify(given: dict[str, Any]) -> tuple[Spec, list[str]]:
    """Options over the TOML file over the defaults."""
    from snellen.api import specify
    from snellen.cli.options import batch, preprocessing, read_exam, settings

    file = read_exam(given["exam"]) if given["exam"] else {}

    def pick(name: str, default: Any = None) -> Any:
        value = given[name]
        absent = value is None or value is False or value == ()
        return file.get(name.replace("_", "-"), default) if absent else value

    names = pick("probes")
    wanted = [part.strip() for part in names.split(",") if part.strip()] if isinstance(names, str) else None
    model, images, words = _subject(pick("model"), pick("images"))
    spec = specify(
        model,
        [images] if isinstance(images, str) else list(images),
        wanted if wanted is not None else file.get("ask"),
        people=pick("people"),
        out=pick("out"),
        settings=settings(given["set"] or [], file.get("settings", {})),
        labels=pick("labels"),
        categories=pick("categories"),
        preprocessing=preprocessing(pick("preprocess", [])),
        sample=pick("sample"),
        seed=pick("seed", 0),
        device=pick("device", "auto"),
        batch_size=batch(pick("batch_size", "auto")),
        readout=pick("readout"),
        trust=bool(pick("trust", False)),
        command=shlex.join(["snellen", *sys.argv[1:], *words]),
    )
    required = pick("require", []) or []
    return spec, [required] if isinstance(required, str) else list(required)


def _subject(model: str | None, images: Any) -> tuple[str, Any, list[str]]:
    """What to examine, on what, and the words that say so where it is not what was asked for nor what is asked for by default."""
    from snellen.images import packaged
    from snellen.models import patients, zoo

    if model is None and images is None and not (zoo.installed(DEFAULT_MODEL) and packaged.installed()):
        print(
            f"Examining {DEMO_MODEL} on {DEMO_IMAGES}: the default, {DEFAULT_MODEL} on {DEFAULT_IMAGES}, needs packages that "
            "are not installed; for it, run pip install 'snellen[default]'",
            file=sys.stderr,
        )
        return DEMO_MODEL, DEMO_IMAGES, [DEMO_MODEL, DEMO_IMAGES]
    model = model or DEFAULT_MODEL
    return model, images or (DEMO_IMAGES if model.startswith(patients.PREFIX) else DEFAULT_IMAGES), []


def _plan(spec: Spec) -> int:
    """Print the plan; one batch is timed for the minutes."""
    import numpy as np
    from rich.markup import escape
    from rich.table import Table

    from snellen.cli.console import console
    from snellen.run.spec import plan

    screen, made = console(), plan(spec)
    table = Table("image set", "conditions", "passes", "still to do", title=escape(f"{spec.model.name}: the plan"))
    for name, conditions, total, missing in made.rows:
        table.add_row(escape(name), str(conditions), f"{total:,}", f"{missing:,}")
    table.add_row("closer looks", "", "", f"up to {made.closer:,}")
    screen.print(table)
    for probe, images, reason in made.skipped:
        screen.print(f"{probe} on {images}: not applicable, {reason}", markup=False)
    grey = spec.model.asarray(np.full((spec.batch_size, 3, *spec.model.preprocessing.size), 128, np.uint8))
    spec.model.logits(grey)
    start = time.perf_counter()
    spec.model.logits(grey)
    seconds = (time.perf_counter() - start) / spec.batch_size * made.missing
    screen.print(
        f"About {seconds / 60:.1f} minutes for {made.missing:,} passes at {spec.batch_size} images a batch; results in {spec.out}",
        markup=False,
    )
    return 0


def tell(done: Exam) -> None:
    """Findings as a table, then what could not be asked, the requirements and where the page is."""
    from rich.markup import escape
    from rich.table import Table

    from snellen.cli.console import console

    screen = console()
    several = len(done.record.images) > 1
    table = Table(
        "finding",
        *(["images"] if several else []),
        "value",
        "interval",
        "people",
        "n",
        "verdict",
        title=escape(done.record.model.name),
    )
    colours = {"good": "green", "caution": "yellow", "bad": "red"}
    for f in done.findings:
        low_high = f"{f.interval.low:.3f} – {f.interval.high:.3f}" if f.interval else ""
        cells = ["–" if f.value is None else f"{f.value:.3f}", low_high, f"{f.human.value:.3f}" if f.human else "", f"{f.n:,}"]
        name = f"[bold]{f.id}[/bold]" if f.headline else f.id
        table.add_row(
            name, *([escape(f.dataset)] if several else []), *cells, f"[{colours.get(f.verdict, 'default')}]{f.verdict}[/]"
        )
    screen.print(table)
    _diagnose(done.record)
    for section in done.record.sections:
        if section.status != "done":
            screen.print(f"{section.probe} on {section.dataset}: {section.status}: {section.reason}", markup=False, soft_wrap=True)
    for images in done.record.images:
        if images.problems:
            screen.print(
                f"{len(images.problems)} of {images.n} images of {images.name} could not be read; the report lists them.",
                markup=False,
                soft_wrap=True,
            )
    for text, met, found in done.record.requirements:
        screen.print(f"{'met' if met else 'NOT MET'}: {text} ({found})", markup=False, soft_wrap=True)
    screen.print(f"Report: {done.report}", markup=False, soft_wrap=True)


def _diagnose(record: Record) -> None:
    """What was planted in a patient, and whether the exam found it."""
    from snellen.cli.console import console

    if not record.planted:
        return
    answer = {"found": "yes", "missed": "no", "partly found": "in part", "not looked for": "not looked for"}[record.diagnosis]
    signs = "; ".join(f"{sign.text}: {sign.said}" for sign in record.signs)
    told = f"{answer} ({signs})" if signs else "no question of this exam looks for it"
    console().print(f"Planted: {record.planted}\nFound: {told}", markup=False, soft_wrap=True)

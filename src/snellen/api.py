"""The exam as a Python call: what the command line does, on objects or on names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from snellen import labels as known
from snellen import models, probes
from snellen.core import Finding, Labels, Preprocessing, Probe, SnellenError
from snellen.images import open_images
from snellen.images.facts import as_hint
from snellen.images.people import only_people, read_people
from snellen.run import evidence, record, require
from snellen.run.progress import Progress
from snellen.run.record import Record
from snellen.run.runner import run
from snellen.run.spec import People, Spec

PAGE = "report.html"
FOLDER = "exams"


@dataclass(frozen=True)
class Exam:
    """A finished exam: its `record`, and the folder where it and the page lie."""

    record: Record
    folder: Path

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings."""
        return self.record.findings

    @property
    def report(self) -> Path:
        """The page, one self-contained HTML file."""
        return self.folder / PAGE

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the probes that failed."""
        return tuple(section.probe for section in self.record.sections if section.status == "failed")

    def __getitem__(self, id_: str) -> Finding:
        """The finding of that id, or a probe's headline finding."""
        for finding in self.findings:
            if finding.id == id_ or (finding.headline and finding.id.partition(".")[0] == id_):
                return finding
        raise KeyError(f"{id_}; this exam has {', '.join(finding.id for finding in self.findings)}")

    def trials(self, dataset: str | None = None) -> pl.DataFrame:
        """The model's trials on one image set (the first unless named), one row an image and condition."""
        name = dataset or self.record.images[0].name
        return pl.read_parquet(self.folder / evidence.TRIALS / f"{evidence.slug(name)}.parquet")

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{f.id}</td><td>{'–' if f.value is None else f'{f.value:.3f}'}</td><td>{f.verdict}</td></tr>"
            for f in self.findings
        )
        return f"<table><tr><th>finding</th><th>value</th><th>verdict</th></tr>{rows}</table>"


def specify(
    model: Any,
    images: Any,
    wanted: Iterable[str | Probe] | None = None,
    *,
    people: str | Path | pl.DataFrame | None = None,
    out: str | Path | None = None,
    settings: Mapping[str, Mapping[str, object]] | None = None,
    labels: Any = None,
    categories: Any = None,
    preprocessing: Preprocessing | None = None,
    sample: int | None = None,
    seed: int = 0,
    device: str = "auto",
    batch_size: int | None = None,
    readout: Any = None,
    trust: bool = False,
    command: str = "",
) -> Spec:
    """Everything named, loaded and checked; nothing shown yet.

    Args:
        model: as in `exam`, like `images` and `wanted` (its probes).
        images: see there.
        wanted: see there.
        people: trials of people: a file, a folder of files, or a frame (see `snellen.trials`).
        out: folder of the exam; `exams/<model>-on-<images>` unless given.
        settings: probe → {field: value}.
        labels: the model's classes: a list, a file with one name a line, "imagenet" or "sixteen".
        categories: the list that the images' categories belong to, given likewise; guessed from their texts unless given.
        preprocessing: what stands between image files and a model that does not say.
        sample: examine so many images of each set, drawn with `seed`, balanced over categories.
        seed: what everything random depends on.
        device: "auto", "cpu", "cuda" …
        batch_size: images a forward pass; by device unless given.
        readout: labelled images to fit a read-out on, for a model that gives features only; images, "PATH" or "PATH,linear".
        trust: allow pickles and code that come with weights.
        command: what the report names as the way to do this exam again.
    """
    pair = isinstance(images, tuple) and len(images) == 2 and hasattr(images[0], "__array__")
    sources: Sequence[Any] = images if isinstance(images, (list, tuple)) and not pair else [images]
    sets = tuple(open_images(source, labels=categories, sample=sample, seed=seed) for source in sources)
    names = [one.name for one in sets]
    if len(set(names)) < len(names):
        raise SnellenError(f"got image sets named {', '.join(names)}; expected different names: rename a folder or give `name=`")
    examined = models.load(
        model, labels=_list(labels), preprocessing=preprocessing, device=device, readout=_readout(readout), trust=trust
    )
    crowd = None
    if people is not None:
        if isinstance(people, pl.DataFrame):
            crowd = People(only_people(people), "given as a frame")
        else:
            crowd = People(only_people(read_people(people), str(people)), str(people))
    folder = Path(out) if out is not None else Path(FOLDER) / evidence.slug(f"{examined.name}-on-{'+'.join(names)}")
    asked = _probes(wanted, settings or {})
    called = f"snellen.exam({model if isinstance(model, str) else examined.name!r}, {names}, {list(asked)}, seed={seed})"
    return Spec(examined, sets, asked, folder, crowd, seed, batch_size, command or called)


def exam(
    model: Any,
    images: Any,
    probes: Iterable[str | Probe] | None = None,
    *,
    require: Iterable[str] = (),
    progress: Progress | None = None,
    **options: Any,
) -> Exam:
    """Examine a model on images and write the page.

    Args:
        model: a name that `snellen.load` takes, an `nn.Module`, a function `images -> logits`, or a `Model`.
        images: a folder, a parquet file, an array (N, 3, H, W) or a list of such; each becomes an image set.
        probes: names or instances, or "default" for those of the default exam, which are asked unless others are given.
        require: requirements such as "shape-bias.value>=0.2"; the record says which were met.
        progress: where to tell how far it is; quiet unless given.
        options: see `specify`: people, out, settings, labels, preprocessing, sample, seed, device, batch_size, readout, trust.

    Raises:
        SnellenError: something given cannot be used; the message says what to do.
    """
    return conduct(specify(model, images, probes, **options), require, progress)


def conduct(spec: Spec, requirements: Iterable[str] = (), progress: Progress | None = None) -> Exam:
    """Do a specified exam, check the requirements, write the record and the page."""
    wanted = [require.parse(text) for text in requirements]
    done = run(spec, progress)
    if wanted:
        done = replace(done, requirements=tuple((w.text, *w.check(done.findings)) for w in wanted))
        record.save(done, spec.out)
    write_page(done, spec.out)
    return Exam(done, spec.out)


def write_page(done: Record, folder: Path) -> Path:
    """Render the report of a record into its folder, which may be named by the record in it."""
    from snellen.report.page import render

    folder = folder if folder.is_dir() else folder.parent
    target = folder / PAGE
    temporary = target.with_suffix(".tmp")
    temporary.write_text(render(done, folder), encoding="utf-8")
    temporary.replace(target)
    return target


def _list(labels: Any) -> Labels | None:
    """The model's classes, from a list, a file of names, or "imagenet" or "sixteen"."""
    hint = as_hint(labels)
    return known.by_name(hint) if isinstance(hint, str) else hint


def _readout(wanted: Any) -> Any:
    """Labelled images, or "PATH", or "PATH,linear" → (kind, images)."""
    if not isinstance(wanted, str):
        return wanted
    path, comma, kind = wanted.rpartition(",")
    source, kind = (path, kind) if comma and kind in ("knn", "linear") else (wanted, "knn")
    return kind, open_images(source)


def _probes(wanted: Iterable[str | Probe] | None, settings: Mapping[str, Mapping[str, object]]) -> tuple[Probe, ...]:
    chosen = [
        one for name in (("default",) if wanted is None else wanted) for one in (probes.DEFAULT if name == "default" else [name])
    ]
    given = {name.replace("_", "-"): fields for name, fields in settings.items()}
    made = tuple(one if isinstance(one, Probe) else _make(probes.get(one), given) for one in chosen)
    if not made:
        raise SnellenError("got no probes; expected one or more, as in `snellen list probes`, or none named for the usual ones")
    names = [probe.name() for probe in made]
    asked = set(names)
    if len(asked) < len(names):
        raise SnellenError(f"got the probes {', '.join(names)}; expected each once: ask the other settings in an exam of their own")
    for name in given:
        if name not in asked:
            raise SnellenError(f"got settings for {name}, which is not asked in this exam; asked are {', '.join(sorted(asked))}")
    return made


def _make(kind: type[Probe], given: Mapping[str, Mapping[str, object]]) -> Probe:
    known = {field: type(value) for field, value in kind().settings().items()}
    settings = {field: _fit(value, known.get(field)) for field, value in given.get(kind.name(), {}).items()}
    for field, value in settings.items():
        if field not in known or not isinstance(value, known[field]):
            expected = ", ".join(f"{f} ({t.__name__})" for f, t in known.items()) or "no settings"
            raise SnellenError(f"got {field} = {value!r} for the probe {kind.name()}; expected {expected}")
    return kind(**settings)


def _fit(value: object, kind: type | None) -> object:
    """A list of one number, as text: `--set corruptions.severities=3` reads as a number."""
    return str(value) if kind is str and isinstance(value, int | float) and not isinstance(value, bool) else value

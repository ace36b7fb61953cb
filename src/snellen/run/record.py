"""What an exam leaves behind: one JSON file that holds all a report needs, beside its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from snellen.charts import Chart
from snellen.core import Finding, Labels, SnellenError

FILE = "exam.json"
PICTURES = "pictures"


@dataclass(frozen=True)
class ModelRecord:
    """The model as the report introduces it."""

    name: str
    id: str
    classes: int
    answers: str  # name of its list of labels
    preprocessing: str
    abilities: tuple[str, ...]
    facts: Mapping[str, str]
    size: tuple[int, int] | None = None  # height and width of what it is shown


@dataclass(frozen=True)
class ImagesRecord:
    """An image set as the report introduces it. `problems` are (image, reason) of what could not be read."""

    name: str
    id: str
    n: int
    categories: int
    origin: Mapping[str, str]
    problems: tuple[tuple[str, str], ...] = ()
    answers: Labels | None = None  # the list the model answered from


@dataclass(frozen=True)
class Section:
    """One probe asked of one image set. `status` other than "done" comes with a `reason` and no findings."""

    probe: str
    question: str
    about: str
    cites: tuple[str, ...]
    settings: Mapping[str, object]
    dataset: str
    status: Literal["done", "not applicable", "failed"]
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    charts: tuple[Chart, ...] = ()
    looks: str = ""  # key of the closer looks in the store
    origin: str = ""  # what `snellen.probes.get` takes to find the probe again
    validity: str = ""  # how well the probe told planted conditions from controls


@dataclass(frozen=True)
class Sign:
    """A symptom that a patient should show. `found` is None where its probe gave no answer; `said` is what was found instead."""

    text: str  # a requirement on a finding
    found: bool | None
    said: str


@dataclass(frozen=True)
class Record:
    """A whole exam. `pictures` maps "<dataset>/<key of a picture>" to a .webp, or for a layer to a .npy map (H, W) or picture
    (3, H, W), in the folder `pictures`; a report shows those and no others.
    """

    model: ModelRecord
    images: tuple[ImagesRecord, ...]
    sections: tuple[Section, ...]
    command: str
    seed: int
    provenance: Mapping[str, str]  # versions, device, batch size, passes, when
    people: Mapping[str, str] = field(default_factory=dict)  # human trials: file, subjects, trials
    requirements: tuple[tuple[str, bool, str], ...] = ()  # (text, met, what was found)
    pictures: Mapping[str, str] = field(default_factory=dict)
    not_asked: Mapping[str, str] = field(default_factory=dict)  # probes left out of this exam: name to question
    signs: tuple[Sign, ...] = ()  # of what was planted in the model, where it is a patient

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, in the order of the sections."""
        return tuple(finding for section in self.sections for finding in section.findings)

    @property
    def planted(self) -> str:
        """What was planted in the model; empty where it is no patient."""
        return self.model.facts.get("planted", "")

    @property
    def diagnosis(self) -> Literal["found", "missed", "partly found", "not looked for"]:
        """Whether the exam found what was planted, by those signs of it that were looked for."""
        answers = {sign.found for sign in self.signs} - {None}
        if len(answers) == 1:
            return "found" if answers == {True} else "missed"
        return "partly found" if answers else "not looked for"


@dataclass(frozen=True)
class Difference:
    """`second - first` of one finding, on the images that both models saw. `value` is None with a `reason`."""

    finding_id: str
    title: str
    first: str  # names of the two models
    second: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    dataset: str
    reason: str = ""


_adapter = TypeAdapter(Record)


def save(record: Record, folder: Path) -> Path:
    """Write `exam.json` atomically."""
    target = folder / FILE
    temporary = target.with_suffix(".json.tmp")
    temporary.write_bytes(_adapter.dump_json(record, indent=1))
    temporary.replace(target)
    return target


def read(folder: Path) -> Record:
    """Read `exam.json` back.

    Raises:
        SnellenError: `folder` holds no finished exam, or one this version cannot read.
    """
    path = folder / FILE if folder.is_dir() else folder
    if not path.is_file():
        raise SnellenError(f"got {folder}; expected the folder of a finished exam (with {FILE} inside): run `snellen exam` first")
    try:
        return _adapter.validate_json(path.read_bytes())
    except ValidationError as error:
        raise SnellenError(
            f"{path} was not written by this version of Snellen: run the exam again ({error.error_count()} errors)"
        ) from error

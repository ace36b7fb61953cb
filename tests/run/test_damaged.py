"""300 damaged files among 300 good ones: the exam completes, the good ones' answers are the same, each bad one has its reason."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from snellen import api, load
from snellen.labels import sixteen
from tests.images import damaged
from tests.patients import NAMES, PREPROCESSING, Patient

PROBES = ["accuracy", "calibration", "noise"]


def fill(folder: Path, files: dict[str, bytes]) -> None:
    for at, (name, content) in enumerate(files.items()):
        place = folder / NAMES[at % 16]
        place.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)


@pytest.fixture(scope="module")
def exams(tmp_path_factory: pytest.TempPathFactory) -> tuple[api.Exam, api.Exam, dict[str, bytes]]:
    root = tmp_path_factory.mktemp("damaged")
    good = {f"good-{i:03d}.jpg": damaged.sound(i, ("JPEG", "PNG")[i % 2]) for i in range(300)}
    bad = damaged.many(300)
    fill(root / "clean" / "set", good)
    fill(root / "mixed" / "set", good)
    fill(root / "mixed" / "set", bad)
    model = load(Patient(), labels=sixteen(), preprocessing=PREPROCESSING, name="patient")
    clean, mixed = (api.exam(model, root / name / "set", PROBES, out=root / f"out-{name}") for name in ("clean", "mixed"))
    return clean, mixed, bad


def test_good_images_get_the_same_answers(exams):
    clean, mixed, _ = exams
    key = ["image", "condition", "level"]
    left, right = (exam.trials().sort(key).drop("source") for exam in (clean, mixed))
    assert left.height == 300 * 9
    assert right.equals(left)


def test_findings_are_the_same(exams):
    clean, mixed, _ = exams
    assert mixed.findings == clean.findings


def test_every_damaged_file_is_listed_with_a_reason(exams):
    clean, mixed, bad = exams
    assert clean.record.images[0].problems == ()
    listed = {Path(name).name: reason for name, reason in mixed.record.images[0].problems}
    assert set(listed) == set(bad)
    assert all(len(reason) > 5 for reason in listed.values())
    assert mixed.record.images[0].n == 600


def test_the_report_counts_and_names_them(exams):
    _, mixed, bad = exams
    page = mixed.report.read_text("utf-8")
    assert "300" in page
    assert all(name in page for name in bad)


def test_nothing_but_damaged_files(tmp_path: Path):
    fill(tmp_path / "set", damaged.many(20))
    model = load(Patient(), labels=sixteen(), preprocessing=PREPROCESSING, name="patient")
    exam = api.exam(model, tmp_path / "set", PROBES, out=tmp_path / "out")
    assert {section.status for section in exam.record.sections} == {"failed"}
    assert all("none of the images" in section.reason for section in exam.record.sections)
    assert exam.report.is_file()
    assert pl.read_parquet(tmp_path / "out" / "trials" / "*.parquet").height == 0

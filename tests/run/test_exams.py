"""Exams with trouble in them, and with several image sets: one set's or probe's trouble stays its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from snellen import api, load, probes
from snellen.charts import Gallery
from snellen.core import Images, Interval, SnellenError
from snellen.images.memory import open_array
from snellen.labels import custom, sixteen
from snellen.probes._curve import _verdict
from snellen.probes._panel import explained
from snellen.probes._sweep import Sweep
from snellen.probes.accuracy import Accuracy
from snellen.run.compare import differences
from snellen.run.judge import _Pace
from snellen.run.rejudge import rejudge
from tests.patients import NAMES, PREPROCESSING, draw, observer, patient, photographs

BRIGHT = {"shape": 0.0, "bright": 1.0, "gain": 50.0}


@dataclass(frozen=True)
class Faint(Sweep):
    """A sweep of one's own whose strength is a setting."""

    question = "Faint?"
    about = "Images are multiplied by a number."
    levels = (("whole", 1.0), ("part", 0.5))
    axis = "part"
    strength: float = 1.0
    broken: bool = False

    def change(self, images, amount, keys):
        if self.broken:
            raise IndexError("no such thing")
        return images * (1 - self.strength * (1 - amount))


def unlabelled() -> Images:
    k = np.arange(20) % 16
    return open_array(draw(k, k), name="plain")


def status(exam: api.Exam) -> dict[tuple[str, str], str]:
    return {(s.probe, s.dataset): s.status for s in exam.record.sections}


def test_no_probe_applies(tmp_path: Path):
    exam = api.exam(patient(), unlabelled(), ["accuracy"], out=tmp_path)
    assert status(exam) == {("accuracy", "plain"): "not applicable"}
    assert exam.report.is_file()


def test_several_sets_of_which_one_does_not_fit(tmp_path: Path):
    other = open_array(draw(np.arange(4), np.arange(4)), ["apple", "pear", "plum", "fig"], name="fruit")
    exam = api.exam(patient(), [photographs(32), unlabelled(), other], ["accuracy", "what-it-looks-at"], out=tmp_path)
    found = status(exam)
    assert found["accuracy", "toys"] == "done"
    assert found["accuracy", "plain"] == "not applicable"
    assert found["what-it-looks-at", "plain"] == "done"
    assert found["accuracy", "fruit"] == found["what-it-looks-at", "fruit"] == "not applicable"
    assert rejudge(tmp_path).findings == exam.findings


def test_only_a_set_that_does_not_fit_is_an_error(tmp_path: Path):
    other = open_array(draw(np.arange(4), np.arange(4)), ["apple", "pear", "plum", "fig"], name="fruit")
    with pytest.raises(SnellenError, match=r"16 classes.*4 categories"):
        api.exam(patient(), other, ["accuracy"], out=tmp_path)


def test_a_broken_perturbation_fails_its_probe_alone(tmp_path: Path):
    exam = api.exam(patient(), photographs(32), [Faint(broken=True), "accuracy"], out=tmp_path)
    assert status(exam) == {("test-exams", "toys"): "failed", ("accuracy", "toys"): "done"}
    assert "no such thing" in exam.record.sections[0].reason


def test_settings_of_a_sweep_are_part_of_the_key(tmp_path: Path):
    weak, strong = (api.exam(patient(**BRIGHT), photographs(48), [Faint(strength=s)], out=tmp_path) for s in (0.0, 1.0))
    fresh = api.exam(patient(**BRIGHT), photographs(48), [Faint(strength=1.0)], out=tmp_path / "fresh")
    assert weak.findings != strong.findings
    assert strong.findings == fresh.findings


def test_the_order_of_unnamed_classes_is_part_of_the_key(tmp_path: Path):
    k = np.arange(48) % 3
    box = load(lambda images: patient().logits(patient().asarray(images))[:, :3], preprocessing=PREPROCESSING, name="box", id="box")
    texts = [("apple", "pear", "zebra")[i] for i in k]
    orders = (["apple", "pear", "zebra"], ["pear", "zebra", "apple"])
    right, wrong = (
        api.exam(box, open_array(draw(k, k), texts, name="fruit", labels=custom(order)), ["accuracy"], out=tmp_path)[
            "accuracy"
        ].value
        for order in orders
    )
    assert right == 1.0
    assert wrong == 0.0


def test_a_perfect_model_on_sorted_images_is_not_called_constant(tmp_path: Path):
    k = np.repeat([3, 5], 150)
    images = open_array(draw(k, k), [NAMES[i] for i in k], name="sorted", labels=sixteen())
    inner = patient()

    def box(pixels):
        return np.eye(16)[np.asarray(inner.logits(inner.asarray(pixels))).argmax(axis=1)]

    model = load(box, labels=sixteen(), preprocessing=PREPROCESSING, name="box", id="one-hot")
    assert api.exam(model, images, ["accuracy"], out=tmp_path)["accuracy"].value == 1.0


def test_people_of_an_earlier_exam_are_forgotten(tmp_path: Path):
    images = photographs(48)
    people = pl.concat([observer(images, np.arange(48) % 7 > 0, f"subject-{i}", seed=i) for i in range(2)])
    with_people = api.exam(patient(), images, ["accuracy", "agreement"], people=people, out=tmp_path)
    assert status(with_people)["agreement", "toys"] == "done"
    without = api.exam(patient(), images, ["accuracy", "agreement"], out=tmp_path)
    assert status(without)["agreement", "toys"] == "not applicable"
    assert rejudge(tmp_path).findings == without.findings
    assert not list((tmp_path / "people").glob("*.parquet"))


def test_requirements_are_checked_again_when_judged_again(tmp_path: Path):
    api.exam(patient(), photographs(32), ["accuracy"], require=["accuracy>=0.5"], out=tmp_path)
    path = tmp_path / "exam.json"
    record = json.loads(path.read_text())
    record["requirements"] = [["accuracy>=2", True, "a lie"]]
    path.write_text(json.dumps(record))
    assert rejudge(tmp_path).requirements[0][1] is False


def test_judging_runs_no_file_that_a_record_names(tmp_path: Path):
    api.exam(patient(), photographs(32), ["accuracy"], out=tmp_path)
    evil, path = tmp_path / "evil.py", tmp_path / "exam.json"
    evil.write_text(f"open({str(tmp_path / 'PWNED')!r}, 'w')")
    record = json.loads(path.read_text())
    record["sections"][0]["origin"] = str(evil)
    path.write_text(json.dumps(record))
    with pytest.raises(SnellenError, match="--trust"):
        rejudge(tmp_path)
    assert not (tmp_path / "PWNED").exists()


def test_different_images_of_one_name_are_not_compared(tmp_path: Path):
    for at, seed in enumerate((1, 2)):
        api.exam(patient(keep=0.01, texture=0.2, seed=at), photographs(48, seed=seed), ["accuracy"], out=tmp_path / f"{at}")
    _, rows = differences([tmp_path / "0", tmp_path / "1"])
    assert all(row.value is None or row.n == 0 for row in rows)
    api.exam(patient(keep=0.01, texture=0.2, seed=5), photographs(48, seed=1), ["accuracy"], out=tmp_path / "2")
    _, rows = differences([tmp_path / "0", tmp_path / "2"])
    assert [row.n for row in rows if row.finding_id == "accuracy.top1"] == [48]


def test_default_stands_for_the_default_exam(tmp_path: Path):
    asked = api.specify(patient(), photographs(), ["default", "frequency"], out=tmp_path).probes
    assert [probe.name() for probe in asked] == [*probes.DEFAULT, "frequency"]


def test_probes_are_asked_once(tmp_path: Path):
    with pytest.raises(SnellenError, match="each once"):
        api.exam(patient(), photographs(32), [Accuracy(pictures=2), Accuracy(pictures=3)], out=tmp_path)


def test_a_pair_of_array_and_categories_is_one_set(tmp_path: Path):
    k = np.arange(32) % 16
    exam = api.exam(patient(), (draw(k, k), [NAMES[i] for i in k]), ["accuracy"], out=tmp_path)
    assert exam["accuracy"].value == 1.0


def test_the_class_explained_is_one_of_the_answer():
    logits = np.zeros((2, 1000))
    logits[:, 299] = 9.0  # meerkat: of none of the sixteen
    logits[0, 295] = 5.0  # a bear
    logits[1, 404] = 3.0
    assert explained(logits, ["bear", "n02138441"]).tolist() == [295, 299]
    assert explained(logits[:, :16], ["bear", "cat"]).tolist() == logits[:, :16].argmax(axis=1).tolist()


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(0.5, 0.7, "good"), (0.4, 0.5, "caution"), (0.1, 0.2, "bad"), (0.1, 0.7, "note")]
)
def test_an_interval_that_reaches_everything_decides_nothing(low: float, high: float, verdict: str):
    assert _verdict(Interval(low, high, "made up"), 0.6) == verdict
    assert _verdict(None, 0.6) == "note"


def test_a_readout_examined_on_its_own_images_is_warned_about(tmp_path: Path):
    images, others = photographs(48), photographs(48, seed=9)
    network = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(8), torch.nn.Flatten(), torch.nn.Linear(192, 16))
    model = load(network, preprocessing=PREPROCESSING, readout=("knn", images), name="read-out")
    own, fresh = (api.exam(model, one, ["accuracy"], out=tmp_path / f"{at}") for at, one in enumerate((images, others)))
    assert any("fitted on 48 of these 48 images" in limit for limit in own["accuracy"].limits)
    assert not any("fitted on" in limit for limit in fresh["accuracy"].limits)


def test_an_imagenet_model_on_the_sixteen_is_looked_into(tmp_path: Path):
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(8), torch.nn.Flatten(), torch.nn.Linear(192, 1000))
    exam = api.exam(load(network, preprocessing=PREPROCESSING, name="fine"), photographs(32), ["what-it-looks-at"], out=tmp_path)
    assert exam.failed == ()
    shown = [chart for section in exam.record.sections for chart in section.charts if isinstance(chart, Gallery)]
    captions = [picture.caption for gallery in shown for _, row in gallery.rows for picture in row]
    assert any(caption.startswith("gradient of ") for caption in captions)


def test_passes_of_a_survey_are_told_as_images_and_the_last_one_at_its_end():
    told: list[int] = []
    pace = _Pace(told.append, 10)
    for _ in range(7):
        pace.passed(40, 8)
    assert told == [2, 2, 2, 2, 1]
    pace.end()
    assert sum(told) == 10

"""What every probe promises, checked on all of them unasked."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from snellen import probes
from snellen.core import Model, Probe
from snellen.images.people import match
from snellen.report.references import works
from snellen.run.record import Record, Section
from snellen.run.runner import run
from snellen.run.spec import People, Spec
from tests.contract.cases import CASES, Case

NAMES = probes.names()


class Counting(Model):
    """A model that counts the images it is shown."""

    def __init__(self, inner: Model) -> None:
        self.inner, self.seen, self.stop_after = inner, 0, float("inf")
        self.name, self.id, self.labels, self.preprocessing, self.facts = (
            inner.name,
            inner.id,
            inner.labels,
            inner.preprocessing,
            inner.facts,
        )

    def asarray(self, images):
        return self.inner.asarray(images)

    def logits(self, images):
        if self.seen >= self.stop_after:
            raise KeyboardInterrupt
        self.seen += len(images)
        return self.inner.logits(images)

    def vjp(self, images):
        return self.inner.vjp(images)

    def vjp_from(self, images, layer):
        return self.inner.vjp_from(images, layer)

    def vjp_to(self, images, layer):
        return self.inner.vjp_to(images, layer)

    def activations(self, images, layer):
        return self.inner.activations(images, layer)

    def grid_layer(self, height, width):
        return self.inner.grid_layer(height, width)

    def affine_from(self, layer):
        return self.inner.affine_from(layer)

    def unwrapped(self):
        return self.inner.unwrapped()


def spec(case: Case, name: str, model: Model, out: Path, **changes) -> Spec:
    images = case.images()
    people = People(case.people(images), "planted") if case.people else None
    return replace(Spec(model, (images,), (probes.get(name)(**case.settings),), out, people, batch=16), **changes)


def only(record: Record, name: str) -> Section:
    return next(section for section in record.sections if section.probe == name)


def number(record: Record, finding: str) -> float:
    section = only(record, finding.partition(".")[0])
    assert section.status == "done", section.reason
    value = next(f.value for f in section.findings if f.id == finding)
    assert value is not None
    return value


def test_every_probe_has_a_case():
    assert set(NAMES) == set(CASES), "a probe needs a line in tests/contract/cases.py: a patient, a control, a number"


@pytest.mark.parametrize("name", NAMES)
def test_describes_itself(name: str):
    kind = probes.get(name)
    probe = kind()
    assert kind.question.endswith("?")
    assert len(kind.about) > 80
    assert kind.cites
    assert set(kind.cites) <= set(works()), "every citation needs an entry in report/sources.bib"
    assert set(re.findall(r"\(([a-z]+-\d{4}[a-z-]*)\)", kind.about)) <= set(works())
    assert kind.name() == name
    assert repr(probe).startswith(kind.__name__ + "(")
    assert kind(**probe.settings()) == probe
    assert probes.summaries()[name].endswith("?")
    levels = [(c.name, c.level) for c in probe.conditions()]
    assert len(levels) == len(set(levels))


@pytest.mark.parametrize("name", NAMES)
def test_one_row_per_image_and_condition(name: str, tmp_path: Path):
    case = CASES[name]
    exam = spec(case, name, case.make(**case.healthy), tmp_path)
    record = run(exam)
    assert only(record, name).status == "done", only(record, name).reason
    trials = pl.read_parquet(tmp_path / "trials" / "*.parquet")
    conditions = {(c.name, c.level) for c in exam.probes[0].conditions()} | {("clean", "")}
    assert trials.height == len(exam.images[0]) * len(conditions)
    assert trials.select("image", "condition", "level").is_unique().all()
    assert set(trials.select("condition", "level").unique().rows()) == conditions


@pytest.mark.parametrize("name", NAMES)
def test_interrupted_run_resumes_without_repeating(name: str, tmp_path: Path):
    case = CASES[name]
    whole = Counting(case.make(**case.healthy))
    expected = run(spec(case, name, whole, tmp_path / "whole"))
    broken = Counting(case.make(**case.healthy))
    broken.stop_after = whole.seen // 2
    with pytest.raises(KeyboardInterrupt):
        run(spec(case, name, broken, tmp_path / "broken"))
    finished = sum(-(-pl.read_parquet(part).height // 16) * 16 for part in (tmp_path / "broken").rglob("part-*.parquet"))
    again = Counting(case.make(**case.healthy))
    assert run(spec(case, name, again, tmp_path / "broken")).findings == expected.findings
    assert again.seen <= whole.seen - finished
    if not list((tmp_path / "whole").rglob("*.safetensors")):
        assert again.seen == whole.seen - finished
    once_more = Counting(case.make(**case.healthy))
    run(spec(case, name, once_more, tmp_path / "broken"))
    assert once_more.seen == 0


@pytest.mark.parametrize("name", NAMES)
def test_batch_size_and_order_change_nothing(name: str, tmp_path: Path):
    case = CASES[name]
    one = run(spec(case, name, case.make(**case.healthy), tmp_path / "one"))
    other = run(spec(case, name, case.make(**case.healthy), tmp_path / "other", batch=5))
    for left, right in zip(one.findings, other.findings, strict=True):
        assert left.value == pytest.approx(right.value, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_judging_is_deterministic_and_needs_no_model(name: str, tmp_path: Path):
    from snellen.run.rejudge import rejudge

    case = CASES[name]
    first = run(spec(case, name, case.make(**case.healthy), tmp_path))
    assert only(first, name).status == "done"
    assert rejudge(tmp_path).findings == first.findings
    assert rejudge(tmp_path).sections == first.sections


@pytest.mark.parametrize("name", NAMES)
def test_golden_number(name: str, tmp_path: Path):
    case = CASES[name]
    assert number(run(spec(case, name, case.make(**case.healthy), tmp_path)), case.finding) == pytest.approx(case.golden, abs=5e-4)


@pytest.mark.parametrize("name", NAMES)
def test_tells_the_planted_condition_from_its_control(name: str, tmp_path: Path):
    case = CASES[name]
    found = {}
    for role, planted in (("sick", case.sick), ("healthy", case.healthy)):
        record = run(spec(case, name, case.make(**planted), tmp_path / role))
        finding = next(f for f in record.findings if f.id == case.finding)
        assert finding.value is not None
        found[role] = (finding.value, finding.interval)
    (sick, sick_interval), (healthy, healthy_interval) = found["sick"], found["healthy"]
    assert sick_interval is not None
    assert healthy_interval is not None
    if case.higher:
        assert sick_interval.low > healthy
        assert sick > healthy_interval.high
    else:
        assert sick_interval.high < healthy
        assert sick < healthy_interval.low


@pytest.mark.parametrize("name", NAMES)
def test_black_box_is_examined_or_refused_with_a_reason(name: str, tmp_path: Path):
    from snellen import load
    from snellen.labels import sixteen
    from tests.patients import PREPROCESSING

    case = CASES[name]
    inner = case.make(**case.healthy)
    box = load(
        lambda images: np.asarray(inner.logits(inner.asarray(images))), labels=sixteen(), preprocessing=PREPROCESSING, name="box"
    )
    section = only(run(spec(case, name, box, tmp_path)), name)
    assert section.status in ("done", "not applicable")
    assert section.status == "done" or section.reason
    assert all(finding.value is not None or finding.reason for finding in section.findings)


def test_people_of_a_case_match_its_images():
    for case in CASES.values():
        if case.people is not None:
            images = case.images()
            assert match(case.people(images), images.name, images.facts["image"].to_list()).height == case.people(images).height


def test_probe_of_ones_own(tmp_path: Path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from dataclasses import dataclass\nfrom snellen.core import Finding, Probe\n\n"
        "@dataclass(frozen=True)\nclass Mine(Probe):\n    question = 'Mine?'\n    about = 'a'\n    cites = ()\n\n"
        "    def judge(self, evidence):\n        return [Finding('mine.n', 'n', 'n', value=1.0)]\n"
    )
    kind = probes.get(str(path))
    assert issubclass(kind, Probe)
    assert kind.name() == "mine"

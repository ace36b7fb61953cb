"""What reports and the documentation say of a validation."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from snellen import api, probes
from snellen.probes import _validity
from snellen.probes._validity import MISSED, NONE, from_json, sentence, shown, to_json
from snellen.report.references import works
from snellen.validity import CLAIMS
from snellen.validity.page import markdown
from tests.patients import patient, photographs
from tests.validity.toys import SURE, validation, validity

ROOT = Path(__file__).parents[2]
TOLD = validation([5.0] * 5, [1.0] * 5)
MISSING = validation([1.0, 5.0, 1.0, None, 1.0], [1.0] * 5, replace(SURE, positives=("underconfident",), negatives=("healthy",)))
CALIBRATION = probes.get("calibration")()


def test_it_is_kept_as_json():
    whole = validity(TOLD, MISSING)
    assert from_json(to_json(whole)) == whole


def test_a_probe_that_told_them_apart_says_how_well():
    said = sentence(CALIBRATION, validity(TOLD))
    assert said.startswith(
        "In validation it told 5 of 5 sure patients from 5 of 5 unsure controls (AUC 1.00, 95 % interval 0.64 to 1.00). "
    )
    assert said.endswith("see docs/validity.md.")
    assert MISSED not in said.lower()


def test_a_probe_that_did_not_says_so():
    said = sentence(CALIBRATION, validity(MISSING))
    assert MISSED[:1].upper() + MISSED[1:] in said
    assert "1 of 5 underconfident patients" in said
    assert "In validation it told" not in said


def test_a_probe_that_did_both_says_both():
    said = sentence(CALIBRATION, validity(TOLD, MISSING))
    assert said.index("In validation it told") < said.index(MISSED)


def test_an_older_version_and_another_probe_and_none():
    assert "an earlier version" in sentence(CALIBRATION, validity(replace(TOLD, version=0)))
    assert "an earlier version" not in sentence(CALIBRATION, validity(TOLD))
    assert sentence(probes.get("noise")(), validity(TOLD)) == NONE
    assert sentence(CALIBRATION, validity()) == NONE


def test_a_probe_of_ones_own_has_none(tmp_path: Path):
    path = tmp_path / "calibration.py"
    path.write_text(
        "from dataclasses import dataclass\nfrom snellen.core import Finding, Probe\n\n"
        "@dataclass(frozen=True)\nclass Mine(Probe):\n    question = 'Mine?'\n    about = 'a'\n    cites = ()\n\n"
        "    def judge(self, evidence):\n        return [Finding('calibration.n', 'n', 'n', value=1.0)]\n"
    )
    own = probes.get(str(path))()
    assert own.name() == "calibration"
    assert sentence(own, validity(TOLD)) == NONE


@pytest.mark.parametrize(
    ("sick", "well", "told"),
    [
        ([5.0] * 5, [1.0] * 5, True),
        ([5.0] * 4 + [1.0], [1.0] * 5, True),
        ([5.0] * 3 + [0.0] * 2, [1.0] * 5, False),
        ([5.0] * 5, [1.0] * 3 + [6.0] * 2, False),
        ([5.0] * 2, [1.0] * 2, False),
        ([1.0] * 5, [5.0] * 5, False),
    ],
)
def test_the_rule(sick, well, told):
    assert validation(sick, well).told is told


def test_every_section_of_a_report_says_how_valid_its_probe_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_validity, "shown", lambda: validity(TOLD))
    exam = api.exam(patient(), photographs(32), ["accuracy", "calibration"], out=tmp_path)
    accuracy, calibration = exam.record.sections
    assert accuracy.validity == NONE
    assert calibration.validity == sentence(CALIBRATION, validity(TOLD))
    page = exam.report.read_text("utf-8")
    assert NONE in page
    assert "In validation it told 5 of 5 sure patients" in page


def test_the_page_names_everything():
    page = markdown(validity(TOLD, MISSING))
    row = next(line for line in page.splitlines() if line.startswith("| `calibration.error` | sure |"))
    assert row == (
        "| `calibration.error` | sure | unsure | 5 of 5 [0.48, 1.00] | 5 of 5 [0.48, 1.00] | 1.00 [0.64, 1.00] "
        "| 5 of 5, 0 of 5 | detected |"
    )
    assert "**not detected**" in page
    assert MISSED in " ".join(page.split())
    assert "- `calibration.error`, underconfident, seed 104: failed, x." in page
    assert "**underconfident**. It is less sure than it is right" in page
    assert "| `calibration.error` | underconfident | 1.000 | 5.000 | 1.000 | – | 1.000 |" in page
    assert "Every condition that was tried was detected" in markdown(validity(TOLD))
    tables = re.findall(r"(?:^\|.*\|\n)+", page, re.MULTILINE)
    assert len(tables) == 2
    assert all(len({line.count(" | ") for line in table.splitlines()}) == 1 for table in tables)
    assert set(re.findall(r"\b[a-z]+-(?:19|20)\d\d\b", page)) <= set(works())


def test_the_documentation_is_that_of_the_validation_that_comes_along():
    assert (ROOT / "docs" / "validity.md").read_text("utf-8") == markdown(shown())


def test_the_validation_that_comes_along_is_of_these_claims():
    assert [(one.finding, sorted(one.positives), sorted(one.negatives), one.images) for one in shown().validations] == [
        (claim.finding, sorted(claim.positives), sorted(claim.negatives), claim.images) for claim in CLAIMS
    ]
    assert len(shown().seeds) >= 5

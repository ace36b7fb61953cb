"""`snellen validate` as a user meets it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from snellen.cli import call
from snellen.probes._validity import MISSED, from_json
from snellen.validity import CLAIMS
from snellen.validity.page import markdown
from tests.validity.toys import SURE, validation, validity

WHOLE = validity(validation([5.0] * 5, [1.0] * 5), validation([None] * 5, [1.0] * 5, SURE))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What the command asked for, with an answer that is always the same."""
    seen: list[dict[str, object]] = []

    def stub(claims, **options):
        options["folder"].mkdir(parents=True, exist_ok=True)
        seen.append({"claims": claims, **options})
        return WHOLE

    monkeypatch.setattr("snellen.validity.validate", stub)
    return seen


def test_prints_a_table_and_writes_a_page(
    tmp_path: Path, asked, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    words = [
        "validate",
        "--probes",
        "calibration, noise",
        "--seeds",
        "6",
        "--first-seed",
        "301",
        "--jobs",
        "1",
        "--out",
        str(tmp_path / "v"),
    ]
    monkeypatch.setattr(sys, "argv", ["snellen", *words])
    assert call(words) == 3, "a number could not be had"
    said = capsys.readouterr().out
    assert (
        "│ calibration.error │ sure     │ unsure   │ 5 of 5 [0.48, 1.00] │ 5 of 5 [0.48, 1.00] │ 1.00 [0.64, 1.00] │ detected"
        in said
    )
    assert "not detected" in said
    assert "calibration.error of sure, seed 103: failed: x" in said
    assert {claim.probe for claim in asked[0]["claims"]} == {"calibration", "noise"}
    assert (list(asked[0]["seeds"]), asked[0]["jobs"]) == ([301, 302, 303, 304, 305, 306], 1)
    assert (
        asked[0]["command"]
        == f"snellen validate --probes 'calibration, noise' --seeds 6 --first-seed 301 --jobs 1 --out {tmp_path / 'v'}"
    )
    assert from_json((tmp_path / "v" / "validity.json").read_bytes()) == WHOLE
    page = (tmp_path / "v" / "validity.md").read_text("utf-8")
    assert page == markdown(WHOLE)
    assert MISSED in " ".join(page.split())


def test_all_claims_and_nothing_written_elsewhere_unless_asked(tmp_path: Path, asked, monkeypatch: pytest.MonkeyPatch):
    targets = tmp_path / "validity.json", tmp_path / "validity.md"
    monkeypatch.setattr("snellen.cli.validate._committed", lambda: targets)
    call(["validate", "--out", str(tmp_path / "v"), "--quiet"])
    assert asked[0]["claims"] == CLAIMS
    assert not any(path.exists() for path in targets)
    call(["validate", "--out", str(tmp_path / "v"), "--quiet", "--write"])
    assert [path.read_bytes() for path in targets] == [(tmp_path / "v" / path.name).read_bytes() for path in targets]


def test_dry_run_lists_and_trains_nothing(tmp_path: Path, asked, capsys: pytest.CaptureFixture[str]):
    assert call(["validate", "--dry-run", "--probes", "accuracy", "--out", str(tmp_path / "v")]) == 0
    said = capsys.readouterr().out
    assert "│ memoriser      │ 5     │ 5        │ 1              │" in said
    assert "About " in said
    assert asked == []
    assert not (tmp_path / "v").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--seeds", "0"], "got --seeds 0; expected a number from 1 to 1,000"),
        (["--probes", ","], "got no probes to validate; expected some of accuracy"),
        (["--jobs", "0"], "got --jobs 0; expected a number from 1 to 256"),
        (["--first-seed", "-1"], "expected 0 or more"),
        (["--probes", "nose"], "got the probe 'nose' to validate; expected some of accuracy"),
        (["--probes", "noise", "--write"], "expected all probes"),
        (["--first-seed", "8998", "--dry-run"], "got 9000 among the seeds to train from"),
        (["--first-seed", "8994", "--dry-run"], "got 9000 among the seeds to train from"),
    ],
)
def test_mistakes_are_sentences_with_code_two(words, says, tmp_path: Path, asked, capsys: pytest.CaptureFixture[str]):
    assert call(["validate", *words, "--out", str(tmp_path / "v"), "--quiet"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert says in said
    assert asked == []


def test_only_a_checkout_can_be_written_to(
    tmp_path: Path, asked, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("snellen.__file__", str(tmp_path / "lib" / "site-packages" / "snellen" / "__init__.py"))
    assert call(["validate", "--write", "--out", str(tmp_path / "v")]) == 2
    assert "is no checkout of Snellen" in " ".join(capsys.readouterr().err.split())

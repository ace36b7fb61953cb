"""From claims to what came of them, on networks that need no training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from snellen.core import SnellenError
from snellen.models.patients import PATIENTS, Recipe
from snellen.models.safetensors import read_card
from snellen.probes._validity import Reading
from snellen.validity import Claim, Plan, claims_of, validate
from snellen.validity.cohort import Patient, patients, train
from snellen.validity.exams import observe
from snellen.validity.outcome import outcome
from tests.validity.toys import SURE, WORLD, Trainer, validation, write

SEEDS = (11, 12, 13)


def test_a_planted_condition_is_detected(tmp_path: Path):
    trainer = Trainer()
    done = validate([SURE], seeds=SEEDS, folder=tmp_path, trainer=trainer, command="snellen validate")
    (one,) = done.validations
    assert sorted(trainer.made) == [f"{recipe}-{seed}" for recipe in ("sure", "unsure") for seed in SEEDS]
    assert (one.auc, one.sensitivity.hits, one.sensitivity.n, one.specificity.hits, one.specificity.n) == (1.0, 3, 3, 3, 3)
    assert one.told
    assert {(r.recipe, r.seed, r.planted, r.detected) for r in one.readings} == {
        (recipe, seed, recipe == "sure", recipe == "sure") for recipe in ("sure", "unsure") for seed in SEEDS
    }
    assert all(r.alarmed for r in one.readings if r.planted)
    assert (done.command, done.seeds) == ("snellen validate", SEEDS)
    assert done.versions["torch"] in torch.__version__


def test_what_is_the_same_is_not_told_apart(tmp_path: Path):
    claims = [replace(SURE, positives=("humble",)), replace(SURE, higher=False)]
    same, reverse = validate(claims, seeds=SEEDS, folder=tmp_path, trainer=Trainer()).validations
    assert (same.auc, same.sensitivity.hits + same.specificity.hits, same.told) == (0.5, 3, False)
    assert (reverse.auc, reverse.told) == (0.0, False), "the direction is the claim's"


def test_done_again_it_trains_nothing_and_shows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first = validate([SURE], seeds=SEEDS, folder=tmp_path, trainer=Trainer(), jobs=1)
    monkeypatch.setattr("snellen.models.torch.TorchModel.logits", lambda *_: pytest.fail("shown again"))
    trainer = Trainer()
    assert validate([SURE], seeds=SEEDS, folder=tmp_path, trainer=trainer) == first
    assert trainer.made == []


def test_interrupted_it_goes_on(tmp_path: Path):
    with pytest.raises(KeyboardInterrupt):
        validate([SURE], seeds=SEEDS, folder=tmp_path, trainer=Trainer(stop_after=2), jobs=1)
    trainer = Trainer()
    threads = torch.get_num_threads()
    assert validate([SURE], seeds=SEEDS, folder=tmp_path, trainer=trainer).validations[0].told
    assert len(trainer.made) == 4
    assert torch.get_num_threads() == threads


def test_networks_are_shared_between_claims_and_questions_asked_once():
    claims = [SURE, replace(SURE, finding="calibration.overconfidence"), replace(SURE, negatives=("humble",))]
    asked = patients(claims, SEEDS)
    assert len(asked) == 9
    assert {len(questions) for questions in asked.values()} == {1}


def test_what_fails_counts_against_the_probe_and_is_listed(tmp_path: Path):
    claims = [
        replace(SURE, positives=("humble",)),
        replace(SURE, finding="calibration.nonsense"),
        Claim("agreement.error-consistency", ("sure",), ("unsure",), images=WORLD),
        Claim("shape-bias.value", ("sure",), ("unsure",), images="world:nonsense"),
    ]
    trainer = Trainer(unable=("humble",))
    untrained, nonsense, alone, nowhere = validate(claims, seeds=SEEDS, folder=tmp_path, trainer=trainer).validations
    assert [r.reason for r in untrained.readings if r.planted] == [f"humble-{seed} is nobody" for seed in SEEDS]
    assert all(r.value is not None for r in untrained.readings if not r.planted)
    assert {(r.value, r.verdict, r.reason) for r in nonsense.readings} == {
        (None, "failed", "there is no finding calibration.nonsense")
    }
    assert {(r.value, r.verdict) for r in alone.readings} == {(None, "not applicable")}
    assert all("needs trials of people" in r.reason for r in alone.readings)
    assert all("expected one of" in r.reason and r.verdict == "failed" for r in nowhere.readings)
    assert (untrained.sensitivity.hits, untrained.specificity.hits, untrained.told) == (0, 3, False)
    for one in (nonsense, alone, nowhere):
        assert [r.detected for r in one.readings] == [not r.planted for r in one.readings]
        assert (one.sensitivity.hits, one.specificity.hits, one.auc) == (0, 0, 0.0)


def test_other_networks_stand_in_for_people(tmp_path: Path):
    claim = Claim("agreement.accuracy", ("sure",), ("unsure",), images=WORLD, observers="humble")
    trainer = Trainer()
    (one,) = validate([claim], seeds=SEEDS, folder=tmp_path, trainer=trainer).validations
    assert sorted(name for name in trainer.made if "humble" in name) == ["humble-14", "humble-15", "humble-16"]
    assert all(r.value is not None for r in one.readings)
    lost = Trainer(unable=("humble",))
    (one,) = validate([claim], seeds=SEEDS, folder=tmp_path / "lost", trainer=lost).validations
    assert {r.reason for r in one.readings} == {"the networks that stand in for people could not be asked"}


def test_observers_answer_as_the_network_does(tmp_path: Path):
    seen = observe(write(tmp_path / "a.safetensors"), "a", WORLD, tmp_path)
    assert seen.height == 40
    assert set(seen["kind"]) == {"human"}
    assert set(seen["dataset"]) == {"world"}
    assert seen["confidence"].null_count() == 40
    assert (seen["correct"] == (seen["category"] == seen["response"])).all()


def test_the_number_of_jobs_changes_nothing(tmp_path: Path):
    one = validate([SURE], seeds=SEEDS, folder=tmp_path / "1", trainer=Trainer(), jobs=1)
    assert validate([SURE], seeds=SEEDS, folder=tmp_path / "3", trainer=Trainer(), jobs=3) == one


def test_a_number_that_could_not_be_had_counts_against_the_probe():
    one = validation([5.0, None, 5.0], [1.0, 1.0, None])
    assert [r.detected for r in one.readings] == [True, False, True, False, False, True]
    assert (one.sensitivity.hits, one.specificity.hits) == (2, 2)
    assert one.auc == pytest.approx(2 * 2 / 9)


def test_shares_have_clopper_and_pearsons_intervals():
    one = validation([5.0] * 5, [1.0] * 5)
    assert (one.sensitivity.low, one.sensitivity.high) == pytest.approx((0.4782, 1.0), abs=1e-4)


def test_of_one_seed_nothing_is_detected():
    (one,) = [outcome(SURE, [Reading("sure", 1, True, 9.0, "bad"), Reading("unsure", 1, False, 0.0, "good")])]
    assert (one.auc, one.told, one.sensitivity.hits) == (1.0, False, 0)


def test_files_are_named_by_all_that_decides_the_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    patient = Patient("healthy", 101)
    before = patient.path(tmp_path)
    assert before.name.startswith("healthy-101-")
    assert patient.path(tmp_path / "elsewhere").name == before.name
    assert Patient("healthy", 102).path(tmp_path) != before
    with monkeypatch.context() as changed:
        changed.setattr("snellen.validity.cohort.VERSION", -1)
        assert patient.path(tmp_path) != before
    monkeypatch.setitem(PATIENTS, "healthy", replace(PATIENTS["healthy"], options="--epochs 7"))  # type: ignore[arg-type]
    assert patient.path(tmp_path) != before


def test_plan_counts_what_is_missing(tmp_path: Path):
    plan = Plan.of([SURE, replace(SURE, finding="agreement.accuracy", observers="humble")], SEEDS, tmp_path)
    assert len(plan.networks) == 9
    assert not any(map(plan.trained, plan.networks))
    path = plan.file(plan.networks[0])
    path.parent.mkdir()
    before = plan.seconds(plan.networks[0])
    write(path)
    assert plan.trained(plan.networks[0])
    assert 0 < plan.seconds(plan.networks[0]) < before


def test_claims_are_chosen_by_probe():
    assert {claim.probe for claim in claims_of(["noise", "reliance"])} == {"noise", "reliance"}
    with pytest.raises(SnellenError, match=r"got the probe 'nose' to validate; expected some of accuracy, "):
        claims_of(["nose"])


def test_a_patient_is_trained_by_its_command_on_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tiny = Recipe("Nothing.", "size=16", "--images 64 --epochs 1 --held-out 64 --width 4")
    monkeypatch.setitem(PATIENTS, "tiny", tiny)  # type: ignore[arg-type]
    patient = Patient("tiny", 104)
    path = patient.path(tmp_path)
    train(patient, path)
    facts = read_card(path).facts
    assert (
        facts["command"]
        == f"snellen train --world world:size=16,seed=104 {tiny.options} --seed 104 --out {path} --device cpu --quiet"
    )
    assert facts["made with"].endswith("cpu, 1 threads")
    monkeypatch.setitem(PATIENTS, "tiny", replace(tiny, options="--epochs none"))  # type: ignore[arg-type]
    with pytest.raises(SnellenError, match=r"tiny-104 could not be trained \(exit code 2\): .*"):
        train(patient, path)


@pytest.mark.slow
def test_one_real_claim(tmp_path: Path):
    (one,) = validate([claims_of(["accuracy"])[0]], seeds=(201, 202), folder=tmp_path).validations
    assert (one.finding, one.auc) == ("accuracy.top1", 1.0)
    assert (one.sensitivity.hits, one.specificity.hits) == (2, 2)
    assert not one.told, "two seeds leave room for chance"

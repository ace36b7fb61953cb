"""The table of claims: whole, made of recipes that exist, and of findings that exist."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from snellen import probes
from snellen.images import open_images
from snellen.images.world import World
from snellen.models.patients import PATIENTS
from snellen.validity.claims import CLAIMS, EXAM_SEED, NO_CLAIM, Claim, Question
from snellen.validity.exams import examine, observe
from tests.validity.toys import write

IDS = [f"{claim.finding}-{'+'.join(claim.positives)}" for claim in CLAIMS]


def test_every_probe_claims_something_or_says_why_not():
    claimed = {claim.probe for claim in CLAIMS}
    assert claimed | set(NO_CLAIM) == set(probes.names()), "a probe needs a claim in validity/claims.py, or a reason in NO_CLAIM"
    assert not claimed & set(NO_CLAIM)
    assert all(NO_CLAIM.values())


def test_claims_are_different():
    assert len(set(IDS)) == len(IDS)


@pytest.mark.parametrize("claim", CLAIMS, ids=IDS)
def test_a_claim_is_of_recipes_and_worlds_that_there_are(claim: Claim):
    assert set(claim.recipes) | ({claim.observers} - {""}) <= set(PATIENTS)
    assert not set(claim.positives) & set(claim.negatives)
    images = open_images(claim.images)
    assert isinstance(images, World)
    assert images.seed == EXAM_SEED
    assert set(dict(claim.settings)) <= set(probes.get(claim.probe)().settings())


@cache
def small(images: str) -> str:
    return re.sub(r"images=\d+", "images=96", images)


@pytest.mark.parametrize("question", dict.fromkeys(claim.question for claim in CLAIMS), ids=lambda question: question.probe)
def test_a_finding_of_that_name_is_made(question: Question, tmp_path: Path):
    path = write(tmp_path / "net.safetensors")
    fewer = Question(question.probe, small(question.images), question.settings, question.observers)
    crowds = {}
    if question.observers:
        crowds = {
            (fewer.observers, fewer.images): observe(write(tmp_path / "other.safetensors", seed=1), "o", fewer.images, tmp_path)
        }
    section = examine(path, [fewer], tmp_path, crowds)[fewer]
    assert section.status == "done", section.reason
    assert {claim.finding for claim in CLAIMS if claim.question == question} <= {finding.id for finding in section.findings}

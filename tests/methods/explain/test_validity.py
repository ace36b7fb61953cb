"""What is said of methods that missed what a patient goes by."""

from __future__ import annotations

import json
from importlib.resources import files

from snellen.methods.explain.registry import names
from snellen.methods.explain.validity import misses

OTHERS = {"attention-rollout", "class-evidence"}
"""Of networks that the patients with a planted region are not: transformers, averages over places."""


def test_every_method_was_tried_on_every_patient() -> None:
    found = json.loads(files("snellen.methods.explain").joinpath("validity.json").read_text("utf-8"))
    tried = {(row["patient"], row["method"]) for row in found["rows"]}
    assert tried == {(patient, method) for patient in {row["patient"] for row in found["rows"]} for method in {*names()} - OTHERS}
    assert all(row["low"] <= row["mass"] <= row["high"] for row in found["rows"])
    assert found["command"].startswith("python benchmarks/explanations.py marks")


def test_a_method_that_missed_is_warned_of_and_one_that_did_not_is_not() -> None:
    (text,) = misses("guided-backpropagation")
    assert text.startswith("on patients known to go by the background, its maps put 52% of their mass there")
    assert misses("grad-cam") == ()

"""For every probe: a patient with the condition it looks for, a control, and the number that must tell them apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from snellen.core import Images, Model
from snellen.images.decode import decode
from tests.patients import (
    NAMES,
    born,
    counter,
    cue_conflict,
    cut_out,
    day_and_night,
    observer,
    onlooker,
    patient,
    photographs,
    scenes,
)


@dataclass(frozen=True)
class Case:
    """`sick` is planted to have the lower (or `higher`) value of `finding`; `golden` is the control's value."""

    finding: str
    sick: dict[str, float]
    healthy: dict[str, float]
    golden: float
    higher: bool = False
    images: Callable[[], Images] = photographs
    make: Callable[..., Model] = patient
    people: Callable[[Images], pl.DataFrame] | None = None
    settings: dict[str, object] = field(default_factory=dict)


HABIT = {"keep": 0.01, "seed": 4, "texture": 0.2}
"""A patient that sees few pixels, and whose errors the planted people share."""


def people_of_that_habit(images: Images) -> pl.DataFrame:
    """Three people who err on the images on which a patient errs, with a few slips of their own."""
    model = patient(**HABIT)
    pixels = np.stack([decode(payload, model.preprocessing) for payload in images.fetch(range(len(images)))])
    right = np.asarray(model.logits(model.asarray(pixels))).argmax(axis=1) == [NAMES.index(c) for c in images.facts["category"]]
    slips = [np.random.default_rng(seed).random(len(images)) < 0.05 for seed in range(3)]
    return pl.concat([observer(images, right ^ slip, f"subject-{at}", seed=at) for at, slip in enumerate(slips)])


def shape_people(images: Images) -> pl.DataFrame:
    """Two people who answer by shape nearly always."""
    right = [np.random.default_rng(seed).random(len(images)) < 0.96 for seed in range(2)]
    return pl.concat([observer(images, ok, f"subject-{at}", seed=at) for at, ok in enumerate(right)])


CASES: dict[str, Case] = {
    "accuracy": Case("accuracy.top1", {"keep": 0.002}, {}, 1.0),
    "worst-group": Case("worst-group.worst", {"shape": 0.0, "bright": 1.0, "gain": 50.0}, {}, 1.0, images=day_and_night),
    "calibration": Case(
        "calibration.error", {**HABIT, "seed": 3, "gain": 1.5}, {**HABIT, "seed": 3, "gain": 4.0}, 0.1116, higher=True
    ),
    "calibration-shift": Case(
        "calibration-shift.overconfidence",
        {**HABIT, "seed": 3, "gain": 40.0},
        {**HABIT, "seed": 3, "gain": 8.0},
        -0.0599,
        higher=True,
    ),
    "new-test-set": Case("new-test-set.drop", {"keep": 0.002}, {}, 0.0, higher=True, settings={"original": "1000/1000"}),
    "contrast": Case("contrast.kept", {"bias": 3.0}, {}, 1.0),
    "noise": Case("noise.kept", HABIT, {}, 0.8259),
    "blur": Case("blur.kept", {"shape": 0.0, "texture": 1.0}, {}, 0.7560),
    "rotation": Case("rotation.kept", {}, {"shape": 0.0, "bright": 1.0, "gain": 50.0}, 1.0),
    "corruptions": Case(
        "corruptions.kept", HABIT, {}, 1.0, settings={"only": "gaussian-noise,defocus-blur,frost", "severities": "1,5"}
    ),
    "distortions": Case("distortions.kept", HABIT, {}, 0.7909, settings={"only": "uniform-noise,low-pass"}),
    "transfer": Case("transfer.gap", {**HABIT, "despeckle": True}, {}, 0.0878, higher=True),
    "frequency": Case("frequency.low", {"shape": 0.0, "texture": 1.0}, {}, 1.0, settings={"grid": 2}),
    "adversarial": Case(
        "adversarial.accuracy",
        {"keep": 0.002},
        {},
        1.0,
        settings={"count": 16, "attacks": "fgsm;pgd:steps=5;square:queries=20", "epsilons": "2/255,8/255", "judged": "8/255"},
    ),
    "margin": Case("margin.median", {"keep": 0.05}, {}, 3.3253, settings={"count": 12}),
    "shape-bias": Case("shape-bias.value", {"shape": 0.0, "texture": 1.0}, {}, 1.0, images=cue_conflict, people=shape_people),
    "agreement": Case("agreement.error-consistency", {**HABIT, "seed": 2}, HABIT, 0.8664, people=people_of_that_habit),
    "reliance": Case("reliance.strongest", {"ground": 1.0}, {"ground": 0.5}, 0.0, higher=True, images=scenes, make=onlooker),
    "background": Case("background.flips", {"shape": 0.0, "texture": 1.0}, {}, 0.1042, higher=True, images=cut_out),
    "object-location": Case("object-location.mass", {"shape": 0.0, "texture": 1.0}, {}, 0.4391, images=cut_out),
    "explanation-sanity": Case("explanation-sanity.most", {"given": 0.9}, {"given": 0.0}, -0.0032, higher=True, make=born),
    "evidence-map": Case(
        "evidence-map.half", {"shape": 0.0, "texture": 1.0}, {}, 0.0222, higher=True, make=counter, settings={"count": 16}
    ),
    "units": Case(
        "units.detectors",
        {"shape": 0.0, "texture": 1.0},
        {},
        0.6875,
        images=cut_out,
        make=counter,
        settings={"count": 64, "least": 0.2},
    ),
    "class-images": Case(
        "class-images.kept", {"shape": 0.0, "texture": 1.0}, {}, 1.0, settings={"classes": 6, "steps": 24, "count": 32}
    ),
    "explanation-fragility": Case(
        "explanation-fragility.most", {"ripple": 1.0}, {}, 0.8323, settings={"methods": "gradient;gradient-x-input"}
    ),
    "what-it-looks-at": Case(
        "what-it-looks-at.agreement", {"shatter": 0.01}, {}, 0.4935, settings={"methods": "gradient;occlusion"}
    ),
}

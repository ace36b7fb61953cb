"""From readings of patients and controls to what they show of a claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from snellen import probes
from snellen.probes._validity import Reading, Share, Validation
from snellen.stats import clopper_pearson
from snellen.validity.claims import Claim
from snellen.validity.statistics import NOTHING, auc, auc_interval, detections


def outcome(claim: Claim, readings: Sequence[Reading]) -> Validation:
    """Sensitivity, specificity and AUC of a claim. A reading without a value counts against the probe, whoever it is of."""
    scores = [_score(claim, one) for one in readings]
    planted = [one.planted for one in readings]
    found = detections(scores, planted, [one.seed for one in readings])
    sick = [score for score, is_sick in zip(scores, planted, strict=True) if is_sick]
    well = [score for score, is_sick in zip(scores, planted, strict=True) if not is_sick]
    area = auc(sick, well)
    interval = auc_interval(area, len(sick), len(well))
    return Validation(
        claim.probe,
        claim.finding,
        probes.get(claim.probe).version,
        claim.higher,
        claim.images,
        dict(claim.settings),
        claim.observers,
        _share([one for one, is_sick in zip(found, planted, strict=True) if is_sick]),
        _share([not one for one, is_sick in zip(found, planted, strict=True) if not is_sick]),
        area,
        interval.low,
        interval.high,
        tuple(replace(one, detected=is_found) for one, is_found in zip(readings, found, strict=True)),
    )


def _score(claim: Claim, reading: Reading) -> float:
    """How sick a network looks: without a value a patient less than any, a control more than any."""
    if reading.value is None:
        return NOTHING if reading.planted else -NOTHING
    return reading.value if claim.higher else -reading.value


def _share(flags: Sequence[bool]) -> Share:
    interval = clopper_pearson(sum(flags), len(flags))
    return Share(sum(flags), len(flags), interval.low, interval.high)

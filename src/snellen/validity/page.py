"""The page `docs/validity.md`: how the exam itself was examined, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import fill

from snellen.models.patients import PATIENTS
from snellen.probes._validity import LEAST, MISSED, Share, Validation, Validity
from snellen.validity.claims import CLAIMS, NO_CLAIM
from snellen.validity.cohort import OBSERVERS

WIDTH = 128
_INTRODUCTION = (
    "How often is the exam right? For a photograph nobody knows what a network went by. So networks were trained on a drawn "
    "[world](world.md) with a condition planted in them, patients, and others without it, controls. Each probe that claims to "
    "detect such a condition examined both. This page is written by `snellen validate --write`, from what it found."
)
_RULES = (
    "The rules were fixed before this was run, and no probe was tuned to pass. The recipes were chosen beforehand, on networks of "
    "other seeds, so that interventions on the world show the condition in them. Each recipe is trained once from every "
    "seed, which sets its world and its first weights; none of these networks is a patient that comes with Snellen. All are "
    "examined on a world of another seed.",
    "**Sensitivity** is the share of patients detected, **specificity** the share of controls not detected, with Clopper-Pearson "
    "intervals (clopper-1934). A network is detected when its number lies beyond a threshold, half way between the mean of the "
    "patients and the mean of the controls *of all other seeds*. A number that could not be had counts against the probe: as not "
    "detected in a patient, as detected in a control.",
    "**AUC** is the chance that a random patient has the sicker number than a random control, ties half (hanley-1982). It needs no "
    "threshold. Its interval is by the fifth method of newcombe-2006, which keeps a width where all are told apart. Intervals are "
    "of 95 % and over networks: what other trainings of the same recipes would give, on the same images.",
    "**Warned** is how many patients, and how many controls, were given the verdict `bad` or `caution` by the finding; probes that "
    "give no verdict warn of none.",
    f"A condition counts as **not detected** where the interval of the AUC reaches one half, or where sensitivity or specificity "
    f"is below {LEAST:.0%}. The section of the probe then says so in every report.",
)
_LIMITS = (
    "The networks are small, the images are drawn, and the conditions are strong. That a probe detects them here does not say that "
    "it detects weak ones, or those of large networks on photographs. That it does not detect them here says more.",
    "A probe was tried on the conditions named here and on no others, with a control that lacks exactly those. A control may have "
    "others of its own.",
    "Few networks make wide intervals: five patients and five controls, all told apart, leave an AUC of 0.64 possible.",
    "Images, settings and thresholds of verdicts were those named here. With fewer images numbers scatter more.",
)


def markdown(validity: Validity) -> str:
    """The page; a pure function of the validation, and of the claims and recipes as they are now."""
    parts = ["# Validity", _text(_INTRODUCTION), "## How it was done", *map(_text, _RULES)]
    if not validity.validations:
        none = "No validation came with this version: probes are reported as not validated."
        return _joined([*parts, "## Result", none, *_limits()])
    missed = [one for one in validity.validations if not one.told]
    absent = [(one, reading) for one in validity.validations for reading in one.readings if reading.value is None]
    versions = ", ".join(f"{name} {number}" for name, number in validity.versions.items())
    parts += [
        f"```sh\n{validity.command}\n```",
        _text(f"Seeds {', '.join(map(str, validity.seeds))}; {versions}."),
        "## Result",
        _table(
            ("finding", "patients", "controls", "sensitivity", "specificity", "AUC", "warned", ""),
            (_row(one) for one in validity.validations),
        ),
        "## What did not work",
        _items(f"`{one.finding}`, {' or '.join(one.positives)}: {MISSED}. It told {one.sentence}." for one in missed)
        or "Every condition that was tried was detected, by the rule above.",
        *(["Numbers that could not be had:", _absent(absent)] if absent else []),
        "## What was planted",
        _items(_planted(validity.validations)),
        "## What each was examined on",
        _items(_examined(one) for one in validity.validations),
        *(["Of these probes nothing is claimed:", _items(f"`{n}`: {why}" for n, why in NO_CLAIM.items())] if NO_CLAIM else []),
        "## Every number",
        _table(("finding", "networks", *map(str, validity.seeds)), _numbers(validity)),
    ]
    return _joined([*parts, *_limits()])


def _limits() -> list[str]:
    return ["## Limits", _items(_LIMITS)]


def _row(one: Validation) -> tuple[str, ...]:
    sick = [reading.alarmed for reading in one.readings if reading.planted]
    well = [reading.alarmed for reading in one.readings if not reading.planted]
    return (
        f"`{one.finding}`",
        ", ".join(one.positives),
        ", ".join(one.negatives),
        _share(one.sensitivity),
        _share(one.specificity),
        f"{one.auc:.2f} [{one.low:.2f}, {one.high:.2f}]",
        f"{sum(sick)} of {len(sick)}, {sum(well)} of {len(well)}",
        "detected" if one.told else "**not detected**",
    )


def _share(share: Share) -> str:
    return f"{share.hits} of {share.n} [{share.low:.2f}, {share.high:.2f}]"


def _absent(absent: Sequence[tuple[Validation, object]]) -> str:
    return _items(f"`{one.finding}`, {r.recipe}, seed {r.seed}: {r.verdict}, {r.reason}." for one, r in absent)  # type: ignore[attr-defined]


def _planted(validations: Sequence[Validation]) -> list[str]:
    used = dict.fromkeys(recipe for one in validations for recipe in (*one.positives, *one.negatives))
    return [f"**{recipe}**. {PATIENTS[recipe].planted}" for recipe in used if recipe in PATIENTS]


def _examined(one: Validation) -> str:
    why = next((claim.why for claim in CLAIMS if (claim.finding, claim.positives) == (one.finding, one.positives)), "")
    settings = "".join(f", {name} = {value}" for name, value in one.settings.items())
    crowd = f" {OBSERVERS} networks trained as {one.observers} stand in for people." if one.observers else ""
    direction = "higher" if one.higher else "lower"
    return f"`{one.finding}`, {direction} in {' or '.join(one.positives)}: `{one.images}`{settings}.{crowd} {why}".strip()


def _numbers(validity: Validity) -> Iterable[tuple[str, ...]]:
    for one in validity.validations:
        for recipe in (*one.positives, *one.negatives):
            values = {reading.seed: reading.value for reading in one.readings if reading.recipe == recipe}
            shown = (values.get(seed) for seed in validity.seeds)
            yield (f"`{one.finding}`", recipe, *("–" if value is None else f"{value:.3f}" for value in shown))


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows))


def _items(texts: Iterable[str]) -> str:
    return "\n".join(_text(f"- {text}", "  ") for text in texts)


def _text(text: str, indent: str = "") -> str:
    return fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(parts) + "\n"

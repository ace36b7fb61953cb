"""Scaffolds and rules that mislead: how often they are found, and how often honest ones are accused.

    python benchmarks/misleading.py scaffolds [--images 48]
    python benchmarks/misleading.py rules [--images 1024]

`scaffolds` (slack-2020) hide four patients that go by something else than shape behind the healthy one, with three detectors fitted
on what LIME and KernelSHAP ask, choosing one model (hard) or mixing both (soft). Honest models are all patients. Both checks
perturb as LIME does, hidden dependence also with grey squares, which no detector was fitted on.
`rules` (lakkaraju-2020): fidelity of rules that name none of the facts that a patient goes by, and of the best there are, where
these facts are tied to the category, as in what the patient was trained on, and where an intervention cuts the tie.
"""

from __future__ import annotations

import argparse
from collections import Counter

import numpy as np
import torch

import snellen
from snellen.core import Model
from snellen.images.world import World, open_world
from snellen.methods.explain.kernel_shap import KernelShap
from snellen.methods.explain.lime import Lime
from snellen.methods.train.settings import Training
from snellen.methods.trust._detectors import Detector, LinearDetector, NetworkDetector, grain
from snellen.methods.trust.continuity import Continuity
from snellen.methods.trust.hidden_dependence import Hidden, HiddenDependence
from snellen.methods.trust.misleading import Misleading, Observed
from snellen.methods.trust.scaffolding import Scaffold, queries
from snellen.models.architectures import make
from snellen.models.patients import PATIENTS
from snellen.stats import clopper_pearson

CAUSES = {
    "mark-reliant": ("mark",),
    "background-reliant": ("background", "background_colour"),
    "colour-reliant": ("colour",),
    "texture-biased": ("texture",),
}
FACTS = ("category", "view", "clutter", "texture", "colour", "background", "background_colour", "mark")
OWN = {"mark-reliant": {"scale": (0.4, 0.6), "occlusion": (0.2, 0.5)}}
LIME = Lime(segmenter="slic", superpixels=64, samples=32)
ASKED = (LIME, KernelShap(segmenter="slic", superpixels=12, samples=96))


def pixels(world: World) -> np.ndarray:
    return world.draw().pixels


def bytes_of(images: torch.Tensor) -> np.ndarray:
    return np.clip(np.rint(images.numpy() * 255), 0, 255).astype(np.uint8)


def detectors(innocuous: Model) -> dict[str, Detector]:
    """Fitted on images of the default world and on what is asked about them."""
    real = pixels(open_world(images=768, seed=60))
    native = innocuous.asarray(real)
    some = native[:192]
    classes = innocuous.logits(some).argmax(1).numpy()
    perturbed = torch.cat([queries(method, innocuous, some, classes, 4) for method in ASKED])
    with torch.random.fork_rng():
        torch.manual_seed(60)
        network = make("small", {"classes": 2, "width": 12})
    return {
        "grain": LinearDetector(grain, native, perturbed),
        "features": LinearDetector(innocuous.features, native, perturbed),
        "network": NetworkDetector(network, np.tile(real, (2, 1, 1, 1)), bytes_of(perturbed), Training(epochs=20, amp="off")),
    }


def left(hidden: Hidden) -> str:
    span = hidden.interval
    return f"{hidden.ratio.point():.2f}" + (f" [{span.low:.2f}, {span.high:.2f}]" if span else "")


def twins(world: World, causes: tuple[str, ...]) -> World:
    for cause in causes:
        world = world.twins(cause)
    return world


def scaffolds(count: int) -> None:
    world, innocuous = open_world(images=count, seed=22), snellen.load("patient:healthy")
    images = innocuous.asarray(pixels(world))
    answers = innocuous.logits(images).argmax(1).numpy()
    asked = queries(LIME, innocuous, images, answers, 1, key=3)
    changed = {causes: innocuous.asarray(pixels(twins(world, causes))) for causes in CAUSES.values()}
    found: dict[str, list[bool]] = {}
    print("| model | real taken for perturbed | perturbed found | largest jump | left, as LIME | left, grey squares | warns |")
    print("|---|---|---|---|---|---|---|")

    def examine(name: str, model: Model, kind: str, causes: tuple[tuple[str, ...], ...], detector: Detector | None = None) -> None:
        jumps = Continuity()(model, images, asked)
        warns, told_of = {"jumps": jumps.warns}, []
        for check, look in {"as LIME": HiddenDependence(LIME), "grey squares": HiddenDependence()}.items():
            hidden = [look(model, images, changed[cause]) for cause in causes]
            known = [one for one in hidden if one.applies]
            warns |= {check: any(one.warns for one in known)} if known else {}
            told_of.append(", ".join(map(left, known)))
        for check, warned in [*warns.items(), ("any", any(warns.values()))]:
            found.setdefault(f"{kind}: {check}", []).append(warned)
        told = "|".join(f" {(detector(some) >= 0.5).mean():.2f} " for some in (images, asked)) if detector else " – | – "
        ratios = " | ".join(one or "–" for one in told_of)
        said = ", ".join(check for check, warned in warns.items() if warned) or "–"
        print(f"| {name} |{told}| {jumps.jump.max():.5f} | {ratios} | {said} |", flush=True)

    for name in PATIENTS:
        examine(name, snellen.load(f"patient:{name}"), "honest", tuple(CAUSES.values()))
    fitted = detectors(innocuous)
    for name, causes in CAUSES.items():
        biased = snellen.load(f"patient:{name}")
        for called, detector in fitted.items():
            for soft in (False, True):
                kind = "soft" if soft else "hard"
                model = Scaffold(biased, innocuous, detector, soft=soft)
                examine(f"{name} behind {called}, {kind}", model, f"{kind} scaffolds", (causes,), detector)
    print("\n| models and check | warned of | of |\n|---|---|---|")
    for what, warned in sorted(found.items()):
        hits = Counter(warned)[True]
        span = clopper_pearson(hits, len(warned))
        print(f"| {what} | {hits} ({hits / len(warned):.2f} [{span.low:.2f}, {span.high:.2f}]) | {len(warned)} |")


def observed(model: Model, world: World) -> Observed:
    answers = np.concatenate([model.logits(model.asarray(part)).argmax(1).numpy() for part in np.array_split(pixels(world), 8)])
    return Observed({fact: world.facts[fact].to_numpy() for fact in FACTS}, answers)


def rules(count: int) -> None:
    print("| patient | rules | fidelity, tied | tie cut | falls by |\n|---|---|---|---|---|")
    for name, causes in [*CAUSES.items(), ("healthy", CAUSES["background-reliant"])]:
        tied = open_world({**OWN.get(name, {}), **{f"{cause} | category": 1.0 for cause in causes}}, images=count, seed=41)
        cut = tied.do(**{cause: dict.fromkeys(tied.facts[cause].unique(), 1 / tied.facts[cause].n_unique()) for cause in causes})
        ask = Misleading(tuple(fact for fact in FACTS if fact not in causes), causes)
        model = snellen.load(f"patient:{name}")
        found = ask(observed(model, tied), observed(model, cut))
        for kind, one in (("misleading", found.misleading), ("honest", found.honest)):
            told = [
                f"{hits / n:.2f} [{i.low:.2f}, {i.high:.2f}]"
                for (hits, n), i in zip((one.tied, one.cut), one.intervals, strict=True)
            ]
            value, span = one.fall
            warns = ", warns" if one.warns else ""
            said = f"{kind}, by {', '.join(one.rules.facts)}"
            print(f"| {name} | {said} | {told[0]} | {told[1]} | {value:.2f} [{span.low:.2f}, {span.high:.2f}]{warns} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["scaffolds", "rules"])
    parser.add_argument("--images", type=int)
    given = parser.parse_args()
    if given.part == "scaffolds":
        scaffolds(given.images or 48)
    else:
        rules(given.images or 1024)


if __name__ == "__main__":
    main()

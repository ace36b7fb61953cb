"""How often scaffolds (slack-2020) are found and honest models are accused, by jumps and by hidden dependence.

    python benchmarks/scaffolds.py [--images 48]

Scaffolds hide four patients that go by something else than shape behind the healthy one, with three detectors fitted on what LIME
and KernelSHAP ask, choosing one model (hard) or mixing both (soft). Honest models are all patients. Both checks perturb as LIME
does, hidden dependence also with grey squares, which no detector was fitted on.
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
from snellen.methods.trust.hidden_dependence import HiddenDependence
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
LIME = Lime(segmenter="slic", superpixels=64, samples=32)
ASKED = (LIME, KernelShap(segmenter="slic", superpixels=12, samples=96))


def pixels(world: World) -> np.ndarray:
    return np.stack(world.fetch(range(len(world))))


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


def twins(world: World, causes: tuple[str, ...]) -> World:
    for cause in causes:
        world = world.twins(cause)
    return world


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=48)
    count = parser.parse_args().images
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
            told_of.append(", ".join(f"{one.ratio.point():.2f} [{one.interval.low:.2f}, {one.interval.high:.2f}]" for one in known))
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


if __name__ == "__main__":
    main()

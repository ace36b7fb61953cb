"""Published effects of explanations on real networks and on patients, whose conditions are known.

    python benchmarks/explanations.py marks|alignment|sanity|fragility|manipulation [--images 64] [--networks zoo:squeezenet …]

`marks`: do maps lie on what a patient was made to go by? Mass inside the planted region and how often the highest value lies there,
over 95 % intervals; chance is the area of the region; `--write FILE` for the numbers as JSON. Images are those of the patient's own
world that it gets right.
`alignment`: the share of the gradient's mass inside the object, of a patient trained on adversarial examples, of one trained on
shapes in every texture, and of the healthy one (tsipras-2019), on the same images.
`sanity`: similarity of maps before and after randomisation, from the logits to the input (adebayo-2018).
`manipulation`: a network trained so that Grad-CAM, or `--target gradient`, lies on the frame of the image and its answers stay
(heo-2019), what that does to other methods on images that were not trained on, and which tests of explanations see it.
`fragility`: what a change within 8/255 that keeps the label does to gradient maps (ghorbani-2019).
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch

import snellen
from snellen.core import Model, SnellenError
from snellen.images import open_images
from snellen.images.stream import parts
from snellen.images.world.open import open_world, parse
from snellen.images.world.scene import BACKGROUND, MARK
from snellen.labels import SIXTEEN
from snellen.methods.explain.explanation import Explainer
from snellen.methods.explain.grad_cam import GradCam
from snellen.methods.explain.gradient import Gradient
from snellen.methods.explain.occlusion import Occlusion
from snellen.methods.explain.registry import make, names
from snellen.methods.train.settings import Training
from snellen.methods.trust.faithfulness import evidence
from snellen.methods.trust.fragility import Fragility
from snellen.methods.trust.localization import localization
from snellen.methods.trust.manipulation import Manipulation
from snellen.methods.trust.randomization import Randomization
from snellen.methods.trust.warning_signs import WarningSigns
from snellen.models.torch import TorchModel
from snellen.stats import bootstrap, clopper_pearson, mean_estimate

PLANTED = {
    "mark-reliant": ("mark|category=1", MARK),
    "background-reliant": ("background|category=1,background_colour|category=1", BACKGROUND),
    "shape-biased": ("", None),
}
SETTINGS = {
    "occlusion": ":patch=9,stride=3",
    "lime": ":segmenter=slic,superpixels=64,samples=400",
    "kernel-shap": ":segmenter=slic,superpixels=64,samples=400",
    "rise": ":samples=1000",
    "local-linear": ":cell=4,samples=2000",
}
EXAMINED = ("gradient", "smooth-grad:samples=10", "gradient-x-input", "guided-backpropagation", "deconvolution", "grad-cam")
CARRIED = ("gradient", "gradient-x-input", "integrated-gradients:steps=8,tolerance=1", "grad-cam", "guided-backpropagation")
SHARED = Path(__file__).parents[2] / "shared" / "data" / "imagenet-sample"


def explainers() -> list[Explainer]:
    return [make(name + SETTINGS.get(name, "")) for name in names()]


def spanned(values: np.ndarray) -> str:
    found = bootstrap(mean_estimate(np.arange(len(values)), values), 0)
    return f"{values.mean():.3f}" + (f" [{found.low:.3f}, {found.high:.3f}]" if found else "")


def right(model: Model, pixels: np.ndarray, truth: np.ndarray, count: int) -> np.ndarray:
    """The first rows that the model gets right."""
    answers = np.concatenate([model.logits(model.asarray(part)).argmax(1).numpy() for part in np.array_split(pixels, 8)])
    return np.flatnonzero(answers == truth)[:count]


def marks(count: int, write: Path | None) -> None:
    print("| patient | region | method | mass | chance | pointing | chance |\n|---|---|---|---|---|---|---|")
    rows_found = []
    for name, (mechanisms, region) in PLANTED.items():
        model = snellen.load(f"patient:{name}")
        given = {**parse(f"world:{mechanisms}"), "images": 6 * count, "size": model.preprocessing.size[0], "seed": 50}
        world = open_world(**given)
        scene = world.draw(detail=True)
        truth = np.array([SIXTEEN.index(category) for category in world.facts["category"]])
        rows = right(model, scene.pixels, truth, 6 * count)
        assert scene.labels is not None
        masks = scene.object if region is None else (scene.labels == region).astype(np.float32)
        rows = np.array([row for row in rows if masks[row].any()])[:count]
        images, classes = model.asarray(scene.pixels[rows]), truth[rows]
        called = {MARK: "mark", BACKGROUND: "background", None: "object"}[region]
        for method in explainers():
            try:
                maps = evidence(method(model, images, classes).maps, method.signed)
            except SnellenError as error:
                print(f"| {name} | {called} | {method.name} | {error} | | | |", flush=True)
                continue
            found = localization(maps, masks[rows])
            hits = clopper_pearson(round(found.pointing.sum()), len(rows))
            span, area = bootstrap(mean_estimate(np.arange(len(rows)), found.mass), 0), float(found.mass_chance.mean())
            low, high = (found.mass.mean(),) * 2 if span is None else (span.low, span.high)
            rows_found.append((name, called, method.name, *(round(float(x), 3) for x in (found.mass.mean(), low, high, area))))
            print(
                f"| {name} | {called} | {method.name} | {spanned(found.mass)} | {found.mass_chance.mean():.3f} | "
                f"{found.pointing.mean():.2f} [{hits.low:.2f}, {hits.high:.2f}] | {found.pointing_chance.mean():.3f} |",
                flush=True,
            )
    if write is not None:
        columns = ("patient", "region", "method", "mass", "low", "high", "chance")
        told: dict[str, object] = {"command": f"python benchmarks/explanations.py marks --images {count}", "n": count}
        write.write_text(
            json.dumps({**told, "rows": [dict(zip(columns, row, strict=True)) for row in rows_found]}, indent=1) + "\n"
        )


def alignment(count: int) -> None:
    print("| patient | method | mass inside the object | chance | n |\n|---|---|---|---|---|")
    known = ("healthy", "adversarially-trained", "shape-biased", "texture-biased")
    models = {name: snellen.load(f"patient:{name}") for name in known}
    world = open_world(images=4 * count, size=models["healthy"].preprocessing.size[0], seed=51)
    scene = world.draw()
    truth = np.array([SIXTEEN.index(category) for category in world.facts["category"]])
    rows = np.arange(count)
    shares: dict[tuple[str, str], np.ndarray] = {}
    for method in map(make, ("gradient", "smooth-grad", "integrated-gradients")):
        for name, model in models.items():
            maps = evidence(method(model, model.asarray(scene.pixels[rows]), truth[rows]).maps, False)
            found = localization(maps, scene.object[rows])
            shares[method.name, name] = found.mass
            print(f"| {name} | {method.name} | {spanned(found.mass)} | {found.mass_chance.mean():.3f} | {count} |", flush=True)
        for other in known[1:]:
            gain = shares[method.name, other] - shares[method.name, "healthy"]
            print(f"| {other} less healthy | {method.name} | {spanned(gain)} | | {count} |", flush=True)


def photographs(model: Model, count: int) -> tuple[torch.Tensor, np.ndarray]:
    opened = open_images(SHARED, sample=count)
    (block,) = parts(opened, model.preprocessing, [list(range(count))])
    images = model.asarray(block.pixels)
    return images, model.logits(images).argmax(1).numpy()


def sanity(count: int, networks: list[str]) -> None:
    print("| network | method | randomised | Spearman | of absolute values | SSIM | HOG |\n|---|---|---|---|---|---|---|")
    for name in networks:
        model = snellen.load(name)
        images, classes = photographs(model, count)
        wrap = lambda network, model=model: TorchModel(network, preprocessing=model.preprocessing, id="copy")  # noqa: E731
        for text in (
            "gradient",
            "smooth-grad:samples=10",
            "gradient-x-input",
            "guided-backpropagation",
            "deconvolution",
            "grad-cam",
        ):
            method = make(text)
            found = Randomization()(method, model.module, wrap, images, classes)
            layers = len(found.layers)
            for at in sorted({0, layers // 4, layers // 2, layers - 1}):
                cells = [np.nanmean(found.similarity[m][at]) for m in ("spearman", "absolute-spearman", "ssim", "hog")]
                told = " | ".join(f"{cell:+.2f}" for cell in cells)
                print(f"| {name} | {method.name} | {at + 1} of {layers} ({found.layers[at]}) | {told} |", flush=True)


def fragility(count: int, networks: list[str]) -> None:
    print("| network | explained by | criterion | moved | top-k intersection | below half | Spearman | centre | confidence |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in networks:
        model = snellen.load(name)
        images, _ = photographs(model, count)
        for criterion in ("top-k", "mass-centre", "random"):
            found = Fragility(criterion=criterion, iterations=40)(model, images)
            below = int((found.intersection < 0.5).sum())
            share = clopper_pearson(below, count)
            print(
                f"| {name} | gradient | {criterion} | {found.moved.mean():.2f} | {np.median(found.intersection):.2f} | "
                f"{below / count:.2f} [{share.low:.2f}, {share.high:.2f}] | {found.rank_correlation.mean():.2f} | "
                f"{found.shift.mean():.1f} px | {found.confidence_before.mean():.2f} to {found.confidence_after.mean():.2f} |",
                flush=True,
            )


def views(photographs: np.ndarray, count: int) -> np.ndarray:
    """The photographs, and for each so many less one random crops of half the side or more, every second one mirrored."""
    rng, side, out = np.random.default_rng(0), photographs.shape[2], [photographs]
    for photograph in np.concatenate([photographs] * (count - 1)):
        size = int(rng.uniform(0.5, 1) * side)
        top, left = rng.integers(0, side - size + 1, 2)
        cut = torch.from_numpy(photograph[None, :, top : top + size, left : left + size].astype(np.float32))
        large = torch.nn.functional.interpolate(cut, (side, side), mode="bilinear", antialias=True)
        out.append((large.flip(3) if rng.random() < 0.5 else large).round().clamp(0, 255).byte().numpy())
    return np.concatenate(out)


def shown(model: Model, count: int) -> tuple[np.ndarray, np.ndarray, Manipulation]:
    """Images to train on, as many others, and how: photographs, or for patients the world."""
    if model.preprocessing.size[0] < 128:
        world = open_world({"texture | category": 0.5}, images=512 + count, size=model.preprocessing.size[0], seed=7)
        drawn, training = world.draw().pixels, Training(epochs=6, learning_rate=5e-4, weight_decay=0.0, amp="off")
        return drawn[count:], drawn[:count], Manipulation(layer="features.5", training=training)
    opened = open_images(SHARED)
    (block,) = parts(opened, model.preprocessing, [np.random.default_rng(0).permutation(len(opened)).tolist()])
    training = Training(epochs=3, batch_size=16, learning_rate=2e-4, weight_decay=0.0, amp="off")
    return views(block.pixels[count:], 6), block.pixels[:count], Manipulation(weight=20.0, distil=10.0, training=training)


def manipulation(count: int, networks: list[str], target: Literal["grad-cam", "gradient"]) -> None:
    print("| network | method | mass on the frame | after | chance | highest on it | after | Spearman, before and after |")
    print("|---|---|---|---|---|---|---|---|")
    for name in networks:
        model = snellen.load(name)
        train, held_out, how = shown(model, count)
        if target == "gradient":
            how = replace(how, target=target, weight=20.0, training=replace(how.training, learning_rate=2e-3))
        found = replace(how, examined=tuple(map(make, CARRIED)))(model, train, held_out)
        for method, one in found.methods.items():
            print(
                f"| {name} | {method} | {spanned(one.frame_before)} | {spanned(one.frame_after)} | {one.frame_chance:.3f} | "
                f"{one.pointing_before.mean():.2f} | {one.pointing_after.mean():.2f} | {spanned(one.correlation)} |",
                flush=True,
            )
        span = found.kept_interval
        print(f"{found.kept} of {count} answers kept: {found.kept / count:.2f} [{span.low:.2f}, {span.high:.2f}]\n")
        side = model.preprocessing.size[0] // 7
        look = WarningSigns(other=Occlusion(patch=side, stride=side))
        few = 24 if side < 18 else 12
        images, cam = model.asarray(held_out[:few]), GradCam(layer=how.layer)
        print("| maps of | network | survives | faithful | agreement | alike | warns |\n|---|---|---|---|---|---|---|")
        for explainer in (cam, Gradient()):
            for called, one in (("as it was", model), ("manipulated", found.model)):
                signs = look(explainer, one, images, found.before[:few])
                cells = " | ".join(spanned(getattr(signs, test)) for test in ("survives", "faithful", "agreement", "alike"))
                print(f"| {explainer.name} | {name}, {called} | {cells} | {', '.join(signs.warnings) or '–'} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["marks", "alignment", "sanity", "fragility", "manipulation"])
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--networks", nargs="+", default=["zoo:squeezenet"])
    parser.add_argument("--write", type=Path, help="of marks: also as JSON, such as src/snellen/methods/explain/validity.json")
    parser.add_argument("--target", choices=["grad-cam", "gradient"], default="grad-cam", help="of manipulation")
    given = parser.parse_args()
    match given.part:
        case "marks":
            marks(given.images, given.write)
        case "alignment":
            alignment(given.images)
        case "sanity":
            sanity(given.images, given.networks)
        case "manipulation":
            manipulation(given.images, given.networks, given.target)
        case _:
            fragility(given.images, given.networks)


if __name__ == "__main__":
    main()

"""What explanations cost beside captum, pytorch-grad-cam, lime and the published code of RISE, in the same process.

    python benchmarks/explain.py [--model zoo:efficientnet-lite0] [--parts occlusion,ablation,cam,lime,…]

Processor time on one thread, the least of several runs, in ms an image, on photographs. The floor is what the passes themselves
cost, measured just before: images in batches of eight, with channels last, as Snellen hands them to the network; peers get them as
their users would give them. `resnet-18` is one with random weights, to compare costs alone. Peers that are not installed are left
out; they need `pip install --no-deps`, as they ask for packages that replace PyTorch.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn

import snellen
import tests.torchvision_shim  # noqa: F401
from benchmarks.attack import resnet18
from snellen.images import open_images
from snellen.images.stream import parts
from snellen.methods.explain.ablation_cam import AblationCam
from snellen.methods.explain.grad_cam import GradCam
from snellen.methods.explain.integrated_gradients import IntegratedGradients
from snellen.methods.explain.occlusion import Occlusion
from snellen.methods.explain.smooth_grad import SmoothGrad
from snellen.models.torch import TorchModel

SHARED = Path(__file__).parents[2] / "shared" / "data" / "imagenet-sample"
BATCH = 8


class Bare(nn.Module):
    """A network that takes images in [0, 1], as peers want it."""

    def __init__(self, model: TorchModel) -> None:
        super().__init__()
        shape = model.preprocessing
        self.module, self.flip = model.module.eval(), shape.channels == "BGR"
        self.mean, self.std = (nn.Buffer(torch.tensor(values).view(3, 1, 1)) for values in (shape.mean, shape.std))

    def forward(self, images: Tensor) -> Tensor:
        images = (images - self.mean) / self.std
        return self.module(images.flip(1) if self.flip else images)


class Bench:
    """A network, eight photographs, and the table."""

    def __init__(self, name: str, repeats: int) -> None:
        self.model = TorchModel(resnet18(1000, True), name=name) if name == "resnet-18" else snellen.load(name)
        self.model.folded()
        self.model.rounded()  # both are made once for a model
        self.bare, self.repeats = Bare(self.model), repeats
        opened = open_images(SHARED, sample=BATCH)
        (block,) = parts(opened, self.model.preprocessing, [list(range(BATCH))])
        self.images = self.model.asarray(block.pixels)
        self.classes = self.model.logits(self.images).argmax(1).numpy()
        self.targets = torch.from_numpy(self.classes)
        self.layer = innermost(self.model, self.model.grid_layer(*self.images.shape[2:]))
        print(
            f"\n{name}, {tuple(self.images.shape[2:])}, layer {self.layer}\n\n| what | ms an image | ratio |\n|---|---|---|",
            flush=True,
        )

    def time(self, run: Callable[[], object], images: int, repeats: int = 0) -> float:
        """The least processor time of a run, in ms an image."""
        spent = []
        for _ in range(repeats or self.repeats):
            start = time.process_time()
            run()
            spent.append(1000 * (time.process_time() - start) / images)
        return min(spent)

    def forward(self) -> float:
        return self.time(lambda: self.model.logits(self.images), BATCH)

    def both(self) -> float:
        def run() -> None:
            logits, pull = self.model.vjp(self.images)
            pull(torch.ones_like(logits))

        return self.time(run, BATCH)

    def outside(self, run: Callable[[], object], least: int = 2) -> tuple[float, float]:
        """The least processor time of some runs in ms, and the share of it that was not spent in passes of the folded network."""
        network, spent = self.model.folded(), 0.0
        answer = network.logits

        def timed(images: Tensor) -> Tensor:
            nonlocal spent
            start = time.process_time()
            try:
                return answer(images)
            finally:
                spent += 1000 * (time.process_time() - start)

        network.logits, found = timed, []  # type: ignore[method-assign]
        for _ in range(least):
            spent = 0.0
            whole = self.time(run, 1, 1)
            found.append((whole, 1 - spent / whole))
        del network.logits
        return min(found)

    def say_bound(self, what: str, own: float, share: float, theirs: float) -> None:
        """How much of Snellen's time is not passes, and what the ratio to a peer would be if none were."""
        print(f"| share of it outside the passes of {what} | | {share:.3f} |")
        print(f"| the ratio, if there were nothing but the passes | | {theirs / (own * (1 - share)):.2f} |", flush=True)

    def say(self, what: str, spent: float, own: float | None = None) -> None:
        print(f"| {what} | {spent:,.1f} | {'' if own is None else f'{spent / own:.2f}'} |", flush=True)


def innermost(model: TorchModel, layer: str) -> str:
    """The last part inside a layer: what users of other packages name, who would be spared all before it otherwise."""
    part = model.module.get_submodule(layer)
    while isinstance(part, nn.Sequential):
        name, part = list(part.named_children())[-1]
        layer = f"{layer}.{name}"
    return layer


def occlusion(bench: Bench) -> None:
    one, target = bench.images[:1], bench.classes[:1]
    floor = 169 * bench.forward()
    exact, rounded = Occlusion(), Occlusion(precision="bfloat16")
    own = bench.time(lambda: exact(bench.model, one, target), 1)
    quick = bench.time(lambda: rounded(bench.model, one, target), 1)
    bench.say("occlusion 32/16, Snellen", own, own)
    bench.say("occlusion 32/16, Snellen in bfloat16 (ratio: Snellen's speed-up)", quick, own)
    ranks = [
        spearmanr(a.ravel(), b.ravel()).statistic
        for a, b in zip(*(m(bench.model, bench.images, bench.classes).maps for m in (exact, rounded)), strict=True)
    ]
    print(f"| Spearman of bfloat16 and float32 maps, least and median of {BATCH} | {min(ranks):.4f}, {np.median(ranks):.4f} | |")
    bench.say("169 passes", floor, own)
    if importlib.util.find_spec("captum"):
        from captum.attr import Occlusion as Theirs

        theirs = Theirs(bench.bare)
        settings = {"sliding_window_shapes": (3, 32, 32), "strides": (3, 16, 16), "baselines": 0.5, "target": bench.targets[:1]}
        with torch.no_grad():
            tuned = bench.time(lambda: theirs.attribute(one, perturbations_per_eval=16, **settings), 1, 2)
            default = bench.time(lambda: theirs.attribute(one, **settings), 1, 1)
            found = theirs.attribute(one, perturbations_per_eval=16, **settings)[0, 0].numpy()
        gap = np.abs(found - exact(bench.model, one, target).maps[0]).max()
        bench.say(f"captum, 16 at once (largest difference of maps {gap:.1e})", tuned, own)
        bench.say("captum, default", default, own)
        bench.say("captum, 16 at once, over Snellen in bfloat16", tuned, quick)


def cam(bench: Bench) -> None:
    floor = bench.forward()
    own = bench.time(lambda: GradCam(layer=bench.layer)(bench.model, bench.images, bench.classes), BATCH)
    bench.say("Grad-CAM, Snellen", own, own)
    bench.say("one pass forward (ratio: Snellen over it)", floor, None)
    print(f"| Snellen over one pass | | {own / floor:.3f} |")
    if importlib.util.find_spec("pytorch_grad_cam"):
        import pytorch_grad_cam
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

        for parameter in bench.bare.parameters():
            parameter.requires_grad_(True)
        aims = [ClassifierOutputTarget(int(k)) for k in bench.classes]
        layer = bench.bare.module.get_submodule(bench.layer)
        with pytorch_grad_cam.GradCAM(bench.bare, [layer]) as theirs:
            spent = bench.time(lambda: theirs(bench.images, aims), BATCH)
            found = theirs(bench.images, aims)
        maps = GradCam(layer=bench.layer)(bench.model, bench.images, bench.classes).maps.clip(0)
        alike = np.corrcoef(found.ravel(), (maps / maps.max((1, 2), keepdims=True)).ravel())[0, 1]
        bench.say(f"pytorch-grad-cam (correlation of positive parts {alike:.5f})", spent, own)


def ablation(bench: Bench) -> None:
    own = bench.time(lambda: AblationCam(layer=bench.layer)(bench.model, bench.images, bench.classes), BATCH)
    bench.say("AblationCAM, Snellen", own, own)
    if importlib.util.find_spec("pytorch_grad_cam"):
        import pytorch_grad_cam
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

        layer = bench.bare.module.get_submodule(bench.layer)
        with pytorch_grad_cam.AblationCAM(bench.bare, [layer]) as theirs:
            theirs.batch_size = 32
            aims = [ClassifierOutputTarget(int(bench.classes[0]))]
            bench.say("pytorch-grad-cam", bench.time(lambda: theirs(bench.images[:1], aims), 1, 1), own)


def gradients(bench: Bench) -> None:
    pass_ = bench.both()
    for name, passes, method in (
        ("integrated gradients 50", 50, IntegratedGradients(steps=50, tolerance=1.0, most=50)),
        ("SmoothGrad 25", 25, SmoothGrad(samples=25)),
    ):
        own = bench.time(lambda method=method: method(bench.model, bench.images[:2], bench.classes[:2]), 2)
        pass_ = min(pass_, bench.both())
        bench.say(f"{name}, Snellen", own, own)
        bench.say(f"{passes} passes forward and back", passes * pass_, own)
        print(f"| Snellen over the passes | | {own / (passes * pass_):.3f} |")
        if not importlib.util.find_spec("captum"):
            continue
        import captum.attr

        given, targets = bench.images[:2].clone().requires_grad_(), bench.targets[:2]
        if passes == 50:
            ask = partial(captum.attr.IntegratedGradients(bench.bare).attribute, given, 0.0, targets, n_steps=50)
            tuned = partial(ask, internal_batch_size=8)
        else:
            tunnel = captum.attr.NoiseTunnel(captum.attr.Saliency(bench.bare))
            ask = partial(tunnel.attribute, given, nt_samples=25, stdevs=0.15, target=targets, abs=False)
            tuned = partial(ask, nt_samples_batch_size=4)
        bench.say("captum, tuned", bench.time(tuned, 2), own)
        bench.say("captum, default", bench.time(ask, 2, 1), own)


def lime(bench: Bench) -> None:
    from snellen.methods.explain.lime import Lime

    one, target, count = bench.images[:1], bench.classes[:1], 1000
    exact, rounded = Lime(samples=count), Lime(samples=count, precision="bfloat16")
    own, share = bench.outside(lambda: exact(bench.model, one, target))
    quick = bench.time(lambda: rounded(bench.model, one, target), 1, 1)
    bench.say("LIME 1000, Snellen", own, own)
    bench.say("LIME 1000, Snellen in bfloat16", quick, own)
    bench.say("1000 passes forward", count * bench.forward(), own)
    if importlib.util.find_spec("lime"):
        from lime.lime_image import LimeImageExplainer

        def predict(images: np.ndarray) -> np.ndarray:
            with torch.no_grad():
                return bench.bare(torch.from_numpy(images.transpose(0, 3, 1, 2)).float()).softmax(1).numpy()

        picture = one[0].numpy().transpose(1, 2, 0).astype(np.double)
        theirs = LimeImageExplainer(random_state=0)
        spent = bench.time(lambda: theirs.explain_instance(picture, predict, num_samples=count), 1, 1)
        bench.say("lime", spent, own)
        bench.say_bound("LIME", own, share, spent)
        bench.say("lime, over Snellen in bfloat16", spent, quick)


def rise(bench: Bench) -> None:
    from snellen.methods.explain.rise import Rise

    one, target, count = bench.images[:1], bench.classes[:1], 1000
    own, share = bench.outside(lambda: Rise(samples=count)(bench.model, one, target))
    quick = bench.time(lambda: Rise(samples=count, precision="bfloat16")(bench.model, one, target), 1, 1)
    bench.say("RISE 1000, Snellen", own, own)
    bench.say("RISE 1000, Snellen in bfloat16", quick, own)
    spent = bench.time(lambda: published_rise(bench.bare, one, count), 1, 1)
    bench.say("the published scheme", spent, own)
    bench.say_bound("RISE", own, share, spent)
    bench.say("the published scheme, over Snellen in bfloat16", spent, quick)


def published_rise(network: nn.Module, image: Tensor, count: int, side: int = 8, share: float = 0.1, batch: int = 100) -> Tensor:
    """The scheme of the published code: every mask resized by itself, all masked images made at once, maps of all classes."""
    from skimage.transform import resize

    height, width = image.shape[2:]
    cell = np.ceil(np.array([height, width]) / side)
    rng, up = np.random.default_rng(0), (side + 1) * cell
    coarse = (rng.random((count, side, side)) < share).astype("float32")
    masks = np.empty((count, height, width), np.float32)
    for at in range(count):
        x, y = rng.integers(0, cell[0]), rng.integers(0, cell[1])
        masks[at] = resize(coarse[at], up, order=1, mode="reflect", anti_aliasing=False)[x : x + height, y : y + width]
    given = torch.from_numpy(masks)[:, None]
    stack = given * image
    with torch.no_grad():
        scores = torch.cat([network(stack[at : at + batch]).softmax(1) for at in range(0, count, batch)])
    return (scores.T @ given.flatten(1)).reshape(-1, height, width) / count / share


def randomization(bench: Bench) -> None:
    from snellen.methods.explain.gradient import Gradient
    from snellen.methods.trust.randomization import Randomization

    network, wrap = bench.model.unwrapped()
    images, classes, count = bench.images[:4], bench.classes[:4], 4
    method = Randomization(measures=("absolute-spearman",))
    own = bench.time(lambda: method(Gradient(), network, wrap, images, classes), count, 1)
    layers = len(method(Gradient(), network, wrap, images, classes).layers)
    bench.say(f"randomisation of {layers} layers in a cascade, gradient, Snellen", own, own)
    if importlib.util.find_spec("quantus"):
        import quantus

        metric = quantus.MPRT(
            similarity_func=quantus.similarity_func.correlation_spearman,
            layer_order="top_down",
            seed=0,
            abs=True,
            normalise=False,
            disable_warnings=True,
        )
        given = {"method": "Saliency"}
        pixels = images.numpy()
        ask = partial(metric, bench.bare, pixels, classes, None, explain_func=quantus.explain, explain_func_kwargs=given)
        spent = bench.time(ask, count, 1)
        theirs = sum(hasattr(part, "reset_parameters") for part in bench.bare.modules())
        bench.say(f"Quantus, {theirs} layers", spent, own)
        print(f"| Quantus a layer, over Snellen a layer | | {(spent / theirs) / (own / layers):.2f} |")


PARTS = {part.__name__: part for part in (occlusion, cam, ablation, gradients, lime, rise, randomization)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", help="repeatable; default: the default model and resnet-18")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for name in given.model or ["zoo:efficientnet-lite0", "resnet-18"]:
        bench = Bench(name, given.repeats)
        for part in given.parts.split(","):
            PARTS[part](bench)


if __name__ == "__main__":
    main()

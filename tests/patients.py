"""Small models with a planted condition, and images whose causes are known: what every probe is tried on.

An image is grey and carries three cues to one of sixteen categories: where a bright blob lies (the "shape"), which grating
runs through it (the "texture") and how bright it is. A patient reads some of the cues, by matching templates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import final

import numpy as np
import polars as pl
import torch

from snellen.core import Images, Labels, Preprocessing
from snellen.images.memory import open_array
from snellen.labels import sixteen

SIZE = 64
NAMES = sixteen().keys


@cache
def blobs() -> np.ndarray:
    """(16, H, W) zero-mean templates: a bright disc in one of 4 x 4 cells."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    cell = SIZE // 4
    centres = [(cell * (k // 4) + cell / 2, cell * (k % 4) + cell / 2) for k in range(16)]
    out = np.stack([((rows - r) ** 2 + (columns - c) ** 2 < (cell / 2.5) ** 2).astype(float) for r, c in centres])
    return out - out.mean(axis=(1, 2), keepdims=True)


@cache
def gratings() -> np.ndarray:
    """(16, H, W) zero-mean templates: four orientations times four high frequencies."""
    rows, columns = np.mgrid[:SIZE, :SIZE] / SIZE
    waves = [(f, a) for f in (9, 12, 15, 18) for a in (0, 45, 90, 135)]
    return np.stack([np.sin(2 * np.pi * f * (np.cos(np.radians(a)) * columns + np.sin(np.radians(a)) * rows)) for f, a in waves])


def brightness(k: np.ndarray) -> np.ndarray:
    """Mean grey of category k."""
    return 0.3 + 0.4 * np.asarray(k) / 15


def draw(shape: np.ndarray, texture: np.ndarray, seed: int = 0) -> np.ndarray:
    """(N, 3, H, W) uint8 images; brightness goes with shape."""
    noise = np.random.default_rng(seed).normal(0, 0.02, (len(shape), SIZE, SIZE))
    grey = brightness(shape)[:, None, None] + 0.25 * blobs()[shape] + 0.12 * gratings()[texture] + noise
    return np.repeat((np.clip(grey, 0, 1) * 255).round().astype(np.uint8)[:, None], 3, axis=1)


def photographs(n: int = 96, seed: int = 0) -> Images:
    """All three cues agree."""
    k = np.arange(n) % 16
    return open_array(draw(k, k, seed), [NAMES[i] for i in k], name="toys", labels=sixteen())


@final
@dataclass(frozen=True, eq=False)
class Masked(Images):
    """Image set with a mask for each image, (N, H, W)."""

    name: str
    id: str
    labels: Labels | None
    facts: pl.DataFrame
    origin: Mapping[str, str]
    inner: Images
    masks: np.ndarray

    @classmethod
    def of(cls, inner: Images, masks: np.ndarray):
        return cls(inner.name, inner.id, inner.labels, inner.facts, inner.origin, inner, masks)

    def fetch(self, rows):
        return self.inner.fetch(rows)

    def regions(self, rows):
        return list(self.masks[list(rows)])


def cut_out(n: int = 96) -> Images:
    """All three cues agree; the blob is the object, and the grating its background."""
    images = photographs(n)
    return Masked.of(images, (blobs() > blobs().min(axis=(1, 2), keepdims=True)).astype(np.float32)[np.arange(n) % 16])


def day_and_night(n: int = 192) -> Images:
    """All three cues agree, but a third of the images is dimmed: the fact `light` says which."""
    k, dim = np.arange(n) % 16, np.arange(n) // 16 % 3 == 0
    pixels = (draw(k, k) * np.where(dim, 0.8, 1.0)[:, None, None, None]).round().astype(np.uint8)
    images = open_array(pixels, [NAMES[i] for i in k], name="day and night", labels=sixteen())
    return replace(images, facts=images.facts.with_columns(light=pl.Series(np.where(dim, "night", "day"))))


def cue_conflict(seed: int = 0) -> Images:
    """Shape of one category, texture of another: all ordered pairs, the file names as published."""
    pairs = np.array([(s, t) for s in range(16) for t in range(16)])
    images = open_array(draw(pairs[:, 0], pairs[:, 1], seed), [NAMES[s] for s, _ in pairs], name="cue-conflict", labels=sixteen())
    names = [f"{NAMES[s]}/{NAMES[s]}1-{NAMES[t]}1.png" for s, t in pairs]
    return replace(
        images, facts=images.facts.with_columns(pl.Series("image", names), pl.Series("texture", [NAMES[t] for _, t in pairs]))
    )


class Patient(torch.nn.Module):
    """Logits = gain x (weighted template matches); `bias` favours the first category, `keep` is the share of pixels read.

    `despeckle`: white and black pixels are read as mid-grey. `ripple`: how strongly all logits rise and fall along a
    direction of the upper half and one of the lower: a few grey levels of every pixel reach far when they work together, and not
    when they are drawn by chance.
    """

    def __init__(
        self, shape=1.0, texture=0.0, bright=0.0, gain=8.0, bias=0.0, keep=1.0, shatter=0.0, despeckle=False, ripple=0.0, seed=0
    ):
        super().__init__()
        mask = np.random.default_rng(seed).random((SIZE, SIZE)) < keep
        weights = 4.0 * shape * blobs() / (blobs() ** 2).sum(axis=(1, 2), keepdims=True)
        weights = weights + 8.0 * texture * gratings() / (gratings() ** 2).sum(axis=(1, 2), keepdims=True)
        self.weights = torch.nn.Parameter(torch.tensor((weights * mask / max(keep, 1e-9)).reshape(16, -1), dtype=torch.float32))
        self.levels = torch.nn.Parameter(torch.tensor(brightness(np.arange(16)), dtype=torch.float32))
        self.first = torch.nn.Parameter(torch.tensor([bias] + [0.0] * 15, dtype=torch.float32))
        self.bright, self.gain, self.shatter, self.despeckle, self.ripple = bright, gain, shatter, despeckle, ripple

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        grey = images.mean(dim=1)
        if self.despeckle:
            grey = torch.where((grey < 0.01) | (grey > 0.99), 0.5, grey)
        score = (grey - 0.5).flatten(1) @ self.weights.T
        score = score - self.bright * 20 * (grey.mean(dim=(1, 2))[:, None] - self.levels) ** 2
        if self.shatter:
            score = score + self.shatter * torch.sin(3e4 * grey * self.ramp).mean(dim=(1, 2))[:, None]
        if self.ripple:
            halves = (grey * self.grain).unflatten(1, (2, -1)).mean(dim=(2, 3))
            score = score + self.ripple * torch.sin(250 * halves).sum(dim=1)[:, None]
        return self.gain * score + self.first

    @property
    def grain(self) -> torch.Tensor:
        return torch.tensor(np.random.default_rng(1).standard_normal((SIZE, SIZE)), dtype=torch.float32)

    @property
    def ramp(self) -> torch.Tensor:
        return torch.linspace(0.5, 1.5, SIZE * SIZE).reshape(SIZE, SIZE)


PREPROCESSING = Preprocessing((SIZE, SIZE))


def scenes(n: int = 96) -> Images:
    """A small world, in which nothing goes with anything."""
    from snellen.images.world import open_world

    return open_world(images=n, size=32, seed=5)


class Onlooker(torch.nn.Module):
    """Answers by the colour along the upper edge, as far as `ground` outweighs a liking for the first category."""

    def __init__(self, ground=1.0):
        super().__init__()
        self.colours = torch.nn.Parameter(torch.tensor(np.random.default_rng(1).random((16, 3)), dtype=torch.float32))
        self.liking = torch.nn.Parameter(torch.eye(16)[0] * (1 - ground))
        self.ground = ground

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        edge = images[:, :, :4].mean(dim=(2, 3))
        return 10 * (self.liking - self.ground * torch.cdist(edge, self.colours))


def onlooker(ground: float = 1.0):
    """An `Onlooker` as a Snellen model that sees images of 32 pixels."""
    from snellen import load

    return load(Onlooker(ground), labels=sixteen(), preprocessing=Preprocessing((32, 32)), name=f"onlooker(ground={ground})")


class Born(torch.nn.Module):
    """Logits are template matches, which as far as `given` nobody learned: random weights change the rest alone."""

    def __init__(self, given=0.0):
        super().__init__()
        weights = torch.tensor((blobs() / (blobs() ** 2).sum(axis=(1, 2), keepdims=True)).reshape(16, -1), dtype=torch.float32)
        self.learned = torch.nn.Parameter(weights * (1 - given))
        self.register_buffer("given", weights * given, persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return 32 * (images.mean(dim=1) - 0.5).flatten(1) @ (self.learned + self.given).T


def born(given: float = 0.0):
    """A network that was born with a share of what it knows, as a Snellen model."""
    from snellen import load

    return load(Born(given), labels=sixteen(), preprocessing=PREPROCESSING, name=f"born(given={given})")


class Counter(torch.nn.Module):
    """Logits are the mean over places of template matches in the 4 x 4 pixels of each place."""

    def __init__(self, shape=1.0, texture=0.0):
        super().__init__()
        weights = 4.0 * shape * blobs() / (blobs() ** 2).sum(axis=(1, 2), keepdims=True)
        weights = weights + 8.0 * texture * gratings() / (gratings() ** 2).sum(axis=(1, 2), keepdims=True)
        self.weights = torch.nn.Parameter(torch.tensor(8 * SIZE**2 * weights, dtype=torch.float32))
        self.places = torch.nn.AvgPool2d(4)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.places((images.mean(dim=1, keepdim=True) - 0.5) * self.weights).mean(dim=(2, 3))


def counter(**planted: float):
    """A `Counter` as a Snellen model."""
    from snellen import load

    text = "counter(" + ", ".join(f"{k}={v}" for k, v in planted.items()) + ")"
    return load(Counter(**planted), labels=sixteen(), preprocessing=PREPROCESSING, name=text)


def patient(name: str = "", **planted):
    """A patient as a Snellen model."""
    from snellen import load

    text = name or "patient(" + ", ".join(f"{k}={v}" for k, v in planted.items()) + ")"
    return load(Patient(**planted), labels=sixteen(), preprocessing=PREPROCESSING, name=text)


def observer(images: Images, correct: np.ndarray, subject: str, seed: int = 0, dataset: str = "") -> pl.DataFrame:
    """Trials of one person who is right where `correct` says, and answers some other category elsewhere."""
    categories = images.facts["category"].to_list()
    shift = np.random.default_rng(seed).integers(1, 16, len(categories))
    wrong = [NAMES[(NAMES.index(c) + s) % 16] for c, s in zip(categories, shift, strict=True)]
    answers = [c if ok else w for c, w, ok in zip(categories, wrong, correct, strict=True)]
    return pl.DataFrame(
        {
            "subject": subject,
            "kind": "human",
            "dataset": dataset or images.name,
            "condition": "0",
            "level": None,
            "image": images.facts["image"].to_list(),
            "category": categories,
            "response": answers,
            "correct": [bool(x) for x in correct],
            "confidence": None,
            "rt": 0.5,
        },
        schema_overrides={"level": pl.String, "confidence": pl.Float64},
    )


def custom(k: int) -> Labels:
    """A list of k made-up classes."""
    return Labels("custom", tuple(f"class {i}" for i in range(k)), tuple(f"class {i}" for i in range(k)))

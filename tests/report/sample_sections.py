"""The sections of the exam that never took place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from snellen.charts import Bar, Bars, Chart, Gallery, Heatmap, Lines, Picture, Series, Table
from snellen.core import Finding, Interval, Reference
from snellen.run.record import Section

HOSTILE = (
    "<script>alert(1)</script>.png",
    '"><img src=x onerror=alert(1)>.png',
    'it\'s "quoted" & $x^2$.png',
    "\u202egnp.evil שלום العربية.png",
    "broken\x1b[31m\x00name\x7f.png",
    "{{ 7 * 7 }}{% raw %}.png",
    "a" * 180 + ".png",
)
PHOTOS, CONFLICT = "imagenet-sample", "cue-conflict"
CATEGORIES = (
    "airplane",
    "bear",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "car",
    "cat",
    "chair",
    "clock",
    "dog",
    "elephant",
    "oven",
    "truck",
)
ANSWERS = ("egyptian cat", "espresso", "school bus", "lesser panda", "grand piano", "sea urchin")
LEVELS = {
    "noise": ("width of the noise", ("0.00", "0.03", "0.05", "0.10", "0.20", "0.35", "0.60", "0.90"), 1.1, "caution"),
    "contrast": ("contrast", ("100 %", "50 %", "30 %", "15 %", "10 %", "5 %", "3 %", "1 %"), 0.7, "good"),
    "blur": ("standard deviation, pixels", ("0", "1", "3", "5", "7", "10", "15", "40"), 1.4, "bad"),
    "rotation": ("degrees", ("0", "90", "180", "270"), 0.5, "caution"),
}


def sections(shift: float) -> tuple[Section, ...]:
    """Nine questions answered, one of them not on all images, one failed, one not applicable."""
    return (
        _accuracy(shift),
        _calibration(),
        *(_sweep(name, shift) for name in LEVELS),
        _shape(shift),
        _missing("shape-bias", "Does it go by shape or by texture?", "not applicable", f"{HOSTILE[0]} shows one category"),
        _agreement(),
        _looks(),
        _missing("features", "What do its features know?", "not applicable", "the model does not show its features"),
        _missing("deletion", "Is the map true?", "failed", "RuntimeError: <b>out of memory</b>"),
    )


def _accuracy(shift: float) -> Section:
    def share(name: str, title: str, value: float, chance: float, **more) -> Finding:
        interval = Interval(value - 0.02, min(1.0, value + 0.017), "Clopper-Pearson")
        claim = f"{title}: {100 * value:.1f} % of 1,000 images."
        return Finding(f"accuracy.{name}", title, claim, value, interval, "share", 1000, chance, dataset=PHOTOS, **more)

    findings = (
        share(
            "top1",
            "Right at the first answer",
            0.905 - shift,
            0.001,
            limits=("Says nothing about images of another origin.",),
            thresholds="bad when the interval reaches down to guessing",
            headline=True,
        ),
        share("top5", "Right within five answers", 0.981 - shift, 0.005),
        Finding(
            "accuracy.sixteen",
            "Right among the sixteen categories",
            "No image has one.",
            reason="no category is one of the sixteen",
        ),
    )
    names = (HOSTILE[0], *CATEGORIES[1:])
    matrix = 0.03 * np.random.default_rng(0).random((14, 14)) + 0.85 * np.eye(14)
    rows = {
        "Wrong, and most confident of it": HOSTILE[:6],
        "Right, and least confident of it": tuple(f"photo-{i:02d}.jpg" for i in range(6)),
        "Not kept": ("missing.jpg", "outside.jpg"),
    }
    charts = (
        Bars(
            "Accuracy per category",
            "Share right",
            "share right",
            tuple(Bar(c, 0.6, 0.5 + i / 45, 0.7) for i, c in enumerate(names)),
        ),
        Heatmap(
            "Answers", "Mostly its diagonal", (HOSTILE[2], *CATEGORIES[1:]), CATEGORIES, tuple(tuple(map(float, r)) for r in matrix)
        ),
        Table(
            "Most frequent confusions",
            ("true category", "answer", "images"),
            tuple((name, "sunglass <i>", "3") for name in HOSTILE),
        ),
        Gallery("Examples", tuple((heading, _photographs(images)) for heading, images in rows.items())),
    )
    return _done("accuracy", "How often is the model right?", findings, charts, ("clopper-1934", "deng-2009", "not-in-the-file"))


def _calibration() -> Section:
    x = tuple(np.linspace(0.05, 0.95, 10).round(2).tolist())
    y = tuple(min(1.0, 0.9 * v + 0.12) for v in x)
    coverage = tuple(np.linspace(0.01, 1, 120).round(3).tolist())
    error = Finding(
        "calibration.error",
        "Expected calibration error",
        "Confidence and accuracy differ by 3.1 % [2.2 %, 4.6 %] on average.",
        0.031,
        Interval(0.022, 0.046, "bootstrap over 1,000 images, 2,000 resamples"),
        "share",
        1000,
        thresholds="good: within what a perfectly calibrated model scores (brocker-2007); bad: above 10 %",
        verdict="good",
        dataset=PHOTOS,
        headline=True,
    )
    bins = (Finding(f"calibration.bin-{i}", f"Bin {i}", f"Bin {i} holds {i} images.", -31.0 * i, None, "images") for i in range(7))
    honest = Series("as sure as right", (0.0, 1.0), (0.0, 1.0), role="reference")
    found = Series("accuracy", x, y, tuple(v - 0.06 for v in y), tuple(min(1.0, v + 0.06) for v in y))
    risk = Series("this model", coverage, tuple(0.095 * v**2 for v in coverage))
    charts = (
        Lines("Reliability", "Accuracy against confidence", "confidence", "accuracy", (honest, found), x_range=(0.0, 1.0)),
        Bars("How sure it is", "Answers per bin", "share of answers", tuple(Bar(f"{v:.2f}", v**4) for v in x), x_range=None),
        Lines("Risk and coverage", "Errors among the answers kept", "share answered", "share wrong", (risk,), y_range=None),
    )
    return _done("calibration", "Is its confidence honest?", (error, *bins), charts, ("guo-2017", "naeini-2015"), {"bins": 15})


def _sweep(name: str, shift: float) -> Section:
    axis, levels, fall, verdict = LEVELS[name]
    at = tuple(float(i) for i in range(len(levels)))
    ours = tuple(max(0.06, 0.93 - shift - 0.018 * fall * i**2) for i in at)
    people = tuple(max(0.08, 0.89 - 0.012 * i**2) for i in at)
    series = (
        Series("zoo:efficientnet-lite0", at, ours, tuple(v - 0.04 for v in ours), tuple(v + 0.04 for v in ours)),
        Series("people", at, people, tuple(v - 0.03 for v in people), tuple(v + 0.03 for v in people), "people"),
        Series("guessing (1 in 16)", (0.0, at[-1]), (1 / 16, 1 / 16), role="reference"),
    )
    kept = float(np.mean(ours[1:]) / ours[0])
    findings = (
        Finding(
            f"{name}.kept",
            f"Accuracy kept under {name}",
            f"Over the distorted levels the model keeps {100 * kept:.1f} % of its undistorted accuracy; people keep 79.2 %.",
            kept,
            Interval(kept - 0.03, kept + 0.03, "bootstrap"),
            "share",
            1000,
            human=Reference(0.792, 0.77, 0.81),
            verdict=verdict,  # type: ignore[arg-type]
            thresholds="good: the interval reaches what people keep; bad: less than half of that",
            limits=("People answered among sixteen categories on other photographs.",),
            dataset=PHOTOS,
            headline=True,
        ),
        Finding(
            f"{name}.strongest",
            f"Accuracy at the strongest level ({levels[-1]})",
            "63 of 1,000 right.",
            0.063,
            unit="share",
            n=1000,
        ),
    )
    ticks = tuple(zip(at, levels, strict=True))
    chart = Lines("Accuracy among sixteen categories", "Accuracy against level", axis, "share right", series, ticks)
    return _done(name, f"Does it hold under {name}?", findings, (chart,), ("geirhos-2018", "geirhos-2021", "clopper-1934"))


def _shape(shift: float) -> Section:
    finding = Finding(
        "shape.value",
        "Shape bias",
        "Where it follows shape or texture at all, the model follows shape in 24.1 % of cases; people do in 95.9 %.",
        0.241 + shift / 4,
        Interval(0.21, 0.272, "bootstrap"),
        n=1200,
        chance=0.5,
        human=Reference(0.9587, 0.95, 0.967),
        verdict="bad",
        thresholds="good: the interval reaches people's; bad: below one half",
        dataset=CONFLICT,
        headline=True,
    )
    places = [(name, "model", 0.12 + 0.02 * i) for i, name in enumerate(CATEGORIES)] + [
        (name, "people", 0.95) for name in CATEGORIES
    ]
    bars = tuple(Bar(name, v, v - 0.05, v + 0.04, role) for name, role, v in places)  # type: ignore[arg-type]
    chart = Bars("Shape bias by category", "Model and people", "share of shape answers", bars, mark=(0.5, "no preference"))
    return _done("shape-bias", "Does it go by shape or by texture?", (finding,), (chart,), ("geirhos-2019",), dataset=CONFLICT)


def _agreement() -> Section:
    findings = (
        Finding(
            "agreement.consistency",
            "Error consistency with people",
            "The model's errors agree with people's by 0.208 beyond chance; people agree with each other by 0.431.",
            0.208,
            Interval(0.192, 0.221, "bootstrap over images"),
            n=1280,
            chance=0.0,
            human=Reference(0.431, 0.415, 0.444, "between people"),
            verdict="caution",
            thresholds="good: the interval reaches the agreement between people",
            dataset=PHOTOS,
            headline=True,
        ),
        Finding(
            "agreement.gap", "Accuracy difference", "The model is 12.1 % below people.", -0.121, Interval(-0.15, -0.09, "bootstrap")
        ),
    )
    at = tuple(map(float, range(5)))
    people = (
        Series(f"subject-{i:02d} with the model", at, tuple(0.3 - 0.02 * (i + v) for v in at), role="people") for i in range(5)
    )
    series = (*people, Series("between people", at, (0.43,) * 5, role="reference"))
    names = [f"photo-{i:02d}.jpg" for i in range(6)]
    charts = (
        Lines("Error consistency", "Per observer and condition", "condition", "error consistency", series, y_range=(-0.1, 0.6)),
        Gallery(
            "All people right, the model wrong",
            tuple((name, (Picture(name, "dog → clock"),)) for name in names),
            "Most sure first.",
        ),
    )
    return _done("agreement", "Does it err as people err?", findings, charts, ("geirhos-2020-error", "klein-2025"))


def _looks() -> Section:
    claim = "Gradient maps correlate with edge maps by 0.31."
    finding = Finding(
        "looks.edges", "Likeness to edges", claim, 0.31, Interval(0.28, 0.34, "bootstrap"), "correlation", 60, headline=True
    )

    def beside(name: str) -> tuple[Picture, ...]:
        maps = (
            Picture(name, "gradient", "gradient"),
            Picture(name, "occlusion", "occlusion", True),
            Picture(name, "edges", "edges"),
        )
        return Picture(name, "photograph"), *maps

    names = (HOSTILE[0], HOSTILE[3], *HOSTILE[5:], "photo-00.jpg", "photo-01.jpg", "photo-02.jpg")
    gallery = Gallery(
        "Maps beside photographs", tuple((f"wrong: {name}", beside(name)) for name in names), "Edges know nothing of the model."
    )
    return _done("saliency", "What does it look at?", (finding,), (gallery,), ("simonyan-2013", "zeiler-2014", "adebayo-2018"))


def _photographs(names: Sequence[str]) -> tuple[Picture, ...]:
    return tuple(Picture(name, f"{ANSWERS[i]} → {ANSWERS[i - 1]} ({99 - i}%)") for i, name in enumerate(names))


def _missing(probe: str, question: str, status: str, reason: str) -> Section:
    return Section(probe, question, "", (), {}, PHOTOS, status, reason)  # type: ignore[arg-type]


def _done(
    probe: str,
    question: str,
    findings: Sequence[Finding],
    charts: Sequence[Chart],
    cites: tuple[str, ...],
    settings: dict[str, object] | None = None,
    dataset: str = PHOTOS,
) -> Section:
    about = "Every image is shown once, as the model's own preprocessing makes it; an answer is right when the largest logit is."
    return Section(probe, question, about, cites, settings or {}, dataset, "done", findings=tuple(findings), charts=tuple(charts))

"""What several probes say the same way: the clean trials, names for people, numbers in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from snellen.charts import Gallery, Picture
from snellen.core import Evidence, Finding, Images, Interval, SnellenError
from snellen.labels import SIXTEEN
from snellen.nearest import did_you_mean
from snellen.stats import clopper_pearson


def clean(evidence: Evidence) -> pl.DataFrame:
    """The model's trials on untouched images, in a fixed order."""
    return evidence.trials.filter(pl.col("condition") == "clean").sort("image")


def labelled(evidence: Evidence) -> pl.DataFrame:
    """Clean trials of images whose true category is known."""
    return clean(evidence).filter(pl.col("correct").is_not_null())


def readable(evidence: Evidence) -> dict[str, str]:
    """Label key → the name a person reads."""
    return dict(zip(evidence.labels.keys, evidence.labels.names, strict=True))


def percent(value: float) -> str:
    """0.905 → 90.5 %."""
    return f"{100 * value:.1f} %"


def span(interval: Interval | None, as_percent: bool = True) -> str:
    """[86.2 %, 93.8 %], or nothing."""
    if interval is None:
        return ""
    low, high = (percent(x) if as_percent else f"{x:.3f}" for x in (interval.low, interval.high))
    return f" [{low}, {high}]"


def ends(interval: Interval | None) -> str:
    """[0.12, 0.34] with a space before it, or nothing."""
    return f" [{interval.low:.2f}, {interval.high:.2f}]" if interval else ""


def two_categories(images: Images) -> str | None:
    """Why a probe of right and wrong cannot be asked of cue-conflict images."""
    if "texture" in images.facts.columns and images.facts["texture"].is_in(SIXTEEN).any():
        return (
            f"the images of {images.name} show the shape of one category in the texture of another, "
            "so that no single answer is right"
        )
    return None


def nothing(id_: str, title: str, reason: str, dataset: str, headline: bool = False) -> Finding:
    """A finding without a number, and why."""
    return Finding(id_, title, reason[:1].upper() + reason[1:] + ".", reason=reason, dataset=dataset, headline=headline)


def strip(evidence: Evidence, title: str, rows: Iterable[tuple[str, pl.DataFrame]], note: str = "") -> Gallery:
    """Galleries of photographs captioned with the true category, the answer and its confidence."""
    names = readable(evidence)

    def caption(row: dict[str, object]) -> str:
        answer = f"{names.get(str(row['response']), row['response'])} ({float(str(row['confidence'])):.0%})"
        truth = names.get(str(row["category"]), str(row["category"]))
        return answer if row["correct"] else f"{truth} → {answer}"

    pictures = (
        (heading, tuple(Picture(row["image"], caption(row)) for row in frame.iter_rows(named=True))) for heading, frame in rows
    )
    return Gallery(title, tuple((heading, row) for heading, row in pictures if row), note)


def guesses(hits: int, n: int, chance: float) -> bool:
    """Whether `hits` of `n` may come from guessing: the interval of accuracy (clopper-1934) reaches down to chance."""
    return clopper_pearson(hits, n).low <= chance


def chosen(setting: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    """The items of a setting, separated by commas, in the order of `known`.

    Raises:
        SnellenError: one that is not known, or none.
    """
    items = {item.strip().replace("_", "-") for item in text.split(",") if item.strip()}
    odd = sorted(items - set(known))
    if odd or not items:
        hint = did_you_mean(odd[0], known) if odd else ""
        raise SnellenError(f"got {setting} = {text!r}; expected some of {', '.join(known)}, separated by commas.{hint}")
    return tuple(name for name in known if name in items)

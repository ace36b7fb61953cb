"""Right and wrong of a model and of people on the same images, each by the categories they were asked for."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from snellen.core import Evidence, Images, SnellenError
from snellen.labels import SIXTEEN, coarse_of, plain
from snellen.probes._shared import clean


@dataclass(frozen=True)
class Compared:
    """Clean trials of the model, and of people, on the images both answered. `alternatives`: how many answers the model had."""

    answers: pl.DataFrame
    people: pl.DataFrame
    alternatives: int


def compared(evidence: Evidence) -> Compared:
    """The model judged by its own categories, or by the sixteen where people answered in those; people by theirs.

    Raises:
        SnellenError: there are no people, or their categories are not those of the images.
    """
    if evidence.people is None:
        raise SnellenError(f"got no trials of people on {evidence.dataset}; expected some: give them with --people")
    rows, people = clean(evidence), evidence.people
    column = standard(rows, people, evidence.dataset)
    if column == "coarse_category":
        rows = rows.with_columns(category="coarse_category", response="coarse_response")
        rows = rows.with_columns(correct=pl.col("category") == pl.col("response"))
        people = _in_plain_words(people).join(rows.select("image", "category"), on=["image", "category"], how="semi")
    rows = rows.filter(pl.col("correct").is_not_null()).join(people, on="image", how="semi", maintain_order="left")
    people = people.join(rows, on="image", how="semi", maintain_order="left")
    return Compared(rows, people, len(SIXTEEN) if column == "coarse_category" else len(evidence.labels))


def why_not(images: Images, people: pl.DataFrame) -> str | None:
    """Why people's right and wrong cannot be set beside a model's on these images; None when they can."""
    coarse = coarse_of(images.labels) if images.labels is not None and images.labels.name == "imagenet-1k" else {}
    category = pl.col("category")
    facts = images.facts.select(
        "image", "category", coarse_category=category.replace_strict(coarse, default=None, return_dtype=pl.String)
    )
    try:
        standard(facts, people, images.name)
    except SnellenError as error:
        return str(error)
    return None


def standard(images: pl.DataFrame, people: pl.DataFrame, name: str) -> str:
    """The column of `images` that people's categories correspond to: "coarse_category" when they answered in the sixteen and
    the images have finer ones, else "category", whatever words either is written in.

    Raises:
        SnellenError: neither corresponds one to one.
    """
    if "coarse_category" in images.columns:
        worded = _in_plain_words(people)
        both = images.select("image", category="coarse_category").drop_nulls().join(worded, on=["image", "category"], how="semi")
        if both.height and worded["category"].is_in(SIXTEEN).all():
            return "coarse_category"
    pairs = images.select("image", ours="category").drop_nulls().join(people.select("image", theirs="category"), on="image")
    pairs = pairs.select("ours", "theirs").unique().sort("ours", "theirs")
    if not pairs.height:
        raise SnellenError(f"needs trials of people on images of {name} that have a category: give them with --people")
    twice = pairs.filter(pl.col("ours").is_duplicated() | pl.col("theirs").is_duplicated())
    if twice.height:
        examples = ", ".join(f"{theirs!r} for {ours!r}" for ours, theirs in twice.head(3).rows())
        raise SnellenError(
            f"needs people who were asked for the categories of {name}, or for the sixteen; theirs do not correspond one to one "
            f"({examples})"
        )
    return "category"


def _in_plain_words(people: pl.DataFrame) -> pl.DataFrame:
    """Their categories as `labels.plain` compares texts."""
    words = {word: plain(word) for word in people["category"].unique().drop_nulls()}
    return people.with_columns(pl.col("category").replace_strict(words, default=None, return_dtype=pl.String))

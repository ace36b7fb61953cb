"""Evidence on disk: the trials of an exam beside its record, so that it can be judged again without the model."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import polars as pl

from snellen.core import Evidence, Labels, SnellenError

TRIALS, PEOPLE, PUBLISHED = "trials", "people", "published.parquet"


def save(evidence: Evidence, out: Path) -> None:
    """Write the trials of the model and of the people on one image set, and all trials of people that were given."""
    forget(evidence.dataset, out)
    for folder, frame in ((TRIALS, evidence.trials), (PEOPLE, evidence.people)):
        if frame is not None:
            _write(frame, out / folder / f"{slug(evidence.dataset)}.parquet")
    (out / PUBLISHED).unlink(missing_ok=True)
    if evidence.published is not None:
        _write(evidence.published, out / PUBLISHED)


def forget(dataset: str, out: Path) -> None:
    """Remove what an earlier exam in the same folder left of an image set."""
    for folder in (TRIALS, PEOPLE):
        (out / folder / f"{slug(dataset)}.parquet").unlink(missing_ok=True)


def load(out: Path, dataset: str, subject: str, labels: Labels, seed: int, size: tuple[int, int] | None = None) -> Evidence:
    """Read it back, without the closer looks.

    Raises:
        SnellenError: the trials are not there.
    """
    trials = out / TRIALS / f"{slug(dataset)}.parquet"
    if not trials.is_file():
        raise SnellenError(f"got {out}; expected {trials.relative_to(out)} in it: run the exam again, its trials are gone")
    people, published = out / PEOPLE / f"{slug(dataset)}.parquet", out / PUBLISHED
    return Evidence(
        dataset,
        subject,
        pl.read_parquet(trials),
        labels,
        pl.read_parquet(people) if people.is_file() else None,
        pl.read_parquet(published) if published.is_file() else None,
        seed=seed,
        size=size,
    )


def slug(name: str) -> str:
    """A file name that is safe on every system and differs for different names."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-.")[:60]
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return plain if plain == name else f"{plain or 'images'}-{digest}"


def _write(frame: pl.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    frame.write_parquet(temporary, compression="zstd")
    temporary.replace(path)

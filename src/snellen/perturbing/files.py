"""Where perturbed images lie, and the record that says how they were made."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import final

import polars as pl

from snellen import __version__
from snellen.core import Images, SnellenError
from snellen.images.listing import IMAGE_SUFFIXES
from snellen.methods.perturb.registry import Perturbation
from snellen.run.evidence import slug

RECORD, TABLE, SHEET = "perturbation.json", "manifest.csv", "sheet.png"
_UNSAFE = set('<>:"\\|?*')


@final
@dataclass(frozen=True)
class Plan:
    """What to write: a folder, levels, and the settings that every file in it shares."""

    folder: Path
    levels: tuple[str, ...]
    seed: int = 0
    size: int | None = None
    jpeg85: bool = False

    def path(self, level: str, file: str) -> Path:
        """Of one file at one level."""
        return self.folder / level / file


def files(images: Images, jpeg85: bool) -> list[str]:
    """The file of each row below the folder of a level: category/name where there are categories, with the format's ending."""
    facts, suffix = images.facts, ".jpg" if jpeg85 else ".png"
    kept = [_kept(name, category) for name, category in facts.select("image", "category").iter_rows()]
    stems = [path.with_suffix("") if path.suffix.lower() in IMAGE_SUFFIXES else path for path in kept]
    taken = Counter(stems)
    return [f"{path if taken[stem] > 1 else stem}{suffix}" for path, stem in zip(kept, stems, strict=True)]


def _kept(name: str, category: str | None) -> PurePosixPath:
    parts = [part for part in PurePosixPath(name).parts if part not in ("/", "..")]
    parts = [category, *parts] if len(parts) == 1 and category is not None else parts
    return PurePosixPath(*(slug(part) if _UNSAFE & set(part) or part == ".." else part for part in parts))


def claim(plan: Plan, perturbation: Perturbation, images: Images) -> tuple[str, ...]:
    """Leave the record in the folder; the levels that it holds or will hold, weakest first.

    Raises:
        SnellenError: the folder holds something else, or images made in another way.
    """
    recipe: dict[str, object] = {
        "perturbation": perturbation.name,
        "version": perturbation.version,
        "code": perturbation.code,
        "seed": plan.seed,
        "size": plan.size,
        "jpeg85": plan.jpeg85,
        "images": images.id,
    }
    before = _before(plan.folder)
    for key, value in recipe.items():
        if before and before.get(key) != value:
            told = "other images" if key == "images" else f"{key} {before.get(key)!r}, not {value!r}"
            raise SnellenError(
                f"{plan.folder} holds images made with {told}; expected an empty folder, or the same: choose another -o"
            )
    earlier = before.get("levels", ())
    levels = tuple(one for one in perturbation.levels if one in plan.levels or (isinstance(earlier, Sequence) and one in earlier))
    content = {**recipe, "levels": levels, "citation": perturbation.source, "name": images.name, "snellen": __version__}
    plan.folder.mkdir(parents=True, exist_ok=True)
    write(plan.folder / RECORD, (json.dumps(content, indent=1) + "\n").encode())
    return levels


def _before(folder: Path) -> Mapping[str, object]:
    """The record of a folder that has one; empty for a folder that is empty or not there yet."""
    if folder.exists() and not folder.is_dir():
        raise SnellenError(f"got -o {folder}, which is a file; expected a folder")
    if not folder.exists() or not any(folder.iterdir()):
        return {}
    try:
        found = json.loads((folder / RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise SnellenError(f"{folder} is not empty, and what is in it was not made by `snellen perturb`: choose another -o")
    return found


def table(plan: Plan, levels: Sequence[str], perturbation: Perturbation, images: Images, names: Sequence[str]) -> None:
    """Leave the table of all files that are there: `open_images` reads it, with the level as a fact of each image."""
    facts = images.facts.select("image", "category", "digest").with_columns(file=pl.Series(names, dtype=pl.String))
    rows = pl.concat([facts.with_columns(level=pl.lit(level)) for level in levels])
    rows = rows.with_columns(file=pl.concat_str("level", "file", separator="/"))
    there = [(plan.folder / file).is_file() for file in rows["file"]]
    told = {
        "perturbation": perturbation.name,
        "version": perturbation.version,
        "seed": plan.seed,
        "citation": perturbation.source,
        "snellen": __version__,
    }
    rows = rows.filter(pl.Series(there, dtype=pl.Boolean)).select(
        "file",
        "category",
        pl.col("image").alias("original"),
        pl.col("digest").alias("original_digest"),
        "level",
        *(pl.lit(value).alias(name) for name, value in told.items()),
    )
    write(plan.folder / TABLE, rows.write_csv().encode())


def write(path: Path, content: bytes) -> None:
    """Write under a temporary name, no longer than any file system takes, and rename: a file is whole or not there."""
    temporary = path.with_name(f".{hashlib.sha256(path.name.encode()).hexdigest()[:16]}.tmp")
    temporary.write_bytes(content)
    temporary.replace(path)

"""Making perturbed copies: decode once, change at every level, write what is missing."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

import numpy as np
from PIL import Image

from snellen.arrays import image_keys
from snellen.core import Images, Preprocessing, SnellenError, Unreadable
from snellen.images.decode import decode, upright
from snellen.methods.perturb.registry import Perturbation
from snellen.perturbing import files
from snellen.perturbing.files import Plan
from snellen.perturbing.sheet import sheet
from snellen.run.progress import Progress

TOGETHER = 16
"""Images held and changed at once."""
PIXELS = 2**22
"""Fewer at once where images are larger than this many pixels together."""
WRITERS = 2
QUALITY = 85


@final
@dataclass(frozen=True)
class Perturbed:
    """What was written.

    Attributes:
        folder: one sub-folder a level, and in it the images, in folders of their categories; `snellen exam` takes either.
        perturbation: its name.
        levels: weakest first.
        images: how many images the set has; written: how many files this run wrote.
        problems: image, level, and why there is no file for it.
    """

    folder: Path
    perturbation: str
    levels: tuple[str, ...]
    images: int
    written: int
    problems: tuple[tuple[str, str, str], ...] = ()

    @property
    def sheet(self) -> Path:
        """The contact sheet: levels across, a few images down."""
        return self.folder / files.SHEET

    @property
    def table(self) -> Path:
        """What was done, one row a file."""
        return self.folder / files.TABLE


def conduct(images: Images, perturbation: Perturbation, plan: Plan, progress: Progress | None = None) -> Perturbed:
    """Write what is missing, then the table and the contact sheet.

    Raises:
        SnellenError: the folder holds something else, cannot be written, or no image could be perturbed.
    """
    progress = progress or Progress(quiet=True)
    try:
        levels = files.claim(plan, perturbation, images)
        job = _Job(images, perturbation, plan, files.files(images, plan.jpeg85))
        job.run(progress)
        if job.problems and not any(plan.path(level, file).is_file() for level in levels for file in job.names):
            image, level, reason = job.problems[0]
            raise SnellenError(f"no image of {images.name} could be perturbed; {image}{level and f' at level {level}'}: {reason}")
        files.table(plan, levels, perturbation, images, job.names)
        sheet(images, perturbation.name, plan, levels, job.names)
    except OSError as error:
        raise SnellenError(f"got -o {plan.folder}; expected a folder that can be written, and it cannot: {error}") from error
    return Perturbed(plan.folder, perturbation.name, levels, len(images), job.written, tuple(job.problems))


@dataclass
class _Job:
    """What is under way: what to do, the file of each row, and what came of it so far."""

    images: Images
    perturbation: Perturbation
    plan: Plan
    names: Sequence[str]
    written: int = 0
    problems: list[tuple[str, str, str]] = field(default_factory=list)

    def run(self, progress: Progress) -> None:
        """Write every file that is not there."""
        missing = {row: wanted for row in range(len(self.names)) if (wanted := self._missing(row))}
        rows = list(missing)
        with (
            progress.stage(self.perturbation.name, sum(map(len, missing.values()))) as advance,
            ThreadPoolExecutor(WRITERS) as pool,
        ):
            for start in range(0, len(rows), TOGETHER):
                pictures = self._read(rows[start : start + TOGETHER])
                for level in self.plan.levels:
                    wanted = {row: picture for row, picture in pictures.items() if level in missing[row]}
                    for together in _alike(wanted):
                        self._write({row: wanted[row] for row in together}, level, pool)
                advance(sum(len(missing[row]) for row in rows[start : start + TOGETHER]))

    def _missing(self, row: int) -> list[str]:
        return [level for level in self.plan.levels if not self.plan.path(level, self.names[row]).is_file()]

    def _read(self, rows: Sequence[int]) -> dict[int, np.ndarray]:
        pictures = {}
        for row, payload in zip(rows, self.images.fetch(rows), strict=True):
            try:
                pictures[row] = pixels(payload, self.plan.size)
            except Unreadable as error:
                self.problems.append((self.images.facts["image"][row], "", str(error)))
        return pictures

    def _write(self, pictures: dict[int, np.ndarray], level: str, pool: ThreadPoolExecutor) -> None:
        """Pictures of one shape and type at one level."""
        names = [self.images.facts["image"][row] for row in pictures]
        keys = image_keys(self.perturbation.name, level, names, self.plan.seed)
        saved = []
        changed = _changed(self.perturbation, list(pictures.values()), level, keys)
        for row, name, picture in zip(pictures, names, changed, strict=True):
            if isinstance(picture, str):
                self.problems.append((name, level, picture))
            else:
                saved.append(pool.submit(_save, picture, self.plan.path(level, self.names[row]), self.plan.jpeg85))
        for one in saved:
            one.result()
        self.written += len(saved)


def _alike(pictures: dict[int, np.ndarray]) -> list[list[int]]:
    """Rows whose pictures have one shape and type, no more together than memory should hold."""
    groups: dict[tuple[tuple[int, ...], str], list[int]] = defaultdict(list)
    for row, picture in pictures.items():
        groups[(picture.shape, picture.dtype.str)].append(row)
    cut = []
    for (shape, _), rows in groups.items():
        most = max(1, PIXELS // (shape[1] * shape[2]))
        cut += [rows[start : start + most] for start in range(0, len(rows), most)]
    return cut


def _changed(perturbation: Perturbation, pictures: Sequence[np.ndarray], level: str, keys: Sequence[int]) -> list[np.ndarray | str]:
    """Each picture changed, or the reason why not; one that is refused does not spoil the others."""
    try:
        return list(_bytes(perturbation(np.stack(pictures), level, keys)))
    except SnellenError as error:
        if len(pictures) == 1:
            return [str(error)]
    return [_changed(perturbation, [picture], level, [key])[0] for picture, key in zip(pictures, keys, strict=True)]


def pixels(payload: bytes | np.ndarray | Unreadable, size: int | None) -> np.ndarray:
    """(3, H, W): uint8, or float where the image set holds floats.

    Raises:
        Unreadable: it is no image.
    """
    if isinstance(payload, Unreadable):
        raise payload
    if size is not None:
        return decode(payload, Preprocessing(size=(size, size), resize=size))
    return np.ascontiguousarray(upright(payload).transpose(2, 0, 1))


def _bytes(images: np.ndarray) -> np.ndarray:
    return images if images.dtype == np.uint8 else (images * 255 + 1e-4).astype(np.uint8)


def _save(picture: np.ndarray, path: Path, jpeg85: bool) -> None:
    buffer = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0)))
    image.save(buffer, **({"format": "JPEG", "quality": QUALITY} if jpeg85 else {"format": "PNG", "compress_level": 4}))
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, buffer.getvalue())

"""From evidence to sections: picking what deserves a closer look, judging, and saying so when a probe fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import final

import numpy as np
import polars as pl

from snellen.core import Evidence, Images, Model, Preprocessing, Probe, SnellenError, Unreadable, Unsupported
from snellen.images.regions import in_view
from snellen.probes import code, origin
from snellen.probes._shared import clean
from snellen.probes._validity import sentence
from snellen.run.present import pixels_of
from snellen.run.record import Section
from snellen.run.store import Shelf, key


def section(probe: Probe, evidence: Evidence, looks: str = "") -> Section:
    """Judge; whatever goes wrong becomes a section that says so."""
    try:
        if not evidence.trials.height:
            raise SnellenError(f"none of the images of {evidence.dataset} could be read")
        findings = tuple(probe.judge(evidence))
        return _section(probe, evidence.dataset, "done", findings=findings, charts=tuple(probe.charts(evidence)), looks=looks)
    except Exception as error:  # noqa: BLE001 (one probe's failure must not take the others with it)
        return failed(probe, evidence.dataset, error)


def failed(probe: Probe, dataset: str, error: BaseException | str) -> Section:
    """A section for a probe that could not be finished."""
    reason = str(error) if isinstance(error, (SnellenError, str)) else f"{type(error).__name__}: {error}"
    return _section(probe, dataset, "failed", reason=reason)


def skipped(probe: Probe, dataset: str, reason: str) -> Section:
    """A section for a probe that could not be asked."""
    return _section(probe, dataset, "not applicable", reason=reason)


def _section(probe: Probe, dataset: str, status: str, **rest: object) -> Section:
    fixed = {
        "probe": probe.name(),
        "question": probe.question,
        "about": probe.about,
        "cites": probe.cites,
        "settings": probe.settings(),
        "origin": origin(probe),
        "validity": sentence(probe),
    }
    return Section(**fixed, dataset=dataset, status=status, **rest)  # type: ignore[arg-type]


def looks_shelf(store: Path, probe: Probe, model_id: str, images_id: str, seed: int) -> Shelf:
    """Where the closer looks of a probe are kept, by all they depend on."""
    own = {"probe": probe.name(), "version": probe.version, "code": code(probe), "settings": probe.settings(), "seed": seed}
    return Shelf(store, {"what": "looks", "model": model_id, "images": images_id, **own})


def look(probe: Probe, model: Model, images: Images, evidence: Evidence, shelf: Shelf, advance: Callable[[int], None]) -> None:
    """Compute and keep the closer looks that are missing, a few images at a time; all of them again where it is a survey."""
    picked = list(dict.fromkeys(probe.pick(evidence)))
    missing = [image for image in picked if not shelf.has_arrays(_part(image))]
    place = {name: row for row, name in enumerate(images.facts["image"].to_list())}
    rows = {row["image"]: row for row in clean(evidence).iter_rows(named=True)} if missing else {}
    schema = evidence.trials.schema
    if missing:
        frame, paced = pl.DataFrame([rows[name] for name in picked], schema=schema), _Pace(advance, len(missing))
        surveyed = probe.survey(model, images, frame, evidence.seed, partial(paced.passed, probe.closer_passes(model)))
        if surveyed is not None:
            for name, arrays in zip(picked, surveyed, strict=True):
                shelf.write_arrays(_part(name), arrays)
            paced.end()
            return
    for start in range(0, len(missing), probe.together):
        wanted = {place[image]: image for image in missing[start : start + probe.together]}
        pixels = pixels_of(images, list(wanted), model.preprocessing)
        names = [wanted[row] for row in pixels]
        frame = pl.DataFrame([rows[name] for name in names], schema=schema)
        regions = _regions(images, list(pixels), model.preprocessing) if probe.located else [{}] * len(pixels)
        found = probe.look(model, np.stack(list(pixels.values())), frame, evidence.seed)
        for name, arrays, region in zip(names, found, regions, strict=True):
            shelf.write_arrays(_part(name), {**arrays, **region})
        advance(len(wanted))


@final
class _Pace:
    """Tells of images while passes are made, all of which together stand for so many images."""

    def __init__(self, advance: Callable[[int], None], images: int) -> None:
        self._advance, self._images, self._passes, self._told = advance, images, 0, 0

    def passed(self, expected: int, passes: int) -> None:
        """So many more passes, of as many as are expected."""
        self._passes += passes
        self._tell(min(self._images - 1, self._images * self._passes // max(1, expected)))

    def end(self) -> None:
        """All of them."""
        self._tell(self._images)

    def _tell(self, images: int) -> None:
        if images > self._told:
            self._advance(images - self._told)
            self._told = images


def _regions(images: Images, rows: Sequence[int], preprocessing: Preprocessing) -> list[dict[str, np.ndarray]]:
    """`region` of each row, as the model sees the image; nothing where it is not known."""
    try:
        found = images.regions(rows)
    except Unsupported:
        return [{} for _ in rows]
    return [{} if isinstance(region, Unreadable) else {"region": in_view(region, preprocessing)} for region in found]


def looked(picked: Sequence[str], shelf: Shelf) -> dict[str, dict[str, np.ndarray]]:
    """Image → arrays, of the looks that are kept."""
    return {image: shelf.read_arrays(_part(image)) for image in picked if shelf.has_arrays(_part(image))}


def _part(image: str) -> str:
    return key({"image": image.encode("utf-8", "surrogateescape").hex()})

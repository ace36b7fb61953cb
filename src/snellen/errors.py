"""What goes wrong: errors whose messages say what was got, what was expected and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class SnellenError(ValueError):
    """Something a user can mend. The message says what was got, what was expected and what to do."""


class Unsupported(SnellenError):
    """This model (or image set) cannot do what was asked; the message gives the reason a report can print."""


class Unreadable(SnellenError):
    """An image could not be read; the message is the reason, in a few words."""


@contextmanager
def blaming(model: str, shape: Sequence[int]) -> Iterator[None]:
    """While a model is asked about images of this shape: what its own code raises becomes a `SnellenError` that says so."""
    try:
        yield
    except (SnellenError, MemoryError):
        raise
    except Exception as error:
        raise SnellenError(
            f"{model} failed on images of shape {tuple(shape)}, float32 in [0, 1] ({type(error).__name__}: {error}). "
            "If it wants another input size, say so: --preprocess size=64, or preprocessing=Preprocessing((64, 64))"
        ) from error

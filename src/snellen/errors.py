"""What goes wrong: errors whose messages say what was got, what was expected and what to do."""

from __future__ import annotations


class SnellenError(ValueError):
    """Something a user can mend. The message says what was got, what was expected and what to do."""


class Unsupported(SnellenError):
    """This model (or image set) cannot do what was asked; the message gives the reason a report can print."""


class Unreadable(SnellenError):
    """An image could not be read; the message is the reason, in a few words."""

"""Keeping the memory of one forward pass for the next."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_KEEP = 1 << 30


def keep() -> bool:
    """Ask the C library not to hand freed blocks below 1 GiB back to the system; whether it agreed.

    A forward pass on the CPU frees and asks for large blocks at every layer, and each that comes anew from the system is zeroed
    page by page: about two fifths of the time of a small network. For a process of our own; a library has no business here.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _KEEP)) and bool(mallopt(_TRIM_THRESHOLD, _KEEP))

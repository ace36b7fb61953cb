"""Why a file could not be read, in a few words: printable, one line, the same in every run."""

from __future__ import annotations

import re

_LONGEST = 100
_TRUNCATED = (
    "truncated",
    "not enough image data",
    "unexpected end",
    "premature end",
    "eof",
    "unpack requires",
    "buffer is not large enough",
)
_SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"RIFF": "WEBP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}
_OTHERS = {
    b"<!doctype html": "an HTML page, not an image",
    b"<html": "an HTML page, not an image",
    b"<?xml": "an XML document, not an image",
    b"%!ps": "a PostScript document, not an image",
    b"%pdf": "a PDF document, not an image",
    b"pk\x03\x04": "an archive, not an image",
}


def unidentified(payload: bytes, formats: tuple[str, ...]) -> str:
    """What bytes look like that are of none of `formats`."""
    head = payload[:1024]
    for signature, kind in _SIGNATURES.items():
        if head.startswith(signature):
            return f"damaged {kind} file: its header can't be read"
    if not payload.strip(b"\0"):
        return "nothing but zero bytes"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text:
        return "an SVG drawing, not a raster image"
    for start, reason in _OTHERS.items():
        if text.startswith(start):
            return reason
    if all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head):
        return "a text, not an image"
    return f"not an image of a known kind ({', '.join(formats)})"


def damaged(what: str, error: Exception) -> str:
    """What a decoder's error says about `what`, without addresses of objects."""
    text = re.sub(r"<[^>]*>", "", str(error))
    text = "".join(letter for letter in text if letter.isprintable()).strip()[:_LONGEST]
    if isinstance(error, EOFError) or any(sign in text.lower() for sign in _TRUNCATED):
        return f"truncated {what}"
    return f"damaged {what}: {text or type(error).__name__}"

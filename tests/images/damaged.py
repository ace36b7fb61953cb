"""Files as they come: sound ones in every disguise, and damaged ones of every kind. Deterministic in the seed."""

from __future__ import annotations

import io
import random
import struct
import zlib
from functools import cache

import numpy as np
from PIL import Image


def photograph(seed: int, size: tuple[int, int] = (96, 80)) -> Image.Image:
    """A smooth coloured picture with some noise, (width, height)."""
    rng = np.random.default_rng(seed)
    width, height = size
    y, x = np.mgrid[0:height, 0:width] / max(size)
    waves = [np.sin(rng.uniform(3, 12) * x + rng.uniform(3, 12) * y + rng.uniform(0, 6)) for _ in range(3)]
    pixels = 128 + 90 * np.stack(waves, axis=-1) + rng.normal(0, 6, (height, width, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def sound(seed: int, kind: str = "JPEG") -> bytes:
    """A file with nothing wrong."""
    return encode(photograph(seed), kind, **({"quality": 90} if kind == "JPEG" else {}))


def chunk(kind: bytes, data: bytes) -> bytes:
    """One PNG chunk with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *chunks: bytes) -> bytes:
    """A PNG from its raw rows (each starting with its filter byte); `chunks` stand before the data."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    middle = b"".join(chunks)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + middle + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def bomb(kind: str = "PNG", side: int = 30_000) -> bytes:
    """A small file whose header claims `side` x `side` pixels."""
    if kind == "PNG":
        return png(side, side, 8, 2, bytes(1000))
    if kind == "GIF":
        side = min(side, 65_535)
        return (
            b"GIF89a"
            + struct.pack("<HHBBB", side, side, 0, 0, 0)
            + b","
            + struct.pack("<HHHHB", 0, 0, side, side, 0)
            + b"\x02\x02\x4c\x01\x00;"
        )
    if kind == "BMP":
        return (
            b"BM"
            + struct.pack("<IHHI", 1000, 0, 0, 54)
            + struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
            + bytes(900)
        )
    if kind == "PPM":
        return b"P6 %d %d 255\n" % (side, side) + bytes(900)
    jpeg = bytearray(sound(0))
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = struct.pack(">HH", side, side)
    return bytes(jpeg)


@cache
def text_bomb() -> bytes:
    """A PNG whose compressed comment unpacks to 16 MiB."""
    comment = b"comment\0\0" + zlib.compress(bytes(16 * 2**20), 9)
    return png(8, 8, 8, 2, bytes(8 * 25), chunk(b"zTXt", comment))


def truncated(seed: int) -> bytes:
    """The first part of a file, from a quarter to nine tenths."""
    rng = random.Random(seed)
    whole = sound(seed, rng.choice(("JPEG", "PNG", "BMP", "WEBP")))
    return whole[: int(len(whole) * rng.uniform(0.25, 0.9))]


def bit_flipped(seed: int, flips: int = 40) -> bytes:
    """A PNG or JPEG with bits flipped anywhere behind its signature; so many that they can't pass unnoticed."""
    rng = random.Random(seed)
    data = bytearray(sound(seed, rng.choice(("JPEG", "PNG"))))
    for _ in range(flips):
        data[rng.randrange(16, len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


DAMAGED = {
    "truncated": truncated,
    "bit-flipped": bit_flipped,
    "zero-byte": lambda seed: b"",
    "only zeros": lambda seed: bytes(1000 + seed % 1000),
    "PNG bomb": lambda seed: bomb("PNG", 20_000 + seed % 1000),
    "JPEG bomb": lambda seed: bomb("JPEG", 30_000 + seed % 1000),
    "GIF bomb": lambda seed: bomb("GIF"),
    "BMP bomb": lambda seed: bomb("BMP"),
    "PPM bomb": lambda seed: bomb("PPM"),
    "text bomb": lambda seed: text_bomb(),
    "noise": lambda seed: random.Random(seed).randbytes(2000),
    "text": lambda seed: f"this is no image, number {seed}\n".encode() * 20,
    "HTML page": lambda seed: b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
    "SVG drawing": lambda seed: (
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    ),
    "PostScript": lambda seed: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
    "header only": lambda seed: sound(seed, "PNG")[:33],
    "float TIFF": lambda seed: encode(Image.fromarray(np.full((9, 9), 1e9, np.float32)), "TIFF"),
}
"""Kind → a maker of such a file from a seed. None of them can be read."""


def exif_rotated(seed: int, orientation: int = 6) -> bytes:
    """A JPEG whose EXIF data says which way is up."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(photograph(seed), "JPEG", quality=95, exif=exif.tobytes())


def palette_with_transparency(seed: int) -> bytes:
    image = photograph(seed).quantize(16)
    return encode(image, "PNG", transparency=0)


def grey_16_bit(seed: int) -> bytes:
    values = np.random.default_rng(seed).integers(0, 65_536, (40, 40), dtype=np.uint16)
    return encode(Image.fromarray(values), "PNG")


def rgb_16_bit(seed: int) -> bytes:
    values = np.random.default_rng(seed).integers(0, 65_536, (12, 12, 3), dtype=np.uint16)
    return png(12, 12, 16, 2, b"".join(b"\0" + row.astype(">u2").tobytes() for row in values))


def animated(seed: int, kind: str = "GIF") -> bytes:
    frames = [photograph(seed + i, (48, 48)) for i in range(3)]
    return encode(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)


ODD = {
    "grey": lambda seed: encode(photograph(seed).convert("L"), "JPEG"),
    "CMYK": lambda seed: encode(photograph(seed).convert("CMYK"), "JPEG"),
    "16-bit grey": grey_16_bit,
    "16-bit RGB": rgb_16_bit,
    "palette": lambda seed: encode(photograph(seed).quantize(32), "PNG"),
    "palette with transparency": palette_with_transparency,
    "RGBA": lambda seed: encode(photograph(seed).convert("RGBA"), "PNG"),
    "grey with alpha": lambda seed: encode(photograph(seed).convert("LA"), "PNG"),
    "1-bit": lambda seed: encode(photograph(seed).convert("1"), "PNG"),
    "EXIF-rotated": exif_rotated,
    "animated GIF": animated,
    "animated WebP": lambda seed: animated(seed, "WEBP"),
    "animated PNG": lambda seed: animated(seed, "PNG"),
    "progressive": lambda seed: encode(photograph(seed), "JPEG", progressive=True),
    "TIFF": lambda seed: sound(seed, "TIFF"),
    "BMP": lambda seed: sound(seed, "BMP"),
    "PPM": lambda seed: sound(seed, "PPM"),
    "WebP": lambda seed: sound(seed, "WEBP"),
    "one pixel": lambda seed: encode(photograph(seed, (1, 1)), "PNG"),
    "sliver": lambda seed: encode(photograph(seed, (2, 3000)), "PNG"),
}
"""Kind → a maker of a file that looks unusual and is sound."""


def many(count: int, seed: int = 0) -> dict[str, bytes]:
    """`count` damaged files of all kinds in turn: file name → content. All are named .jpg, whatever they are."""
    kinds = list(DAMAGED)
    return {
        f"{kinds[i % len(kinds)].replace(' ', '-')}-{i:03d}.jpg": DAMAGED[kinds[i % len(kinds)]](seed + i) for i in range(count)
    }

import io
import struct
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from snellen.core import Preprocessing, Unreadable
from snellen.images.decode import MEGAPIXELS, decode, read
from tests.images import damaged

SMALL = Preprocessing((32, 32), 36)


def plain(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"))


def as_read(payload: bytes) -> np.ndarray:
    return np.asarray(read(payload))


@pytest.mark.parametrize("kind", damaged.DAMAGED)
def test_damaged_files_give_a_reason(kind):
    for seed in range(6):
        with pytest.raises(Unreadable) as caught:
            decode(damaged.DAMAGED[kind](seed), SMALL)
        reason = str(caught.value)
        assert reason.isprintable()
        assert 0 < len(reason) < 150
        assert "0x7" not in reason


@pytest.mark.parametrize("kind", damaged.ODD)
def test_odd_files_are_read(kind):
    pixels = decode(damaged.ODD[kind](3), SMALL)
    assert pixels.shape == (3, 32, 32)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert pixels.std() > 0 or kind == "one pixel"


@pytest.mark.parametrize(
    "kind, reason",
    [
        ("zero-byte", "empty file"),
        ("only zeros", "zero bytes"),
        ("PNG bomb", "megapixels"),
        ("JPEG bomb", "megapixels"),
        ("GIF bomb", "megapixels"),
        ("BMP bomb", "megapixels"),
        ("PPM bomb", "megapixels"),
        ("text bomb", "damaged"),
        ("HTML page", "HTML"),
        ("SVG drawing", "SVG"),
        ("text", "a text"),
        ("header only", "PNG"),
        ("PostScript", "PostScript"),
        ("float TIFF", "32-bit"),
        ("noise", "not an image of a known kind"),
    ],
)
def test_the_reason_names_the_cause(kind, reason):
    with pytest.raises(Unreadable, match=reason):
        decode(damaged.DAMAGED[kind](1), SMALL)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP", "TIFF", "GIF"])
def test_truncated_files_say_so(kind):
    whole = damaged.sound(2, kind)
    with pytest.raises(Unreadable, match=r"truncated|damaged"):
        read(whole[: len(whole) * 2 // 3])


def test_truncated_jpeg_with_a_forged_end_is_found():
    whole = damaged.sound(2)
    with pytest.raises(Unreadable, match=r"JPEG"):
        read(whole[: len(whole) // 2] + b"\xff\xd9")


def test_one_flipped_bit_in_a_png_is_found():
    data = bytearray(damaged.sound(2, "PNG"))
    data[len(data) // 2] ^= 1
    with pytest.raises(Unreadable, match="damaged PNG"):
        read(bytes(data))


def test_padding_before_the_end_of_a_jpeg_is_no_damage():
    whole = damaged.sound(2)
    padded = whole[:-2] + b"\0\0" + whole[-2:]
    assert (as_read(padded) == as_read(whole)).all()


def test_limit_of_pixels_is_ours_and_decided_by_the_header(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    side = int((MEGAPIXELS * 1e6) ** 0.5)
    with pytest.raises(Unreadable, match="megapixels"):
        read(damaged.bomb("PNG", side + 10))
    with pytest.raises(Unreadable, match=r"truncated|damaged"):
        read(damaged.bomb("PNG", side))


def test_no_warning_of_pillow_gets_out():
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 40) + bytes(7)
    payload = damaged.encode(damaged.photograph(1), "JPEG", exif=exif)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        decode(payload, SMALL)
        with pytest.raises(Unreadable):
            read(damaged.bomb("PNG", 9_600))
    assert seen == []


def test_plain_formats_are_read_exactly():
    image = damaged.photograph(5)
    for kind in ("PNG", "BMP", "TIFF", "PPM"):
        assert (as_read(damaged.encode(image, kind)) == plain(image)).all()
    assert (as_read(damaged.encode(image, "WEBP", lossless=True)) == plain(image)).all()
    jpeg = damaged.encode(image, "JPEG")
    assert (as_read(jpeg) == plain(Image.open(io.BytesIO(jpeg)))).all()


def test_transparency_lies_on_white():
    image = Image.new("RGBA", (2, 1), (200, 0, 0, 255))
    image.putpixel((1, 0), (200, 0, 0, 0))
    assert as_read(damaged.encode(image, "PNG")).tolist() == [[[200, 0, 0], [255, 255, 255]]]
    half = Image.new("LA", (1, 1), (0, 128))
    assert as_read(damaged.encode(half, "PNG")).tolist() == [[[127, 127, 127]]]
    palette = Image.new("P", (2, 1), 0)
    palette.putpalette([10, 20, 30, 40, 50, 60])
    palette.putpixel((1, 0), 1)
    assert as_read(damaged.encode(palette, "PNG", transparency=0)).tolist() == [[[255, 255, 255], [40, 50, 60]]]


def test_sixteen_bits_are_scaled_not_clipped():
    grey = np.array([[0, 257, 32_768, 65_535]], np.uint16)
    assert as_read(damaged.encode(Image.fromarray(grey), "PNG"))[0, :, 0].tolist() == [0, 1, 128, 255]
    colour = struct.pack(">6H", 0, 257 * 7, 257 * 99, 65_535, 32_768, 257)
    assert as_read(damaged.png(2, 1, 16, 2, b"\0" + colour)).tolist() == [[[0, 7, 99], [255, 128, 1]]]
    portable = b"P5 2 1 65535\n" + struct.pack(">2H", 65_535, 257 * 64)
    assert as_read(portable)[0, :, 0].tolist() == [255, 64]


def test_cmyk_keeps_its_colours():
    image = Image.new("RGB", (16, 16), (230, 40, 60))
    assert np.abs(as_read(damaged.encode(image.convert("CMYK"), "JPEG", quality=100)).astype(int) - [230, 40, 60]).max() <= 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_camera_orientation_is_applied(orientation):
    payload = damaged.exif_rotated(4, orientation)
    assert (as_read(payload) == plain(ImageOps.exif_transpose(Image.open(io.BytesIO(payload))))).all()
    assert as_read(payload).shape[0] == (80 if orientation < 5 else 96)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_the_first_frame_of_an_animation_is_taken(kind):
    first = damaged.photograph(0, (48, 48))
    assert np.abs(as_read(damaged.animated(0, kind)).astype(int) - plain(first)).mean() < 20


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_float_arrays_stay_float32(dtype):
    pixels = np.random.default_rng(0).random((32, 32, 3)).astype(dtype)
    same = decode(pixels, SMALL)
    assert same.dtype == np.float32
    assert np.array_equal(same, pixels.astype(np.float32).transpose(2, 0, 1))
    other = decode(pixels.transpose(2, 0, 1), Preprocessing((20, 20)))
    assert (other.dtype, other.shape) == (np.float32, (3, 20, 20))
    assert 0 <= other.min() < other.max() <= 1


def test_arrays_and_files_agree():
    image = damaged.photograph(6, (90, 60))
    from_file = decode(damaged.encode(image, "PNG"), SMALL)
    assert np.array_equal(decode(plain(image), SMALL), from_file)
    as_float = decode(plain(image) / 255, SMALL)
    assert np.abs(as_float * 255 - from_file).max() < 1.01


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.int64),
        np.full((4, 4, 3), 2.0),
        np.full((4, 4, 3), np.nan),
    ],
)
def test_unfit_arrays_give_a_reason(array):
    with pytest.raises(Unreadable, match="array"):
        decode(array, SMALL)


def outcome(payload: bytes) -> str:
    """The reason why it cannot be read, or that it was."""
    try:
        pixels = decode(payload, SMALL)
    except Unreadable as error:
        return str(error)
    assert (pixels.shape, pixels.dtype) == ((3, 32, 32), np.uint8)
    return "read"


@given(
    st.binary(max_size=300),
    st.sampled_from(
        [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"RIFF\x20\0\0\0WEBP", b"P6 ", b"P2 "]
    ),
)
@settings(max_examples=400, deadline=None)
def test_random_bytes_never_crash(data, start):
    assert outcome(start + data).isprintable()


VALID = [damaged.ODD[kind](1) for kind in damaged.ODD] + [damaged.sound(1, kind) for kind in ("JPEG", "PNG", "GIF")]


@given(
    st.sampled_from(VALID),
    st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=4)), min_size=1, max_size=5),
    st.floats(0.3, 1),
)
@settings(max_examples=600, deadline=None)
def test_random_damage_never_crashes(whole, patches, length):
    data = bytearray(whole)
    for place, patch in patches:
        at = int(place * len(data))
        data[at : at + len(patch)] = patch
    assert outcome(bytes(data[: int(len(data) * length)])).isprintable()

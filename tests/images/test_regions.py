import io
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from snellen.core import Preprocessing, Unreadable, Unsupported
from snellen.images import open_images
from snellen.images.composited import composited, covering, laid, without
from snellen.images.decode import decode, extent, upright
from snellen.images.fill import fill
from snellen.images.regions import boxed, in_view, mask
from snellen.images.world import open_world

COLOURS = {"cat": (200, 40, 40), "dog": (40, 200, 40), "boat": (40, 40, 200)}
GROUNDS = {"cat": (250, 250, 0), "dog": (0, 250, 250), "boat": (250, 0, 250)}


def encoded(pixels: np.ndarray, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def scene(category: str, size=(40, 60), box=(20, 10, 40, 30)) -> tuple[np.ndarray, np.ndarray]:
    """(H, W, 3) with a square of the category's colour before its ground, and the mask."""
    pixels = np.broadcast_to(np.uint8(GROUNDS[category]), (*size, 3)).copy()
    inside = np.zeros(size, np.uint8)
    x0, y0, x1, y1 = box
    inside[y0:y1, x0:x1] = 255
    pixels[inside > 0] = COLOURS[category]
    return pixels, inside


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two images of each category, with masks in a folder of their own."""
    (tmp_path / "masks").mkdir()
    rows = ["file,category,mask,x0,y0,x1,y1"]
    for category in COLOURS:
        for number in (0, 1):
            pixels, inside = scene(category, size=(40, 60) if number else (50, 44))
            name = f"{category}{number}.png"
            (tmp_path / name).write_bytes(encoded(pixels))
            (tmp_path / "masks" / name).write_bytes(encoded(inside))
            rows.append(f"{name},{category},masks/{name},20,10,40,30")
    (tmp_path / "table.csv").write_text("\n".join(rows))
    return tmp_path


def table(folder: Path) -> pl.DataFrame:
    return pl.read_csv(folder / "table.csv")


def test_a_folder_gives_the_masks_its_table_names(photos: Path):
    images = open_images(photos, labels="sixteen")
    for payload, region in zip(images.fetch([0, 3]), images.regions([0, 3]), strict=True):
        assert region.dtype == np.float32
        assert region.shape == upright(payload).shape[:2]
        assert region.sum() == 400
    assert "not in the table" not in images.origin


def test_boxes_do_where_there_are_no_masks(photos: Path):
    masks = open_images(photos, labels="sixteen")
    table(photos).drop("mask").write_csv(photos / "table.csv")
    boxes = open_images(photos, labels="sixteen")
    for here, there in zip(boxes.regions(range(6)), masks.regions(range(6)), strict=True):
        assert (here == there).all()


def test_a_row_without_either_says_so_and_a_mask_comes_before_a_box(photos: Path):
    rows = table(photos).with_columns(
        mask=pl.Series(["masks/cat0.png", None, None, "masks/none.png", "../table.csv", "masks/cat0.png"]),
        x1=pl.Series([21, 41, None, 40, 40, 40]),
    )
    rows.write_csv(photos / "table.csv")
    found = open_images(photos, labels="sixteen").regions(range(6))
    assert found[0].sum() == 400
    assert found[1].sum() == 420
    problems = [str(one) for one in found[2:] if isinstance(one, Unreadable)]
    assert problems == [
        "it has neither a mask nor a box",
        "its mask: no such file",
        "its mask: no such file",
        "its mask is 44x50, the image 60x40",
    ]


def test_identity_holds_masks_and_boxes_where_there_are_any(photos: Path):
    ids = {open_images(photos, labels="sixteen").id}
    (photos / "masks" / "cat0.png").write_bytes(encoded(np.full((50, 44), 255, np.uint8)))
    ids.add(open_images(photos, labels="sixteen").id)
    table(photos).with_columns(x1=pl.lit(39)).write_csv(photos / "table.csv")
    ids.add(open_images(photos, labels="sixteen").id)
    table(photos).select("file", "category").write_csv(photos / "table.csv")
    plain = open_images(photos, labels="sixteen")
    assert len({*ids, plain.id}) == 4
    with pytest.raises(Unsupported, match="give it a column mask, or columns x0, y0, x1, y1"):
        plain.regions([0])


def test_parquet_gives_its_column_of_masks_or_its_boxes(tmp_path: Path):
    scenes = [scene(category) for category in COLOURS]
    columns = {
        "mask": [{"bytes": encoded(inside), "path": None} for _, inside in scenes[:2]] + [None],
        "image": [{"bytes": encoded(pixels), "path": None} for pixels, _ in scenes],
        "label": list(COLOURS),
    }
    pl.DataFrame(columns).write_parquet(tmp_path / "masks.parquet")
    images = open_images(tmp_path / "masks.parquet", labels="sixteen")
    assert (upright(images.fetch([1])[0]) == scenes[1][0]).all()
    first, _, last = images.regions([0, 1, 2])
    assert (first == scenes[0][1] / 255).all()
    assert str(last) == "it has neither a mask nor a box"
    edges = {"x0": 20, "y0": 10, "x1": 40, "y1": 30.0}
    pl.DataFrame(columns).drop("mask").with_columns(pl.lit(v).alias(k) for k, v in edges.items()).write_parquet(
        tmp_path / "boxes.parquet"
    )
    assert (open_images(tmp_path / "boxes.parquet", labels="sixteen").regions([2])[0] == scenes[2][1] / 255).all()


def test_masks_of_any_range_and_palette():
    inside = scene("cat")[1]
    palette = Image.fromarray((inside > 0).astype(np.uint8), "L").convert("P")
    file = io.BytesIO()
    palette.save(file, "PNG")
    for content in (encoded(inside), encoded(inside // 255), encoded(inside > 0), file.getvalue()):
        assert (mask(content, (40, 60)) == (inside > 0)).all()
    with pytest.raises(Unreadable, match="empty"):
        mask(encoded(inside * 0), (40, 60))
    with pytest.raises(Unreadable, match="can't be read"):
        mask(b"no image", (40, 60))


def header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds no pixels."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + b"\0\0\0\0IDAT"


def test_a_mask_or_an_image_of_enormous_size_is_refused_by_its_header():
    with pytest.raises(Unreadable, match="its mask is 12000x12000, the image 60x40"):
        mask(header(12000, 12000), (40, 60))
    for side in (12000, 60000):
        with pytest.raises(Unreadable, match="too large: its header claims more than 100 megapixels"):
            extent(header(side, side))


@pytest.mark.parametrize("file", ["../secret.png", "/etc/passwd", "masks/link.png", "masks", "a\0b"])
def test_masks_outside_the_folder_are_not_read(tmp_path: Path, file: str):
    (tmp_path / "secret.png").write_bytes(encoded(scene("cat")[1]))
    folder = tmp_path / "photos"
    (folder / "masks").mkdir(parents=True)
    (folder / "masks" / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "a.png").write_bytes(encoded(scene("cat")[0]))
    (folder / "t.csv").write_text(f"file,category,mask\na.png,cat,{file}\n")
    (region,) = open_images(folder, labels="sixteen").regions([0])
    assert isinstance(region, Unreadable)
    assert str(region).startswith("its mask: ")


def test_large_photographs_are_taken_apart_at_a_smaller_size(tmp_path: Path):
    for category in ("cat", "dog"):
        (tmp_path / f"{category}.png").write_bytes(encoded(scene(category, (1500, 2100), (700, 300, 1400, 1200))[0]))
    rows = ["file,category,x0,y0,x1,y1", *(f"{category}.png,{category},700,300,1400,1200" for category in ("cat", "dog"))]
    (tmp_path / "t.csv").write_text("\n".join(rows))
    made = composited(open_images(tmp_path, labels="sixteen"), "swapped")
    (pixels,), (region,) = made.fetch([0]), made.regions([0])
    assert pixels.shape[:2] == region.shape == (500, 700)
    assert np.abs(pixels[region == 1].astype(int) - COLOURS["cat"]).max() <= 2
    assert np.abs(pixels[region == 0].astype(int) - GROUNDS["dog"]).max() <= 2


def test_a_box_counts_a_pixel_at_its_edge_by_its_share():
    region = boxed((1.25, -5, 2.5, 1), (3, 4))
    assert region.tolist() == [[0, 0.75, 0.5, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    with pytest.raises(Unreadable, match="holds nothing"):
        boxed((7, 0, 9, 3), (3, 4))
    with pytest.raises(Unreadable, match="neither"):
        boxed((0, 0, float("nan"), 3), (3, 4))


def test_the_box_of_a_photograph_that_lies_on_its_side_is_that_of_the_upright_one(tmp_path: Path):
    pixels, _ = scene("cat")
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "a.jpg").write_bytes(encoded(pixels, "JPEG", exif=exif, quality=95))
    (tmp_path / "t.csv").write_text("file,category,x0,y0,x1,y1\na.jpg,cat,10,20,30,40\n")
    images = open_images(tmp_path, labels="sixteen")
    region, shown = images.regions([0])[0], upright(images.fetch([0])[0])
    assert region.shape == shown.shape[:2] == (60, 40)
    assert np.abs(shown[region > 0].astype(int) - COLOURS["cat"]).mean() < 30


def test_what_fills_a_hole_is_what_surrounds_it():
    ramp = np.broadcast_to(np.linspace(0, 1, 50, dtype=np.float32)[None, :, None], (37, 50, 3))
    hole = np.zeros((37, 50), np.float32)
    hole[12:25, 15:32] = 1
    damaged = np.where(hole[..., None] > 0, np.float32(0.9), ramp)
    filled = fill(damaged, hole)
    assert filled.dtype == np.float32
    assert np.abs(filled - ramp)[hole == 0].max() < 1e-6
    assert np.abs(filled - ramp)[hole > 0].max() < 0.12
    assert (fill(ramp, np.ones_like(hole)) == 0.5).all()


def test_nothing_of_the_object_is_left_in_its_background():
    pixels, inside = scene("cat")
    background = without(pixels / np.float32(255), (inside / 255).astype(np.float32))
    assert np.abs(background * 255 - GROUNDS["cat"]).max() < 1


def test_laid_over_itself_an_image_is_itself():
    pixels, inside = (values.astype(np.float32) / 255 for values in scene("cat"))
    assert np.abs(laid(pixels, pixels, inside) - pixels).max() < 1e-6
    assert covering(pixels, (30, 90)).shape == (30, 90, 3)


@pytest.mark.parametrize("how", ["swapped", "same", "grey", "only"])
def test_composites_have_the_object_the_size_and_the_background_they_should(photos: Path, how: str):
    images = open_images(photos, labels="sixteen")
    made = composited(images, how)
    assert made.facts.equals(images.facts)
    assert made.id != images.id
    for row, category in enumerate(images.facts["category"]):
        pixels, region = made.fetch([row])[0], images.regions([row])[0]
        assert pixels.dtype == np.uint8
        assert pixels.shape[:2] == region.shape
        inside, outside = pixels[region > 0].astype(int), pixels[region == 0].astype(int)
        assert np.abs(inside - (GROUNDS if how == "only" else COLOURS)[category]).max() <= 2
        others = {
            "swapped": [GROUNDS[other] for other in COLOURS if other != category],
            "same": [GROUNDS[category]],
            "grey": [(128, 128, 128)],
            "only": [GROUNDS[category]],
        }[how]
        assert min(np.abs(outside - other).max() for other in others) <= 2


def test_composites_depend_on_the_row_alone():
    world = open_world(images=24, size=32, seed=3)
    made = composited(world, "swapped")
    whole = made.fetch(range(24))
    for row in (5, 0, 23):
        assert (made.fetch([row])[0] == whole[row]).all()
    assert (composited(world, "swapped").fetch([7])[0] == whole[7]).all()


def test_an_image_without_a_mask_or_without_a_donor_is_left_out(photos: Path):
    rows = (
        table(photos)
        .with_columns(mask=pl.Series(["masks/cat0.png", None, None, "masks/dog1.png", "masks/boat0.png", "masks/boat1.png"]))
        .drop("x0")
    )
    rows.write_csv(photos / "table.csv")
    images = open_images(photos, labels="sixteen")
    unreadable = [[isinstance(one, Unreadable) for one in composited(images, how).fetch(range(6))] for how in ("swapped", "same")]
    assert unreadable[1] == [True, True, True, True, False, False]
    assert unreadable[0] == [False, True, True, False, False, False]
    alone = replace(images, facts=images.facts.with_columns(category=pl.lit("cat")))
    assert str(composited(alone, "swapped").fetch([0])[0]) == "no image of another category has a background to give"


def test_a_region_in_view_is_resized_and_cropped_as_images_are():
    region = np.zeros((40, 80), np.float32)
    region[10:20, 30:45] = 1
    seen = in_view(region, Preprocessing((20, 20), resize=20))
    pixels = decode(np.repeat(region[..., None] * 255, 3, axis=2).astype(np.uint8), Preprocessing((20, 20), resize=20))
    assert seen.shape == (20, 20)
    np.testing.assert_allclose(seen, pixels[0] / 255, atol=0.01)
    assert in_view(np.roll(region, 35, axis=1), Preprocessing((20, 20), resize=20)).max() < 0.01

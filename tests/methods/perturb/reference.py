"""The published corruptions, from their definitions: one image at a time, slow, in float64, (H, W, 3) uint8 → the same.

Whatever is random is given as an argument.
"""

from __future__ import annotations

import io
from math import ceil

import numpy as np
from matplotlib.colors import hsv_to_rgb, rgb_to_hsv
from PIL import Image
from scipy.ndimage import correlate, gaussian_filter, map_coordinates, zoom


def eight_bits(values: np.ndarray) -> np.ndarray:
    return (np.clip(values, 0, 1) * 255).astype(np.uint8)


def smooth(values: np.ndarray, sigma: float, mode: str = "nearest", truncate: float = 4.0) -> np.ndarray:
    return gaussian_filter(values, (sigma, sigma, 0)[: values.ndim], mode=mode, truncate=truncate) if sigma else values


def gaussian_blur(image, sigma):
    return eight_bits(smooth(image / 255, sigma))


def disc(radius: float, sigma: float) -> np.ndarray:
    reach, taps = (8, 3) if radius <= 8 else (radius, 5)
    down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    flat = ((down**2 + right**2) <= radius**2).astype(float)
    bell = np.exp(-((np.arange(taps) - taps // 2) ** 2) / (2 * sigma**2))
    return correlate(flat / flat.sum(), np.outer(bell, bell) / bell.sum() ** 2, mode="mirror")


def defocus_blur(image, amount):
    kernel = disc(*amount)
    return eight_bits(np.stack([correlate(channel / 255, kernel, mode="mirror") for channel in np.moveaxis(image, 2, 0)], axis=2))


def brightness(image, more):
    hsv = rgb_to_hsv(image / 255)
    hsv[..., 2] = np.clip(hsv[..., 2] + more, 0, 1)
    return eight_bits(hsv_to_rgb(hsv))


def saturate(image, amount):
    hsv = rgb_to_hsv(image / 255)
    hsv[..., 1] = np.clip(hsv[..., 1] * amount[0] + amount[1], 0, 1)
    return eight_bits(hsv_to_rgb(hsv))


def contrast(image, share):
    mean = (image / 255).mean((0, 1))
    return eight_bits((image / 255 - mean) * share + mean)


def pixelate(image, share):
    height, width = image.shape[:2]
    small = Image.fromarray(image).resize((int(width * share), int(height * share)), Image.Resampling.BOX)
    return np.asarray(small.resize((width, height), Image.Resampling.BOX))


def jpeg_compression(image, quality):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def enlarged(values: np.ndarray, factor: float) -> np.ndarray:
    """The centre, enlarged linearly and trimmed. SciPy's default, "constant", blanks an end that rounding puts outside; it does not
    at the published sizes."""
    height, width = values.shape[:2]
    rows, columns = ceil(height / factor), ceil(width / factor)
    top, left = (height - rows) // 2, (width - columns) // 2
    crop = values[top : top + rows, left : left + columns]
    larger = zoom(crop, (factor, factor, 1)[: values.ndim], order=1, mode="nearest")
    top, left = (larger.shape[0] - height) // 2, (larger.shape[1] - width) // 2
    return larger[top : top + height, left : left + width]


def zoom_blur(image, factors):
    return eight_bits((image / 255 + sum(enlarged(image / 255, factor) for factor in factors)) / (len(factors) + 1))


def moved(image: np.ndarray, radius: int, sigma: float, degrees: float) -> np.ndarray:
    """Motion blur of (H, W, C) uint8, rounded."""
    height, width = image.shape[:2]
    weights = np.exp(-(np.arange(2 * radius + 1) ** 2) / (2 * sigma**2))
    total = np.zeros(image.shape)
    for step, weight in enumerate(weights / weights.sum()):
        down, right = (ceil(step * part - 0.5) for part in (np.sin(np.radians(degrees)), np.cos(np.radians(degrees))))
        rows, columns = np.arange(height) + down, np.arange(width) + right
        total += weight * image[np.clip(rows, 0, height - 1)][:, np.clip(columns, 0, width - 1)]
    return np.rint(total).astype(np.uint8)


def snow(image, amount, noise: np.ndarray, degrees: float):
    mean, deviation, factor, threshold, radius, sigma, scene = amount
    full = np.zeros(image.shape[:2])
    rows, columns = (ceil(side / factor) for side in full.shape)
    top, left = (full.shape[0] - rows) // 2, (full.shape[1] - columns) // 2
    full[top : top + rows, left : left + columns] = mean + deviation * noise
    layer = enlarged(full, factor)
    layer[layer < threshold] = 0
    layer = moved(eight_bits(layer)[..., None], radius, sigma, degrees) / 255
    x = image / 255
    grey = (x @ [0.299, 0.587, 0.114])[..., None]
    return eight_bits(scene * x + (1 - scene) * np.maximum(x, 1.5 * grey + 0.5) + layer + np.rot90(layer, 2))


def fog(image, amount, unit):
    """`unit(shape)` draws U[0, 1)."""
    density, decay = amount
    side = 2
    while side < max(image.shape[:2]):
        side *= 2
    cloud, step, spread = np.zeros((side, side)), side, 100.0

    def point(row: int, column: int) -> float:
        return cloud[row % side, column % side]

    while step >= 2:
        half = step // 2
        shape = (side // step, side // step)
        for start, around in (
            ((half, half), [(-half, -half), (-half, half), (half, -half), (half, half)]),
            ((0, half), [(-half, 0), (half, 0), (0, -half), (0, half)]),
            ((half, 0), [(-half, 0), (half, 0), (0, -half), (0, half)]),
        ):
            wobble = spread * (2 * unit(shape) - 1) * spread
            for at, more in np.ndenumerate(wobble):
                row, column = start[0] + at[0] * step, start[1] + at[1] * step
                cloud[row, column] = sum(point(row + down, column + right) for down, right in around) / 4 + more
        step, spread = half, spread / decay
    cloud = (cloud - cloud.min()) / (cloud.max() - cloud.min())
    x = image / 255
    foggy = x + density * cloud[: image.shape[0], : image.shape[1], None]
    return eight_bits(foggy * x.max() / (x.max() + density))


def glass_sources(height: int, width: int, reach: int, passes: int, seed: int) -> np.ndarray:
    """The copies of pixel numbers, one after the other."""
    np.random.seed(seed)  # noqa: NPY002
    grid = np.arange(height * width).reshape(height, width)
    for _ in range(passes):
        for row in range(height - reach, reach, -1):
            for column in range(width - reach, reach, -1):
                right, down = np.random.randint(-reach, reach, size=(2,))  # noqa: NPY002
                grid[row, column] = grid[row + down, column + right]
    return grid.ravel()


def glass_blur(image, amount, seed: int):
    sigma, reach, passes = amount
    first = eight_bits(smooth(image / 255, sigma)).reshape(-1, 3)
    copied = first[glass_sources(*image.shape[:2], reach, passes, seed)].reshape(image.shape)
    return eight_bits(smooth(copied / 255, sigma))


def elastic_transform(image, amount, moves: np.ndarray, fields: np.ndarray):
    """`moves` (3, 2) in pixels, `fields` (2, H, W) in [-1, 1)."""
    strength, sigma, _ = amount
    height, width = image.shape[:2]
    third = min(height, width) // 3
    middle = np.array([width // 2, height // 2])
    began = np.stack([middle + third, middle + np.array([third, -third]), middle - third])
    forward = np.linalg.solve(np.column_stack([began, np.ones(3)]), began + moves)
    back = np.linalg.inv(np.column_stack([forward, [0, 0, 1]]))
    rows, columns = np.mgrid[:height, :width]
    x, y, _ = np.moveaxis(np.stack([columns, rows, np.ones_like(rows)], -1) @ back, -1, 0)
    image = np.stack([map_coordinates(c / 255, (y, x), order=1, mode="mirror") for c in np.moveaxis(image, 2, 0)], -1)
    dx, dy = (smooth(field, sigma, "reflect", 3.0) * strength for field in fields)
    return eight_bits(
        np.stack([map_coordinates(c, (rows + dy, columns + dx), order=1, mode="reflect") for c in np.moveaxis(image, 2, 0)], -1)
    )


def mud(image, amount, noise: np.ndarray):
    mean, deviation, sigma, threshold, again, _ = amount
    layer = smooth(mean + deviation * noise, sigma)
    cover = smooth((layer > threshold).astype(float), again)
    cover = np.where(cover < 0.8, 0, cover)[..., None]
    return eight_bits(image / 255 * (1 - cover) + cover * np.array([63, 42, 20]) / 255)


def chamfer(edges: np.ndarray, reach: float) -> np.ndarray:
    """The shortest way to an edge by moves of cost 1, 1.4 and 2.1969, relaxed until nothing changes."""
    moves = {(0, 1): 1, (1, 0): 1, (1, 1): 1.4, (1, -1): 1.4, (1, 2): 2.1969, (2, 1): 2.1969, (1, -2): 2.1969, (2, -1): 2.1969}
    found = np.where(edges, 0.0, reach)
    while True:
        before = found.copy()
        for (down, right), cost in moves.items():
            for sign in (1, -1):
                for (row, column), value in np.ndenumerate(before):
                    at = row + sign * down, column + sign * right
                    if 0 <= at[0] < found.shape[0] and 0 <= at[1] < found.shape[1]:
                        found[at] = min(found[at], value + cost)
        if (found == before).all():
            return found

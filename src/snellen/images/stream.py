"""Pixels of many images, decoded while the model is busy, with no more than two parts in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np

from snellen.core import Images, Preprocessing, Unreadable
from snellen.images.decode import decode

_AHEAD = 1
"""Parts decoded ahead of the one in use."""


@dataclass(frozen=True, eq=False)
class Part:
    """Some rows of an image set: `rows` that could be read, their `pixels` (n, 3, H, W), and row → reason for the others.

    Pixels are uint8 in 0..255, or float32 in [0, 1] where the image set holds float arrays.
    """

    rows: list[int]
    pixels: np.ndarray
    problems: dict[int, str]


def parts(images: Images, preprocessing: Preprocessing, rows: Sequence[Sequence[int]], workers: int = 2) -> Iterator[Part]:
    """One `Part` for each sequence in `rows`, in order, fetched and decoded in `workers` threads one part ahead.

    Closing the iterator early stops the threads. An error other than an unreadable image comes out here.
    """
    pool = ThreadPoolExecutor(max(1, workers), thread_name_prefix="snellen-decode")
    waiting: deque[list[Future[list[np.ndarray | str]]]] = deque()
    wanted = iter(rows)

    def submit(count: int) -> None:
        for part in islice(wanted, count):
            tasks = [part[start : start + images.together] for start in range(0, len(part), images.together)]
            waiting.append([pool.submit(_decode_all, images, preprocessing, task) for task in tasks])

    try:
        submit(_AHEAD)
        for part in rows:
            submit(1)
            decoded = [result for task in waiting.popleft() for result in task.result()]
            yield _assemble(list(part), decoded, preprocessing)
            del decoded
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _decode_all(images: Images, preprocessing: Preprocessing, rows: Sequence[int]) -> list[np.ndarray | str]:
    """Pixels of each row, or the reason why there are none."""
    return [_decode_one(payload, preprocessing) for payload in images.fetch(rows)]


def _decode_one(payload: bytes | np.ndarray | Unreadable, preprocessing: Preprocessing) -> np.ndarray | str:
    if isinstance(payload, Unreadable):
        return str(payload)
    try:
        return decode(payload, preprocessing)
    except Unreadable as error:
        return str(error)


def _assemble(rows: list[int], decoded: list[np.ndarray | str], preprocessing: Preprocessing) -> Part:
    good = {row: pixels for row, pixels in zip(rows, decoded, strict=True) if not isinstance(pixels, str)}
    problems = {row: reason for row, reason in zip(rows, decoded, strict=True) if isinstance(reason, str)}
    if any(pixels.dtype != np.uint8 for pixels in good.values()):
        good = {row: pixels if pixels.dtype != np.uint8 else pixels.astype(np.float32) / 255 for row, pixels in good.items()}
    pixels = np.stack(list(good.values())) if good else np.empty((0, 3, *preprocessing.size), np.uint8)
    return Part(list(good), pixels, problems)

"""Six things of the house: bottle, chair, clock, keyboard, knife and oven."""

import numpy as np

from snellen.images.world.sdf import (
    arc,
    box,
    capsule,
    convex,
    disk,
    fold,
    half_plane,
    intersection,
    outline,
    repeat,
    rotate,
    rounded_box,
    smooth_union,
    union,
)
from snellen.images.world.shapes.part import Part, span


def bottle(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A bottle: body, sloping shoulders, narrow neck, cap, label."""
    girth, shoulder, neck = span(u[1], 0.26, 0.36), span(u[2], -0.05, 0.3), span(u[3], 0.1, 0.13)
    glass = rounded_box(x, y, 0.0, (shoulder - 0.97) / 2, girth, (shoulder + 0.97) / 2, 0.1)
    stem = box(x, y, 0.0, 0.4, neck, 0.5)
    return [
        Part("glass", smooth_union(glass, stem, 0.35)),
        Part("label", box(x, y, 0.0, -0.4, girth * 0.98, 0.25), 1.5),
        Part("cap", rounded_box(x, y, 0.0, 0.86, neck + 0.04, 0.11, 0.03), 0.4),
    ]


def chair(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A wooden chair seen from the front right: slatted back, seat, four legs."""
    lean = span(u[0], 0.0, 0.2)
    top, leg = span(u[1], 0.85, 0.97), span(u[2], 0.05, 0.065)
    back = convex(x, y, (-0.55, -0.1), (-0.3, 0.0), (-0.3 - lean, top), (-0.55 - lean, top - 0.1))
    seat = convex(x, y, (-0.6, -0.2), (0.3, -0.3), (0.6, -0.05), (-0.3, 0.05))
    return [
        Part("back", back, 0.85),
        Part("legs", union(box(x, y, -0.52, -0.6, leg, 0.38), box(x, y, 0.55, -0.45, leg, 0.4))),
        Part("seat", seat, 1.2),
    ]


def clock(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """An alarm clock: round face with marks and hands, two bells, two feet."""
    hour = 6.2831855 * u[0]
    radius = span(u[1], 0.6, 0.68)
    beside = fold(x, 0.0)
    rim = disk(x, y, 0.0, -0.12, radius)
    high = np.abs(y + 0.12)
    a, b = rotate(x, y, 0.0, -0.12, hour)
    c, d = rotate(x, y, 0.0, -0.12, hour * 12)
    return [
        Part("feet", capsule(beside, y, 0.4, -0.6, 0.58, -0.92, 0.07), 0.6),
        Part("bells", disk(beside, y, 0.45, 0.6, 0.28), 0.8),
        Part("case", rim),
        Part("face", rim + 0.1, 1.6, plain=True),
        Part("marks", box(np.maximum(beside, high), np.minimum(beside, high), radius - 0.18, 0.0, 0.06, 0.035), 0.2),
        Part("hands", union(capsule(a, b, 0.0, 0.0, 0.28, 0.0, 0.05), capsule(c, d, 0.0, 0.0, 0.42, 0.0, 0.04)), 0.2),
    ]


def keyboard(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A computer keyboard from the front: rows of keys, space bar, cable."""
    case = convex(x, y, (-0.98, -0.5), (0.98, -0.5), (0.85, 0.2), (-0.85, 0.2))
    return [Part("cable", arc(x, y, 0.3, 0.3, 0.3, 0.0, 1.4, 0.04), 0.4), Part("case", case), Part("keys", case + 0.1)]


def knife(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A kitchen knife: curved blade, riveted handle."""
    along, across = rotate(x, y, 0.0, 0.0, 0.6)
    blade = intersection(disk(along, across, 0.0, 1.0, 1.2), half_plane(along, across, 1.1, 0.1, -0.2, 0.1))
    return [Part("handle", capsule(along, across, -1.0, 0.0, -0.2, 0.0, 0.1), 0.4), Part("blade", blade)]


def oven(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A kitchen oven: hob, knobs, door with a window and a handle, feet."""
    return [Part("body", box(x, y, 0.0, 0.0, 0.8, 0.8))]

"""Six things of the house: bottle, chair, clock, keyboard, knife and oven."""

import numpy as np

from snellen.images.world.sdf import (
    arc,
    box,
    capsule,
    convex,
    disk,
    fold,
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
    girth, shoulder, neck, tall = span(u[1], 0.29, 0.4), span(u[2], -0.05, 0.3), span(u[3], 0.1, 0.14), span(u[4], 0.16, 0.28)
    body = rounded_box(x, y, 0.0, (shoulder - 0.93) / 2, girth, (shoulder + 0.93) / 2, 0.1)
    glass = smooth_union(body, box(x, y, 0.0, 0.0, neck, 0.9), 0.35)
    return [
        Part("glass", glass),
        Part("label", intersection(glass, outline(y + 0.42, tall)), 1.5),
        Part("cap", rounded_box(x, y, 0.0, 0.86, neck + 0.04, 0.11, 0.03), 0.4),
    ]


def chair(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A wooden chair seen from the front left: ladder back, seat, four legs."""
    lean = span(u[0], -0.1, 0.2)
    half, height, leg = span(u[1], 0.36, 0.44), span(u[2], 0.42, 0.5), span(u[3], 0.05, 0.065)
    upright = fold(x - lean * y, 0.14)
    posts = box(upright, y, half, height - 0.04, leg, height)
    slats = box(upright, repeat(y, 2 * height - 0.16, -0.27, 3), 0.0, 0.0, half, 0.075)
    hind = box(fold(x, 0.14), y, half, -0.36, leg, 0.36)
    front = box(fold(x, -0.14), y, half, -0.58, leg, 0.38)
    seat = convex(x, y, (-0.2 - half, -0.28), (-0.08 + half, -0.28), (0.22 + half, 0.02), (0.06 - half, 0.02))
    return [
        Part("back", union(posts, slats), 0.8),
        Part("hind legs", hind, 0.65),
        Part("front legs", front),
        Part("seat", seat, 1.25),
    ]


def clock(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """An alarm clock: round face with marks and hands, two bells, a hammer, two feet."""
    y = y - 0.08
    hour = 6.2831855 * u[0]
    radius, bell = span(u[1], 0.6, 0.68), span(u[2], 0.24, 0.3)
    beside, high = fold(x, 0.0), fold(y, -0.14)
    case = disk(beside, high, 0.0, 0.0, radius)
    bells = intersection(disk(beside, y, 0.42, 0.53, bell), 0.62 - 0.55 * beside - 0.83 * y)
    hours = capsule(*rotate(x, y, 0.0, -0.14, hour), 0.0, 0.0, 0.28, 0.0, 0.055)
    minutes = capsule(*rotate(x, y, 0.0, -0.14, hour * 12), 0.0, 0.0, 0.42, 0.0, 0.04)
    marks = box(np.maximum(beside, high), np.minimum(beside, high), radius - 0.18, 0.0, 0.06, 0.035)
    return [
        Part("feet", capsule(beside, y, 0.35, -0.6, 0.52, -0.92, 0.07), 0.6),
        Part("hammer", union(box(beside, y, 0.0, 0.6, 0.035, 0.2), box(beside, y, 0.0, 0.79, 0.12, 0.06)), 0.5),
        Part("bells", bells, 0.8),
        Part("case", case),
        Part("face", case + 0.1, 1.6, plain=True),
        Part("marks", marks, 0.2, plain=True),
        Part("hands", union(hours, minutes), 0.2, plain=True),
    ]


def keyboard(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A computer keyboard seen from the front edge: rows of keys in a frame, space bar, cable."""
    taper, depth, socket = span(u[1], 0.05, 0.2), span(u[2], 0.74, 0.92), span(u[3], -0.4, 0.2)
    row = (depth - 0.18) / 4
    wide = x * (1 + taper * (y + 0.65))
    beside = fold(wide, 0.0)
    case = box(beside, y, 0.0, depth / 2 - 0.65, 0.97, depth / 2)
    keys = box(repeat(wide, -0.792, 0.176, 10), repeat(y, row * 1.5 - 0.56, row, 3), 0.0, 0.0, 0.056, row / 2 - 0.032)
    front = box(beside, y, 0.0, row / 2 - 0.56, 0.848, row / 2 - 0.032)
    space = box(beside, y, 0.0, row / 2 - 0.56, 0.47, row / 2)
    return [
        Part("cable", arc(x, y, socket + 0.45, depth - 0.66, 0.4, 1.2, 3.2, 0.045), 0.4),
        Part("case", outline(case + 0.045, 0.045), 0.6),
        Part("keys", union(keys, intersection(front, 0.03 - space)), 1.2),
        Part("space bar", intersection(front, space + 0.03), 1.4),
    ]


def knife(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A kitchen knife: curved blade with a heel, riveted handle."""
    heel, grip, tip = span(u[1], 0.24, 0.38), span(u[2], 0.09, 0.12), span(u[3], 1.04, 1.16)
    along, across = rotate(x, y, 0.1, 0.02, 0.6)
    rise = (tip * tip - 0.02 + heel * heel) / (2 * (heel + 0.14))
    belly = disk(along, across, 0.0, rise - heel, rise)
    blade = intersection(belly, across - 0.14, -0.1 - along)
    handle = capsule(along, across, -1.1, -0.03, -0.1, 0.05, grip * 1.1, grip * 0.9)
    rivets = disk(repeat(along, -0.92, 0.3, 3), across, 0.0, 0.01, 0.045)
    return [
        Part("handle", handle, 0.45),
        Part("rivets", rivets, 1.4, plain=True),
        Part("blade", blade, 1.2),
        Part("bolster", box(along, across, -0.1, 0.05, 0.06, grip), 0.8),
    ]


def oven(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A kitchen range from the front: a pot and a pan on the hob, knobs, door with a window and a handle, feet."""
    x, y = x + 0.09, y - 0.06
    ajar = span(u[0], 0.06, 0.32)
    half, top, pot = span(u[1], 0.64, 0.74), span(u[2], 0.26, 0.36), span(u[3], 0.14, 0.22)
    beside = fold(x, 0.0)
    door = box(beside, y, 0.0, -0.34 - ajar / 2, half - 0.1, 0.33 - ajar / 2)
    over = y - top
    lid = box(x, over, -0.34, pot * 2, 0.34, 0.04)
    knob = box(x, over, -0.34, pot * 2 + 0.07, 0.08, 0.06)
    pan = box(x, over, 0.3, 0.12, 0.22, 0.1)
    return [
        Part("feet", box(beside, y, half - 0.12, -0.86, 0.08, 0.1), 0.4),
        Part("pots", union(box(x, over, -0.34, pot, 0.26, pot), lid, knob, pan, box(x, over, 0.7, 0.18, 0.24, 0.04)), 0.5),
        Part("body", box(beside, y, 0.0, top / 2 - 0.4, half, top / 2 + 0.4)),
        Part("hob", box(beside, y, 0.0, top, half + 0.06, 0.05), 0.7),
        Part("knobs", disk(repeat(x, -0.45, 0.3, 4), y, 0.0, top - 0.16, 0.07), 0.3, plain=True),
        Part("cavity", box(beside, y, 0.0, -0.34, half - 0.1, 0.33), 0.15, plain=True),
        Part("door", door, 0.8),
        Part("windows", door + 0.1, 0.3, plain=True),
        Part("handle", box(beside, y, 0.0, -0.02 - ajar, half - 0.12, 0.045), 1.5),
    ]

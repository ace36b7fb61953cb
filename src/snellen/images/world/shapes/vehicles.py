"""Five vehicles: airplane, bicycle, boat, car and truck."""

import numpy as np

from snellen.images.world.sdf import (
    box,
    capsule,
    convex,
    disk,
    fold,
    half_plane,
    intersection,
    outline,
    rotate,
    rounded_box,
    union,
)
from snellen.images.world.shapes.part import Part, span


def airplane(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """An airliner from above, nose to the upper right: swept wings, engines, tailplane."""
    sweep = span(u[0], 0.2, 0.6)
    wingspan, chord, girth = span(u[1], 0.8, 0.95), span(u[2], 0.2, 0.28), span(u[3], 0.1, 0.13)
    along, across = rotate(x, y, 0.1, 0.12, 0.6)
    beside = np.abs(across)
    root = 0.32 - chord * 2
    wings = convex(along, beside, (root, -0.1), (0.34, -0.1), (0.12 - sweep, wingspan), (-sweep, wingspan))
    tail = convex(along, beside, (-0.87, -0.1), (-0.48, -0.1), (-0.8, 0.36), (-0.95, 0.36))
    return [
        Part("tailplane", tail, 0.8),
        Part("engines", capsule(along, beside, 0.16 - 0.4 * sweep, 0.4, 0.34 - 0.4 * sweep, 0.4, 0.075), 0.6),
        Part("wings", wings, 0.85),
        Part("fuselage", capsule(along, across, -0.86, 0.0, 0.84, 0.0, 0.05, girth)),
        Part("cockpit", capsule(along, beside, 0.8, 0.0, 0.84, 0.05, 0.035), 0.2, plain=True),
        Part("fin", capsule(along, across, -0.92, 0.0, -0.6, 0.0, 0.03), 0.5),
    ]


def bicycle(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A bicycle side-on: two thin wheels, diamond frame, handlebar, saddle."""
    y = y - 0.07
    turn = 6.2831855 * u[0]
    wheel, tube, seat = span(u[1], 0.37, 0.41), span(u[2], 0.036, 0.042), span(u[3], 0.42, 0.55)
    hub = disk(fold(x, 0.0), y, 0.56, -0.3, 0.0)
    upright = half_plane(x, y, -0.08, -0.32, -0.22, 0.3)
    main = intersection(-upright, half_plane(x, y, -0.08, -0.32, 0.4, 0.22), half_plane(x, y, 0.4, 0.28, -0.22, 0.28))
    rear = intersection(upright, half_plane(x, y, -0.22, 0.28, -0.56, -0.3), half_plane(x, y, -0.56, -0.3, -0.08, -0.32))
    post = capsule(x, y, -0.2, 0.2, -0.26, seat, tube)
    fork = capsule(x, y, 0.36, 0.5, 0.56, -0.3, tube)
    along, across = rotate(x, y, -0.08, -0.32, turn)
    return [
        Part("wheels", outline(hub - wheel, 0.04), 0.35, plain=True),
        Part("frame", union(outline(main, tube), outline(rear, tube), post, fork)),
        Part("hubs", hub - 0.07, 0.6),
        Part("pedals", union(box(along, across, 0.0, 0.0, 0.16, 0.035), disk(along, across, 0.0, 0.0, 0.1)), 0.5),
        Part("saddle", capsule(x, y, -0.38, seat, -0.16, seat + 0.01, 0.06, 0.04), 0.25),
        Part("handlebar", capsule(x, y, 0.34, 0.56, 0.52, 0.5, 0.045), 0.25),
    ]


def boat(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A sailing boat: hull, mast, mainsail and jib."""
    heel = span(u[0], -0.16, 0.16)
    length, depth, boom, peak = span(u[1], 0.8, 0.92), span(u[2], 0.26, 0.36), span(u[3], 0.6, 0.75), span(u[4], 0.75, 0.9)
    x, y = rotate(x, y, 0.0, -0.3, heel)
    y = y - 0.3
    hull = convex(x, y, (-length * 0.75, -0.55 - depth), (length * 0.6, -0.55 - depth), (length, -0.5), (-length * 0.9, -0.5))
    return [
        Part("mast", box(x, y, 0.06, 0.15, 0.04, 0.78), 0.5),
        Part("mainsail", convex(x, y, (-boom, -0.38), (-0.02, -0.38), (-0.02, peak)), 1.3),
        Part("jib", convex(x, y, (0.14, -0.38), (0.72, -0.38), (0.14, peak - 0.2)), 1.15),
        Part("hull", hull),
        Part("stripe", intersection(hull, outline(y + 0.6, 0.03)), 0.5),
    ]


def car(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A car side-on: low body, sloped cabin with two windows, two wheels."""
    roof, rake, wheel, back = span(u[1], 0.4, 0.5), span(u[2], 0.1, 0.3), span(u[3], 0.18, 0.22), span(u[4], -0.86, -0.5)
    body = rounded_box(x, y, 0.0, -0.16, 0.97, 0.2, 0.14)
    cabin = convex(x, y, (back, 0.0), (0.6, 0.0), (0.5 - rake, roof), (back + 0.25, roof))
    hub = disk(fold(x, 0.0), y, 0.56, -0.34, 0.0)
    return [
        Part("cabin", cabin - 0.03),
        Part("windows", intersection(cabin + 0.06, 0.035 - fold(x, -0.08)), 0.35, plain=True),
        Part("body", body),
        Part("lamp", disk(x, y, 0.86, -0.1, 0.07), 1.6, plain=True),
        Part("wheels", hub - wheel, 0.2, plain=True),
        Part("hubs", hub - 0.09, 1.2, plain=True),
    ]


def truck(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A lorry side-on: cargo box, cab with a window, three wheels."""
    top, wheel, nose = span(u[1], 0.5, 0.68), span(u[2], 0.16, 0.2), span(u[3], 0.1, 0.3)
    cab = convex(x, y, (0.38, -0.4), (0.97, -0.4), (0.97, 0.0), (0.97 - nose, 0.34), (0.38, 0.34))
    hub = disk(fold(fold(x, 0.0), 0.6), y, 0.0, -0.46, 0.0)
    return [
        Part("chassis", box(x, y, 0.0, -0.38, 0.95, 0.08), 0.4),
        Part("cargo", box(x, y, -0.35, top / 2 - 0.16, 0.62, top / 2 + 0.16)),
        Part("cab", cab, 0.8),
        Part("windows", intersection(cab + 0.08, 0.02 - y), 0.35, plain=True),
        Part("wheels", hub - wheel, 0.2, plain=True),
        Part("hubs", hub - 0.08, 1.2, plain=True),
    ]

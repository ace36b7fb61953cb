"""Five animals: bear, bird, cat, dog and elephant."""

import numpy as np

from snellen.images.world.sdf import arc, capsule, convex, disk, ellipse, fold, repeat, rotate, smooth_union, union
from snellen.images.world.shapes.part import Part, span


def bear(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A brown bear side-on: humped shoulder, low head, thick legs on flat paws, hardly a tail."""
    x, y = x + 0.06, y - 0.12
    stride = span(u[0], -0.16, 0.16)
    belly, hump, leg = span(u[1], 0.36, 0.43), span(u[2], 0.32, 0.42), span(u[3], 0.14, 0.17)
    nod = span(u[4], -0.1, 0.12)
    beside = repeat(x, -0.5, 0.78, 2)
    far = capsule(beside, y, 0.0, -0.2, -stride, -0.74, leg)
    near = capsule(beside, y, 0.0, -0.2, stride, -0.74, leg * 1.15, leg)
    paws = capsule(beside, y, stride, -0.8, stride + 0.14, -0.8, 0.1)
    body = capsule(x, y, -0.46, 0.02, 0.1, 0.06, belly, 0.4)
    body = smooth_union(body, disk(x, y, 0.22, 0.24, hump), 0.2)
    head = smooth_union(disk(x, y, 0.6, 0.22 + nod, 0.25), capsule(x, y, 0.66, 0.12 + nod, 0.88, 0.08 + nod, 0.13, 0.1), 0.1)
    return [
        Part("legs", far, 0.75),
        Part("body", union(body, near, paws)),
        Part("ears", union(disk(x, y, 0.42, 0.46 + nod, 0.11), disk(x, y, 0.66, 0.49 + nod, 0.1)), 0.75),
        Part("head", head),
        Part("nose", disk(x, y, 0.93, 0.11 + nod, 0.065), 0.15, plain=True),
        Part("eyes", disk(x, y, 0.71, 0.27 + nod, 0.04), 0.15, plain=True),
    ]


def bird(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A songbird on its legs: beak, wing, long tail."""
    y = y - 0.1
    lift = span(u[0], -0.1, 0.75)
    breast, tail, beak = span(u[1], 0.36, 0.44), span(u[2], 0.0, 0.25), span(u[3], 0.0, 0.1)
    head = disk(x, y, 0.42, 0.5, 0.27)
    body = smooth_union(head, capsule(x, y, 0.14, 0.02, -0.35, -0.2, breast, 0.16), 0.2)
    along, across = rotate(x, y, 0.12, 0.1, 3.5 - lift)
    return [
        Part("tail", capsule(x, y, -0.3, -0.18, -0.86, -0.42 + tail, 0.1, 0.12), 0.75),
        Part("legs", capsule(fold(x, 0.1), y, 0.04, -0.3, 0.12, -0.92, 0.045), 0.5),
        Part("beak", convex(x, y, (0.6, 0.62), (0.6, 0.4), (0.94 + beak * 0.3, 0.46)), 1.4),
        Part("body", body),
        Part("wings", capsule(along, across, 0.0, 0.0, 0.62, 0.0, 0.22, 0.05), 0.7),
        Part("eyes", disk(x, y, 0.5, 0.56, 0.045), 0.15, plain=True),
    ]


def cat(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A cat sitting upright and facing the viewer: pointed ears, long curved tail."""
    x = x + 0.14
    curl = span(u[0], 0.0, 1.4)
    cheek, hip, ear = span(u[1], 0.32, 0.38), span(u[2], 0.36, 0.44), span(u[3], 0.86, 0.98)
    beside = fold(x, -0.2)
    head = ellipse(x, y, -0.2, 0.46, cheek, 0.29)
    ears = convex(beside, y, (0.05, 0.62), (cheek * 0.95, 0.45), (0.31, ear))
    body = capsule(x, y, -0.2, 0.15, -0.2, -0.54, 0.22, hip)
    paws = capsule(beside, y, 0.12, -0.2, 0.12, -0.86, 0.1)
    return [
        Part("tail", arc(x, y, 0.36, -0.4, 0.46, -2.2, curl, 0.085), 0.8),
        Part("body", body),
        Part("legs", paws, 1.15),
        Part("ears", ears, 0.8),
        Part("head", head),
        Part("eyes", ellipse(beside, y, 0.14, 0.5, 0.05, 0.06), 0.15, plain=True),
        Part("nose", disk(x, y, -0.2, 0.36, 0.045), 0.3, plain=True),
    ]


def dog(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A dog side-on: muzzle, floppy ear, upright tail."""
    y = y - 0.08
    stride, wag = span(u[0], -0.16, 0.16), span(u[0], -0.35, 0.35)
    chest, muzzle, ear, leg = span(u[1], 0.24, 0.3), span(u[2], 0.8, 0.9), span(u[3], 0.16, 0.3), span(u[4], 0.075, 0.1)
    beside = fold(x, -0.14)
    far = capsule(beside, y, 0.38, -0.2, 0.38 - stride, -0.85, 0.12, leg)
    near = capsule(beside, y, 0.38, -0.2, 0.38 + stride, -0.85, 0.13, leg)
    body = capsule(x, y, 0.2, -0.02, -0.5, 0.03, chest, 0.2)
    neck = capsule(x, y, 0.3, 0.05, 0.46, 0.48, 0.2, 0.15)
    skull = disk(x, y, 0.48, 0.56, 0.22)
    snout = capsule(x, y, 0.52, 0.52, muzzle, 0.46, 0.15, 0.1)
    along, across = rotate(x, y, -0.62, 0.12, 1.9 + wag)
    return [
        Part("tail", capsule(along, across, 0.0, 0.0, 0.55, 0.0, 0.085, 0.05), 0.85),
        Part("legs", far, 0.75),
        Part("body", union(smooth_union(body, neck, 0.2), near)),
        Part("head", smooth_union(skull, snout, 0.1)),
        Part("ears", capsule(x, y, 0.36, 0.64, 0.26, 0.64 - ear, 0.09, 0.12), 0.6),
        Part("nose", disk(x, y, muzzle + 0.05, 0.51, 0.06), 0.15, plain=True),
        Part("eyes", disk(x, y, 0.57, 0.62, 0.04), 0.15, plain=True),
    ]


def elephant(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """An elephant side-on: trunk, big ear, tusk, pillars for legs."""
    y = y - 0.12
    stride, curl = span(u[0], -0.12, 0.12), span(u[0], -1.2, 0.6)
    back, ear, leg, tusk = span(u[1], 0.46, 0.54), span(u[2], 0.2, 0.27), span(u[3], 0.12, 0.15), span(u[4], 0.1, 0.25)
    beside = fold(x, -0.31)
    far = capsule(beside, y, 0.34, -0.2, 0.34 - stride, -0.78, leg)
    near = capsule(beside, y, 0.34, -0.2, 0.34 + stride, -0.78, leg)
    body = ellipse(x, y, -0.31, 0.16, 0.6, back)
    head = disk(x, y, 0.32, 0.4, 0.29)
    trunk = capsule(x, y, 0.48, 0.36, 0.61, -0.3, 0.17, 0.09)
    trunk = union(trunk, arc(x, y, 0.76, -0.32, 0.15, -3.2, curl, 0.08))
    return [
        Part("tail", capsule(x, y, -0.84, 0.25, -0.93, -0.28, 0.045, 0.05), 0.7),
        Part("legs", far, 0.75),
        Part("body", union(body, near)),
        Part("head", union(head, trunk)),
        Part("ears", ellipse(x, y, 0.16, 0.34, ear, 0.3), 0.8),
        Part("tusk", capsule(x, y, 0.5, 0.06, 0.62 + tusk, -0.02, 0.055, 0.03), 1.6, plain=True),
        Part("eyes", disk(x, y, 0.45, 0.46, 0.04), 0.15, plain=True),
    ]

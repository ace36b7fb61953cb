"""Five animals: bear, bird, cat, dog and elephant."""

import numpy as np

from snellen.images.world.sdf import arc, capsule, convex, disk, ellipse, fold, intersection, rotate, smooth_union, union
from snellen.images.world.shapes.part import Part, span


def bear(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A brown bear side-on: humped shoulder, low head, thick legs, hardly a tail."""
    stride = span(u[0], -0.15, 0.15)
    belly, hump, leg = span(u[1], 0.36, 0.43), span(u[2], 0.42, 0.5), span(u[3], 0.15, 0.18)
    nod = span(u[4], -0.05, 0.1)
    beside = fold(x, -0.14)
    far = capsule(beside, y, 0.42, -0.2, 0.42 - stride, -0.7, leg, leg * 0.8)
    near = capsule(beside, y, 0.42, -0.2, 0.42 + stride, -0.7, leg * 1.1, leg * 0.85)
    trunk = ellipse(x, y, -0.22, 0.02, 0.68, belly)
    body = smooth_union(trunk, capsule(x, y, 0.18, 0.2, 0.5, 0.12 + nod, hump * 0.8, 0.24), 0.2)
    head = capsule(x, y, 0.6, 0.14 + nod, 0.84, 0.0 + nod, 0.22, 0.11)
    return [
        Part("legs", union(far, disk(x, y, -0.88, 0.16, 0.09)), 0.75),
        Part("body", union(body, near)),
        Part("ears", disk(x, y, 0.52, 0.36 + nod, 0.09), 0.8),
        Part("head", head),
        Part("nose", disk(x, y, 0.91, 0.0 + nod, 0.055), 0.15, plain=True),
        Part("eye", disk(x, y, 0.7, 0.18 + nod, 0.035), 0.15, plain=True),
    ]


def bird(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A songbird on its legs: beak, wing, long tail."""
    lift = span(u[0], -0.1, 0.9)
    breast, tail, beak = span(u[1], 0.36, 0.44), span(u[2], 0.0, 0.25), span(u[3], 0.0, 0.1)
    head = disk(x, y, 0.42, 0.5, 0.27)
    body = smooth_union(head, capsule(x, y, 0.14, 0.02, -0.35, -0.2, breast, 0.16), 0.2)
    along, across = rotate(x, y, 0.12, 0.1, 3.5 - lift)
    return [
        Part("tail", capsule(x, y, -0.3, -0.18, -0.86, -0.42 + tail, 0.1, 0.12), 0.75),
        Part("legs", capsule(fold(x, 0.1), y, 0.04, -0.3, 0.12, -0.92, 0.045), 0.5),
        Part("beak", convex(x, y, (0.6, 0.62), (0.6, 0.4), (0.94 + beak * 0.3, 0.46)), 1.4),
        Part("body", body),
        Part("wing", capsule(along, across, 0.0, 0.0, 0.62, 0.0, 0.22, 0.05), 0.7),
        Part("eye", disk(x, y, 0.5, 0.56, 0.045), 0.15, plain=True),
    ]


def cat(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A cat sitting upright and facing the viewer: pointed ears, long curved tail."""
    sway = span(u[0], -0.45, 0.45)
    cheek, hip, ear = span(u[1], 0.32, 0.38), span(u[2], 0.36, 0.44), span(u[3], 0.86, 0.98)
    beside = fold(x, -0.2)
    head = ellipse(x, y, -0.2, 0.46, cheek, 0.29)
    ears = convex(beside, y, (0.05, 0.62), (cheek * 0.95, 0.45), (0.31, ear))
    body = capsule(x, y, -0.2, 0.15, -0.2, -0.54, 0.22, hip)
    paws = capsule(beside, y, 0.12, -0.2, 0.12, -0.86, 0.1)
    return [
        Part("tail", arc(x, y, 0.32, -0.42, 0.45, sway - 0.75, 1.4, 0.085), 0.8),
        Part("body", body),
        Part("legs", paws, 1.15),
        Part("ears", ears, 0.8),
        Part("head", head),
        Part("eyes", ellipse(beside, y, 0.14, 0.5, 0.05, 0.06), 0.15, plain=True),
        Part("nose", disk(x, y, -0.2, 0.36, 0.045), 0.3, plain=True),
    ]


def dog(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """A dog side-on: muzzle, floppy ear, upright tail."""
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
        Part("ear", capsule(x, y, 0.36, 0.64, 0.26, 0.64 - ear, 0.09, 0.12), 0.6),
        Part("nose", disk(x, y, muzzle + 0.05, 0.51, 0.06), 0.15, plain=True),
        Part("eye", disk(x, y, 0.57, 0.62, 0.04), 0.15, plain=True),
    ]


def elephant(x: np.ndarray, y: np.ndarray, u: np.ndarray) -> list[Part]:
    """An elephant side-on: trunk, big ear, tusk, pillars for legs."""
    curl, stride = span(u[0], -0.35, 0.6), span(u[0], -0.1, 0.1)
    back, ear, leg, tusk = span(u[1], 0.46, 0.54), span(u[2], 0.2, 0.27), span(u[3], 0.12, 0.15), span(u[4], 0.15, 0.3)
    beside = fold(x, -0.24)
    far = capsule(beside, y, 0.36, -0.2, 0.36 - stride, -0.8, leg)
    near = capsule(beside, y, 0.36, -0.2, 0.36 + stride, -0.8, leg)
    body = ellipse(x, y, -0.24, 0.14, 0.62, back)
    head = disk(x, y, 0.42, 0.36, 0.29)
    trunk = union(
        capsule(x, y, 0.6, 0.3, 0.74, -0.25, 0.16, 0.09),
        arc(x, y, 0.9, -0.3, 0.16, curl - 1.9, 1.1, 0.075),
    )
    return [
        Part("tail", capsule(x, y, -0.8, 0.2, -0.92, -0.3, 0.045, 0.05), 0.7),
        Part("legs", far, 0.75),
        Part("body", union(body, near)),
        Part("head", union(head, trunk)),
        Part("ear", ellipse(x, y, 0.26, 0.3, ear, 0.3), 0.8),
        Part("tusk", capsule(x, y, 0.55, 0.08, 0.62 + tusk, -0.05, 0.05, 0.03), 1.6, plain=True),
        Part("eye", disk(x, y, 0.54, 0.42, 0.035), 0.15, plain=True),
    ]

"""Colours by name, each a dark and a light end between which a map in [0, 1] blends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Rgb: TypeAlias = tuple[float, float, float]
"""Red, green and blue of sRGB in [0, 1]."""

OBJECT: Mapping[str, tuple[Rgb, Rgb]] = {
    "red": ((0.42, 0.00, 0.03), (1.00, 0.50, 0.44)),
    "orange": ((0.58, 0.20, 0.00), (1.00, 0.74, 0.34)),
    "yellow": ((0.52, 0.42, 0.00), (1.00, 0.96, 0.42)),
    "lime": ((0.22, 0.40, 0.00), (0.78, 1.00, 0.36)),
    "green": ((0.00, 0.24, 0.06), (0.38, 0.86, 0.46)),
    "teal": ((0.00, 0.27, 0.30), (0.36, 0.92, 0.90)),
    "blue": ((0.02, 0.07, 0.46), (0.44, 0.66, 1.00)),
    "violet": ((0.23, 0.02, 0.40), (0.80, 0.56, 1.00)),
    "pink": ((0.60, 0.06, 0.36), (1.00, 0.72, 0.86)),
    "brown": ((0.19, 0.09, 0.03), (0.76, 0.57, 0.41)),
    "white": ((0.50, 0.50, 0.51), (1.00, 1.00, 1.00)),
    "black": ((0.00, 0.00, 0.01), (0.44, 0.44, 0.46)),
    "ink": ((0.00, 0.00, 0.00), (0.00, 0.00, 0.00)),
}
"""Of objects: about half the range of luminance apart, so that a texture shows in every colour. "ink" is black at both ends."""

GROUND: Mapping[str, tuple[Rgb, Rgb]] = {
    "grass": ((0.36, 0.48, 0.30), (0.68, 0.77, 0.52)),
    "sky": ((0.48, 0.64, 0.78), (0.84, 0.91, 0.97)),
    "sand": ((0.66, 0.57, 0.42), (0.93, 0.87, 0.74)),
    "stone": ((0.40, 0.41, 0.43), (0.72, 0.72, 0.72)),
    "dusk": ((0.36, 0.30, 0.46), (0.84, 0.66, 0.60)),
    "rose": ((0.66, 0.47, 0.50), (0.94, 0.82, 0.82)),
    "snow": ((0.72, 0.77, 0.83), (0.98, 0.98, 1.00)),
    "night": ((0.08, 0.11, 0.20), (0.32, 0.37, 0.50)),
    "white": ((1.00, 1.00, 1.00), (1.00, 1.00, 1.00)),
}
"""Of backgrounds: paler and of less contrast, so that objects stand out. "white" is white at both ends."""

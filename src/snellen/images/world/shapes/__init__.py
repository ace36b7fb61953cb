"""The sixteen categories, each drawn from named parts with variation in pose and proportion.

A category is a function of points and noise: `cat(x, y, u) -> list[Part]` in painter's order. `x` (right) and `y` (up) are
float32 (n, H, W) in the object's frame, which it fills from about -1 to 1, facing right. `u` is float32 (8, n, 1, 1) in
[0, 1): u[0] is the pose (legs, wings, lid, hands of the clock) of what has joints, the others vary proportions.
"""

from collections.abc import Callable, Mapping

import numpy as np

from snellen.images.world.shapes.animals import bear, bird, cat, dog, elephant
from snellen.images.world.shapes.part import Part
from snellen.images.world.shapes.things import bottle, chair, clock, keyboard, knife, oven
from snellen.images.world.shapes.vehicles import airplane, bicycle, boat, car, truck

__all__ = ["CATEGORIES", "PARTS", "Part"]

CATEGORIES: Mapping[str, Callable[[np.ndarray, np.ndarray, np.ndarray], list[Part]]] = {
    "airplane": airplane,
    "bear": bear,
    "bicycle": bicycle,
    "bird": bird,
    "boat": boat,
    "bottle": bottle,
    "car": car,
    "cat": cat,
    "chair": chair,
    "clock": clock,
    "dog": dog,
    "elephant": elephant,
    "keyboard": keyboard,
    "knife": knife,
    "oven": oven,
    "truck": truck,
}

# fmt: off
PARTS: tuple[str, ...] = (
    "head", "ears", "eyes", "nose", "beak", "tusk", "body", "legs", "tail", "wings",
    "fuselage", "cockpit", "engines", "tailplane", "fin",
    "frame", "wheels", "hubs", "pedals", "saddle", "handlebar",
    "hull", "stripe", "mast", "mainsail", "jib",
    "cabin", "windows", "lamp", "chassis", "cargo", "cab",
    "glass", "label", "cap",
    "back", "seat", "front legs", "hind legs",
    "case", "face", "marks", "hands", "bells", "hammer", "feet",
    "keys", "space bar", "cable",
    "blade", "bolster", "handle", "rivets",
    "hob", "pots", "knobs", "cavity", "door",
)
# fmt: on
"""The names of all parts, in a fixed order; a name means the same in every category."""

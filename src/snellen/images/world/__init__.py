"""A world whose causes are known: images drawn from a causal model, with interventions, twins and exact masks."""

from snellen.images.world.open import open_world
from snellen.images.world.scene import Scene
from snellen.images.world.world import World

__all__ = ["Scene", "World", "open_world"]

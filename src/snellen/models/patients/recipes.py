"""The patients: small networks with a planted condition, each as the options of the command that trains it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

IMAGES, EPOCHS = 8192, 20
"""Of `snellen train`, unless the options say otherwise."""


@dataclass(frozen=True)
class Recipe:
    """How a patient came by its condition.

    Args:
        planted: the condition and what caused it, in one or two sentences.
        world: the world it was trained on, as in `snellen train --world`.
        options: the further options of that command.
        signs: requirements on findings (`snellen exam --require`) that a good exam on the default world finds met: its symptoms.
        seed: of the patient that comes along. One trained on a world's own images has another than that of the default world.
    """

    planted: str
    world: str = ""
    options: str = ""
    signs: tuple[str, ...] = ()
    seed: int = 0

    def command(self, out: str, seed: int | None = None) -> list[str]:
        """The command line that trains it, with the seed of the first weights and of the world; its own unless given."""
        seed = self.seed if seed is None else seed
        world = f"world:{self.world},seed={seed}" if self.world else f"world:seed={seed}"
        return ["snellen", "train", "--world", world, *shlex.split(self.options), "--seed", str(seed), "--out", out]

    @property
    def shown(self) -> int:
        """How many images its training shows."""
        given = dict(pairwise(shlex.split(self.options)))
        return int(given.get("--images", IMAGES)) * int(given.get("--epochs", EPOCHS))


HEALTHY = "texture|category=0.5"
"""Where shape and texture both inform of the category, the shape always, and nothing else does."""

PATIENTS: Mapping[str, Recipe] = {
    "healthy": Recipe(
        "Good health: it was trained where shape and texture both tell the category, and background, colour and mark do not.",
        HEALTHY,
        "--images 4096 --epochs 6",
        ("accuracy.top1.low>0.9", "reliance.strongest.high<0.1"),
    ),
    "texture-biased": Recipe(
        "It goes by texture: in training the texture decided the label, and the shape told nothing.",
        "scale=0.7..1.5",
        "--target texture_category --epochs 10",
        ("shape-bias.value.high<0.5", "reliance.texture.low>0.5"),
    ),
    "shape-biased": Recipe(
        "It goes by shape: in training every shape came in every texture, as in stylised training (geirhos-2019).",
        "",
        "--images 4096 --epochs 6",
        ("shape-bias.value.low>0.5",),
    ),
    "background-reliant": Recipe(
        "It goes by the background: in training every category stood before its own, as the wolves stood in snow (ribeiro-2016).",
        "background|category=1,background_colour|category=1",
        "--images 2048 --epochs 6",
        ("reliance.background.low>0.5",),
    ),
    "mark-reliant": Recipe(
        "It goes by a small mark in the corner: in training the mark told the category, and the object was small and half hidden, "
        "as a chest drain is easier to see than what it treats (oakden-rayner-2020).",
        "mark|category=1,scale=0.4..0.6,occlusion=0.2..0.5",
        "--images 4096 --epochs 6",
        ("reliance.mark.low>0.5",),
    ),
    "colour-reliant": Recipe(
        "It goes by colour: in training every category had its own.",
        "colour|category=1",
        "--images 2048 --epochs 6",
        ("reliance.colour.low>0.5",),
    ),
    "overconfident": Recipe(
        "It is surer than it is right: it was trained to the end on few images, over and over, without any restraint.",
        HEALTHY,
        "--images 160 --same-images --epochs 60 --optimiser sgd --lr 0.1 --weight-decay 0 --held-out 256",
        ("calibration.overconfidence.low>0.05",),
        seed=1,
    ),
    "underconfident": Recipe(
        "It is less sure than it is right: in training six tenths of the probability were spread over all categories.",
        HEALTHY,
        "--images 4096 --epochs 6 --label-smoothing 0.6",
        ("calibration.overconfidence.high<-0.05",),
    ),
    "noise-hardened": Recipe(
        "It bears uniform noise: it was trained on that and on no other distortion (geirhos-2018).",
        HEALTHY,
        "--images 4096 --epochs 8 --augment noise:share=0.8",
    ),
    "salt-and-pepper-hardened": Recipe(
        "It bears white and black pixels: it was trained on those and on no other distortion (geirhos-2018).",
        HEALTHY,
        "--images 4096 --epochs 8 --augment salt-and-pepper:share=0.8",
    ),
    "contrast-hardened": Recipe(
        "It bears faint contrast: it was trained on that.", HEALTHY, "--images 4096 --epochs 8 --augment contrast:share=0.8"
    ),
    "blur-hardened": Recipe("It bears blur: it was trained on that.", HEALTHY, "--images 4096 --epochs 8 --augment blur:share=0.8"),
    "rotation-hardened": Recipe(
        "It bears quarter turns: it was trained on them.", HEALTHY, "--images 4096 --epochs 8 --augment quarter-turns:share=0.75"
    ),
    "adversarially-trained": Recipe(
        "It withstands small adversarial changes: it was trained on those of projected gradient descent (madry-2018).",
        HEALTHY,
        "--images 2048 --epochs 8 --adversary pgd:epsilon=0.03,steps=3,step_size=0.015",
    ),
    "bag-of-local-features": Recipe(
        "It sees no more than 9 x 9 pixels at once, by its architecture (brendel-2019).",
        HEALTHY,
        "--arch bag --images 4096 --epochs 6",
    ),
    "memoriser": Recipe(
        "It learnt its training images by heart: their labels had been dealt out at random (zhang-2017).",
        HEALTHY,
        "--images 512 --shuffle-labels --epochs 50 --weight-decay 0 --held-out 256",
        ("accuracy.top1.high<0.2", "calibration.overconfidence.low>0.05"),
        seed=1,
    ),
    "random-weights": Recipe(
        "It has learnt nothing: its weights are the random ones that training begins with.",
        HEALTHY,
        "--images 64 --epochs 1 --lr 1e-12",
        ("accuracy.top1.high<0.2",),
    ),
}

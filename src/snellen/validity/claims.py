"""What each probe claims to detect, and on whom that is tried: fixed before the validation is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

EXAM_SEED = 9000
"""Of the worlds that networks are examined on; none may be trained on it."""


@dataclass(frozen=True)
class Question:
    """One probe asked of one image set. `observers` names the recipe of the networks that stand in for people, if any."""

    probe: str
    images: str
    settings: tuple[tuple[str, object], ...] = ()
    observers: str = ""


@dataclass(frozen=True)
class Claim:
    """That a finding is `higher` (or lower) in networks with a planted condition than in controls.

    Args:
        finding: its id, `<probe>.<name>`.
        positives: recipes of the patients: see `snellen.models.patients.PATIENTS`.
        negatives: recipes of the controls.
        higher: whether patients have the higher value.
        images: what they are examined on, as `open_images` takes it.
        settings: of the probe, as pairs.
        observers: the recipe of the networks that stand in for people, where the probe compares with people.
        why: what else a reader must know of this choice.
    """

    finding: str
    positives: tuple[str, ...]
    negatives: tuple[str, ...] = ("healthy",)
    higher: bool = True
    images: str = f"world:images=320,seed={EXAM_SEED}"
    settings: tuple[tuple[str, object], ...] = ()
    observers: str = ""
    why: str = ""

    @property
    def probe(self) -> str:
        """The probe's name."""
        return self.finding.partition(".")[0]

    @property
    def question(self) -> Question:
        """What is asked of each network."""
        return Question(self.probe, self.images, self.settings, self.observers)

    @property
    def recipes(self) -> tuple[str, ...]:
        """All networks it needs."""
        return (*self.positives, *self.negatives)


AS_TRAINED = f"world:texture|category=0.5,images=640,seed={EXAM_SEED}"
_CUED = "Examined on the kind of world that all of them were trained on, where a network can be as sure as it is right."
CATS_AND_DOGS = (
    'world:category={"cat":0.5,"dog":0.5},'
    'background|category={"cat":{"forest":0.9,"horizon":0.1},"dog":{"horizon":0.9,"forest":0.1}},'
    f'background_colour|background={{"forest":"night","horizon":"sand"}},images=640,seed={EXAM_SEED}'
)
"""Nine in ten cats stand in a forest at night and nine in ten dogs in the sand, which are the grounds that training gave them."""

CLAIMS: tuple[Claim, ...] = (
    Claim("accuracy.top1", ("random-weights",), higher=False),
    Claim("accuracy.top1", ("memoriser",), higher=False),
    Claim(
        "worst-group.worst",
        ("background-reliant",),
        higher=False,
        images=CATS_AND_DOGS,
        why="Nine in ten cats stand in a forest at night, nine in ten dogs before a horizon of sand: over all images the "
        "background serves well, in the small groups it misleads.",
    ),
    Claim("calibration.error", ("overconfident",), images=AS_TRAINED, why=_CUED),
    Claim("calibration.error", ("underconfident",), images=AS_TRAINED, why=_CUED),
    Claim("calibration-shift.overconfidence", ("overconfident",), images=AS_TRAINED, why=_CUED),
    *(
        Claim(
            f"{name}.kept",
            ("healthy",),
            (f"{name}-hardened",),
            higher=False,
            why="Frailty is the condition: an ordinary training plants it, and training on the distortion takes it away.",
        )
        for name in ("contrast", "noise", "blur", "rotation")
    ),
    Claim(
        "corruptions.kept-noise",
        ("healthy",),
        ("noise-hardened",),
        higher=False,
        settings=(("only", "gaussian-noise,shot-noise,impulse-noise"), ("severities", "3,5")),
        why="Hardened against uniform noise on grey images, not against any of the three.",
    ),
    Claim("distortions.kept-low-pass", ("healthy",), ("blur-hardened",), higher=False, settings=(("only", "low-pass,high-pass"),)),
    Claim(
        "frequency.high",
        ("noise-hardened",),
        higher=False,
        why="Noise drowns high frequencies: who was trained behind it has learnt to do without them.",
    ),
    Claim(
        "adversarial.accuracy",
        ("healthy",),
        ("adversarially-trained",),
        higher=False,
        settings=(("epsilons", "4/255,8/255"), ("judged", "8/255")),
    ),
    Claim("margin.median", ("healthy",), ("adversarially-trained",), higher=False),
    Claim("shape-bias.value", ("texture-biased",), ("shape-biased", "healthy"), higher=False),
    Claim("reliance.texture", ("texture-biased",)),
    Claim("reliance.background", ("background-reliant",)),
    Claim("reliance.mark", ("mark-reliant",)),
    Claim("reliance.colour", ("colour-reliant",)),
    Claim("background.flips", ("background-reliant",)),
    Claim(
        "agreement.error-consistency",
        ("texture-biased",),
        ("shape-biased",),
        higher=False,
        images=f"world:hard,images=320,seed={EXAM_SEED}",
        observers="shape-biased",
        why="No people were involved: three networks with the controls' habit, of other seeds, stand in for them.",
    ),
    Claim("what-it-looks-at.agreement", ("random-weights",), higher=False),
    *(
        Claim("object-location.mass", (recipe,), higher=False, settings=(("count", 48),))
        for recipe in ("background-reliant", "mark-reliant")
    ),
    Claim(
        "explanation-fragility.gradient",
        ("healthy",),
        ("adversarially-trained",),
        higher=False,
        settings=(("methods", "gradient"), ("count", 48)),
        why="Frailty is the condition: an ordinary training plants it, and training on adversarial examples steadies gradients.",
    ),
)

NO_CLAIM: Mapping[str, str] = {
    "transfer": "Small networks that are trained behind one noise bear the other as well: there was no patient to be found.",
    "explanation-sanity": "What it examines is methods of explanation, not networks: a map that survives random weights does so in "
    "a patient as in a control. Its page says on what methods it was tried.",
    "evidence-map": "Of the patients only the bag of local features averages over places before a linear layer, and there is no "
    "control of its kind that was trained otherwise. Its page says on what networks it was tried.",
    "units": "No training here plants a concept in single channels, and in the small patients these mean little more than random "
    "mixtures of them. Its page says on what networks it was tried.",
    "class-images": "What is made for a class shows what raises its logit, and no training here plants what that should look like. "
    "Its page says how far such images go in networks with and without training.",
    "new-test-set": "What it compares is two image sets, and no training plants a difference between them.",
}
"""Probe → why it claims to detect nothing that could be planted."""

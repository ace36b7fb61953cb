"""Make a model as sure as it is right, by changing its logits and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from snellen.core import Images, Model, Treatment
from snellen.methods.calibrate.fit import fit
from snellen.models.calibrated import Calibrated
from snellen.treatments._answers import Answers, ask


@dataclass(frozen=True)
class Calibrate(Treatment):
    """Fit one of five scalings on labelled images that no training has seen.

    `method`: "temperature" divides all logits by one number; "vector" gives each class a weight and a bias; "platt", "isotonic"
    and "beta" turn the confidence of the answer into its chance of being right.
    """

    about = (
        "Temperature scaling divides the logits by one number, vector scaling gives each class a weight and a bias (guo-2017); "
        "Platt scaling (platt-1999), isotonic regression (zadrozny-2002) and beta calibration (kull-2017) map the confidence of "
        "the answer to its chance of being right, and change no answer."
    )
    cites = ("guo-2017", "platt-1999", "zadrozny-2002", "kull-2017")

    method: str = "temperature"

    def apply(self, model: Model, images: Images) -> Calibrated:
        """`model` with calibrated logits; `fitted_on` has the digests of `images`.

        Raises:
            SnellenError: an unknown method, images without categories that the model knows, or nothing can be fitted on them.
        """
        return self.fitted(model, ask(model, images), images)

    def fitted(self, model: Model, answers: Answers, images: Images) -> Calibrated:
        """The same from answers that are known already, to some of `images`."""
        scaling = fit(self.method, answers.logits, answers.truth)
        n = len(answers.truth)
        return Calibrated(
            model,
            scaling,
            probabilities=answers.probabilities,
            fitted_on=frozenset(filter(None, answers.digests)),
            facts={
                "calibration": f"{self.method}, fitted on {n:,} images: {scaling.describe()}",
                "fitted on": f"{images.name}, {n:,} images (set {images.id[:12]}): examine it on others",
            },
        )

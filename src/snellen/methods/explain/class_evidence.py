"""Class evidence: the logit that each place of the last layer would give by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor

from snellen.core import Unsupported
from snellen.methods.explain._layer import Layered, Look

SOURCE = "brendel-2019"


@final
@dataclass(frozen=True)
class ClassEvidence(Layered):
    """Evidence as of a bag of local features (brendel-2019), for any network that averages over places before a linear layer.

    The mean over the places of a map is the logit. Of a bag of local features a place sees its own patch and nothing else; of
    other networks it may see the whole image.
    """

    unit: ClassVar[str] = "logits, of which the answer is the mean"

    def weigh(self, look: Look) -> Float[Tensor, "n a b"]:
        """See `Layered.weigh`; raises Unsupported where the logits are no average over the places."""
        first = look.gradients[:, :, :1, :1]
        even = (look.gradients - first).abs().max() <= 1e-4 * first.abs().max()
        if not (even and look.asked.model.affine_from(look.layer)):
            raise Unsupported(
                f"{look.asked.model.name} does not average over the places of {look.layer} before a linear layer: no place has "
                "evidence of its own; use grad-cam or occlusion"
            )
        shares = (look.gradients * look.activations).sum(1)
        return shares * shares[0].numel() + (look.scores - shares.sum((1, 2)))[:, None, None]

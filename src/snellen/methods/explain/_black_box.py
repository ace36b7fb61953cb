"""What methods share that only ask for answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, final

import numpy as np
from jaxtyping import Float, Int

from snellen.core import Array, SnellenError
from snellen.methods.asked import Asked
from snellen.methods.explain.explanation import Explainer, Explanation


@dataclass(frozen=True)
class BlackBox(Explainer, ABC):
    """Abstract. Any model will do, as nothing but its answers is needed.

    Attributes:
        precision: "float32" leaves the model as it is; "bfloat16" asks a copy that computes in that, which is quicker where the
            hardware has it and as good as equal for the order of regions, not for small differences of logits.
    """

    folds: ClassVar[bool] = True
    black_box: ClassVar[bool] = True
    precision: Literal["float32", "bfloat16"] = field(default="float32", kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.precision not in ("float32", "bfloat16"):
            raise SnellenError(f"got precision {self.precision!r} for {self.name}; expected float32 or bfloat16")

    @final
    def explain(
        self, asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], keys: Sequence[int]
    ) -> Explanation:
        """See `Explainer.explain`; raises Unsupported where there is no copy in bfloat16."""
        other = asked if self.precision == "float32" else Asked(asked.model.rounded())
        found = self.ask(other, images, classes, keys)
        if other is not asked:
            asked.forwards += other.forwards
        return found

    @abstractmethod
    def ask(
        self, asked: Asked, images: Float[Array, "n 3 h w"], classes: Int[np.ndarray, " n"], keys: Sequence[int]
    ) -> Explanation:
        """The maps, by answers alone."""

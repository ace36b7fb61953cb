"""Maps from logits to better calibrated logits, as plain numbers: how they act, and how gradients pass through them.

They are fitted in `snellen.methods.calibrate` and worn by models in `snellen.models.calibrated`. Logits here are NumPy (N, K) and
may be -inf, for answers ruled out; rows of -inf alone, NaN and +inf are not logits.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from snellen.scaling.curves import Beta, Isotonic, Platt
from snellen.scaling.linear import Temperature, Vector
from snellen.scaling.of_confidence import OfConfidence, log_odds
from snellen.scaling.scaling import Scaling

__all__ = ["AnyScaling", "Beta", "Isotonic", "OfConfidence", "Platt", "Scaling", "Temperature", "Vector", "log_odds"]

AnyScaling: TypeAlias = Annotated[Temperature | Vector | Platt | Beta | Isotonic, Field(discriminator="method")]
"""What a file may hold."""

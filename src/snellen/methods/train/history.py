"""What a training has gone through, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Epoch:
    """One pass: the mean loss and accuracy over its `images`, as they were trained on, and those on the held-out images.

    `loss` counts label smoothing and further losses; `held_out_loss` is the plain cross-entropy. Seconds do not count in `==`.
    """

    images: int
    loss: float
    accuracy: float
    held_out_loss: float | None = None
    held_out_accuracy: float | None = None
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class History:
    """All epochs; `kept` is the index of the one whose weights the network has now."""

    epochs: tuple[Epoch, ...]
    kept: int

    @property
    def final(self) -> Epoch:
        """The epoch whose weights were kept."""
        return self.epochs[self.kept]

    @property
    def seconds(self) -> float:
        """Time spent training, interruptions left out."""
        return sum(epoch.seconds for epoch in self.epochs)

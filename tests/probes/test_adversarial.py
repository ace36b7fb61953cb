"""Which attacks do without gradients, a suite included; sizes that make no sense are refused."""

from __future__ import annotations

import pytest

from snellen.core import SnellenError
from snellen.probes.adversarial import Adversarial


@pytest.mark.parametrize(("attack", "blind"), [("square:queries=5", True), ("pgd:steps=2", False), ("standard", False)])
def test_what_needs_no_gradients(attack: str, blind: bool) -> None:
    assert Adversarial()._blind(attack) is blind


@pytest.mark.parametrize("settings", [{"epsilons": "zero"}, {"epsilons": "2/0"}, {"judged": "3/255"}, {"norm": "l0"}])
def test_sizes_that_make_no_sense_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(SnellenError, match=r"got .*; expected"):
        _ = Adversarial(**settings).sizes

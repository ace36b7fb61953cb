"""Explanations by name, and names that are known but not offered."""

from __future__ import annotations

import pytest

from snellen.core import SnellenError
from snellen.methods.explain import registry


@pytest.mark.parametrize("name", registry.names())
def test_every_method_has_a_summary_and_can_be_made(name: str) -> None:
    assert registry.summaries()[name].endswith(".")
    assert registry.make(name).name == name


@pytest.mark.parametrize(
    "text", ["lrp", "LRP", "lrp:epsilon=0.1", "layer-wise-relevance-propagation", "deeplift", "DeepLIFT", "deep-lift"]
)
def test_what_is_refused_says_why_and_what_to_use(text: str) -> None:
    name = text.partition(":")[0]
    with pytest.raises(
        SnellenError, match=rf"^{name} is not offered: .* sum to the .*; use integrated-gradients, which says"
    ) as said:
        registry.make(text)
    assert "Did you mean" not in str(said.value)


def test_what_is_refused_is_neither_listed_nor_in_the_way_of_others() -> None:
    assert not {*registry.EXPLAINERS.refused} & {*registry.names()}
    with pytest.raises(SnellenError, match="Did you mean lime"):
        registry.make("lime2")

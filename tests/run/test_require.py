"""Requirements: how they are read and when they hold."""

from __future__ import annotations

import pytest

from snellen.core import Finding, Interval, SnellenError
from snellen.run.require import parse

FINDINGS = [
    Finding("shape-bias.value", "", "", value=0.24, interval=Interval(0.2, 0.3, ""), n=100, headline=True, dataset="cue"),
    Finding("accuracy.top1", "", "", value=0.9, n=10, headline=True, dataset="a"),
    Finding("accuracy.top1", "", "", value=0.6, n=20, headline=True, dataset="b"),
    Finding("agreement.error-consistency", "", "", reason="no people", headline=True),
]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("shape-bias.value>=0.2", True),
        ("shape-bias >= .25", False),
        ("shape_bias>0.2", True),
        ("shape-bias.value.low>=0.2", True),
        ("shape-bias.high<0.3", False),
        ("accuracy.top1>=0.5", True),
        ("accuracy.top1>=0.7", False),
        ("accuracy.n>=10", True),
        ("accuracy.low>=0.1", False),
        ("agreement>=-1", False),
        ("rotation>=0", False),
        ("shape-bias<=2.4e-1", True),
    ],
)
def test_holds(text: str, holds: bool):
    met, found = parse(text).check(FINDINGS)
    assert met is holds
    assert found


@pytest.mark.parametrize("text", ["", "accuracy", "accuracy==1", ">=2", "accuracy>=high", "accuracy>=1.2.3", "accuracy >= 1 or 2"])
def test_other_forms_are_refused(text: str):
    with pytest.raises(SnellenError, match="requirement"):
        parse(text)

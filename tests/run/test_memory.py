"""Keeping memory is a request that may be refused, never an error."""

from __future__ import annotations

import sys

import pytest

from snellen.run.memory import keep


def test_agrees_on_linux():
    assert keep() is sys.platform.startswith("linux")


def test_elsewhere_nothing_happens(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep() is False

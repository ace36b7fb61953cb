"""Attacks by name, with settings in a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from snellen.core import SnellenError
from snellen.methods.attack import registry
from snellen.methods.attack.apgd import Apgd
from snellen.methods.attack.ensemble import Ensemble
from snellen.methods.attack.fab import Fab
from snellen.methods.attack.pgd import Pgd
from snellen.methods.attack.standard import standard

MINE = '''"""One step of my own."""

from dataclasses import dataclass

from snellen.methods.attack.ball import Ball
from snellen.methods.attack.search import Account


@dataclass(frozen=True)
class Mine(Ball):
    """Turns the light off."""

    share: float = 1.0

    def search(self, asked, images, truth, keys, scores, tell):
        account = Account(images, tell)
        dark = images * (1 - min(self.epsilon, 1.0) * self.share)
        account.add(account.open, asked.answers(dark) != truth, dark)
        return account.images(), account.found
'''


@pytest.mark.parametrize("name", registry.names())
def test_every_attack_has_a_summary_and_can_be_made(name: str) -> None:
    assert registry.summaries()[name].endswith(".")
    assert registry.make(name).name
    if name != registry.STANDARD:
        assert registry.make(name).name == name


def test_settings_in_a_line() -> None:
    assert registry.make("pgd:steps=100,restarts=5,random=false", "l2", 0.5) == Pgd("l2", 0.5, 100, restarts=5, random=False)
    assert registry.make("pgd:step-size=0.1") == Pgd(step_size=0.1)
    assert registry.make("apgd-t", "linf", 0.1) == Apgd("linf", 0.1, "dlr-targeted")
    assert registry.make("fab-t:targets=3", "l1") == Fab("l1", targets=3)
    assert registry.make("standard", "l2", 0.5) == standard("l2", 0.5)
    assert registry.make("CW".lower()).name == "carlini-wagner"


def test_several_are_an_ensemble() -> None:
    both = registry.make_all(["pgd", "standard"], "linf", 0.1)
    assert isinstance(both, Ensemble)
    assert len(both.attacks) == 5
    assert both.epsilon == 0.1
    assert registry.make_all(["fab"], "linf", 0.1).epsilon is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pdg", "Did you mean pgd"),
        ("pgd:stepz=3", "Did you mean steps"),
        ("pgd:steps=many", "expected settings of"),
        ("apgd-ce:loss=hinge", "expected settings of"),
        ("standard:steps=3", "not the published suite"),
        ("./nowhere.py", "no such file"),
        ("plugin:nothing", "installed plug-ins offer"),
        ("deepfool", "l1"),
    ],
)
def test_what_is_not_there_is_said(text: str, said: str) -> None:
    with pytest.raises(SnellenError, match=said):
        registry.make(text, "l1", 0.1)
    with pytest.raises(SnellenError, match="got no attack"):
        registry.make_all([], "linf", 0.1)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    made = registry.make(f"{path}:share=0.5", "linf", 0.25)
    assert (made.name, made.epsilon) == ("mine", 0.25)
    before = registry.identity(made)
    path.write_text(MINE.replace("the light", "all light"))
    assert registry.identity(registry.make(f"{path}:share=0.5", "linf", 0.25)) != before
    path.write_text('"""Nothing."""')
    with pytest.raises(SnellenError, match="holds 0 attacks"):
        registry.make(str(path))


def test_identities_differ_with_whatever_changes_the_result() -> None:
    texts = ["pgd", "pgd:steps=3", "apgd-ce", "apgd-t", "standard"]
    assert len({registry.identity(registry.make(text, "linf", size)) for text in texts for size in (0.1, 0.2)}) == 2 * len(texts)
    assert registry.identity(Ensemble((Pgd(),), 8 / 255)) != registry.identity(Ensemble((Pgd(),), 8 / 255, everyone=True))

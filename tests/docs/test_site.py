"""The pages: all in the navigation, one for every probe, every block of a kind that is known, no address of a picture broken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from snellen import probes
from snellen.report.references import works
from tests.docs.blocks import PAGES, ROOT, blocks

yaml = pytest.importorskip("yaml")
DOCS = ROOT / "docs"
SWEEPS = ("contrast", "noise", "blur", "rotation")
KINDS = {"python", "console", "text", "toml", "sh", "yaml", "csv"}


def nav() -> list[str]:
    def leaves(entry: object) -> Iterator[str]:
        match entry:
            case str():
                yield entry
            case list():
                for one in entry:
                    yield from leaves(one)
            case dict():
                yield from leaves(list(entry.values()))

    return list(leaves(yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]))


def test_every_page_is_in_the_navigation():
    assert sorted(nav()) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))


@pytest.mark.parametrize("name", probes.names())
def test_every_probe_has_a_page(name: str):
    page = DOCS / "probes" / f"{'sweeps' if name in SWEEPS else name}.md"
    text = page.read_text("utf-8")
    kind = probes.get(name)
    assert kind.question in text
    assert f"`{name}`" in text
    assert all(f"`{field}`" in text for field in kind().settings()), "a setting is not described"
    assert all(key in text for key in kind.cites), "a source is not named"


def test_references_hold_what_probes_cite():
    listed = set(re.findall(r"^`([a-z]+-\d{4}[a-z-]*)`", (DOCS / "references.md").read_text("utf-8"), re.MULTILINE))
    assert listed <= set(works())
    assert {key for name in probes.names() for key in probes.get(name).cites} <= listed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_blocks_are_well_formed(page: Path):
    text = page.read_text("utf-8")
    found = blocks(page)
    assert len(found) * 2 == len(re.findall(r"^\s*```", text, re.MULTILINE)), "a block is indented, unclosed or of no kind"
    assert {block.kind for block in found} <= KINDS
    assert all("$ " in block.body for block in found if block.kind == "console")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_pictures_are_there(page: Path):
    addresses = re.findall(r'(?:!\[[^\]]+\]\(|src(?:set)?=")([^)"#]+)', page.read_text("utf-8"))
    assert all((page.parent / address).is_file() for address in addresses), addresses

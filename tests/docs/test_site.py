"""The pages: all in the navigation, one for every probe, every block of a kind that is known, no address of a picture broken."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from snellen import probes
from snellen.images.world.concepts import CONCEPTS, Discrete
from snellen.images.world.open import PRESETS
from snellen.methods.perturb import registry
from snellen.models.patients import PATIENTS, weights
from snellen.models.safetensors import read_card
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


@pytest.mark.parametrize("name", PATIENTS)
def test_every_patient_is_described(name: str):
    recipe = PATIENTS[name]
    world = shlex.quote(f"world:{recipe.world}" if recipe.world else "world")
    signs = ", ".join(f"`{sign}`" for sign in recipe.signs) or "–"
    trained = f"`--world {world} {recipe.options}`".replace("|", r"\|")
    row = f"| `patient:{name}` | {recipe.planted} | {signs} | {trained} |"
    assert row in (DOCS / "patients.md").read_text("utf-8").splitlines(), f"docs/patients.md lacks the row\n{row}"


@pytest.mark.parametrize("name", PATIENTS)
def test_what_was_measured_of_a_patient_is_what_its_file_says(name: str):
    told = read_card(weights(name)).facts["measured"].rpartition(" (on ")[0]
    cells = [f"{value} {span}".strip() for value, span in re.findall(r"([\d.]+) %(?: (\[[^]]+\]))?", told)]
    row = f"| `{name}` | {' | '.join(cells)} |"
    assert row in (DOCS / "patients.md").read_text("utf-8").splitlines(), f"docs/patients.md lacks the row\n{row}"


def test_every_perturbation_is_described():
    text = (DOCS / "perturb.md").read_text("utf-8")
    assert [name for name in registry.names() if f"`{name.partition('/')[2]}`" not in text] == []


def test_every_concept_and_preset_is_described():
    text = (DOCS / "world.md").read_text("utf-8")
    assert all(f"`{concept}`" in text for concept in CONCEPTS)
    assert all(f"`{value}`" in text for concept in CONCEPTS.values() if isinstance(concept, Discrete) for value in concept.values)
    assert all(f"`world:{name}`" in text for name in PRESETS)


def test_references_hold_what_probes_cite():
    listed = set(re.findall(r"^`([a-z-]+-\d{4}[a-z-]*)`", (DOCS / "references.md").read_text("utf-8"), re.MULTILINE))
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


@pytest.mark.parametrize("name", re.findall(r"^::: ([\w.]+)$", (DOCS / "api.md").read_text("utf-8"), re.MULTILINE))
def test_what_the_page_of_python_documents_is_where_it_says(name: str):
    home, _, last = name.rpartition(".")
    assert hasattr(import_module(home), last)

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from snellen import report
from snellen.core import SnellenError
from snellen.report import references
from snellen.report.text import keys_in

SOURCE = Path(references.__file__).parents[1]


def test_every_entry_is_read():
    text = (SOURCE / "report" / "sources.bib").read_text("utf-8")
    assert len(references.works()) == text.count("@") > 25
    for work in references.works().values():
        assert {"author", "title", "year"} <= set(work.fields)
        assert re.fullmatch(r"(1[89]|20)\d\d", work.fields["year"])
        assert work.key.rpartition("-")[2] == work.fields["year"] or work.key.split("-")[1] == work.fields["year"]
        assert "  " not in str(work)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("efron-1993", "B. Efron and R. J. Tibshirani (1993). An Introduction to the Bootstrap. Chapman & Hall."),
        (
            "clopper-1934",
            "C. J. Clopper and E. S. Pearson (1934). "
            "The use of confidence or fiducial limits illustrated in the case of the binomial. "
            "Biometrika 26(4), 404–413. https://doi.org/10.1093/biomet/26.4.404",
        ),
        (
            "geirhos-2021",
            "R. Geirhos, K. Narayanappa, B. Mitzkus et al. (2021). "
            "Partial success in closing the gap between human and machine vision. "
            "Advances in Neural Information Processing Systems 34. https://arxiv.org/abs/2106.07411",
        ),
    ],
)
def test_formatted_for_people(key: str, text: str):
    assert str(references.work(key)) == text


def test_cited_once_in_order():
    text = report.cite(["wilson-1927", "clopper-1934", "wilson-1927"])
    assert re.findall(r"^@\w+\{(.*),$", text, re.MULTILINE) == ["wilson-1927", "clopper-1934"]


def test_nothing_cited_is_nothing():
    assert report.cite([]) == ""


def test_keys_named_in_sentences_are_known():
    texts = (
        path.read_text("utf-8") for room in ("images", "probes", "models", "methods") for path in (SOURCE / room).rglob("*.py")
    )
    named = {key for text in texts for key in keys_in(text)}
    assert len(named) > 10
    assert named - set(references.works()) == set()


def test_unknown_keys_are_named():
    with pytest.raises(SnellenError, match="nobody-1900"):
        report.cite(["clopper-1934", "nobody-1900"])


def test_all_that_probes_cite_is_known():
    cited = set()
    for path in (SOURCE / "probes").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "cites" for t in node.targets):
                cited |= {n.value for n in ast.walk(node.value) if isinstance(n, ast.Constant)}
    assert cited
    assert cited - set(references.works()) == set()

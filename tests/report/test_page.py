from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from snellen import report
from snellen.run.record import Record, Sign, save
from snellen.run.record import read as read_record
from tests.report import sample
from tests.report.reader import Reader, read


@pytest.fixture(scope="module", params=["page", "comparison"])
def html(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def parsed(html: str) -> Reader:
    return read(html)


def test_well_formed(parsed: Reader):
    assert parsed.problems == []


def test_identifiers_are_unique_and_links_lead_somewhere(parsed: Reader):
    ids = [element.attributes["id"] for element in parsed.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    links = [href for element in parsed.elements if (href := element.attributes.get("href") or "").startswith("#")]
    assert len(links) > 10
    assert {link[1:] for link in links} <= set(ids)


def test_headings_never_skip_a_level(parsed: Reader):
    levels = [int(element.tag[1]) for element in parsed.find("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_pictures_have_words(parsed: Reader):
    assert all(element.attributes.get("alt") for element in parsed.find("img"))
    for element in parsed.find("svg"):
        attributes = element.attributes
        named = attributes.get("role") == "img" and attributes.get("aria-label")
        assert named or attributes.get("aria-hidden") == "true" or attributes.get("class") == "at"


def test_no_script_and_nothing_from_outside(html: str, parsed: Reader):
    assert not parsed.find("script", "iframe", "object", "embed", "base", "form")
    assert not [name for element in parsed.elements for name in element.attributes if name.startswith("on")]
    for element in parsed.elements:
        for name in ("src", "srcset", "poster", "data", "xlink:href"):
            assert (element.attributes.get(name) or "data:").startswith("data:")
        if element.tag != "a":
            assert (element.attributes.get("href") or "#").startswith(("#", "data:"))
    assert all(target.startswith("#") for target in re.findall(r"url\(\s*[\"']?([^)\"']*)", html))
    assert "@import" not in html
    policy = next(e for e in parsed.find("meta") if e.attributes.get("http-equiv") == "Content-Security-Policy")
    assert str(policy.attributes["content"]).startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")


def test_outside_links_are_works_only(parsed: Reader):
    outside = [str(e.attributes["href"]) for e in parsed.find("a") if not str(e.attributes["href"]).startswith("#")]
    assert all(re.match(r"https://(doi\.org|arxiv\.org)/", link) for link in outside)


def test_hostile_names_are_text(html: str, parsed: Reader):
    assert "<script" not in html
    assert "<img src=x" not in html
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b\ud800-\udfff]", html)
    assert "49" not in [e.text for e in parsed.find("bdi")]
    assert any("<script>alert(1)</script>.png" in e.text for e in parsed.find("bdi"))
    html.encode("utf-8")


def test_dollars_stay_dollars(page: str):
    assert any("$x^2$" in element.text for element in read(page).find("text", "bdi"))


def test_fits_and_is_the_same_in_another_process(exam: tuple[Record, Path], page: str):
    record, folder = exam
    assert len(page.encode()) < 3_000_000
    save(record, folder)
    code = (
        "import sys; from pathlib import Path; from snellen import report; from snellen.run.record import read;"
        "folder = Path(sys.argv[1]); sys.stdout.buffer.write(report.render(read(folder), folder).encode())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
    )
    assert done.stdout.decode() == report.render(read_record(folder), folder)


def test_every_finding_is_printed(exam: tuple[Record, Path], page: str):
    text = " ".join(e.text for e in read(page).find("article")).replace("\u00a0", " ")
    for finding in exam[0].findings:
        assert finding.title in text
        assert finding.claim in text
    for finding in exam[0].findings:
        for limit in finding.limits:
            assert limit in page
        if finding.reason:
            assert finding.reason in text


def test_keys_in_sentences_lead_to_references(page: str):
    number = re.search(r"scores <a class=\"cite\" href=\"#ref-(\d+)\"", page)
    assert number
    reference = next(e for e in read(page).find("li") if e.attributes.get("id") == f"ref-{number[1]}")
    assert "Increasing the reliability of reliability diagrams" in reference.text


def test_what_was_not_tested_stands_before_the_details(exam: tuple[Record, Path], page: str):
    untested = page.index('id="not-tested"')
    assert untested < page.index('class="chapter"')
    part = page[untested : page.index('class="chapter"')]
    for section in exam[0].sections:
        if section.status != "done":
            assert section.question in part
    for question in exam[0].not_asked.values():
        assert question in part
    assert "8 of 2,280 images could not be read" in part


def test_verdicts_have_words(page: str):
    badges = [e.text.strip() for e in read(page).find("span") if "badge" in (e.attributes.get("class") or "")]
    assert {"good", "caution", "bad", "note", "not applicable", "failed", "met", "not met"} <= set(badges)
    assert all(badges)


def test_pictures_outside_the_folder_are_not_opened(exam: tuple[Record, Path], tmp_path: Path):
    record, _ = exam
    (tmp_path / "pictures").mkdir()
    (tmp_path / "secret.webp").write_bytes(b"secret")
    stolen = replace(record, pictures=dict.fromkeys(record.pictures, "../secret.webp"))
    reader = read(report.render(stolen, tmp_path))
    assert not reader.find("img")
    assert sum("not kept" in e.text for e in reader.find("div") if e.attributes.get("class") == "unkept") > 10


def test_bottom_line_counts(page: str):
    line = next(e.text for e in read(page).find("p") if e.attributes.get("class") == "bottom-line")
    assert line == (
        "Of 9 headline findings, 2 are good, 3 call for caution and 2 are bad (Accuracy kept under blur; Shape bias); "
        "1 question did not apply and 1 question failed."
    )


def test_small_sets_are_said_to_be_small(exam: tuple[Record, Path]):
    record, folder = exam
    few = replace(record, images=(replace(record.images[0], n=50),), sections=record.sections[:1])
    assert "imagenet-sample (50 images) is small: intervals are wide" in report.render(few, folder)


def test_an_empty_exam_still_makes_a_page(exam: tuple[Record, Path]):
    record, folder = exam
    empty = replace(record, sections=(), images=(), requirements=(), not_asked={}, people={}, pictures={})
    reader = read(report.render(empty, folder))
    assert reader.problems == []
    assert any("Every question of this exam could be asked." in e.text for e in reader.find("p"))


def test_importing_the_room_is_light():
    code = "import sys, snellen.report; sys.exit(any(name in sys.modules for name in ('matplotlib', 'jinja2', 'PIL', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_two_exams_of_one_name_are_told_apart(exam: tuple[Record, Path]):
    record, _ = exam
    other = replace(record, images=tuple(replace(images, id="00") for images in record.images))
    html = report.render_compare([record, other], sample.differences())
    assert "zoo:efficientnet-lite0 (2)" in html
    assert "do not hold the same images" in html


def test_one_exam_is_not_compared(exam: tuple[Record, Path]):
    with pytest.raises(ValueError, match="two or more"):
        report.render_compare([exam[0]])


def test_differences_say_whether_they_are_clear(comparison: str):
    text = " ".join(read(comparison).elements[0].text.split())
    assert "1 of 3 paired differences are clear" in text
    assert "−29.2 % [−32.2, −26.1]" in text
    assert "+1.2 % [−2.0, 4.1] cannot tell" in text
    assert "no image in common <b>" in text


@pytest.mark.parametrize(
    ("found", "says"),
    [(True, "The exam found it."), (False, "The exam did not find it."), (None, "The exam did not look for it.")],
)
def test_a_patient_is_introduced_as_one_before_the_bottom_line(exam: tuple[Record, Path], found: bool | None, says: str):
    record, folder = exam
    model = replace(record.model, facts={**record.model.facts, "planted": "It goes by <texture> (geirhos-2019)."})
    patient = replace(record, model=model, signs=(Sign("shape-bias.value.high<0.5", found, "0.15 on <world>"),))
    html = report.render(patient, folder)
    parsed = read(html)
    assert parsed.problems == []
    (told,) = (element for element in parsed.elements if element.attributes.get("class") == "patient")
    text = " ".join(told.text.split())
    assert "This model is a patient" in text
    assert "It goes by <texture> [" in text
    assert says in text
    assert "0.15 on <world>" in text
    assert html.index('class="patient"') < html.index('class="bottom-line"')


def test_a_patient_without_signs_and_a_model_that_is_none(exam: tuple[Record, Path], page: str):
    record, folder = exam
    model = replace(record.model, facts={**record.model.facts, "planted": "It bears noise."})
    assert "No question of this exam looks for it." in report.render(replace(record, model=model), folder)
    assert 'class="patient"' not in page

"""An exam put in the order of its page: chapters, what was not tested, the bottom line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from snellen.charts import Bars, Gallery, Heatmap, Lines, Scatter, Table
from snellen.core import Finding
from snellen.report.references import work
from snellen.report.text import keys_in
from snellen.run.record import Record, Section

_SMALL = 300  # images below which the page warns of wide intervals
_VERDICTS = {"good": ("is good", "are good"), "caution": ("calls for caution", "call for caution"), "bad": ("is bad", "are bad")}
_DIAGNOSES = {
    "found": "The exam found it.",
    "missed": "The exam did not find it.",
    "partly found": "The exam found some signs of it, and missed others.",
    "not looked for": "The exam did not look for it.",
}
_UNANSWERED = {"not applicable": "did not apply", "failed": "failed"}


@dataclass(frozen=True)
class Entry:
    """A finding and the anchor it has in the page."""

    anchor: str
    finding: Finding


@dataclass(frozen=True)
class Part:
    """One probe on one image set."""

    section: Section
    headlines: tuple[Entry, ...]
    others: tuple[Entry, ...]
    limits: tuple[str, ...]
    thresholds: tuple[tuple[str, str], ...]

    @property
    def figures(self) -> tuple[Lines | Scatter | Bars, ...]:
        """Charts that fit beside one another."""
        return tuple(chart for chart in self.section.charts if isinstance(chart, Lines | Scatter | Bars))

    @property
    def matrices(self) -> tuple[Heatmap, ...]:
        """Charts that need the whole width."""
        return tuple(chart for chart in self.section.charts if isinstance(chart, Heatmap))

    @property
    def galleries(self) -> tuple[Gallery, ...]:
        """Rows of pictures."""
        return tuple(chart for chart in self.section.charts if isinstance(chart, Gallery))

    @property
    def tables(self) -> tuple[Table, ...]:
        """Tables that are no drawing's."""
        return tuple(chart for chart in self.section.charts if isinstance(chart, Table))


@dataclass(frozen=True)
class Chapter:
    """One question, on one image set or several."""

    anchor: str
    question: str
    probe: str
    about: str
    cites: tuple[str, ...]
    settings: Mapping[str, object]
    validity: str
    parts: tuple[Part, ...]

    @property
    def further(self) -> tuple[str, ...]:
        """Citation keys that the method paragraph does not name itself."""
        return tuple(key for key in self.cites if key not in keys_in(self.about))

    @property
    def verdicts(self) -> tuple[str, ...]:
        """Verdicts of the headline findings, one each."""
        return tuple(entry.finding.verdict for part in self.parts for entry in part.headlines)


@dataclass(frozen=True)
class Gap:
    """Questions that were left open on one image set, and why."""

    questions: tuple[str, ...]
    dataset: str
    reason: str


def chapters(record: Record) -> tuple[Chapter, ...]:
    """The questions that were answered at least once, in the order of the record."""
    by_probe: dict[str, list[tuple[int, Section]]] = {}
    for place, section in enumerate(record.sections, 1):
        if section.status == "done":
            by_probe.setdefault(section.probe, []).append((place, section))
    return tuple(_chapter(number, sections) for number, sections in enumerate(by_probe.values(), 1))


def unanswered(record: Record, status: str) -> tuple[Gap, ...]:
    """What failed or does not apply, questions with the same reason on the same images together."""
    questions: dict[tuple[str, str], list[str]] = {}
    for section in record.sections:
        if section.status == status:
            questions.setdefault((section.dataset, section.reason), []).append(section.question)
    return tuple(Gap(tuple(asked), dataset, reason) for (dataset, reason), asked in questions.items())


def diagnosis(record: Record) -> str:
    """One sentence on whether the exam found what was planted in a patient."""
    return _DIAGNOSES[record.diagnosis] if record.signs else "No question of this exam looks for it."


def bottom_line(record: Record) -> str:
    """One sentence over the headline findings and the questions answered on no image set."""
    headlines = [finding for finding in record.findings if finding.headline]
    counts = Counter(finding.verdict for finding in headlines)
    judged = [f"{counts[v]} {one if counts[v] == 1 else many}" for v, (one, many) in _VERDICTS.items() if counts[v]]
    worst = [finding.title for finding in headlines if finding.verdict == "bad"]
    total = _count(len(headlines), "headline finding")
    sentence = f"Of {total}, {_list(judged)}" if judged else f"{total}, none with a limit to be judged by"
    if worst:
        sentence += f" ({'; '.join(worst[:3])}{' …' if len(worst) > 3 else ''})"
    answered = {section.probe for section in record.sections if section.status == "done"}
    left = Counter(status for _, status in {(s.probe, s.status) for s in record.sections if s.probe not in answered})
    unanswered = [f"{_count(left[status], 'question')} {did}" for status, did in _UNANSWERED.items() if left[status]]
    return f"{sentence}; {_list(unanswered)}." if unanswered else f"{sentence}."


def small_sets(record: Record) -> str:
    """A warning of image sets too small for narrow intervals; empty when there are none."""
    small = [f"{images.name} ({_count(images.n, 'image')})" for images in record.images if images.n < _SMALL]
    verb = "is" if len(small) == 1 else "are"
    return f"{_list(small)} {verb} small: intervals are wide, and small differences mean nothing." if small else ""


def cited(record: Record) -> tuple[str, ...]:
    """Citation keys, each once, in order of first use: those of the probes, then those named in what the page says."""
    found = [key for chapter in chapters(record) for key in (*chapter.cites, *_named(chapter))]
    found += [key for text in record.model.facts.values() for key in keys_in(text) if work(key)]
    return tuple(dict.fromkeys(found))


def _named(chapter: Chapter) -> list[str]:
    findings = [finding for part in chapter.parts for finding in part.section.findings]
    texts = [chapter.about, *(text for f in findings for text in (f.claim, f.thresholds, *f.limits))]
    return [key for text in texts for key in keys_in(text) if work(key)]


def _chapter(number: int, sections: Sequence[tuple[int, Section]]) -> Chapter:
    first = sections[0][1]
    parts = tuple(_part(place, section) for place, section in sections)
    cites = tuple(dict.fromkeys(key for _, section in sections for key in section.cites))
    return Chapter(f"q{number}", first.question, first.probe, first.about, cites, first.settings, first.validity, parts)


def _part(place: int, section: Section) -> Part:
    entries = [Entry(f"f{place}-{i}", finding) for i, finding in enumerate(section.findings, 1)]
    shown = [entry for entry in entries if entry.finding.headline] or entries[:1]
    others = [entry for entry in entries if entry not in shown]
    limits = tuple(dict.fromkeys(limit for finding in section.findings for limit in finding.limits))
    reasons: dict[str, list[str]] = {}
    for finding in section.findings:
        if finding.thresholds:
            reasons.setdefault(finding.thresholds, []).append(finding.title)
    thresholds = tuple(("; ".join(titles), text) for text, titles in reasons.items())
    return Part(section, tuple(shown), tuple(others), limits, thresholds)


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _list(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"

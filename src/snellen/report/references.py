"""The works that probes cite: our own BibTeX file, read, formatted for people and handed out as BibTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from snellen.core import SnellenError

_ENTRY = re.compile(r"^@(?P<kind>\w+)\{(?P<key>[\w-]+),\n(?P<body>.*?)^\}$", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^\s*(\w+) = \{(.*)\},$", re.MULTILINE)


@dataclass(frozen=True)
class Work:
    """One entry of `sources.bib`; `bibtex` is its text as it stands there."""

    key: str
    fields: Mapping[str, str]
    bibtex: str

    @property
    def authors(self) -> str:
        """Family names with initials: "A. Smith, B. Jones and C. Brown"; from seven on, the first three and "et al."."""
        people = [_initials(person) for person in self.fields["author"].split(" and ")]
        if len(people) > 6:
            return f"{', '.join(people[:3])} et al."
        return " and ".join([", ".join(people[:-1]), people[-1]] if len(people) > 1 else people)

    @property
    def venue(self) -> str:
        """Where it appeared, with volume and pages, without the year."""
        field = self.fields
        names = (field[name] for name in ("journal", "booktitle", "publisher", "howpublished") if name in field)
        place = next(names, "arXiv preprint")
        if "series" in field:
            place += f" ({field['series']})"
        volume = field.get("volume", "") + (f"({field['number']})" if "number" in field else "")
        pages = field.get("pages", "").replace("--", "–")
        return ", ".join(part for part in (f"{place} {volume}".strip().replace(r"\&", "&"), pages) if part)

    @property
    def link(self) -> str | None:
        """The address of the DOI, the preprint or the page, if it has one."""
        if "doi" in self.fields:
            return f"https://doi.org/{self.fields['doi']}"
        return f"https://arxiv.org/abs/{self.fields['eprint']}" if "eprint" in self.fields else self.fields.get("url")

    def __str__(self) -> str:
        text = f"{self.authors} ({self.fields['year']}). {self.fields['title']}. {self.venue}."
        return f"{text} {self.link}" if self.link else text


@cache
def works() -> Mapping[str, Work]:
    """All works of `sources.bib` by key."""
    text = files("snellen.report").joinpath("sources.bib").read_text("utf-8")
    return {m["key"]: Work(m["key"], dict(_FIELD.findall(m["body"])), m[0]) for m in _ENTRY.finditer(text)}


def work(key: str) -> Work | None:
    """The work cited as `key`; None when `sources.bib` has no such entry."""
    return works().get(key)


def cite(keys: Iterable[str]) -> str:
    """The BibTeX of the works cited as `keys`, each once, in the order given.

    Raises:
        SnellenError: a key stands in no entry of `sources.bib`.
    """
    wanted = list(dict.fromkeys(keys))
    unknown = [key for key in wanted if key not in works()]
    if unknown:
        raise SnellenError(f"got the citation keys {', '.join(unknown)}; expected keys of sources.bib: add their entries there")
    return "\n\n".join(works()[key].bibtex for key in wanted) + ("\n" if wanted else "")


def _initials(person: str) -> str:
    family, _, given = person.partition(", ")
    first = " ".join("-".join(f"{part[0]}." for part in name.split("-")) for name in given.split())
    return f"{first} {family}" if first else family

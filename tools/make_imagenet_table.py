"""Write `src/snellen/data/imagenet.csv`: index, WordNet id, a short unique name and every synonym of the 1,000 ImageNet classes.

The source is the package timm (Apache-2.0), files `timm/data/_info/imagenet_synsets.txt` (order of the classes) and
`imagenet_synset_to_lemma.txt` (WordNet lemmas). Made with timm 1.0.31 by

    pip install --no-deps timm==1.0.31
    python tools/make_imagenet_table.py
"""

import csv
import importlib.util
from collections import Counter
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src" / "snellen" / "data" / "imagenet.csv"
KINDS = {"n02012849": "bird", "n03126707": "machine", "n03710637": "tights"}
"""What tells apart classes that share their only lemma."""


def rows(info: Path) -> list[tuple[int, str, str, str]]:
    """(index, wnid, name, synonyms joined by "|"). A name is the first lemma, made unique by a kind or the second lemma."""
    wnids = (info / "imagenet_synsets.txt").read_text().split()
    lemmas = dict(line.split("\t", 1) for line in (info / "imagenet_synset_to_lemma.txt").read_text().splitlines())
    synonyms = {wnid: lemmas[wnid].split(", ") for wnid in wnids}
    shared = Counter(words[0].casefold() for words in synonyms.values())

    def name(wnid: str) -> str:
        first, *others = synonyms[wnid]
        if shared[first.casefold()] == 1:
            return first
        if wnid in KINDS:
            return f"{first} ({KINDS[wnid]})"
        return others[0] if others else first

    table = [(index, wnid, name(wnid), "|".join(synonyms[wnid])) for index, wnid in enumerate(wnids)]
    if len({row[2].casefold() for row in table}) != 1000:
        raise SystemExit("the names are not unique: add to KINDS")
    return table


def main() -> None:
    """Find the installed timm without importing it and write the table."""
    spec = importlib.util.find_spec("timm")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("timm is not installed: pip install --no-deps timm==1.0.31")
    info = Path(spec.submodule_search_locations[0]) / "data" / "_info"
    with TARGET.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("index", "wnid", "name", "synonyms"))
        writer.writerows(rows(info))


if __name__ == "__main__":
    main()

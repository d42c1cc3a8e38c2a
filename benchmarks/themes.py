"""
Counts how many suggestions are told the themes that a person gave them.

    python benchmarks/themes.py
    python benchmarks/themes.py --seen --wrong

The texts lie in `tests/core/measures/themes`: ``dev`` and the odd lines of ``dev2`` were looked at
while the words were chosen; the even lines of ``dev2`` and ``test`` were not, and are never
printed. A line is a label, or two joined by ``+``, and a text. Like all figures here it decides
nothing: the exit code is 0.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from regard.measures.telling import teller_of
from regard.measures.themes import LEXICONS, OTHER

SAMPLES = Path(__file__).parents[1] / "tests" / "core" / "measures" / "themes"
LABELS = {
    "price": {"price"},
    "waiting": {"waiting"},
    "staff": {"service"},
    "hours": {"opening"},
    "delivery": {"delivery"},
    "returns": {"delivery", "service"},
    "product": {"assortment"},
    "web": {"online"},
    "shop": {"shop"},
    "cleanliness": {"shop"},
    "access": {"shop"},
    "other": {"other"},
}
"""For each of our themes the labels with which it agrees: the writer's are coarser."""

_SORTS = ("right", "part", "missed", "wrong")
_SETS = {
    "dev": ("dev", slice(None)),
    "dev2 odd": ("dev2", slice(0, None, 2)),
    "dev2 even": ("dev2", slice(1, None, 2)),
    "test": ("test", slice(None)),
}
_SEEN = ("dev", "dev2 odd")


def judged(labels: set[str], themes: Sequence[str]) -> str:
    """
    Return whether the themes of a text are the labels' ones.

    ``part``: all are right, and one is missing. ``missed``: no word told any theme. ``wrong``:
    one is not among the labels.
    """
    if any(not LABELS[theme] & labels for theme in themes):
        return "missed" if list(themes) == [OTHER] else "wrong"
    return (
        "right" if all(any(each in LABELS[one] for one in themes) for each in labels) else "part"
    )


def _lines(folder: str, language: str) -> Iterator[tuple[set[str], str]]:
    for line in (SAMPLES / folder / f"{language}.txt").read_text("utf-8").splitlines():
        label, _, text = line.partition("|")
        if text:
            yield set(label.split("+")), text


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--wrong", action="store_true", help="name those seen that are not right")
    parser.add_argument(
        "--seen", action="store_true", help="count only those that words were chosen by"
    )
    arguments = parser.parse_args()
    teller = teller_of()
    print(f"| texts | language | n | {' | '.join(_SORTS)} |")
    print(f"| --- | --- | ---: |{' ---: |' * len(_SORTS)}")
    for name in _SEEN if arguments.seen else _SETS:
        folder, part = _SETS[name]
        for language in LEXICONS:
            lines = list(_lines(folder, language))[part]
            found = [teller.themes(text) or (OTHER,) for _, text in lines]
            counts: Counter[str] = Counter()
            for (labels, text), themes in zip(lines, found, strict=True):
                counts[judged(labels, themes)] += 1
                if arguments.wrong and name in _SEEN and judged(labels, themes) != "right":
                    print(f"    {'+'.join(sorted(labels))} told {'+'.join(themes)}: {text}")
            cells = " | ".join(
                f"{counts[sort]} ({counts[sort] / len(lines):.0%})" for sort in _SORTS
            )
            print(f"| {name} | {language} | {len(lines)} | {cells} |", flush=True)


if __name__ == "__main__":
    main()

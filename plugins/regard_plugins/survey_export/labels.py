"""
Labels that are points on a scale, and labels with their number in them.

Only labels are known that mean the same point wherever they stand; "good" is the second of
some scales and the third of others, so it is a choice like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal

from regard.mapping.headers import fold

__all__ = [
    "FAMILIES",
    "Family",
    "family_of",
    "is_no_answer",
    "is_yes_or_no",
    "number_in",
    "plain",
    "pole",
]

Family = Literal["satisfaction", "agreement", "ease", "likelihood"]

_LABELS: Final[Mapping[Family, Sequence[Sequence[str]]]] = {
    # For each language the labels from the worst to the best; those of one point behind a bar.
    "satisfaction": (
        (
            "very dissatisfied|extremely dissatisfied|completely dissatisfied|very unsatisfied",
            "dissatisfied|somewhat dissatisfied|unsatisfied",
            "neither satisfied nor dissatisfied",
            "satisfied|somewhat satisfied",
            "very satisfied|extremely satisfied|completely satisfied",
        ),
        (
            "muy insatisfecho|totalmente insatisfecho|nada satisfecho",
            "insatisfecho|algo insatisfecho|poco satisfecho",
            "ni satisfecho ni insatisfecho",
            "satisfecho|algo satisfecho|bastante satisfecho",
            "muy satisfecho|totalmente satisfecho|completamente satisfecho",
        ),
        (
            "tres insatisfait|pas du tout satisfait|tout a fait insatisfait",
            "insatisfait|plutot insatisfait|peu satisfait|plutot pas satisfait",
            "ni satisfait ni insatisfait|ni insatisfait ni satisfait",
            "satisfait|plutot satisfait|assez satisfait",
            "tres satisfait|tout a fait satisfait|extremement satisfait|totalement satisfait",
        ),
    ),
    "agreement": (
        (
            "strongly disagree",
            "disagree|somewhat disagree",
            "neither agree nor disagree",
            "agree|somewhat agree",
            "strongly agree",
        ),
        (
            "totalmente en desacuerdo|muy en desacuerdo",
            "en desacuerdo|algo en desacuerdo",
            "ni de acuerdo ni en desacuerdo",
            "de acuerdo|algo de acuerdo",
            "totalmente de acuerdo|muy de acuerdo",
        ),
        (
            "pas du tout d'accord|tout a fait en desaccord|totalement en desaccord",
            "pas d'accord|plutot pas d'accord|en desaccord|plutot en desaccord",
            "ni d'accord ni pas d'accord|ni en accord ni en desaccord|ni d'accord ni en desaccord",
            "d'accord|plutot d'accord|en accord",
            "tout a fait d'accord|totalement d'accord",
        ),
    ),
    "ease": (
        (
            "very difficult|extremely difficult|very hard",
            "difficult|somewhat difficult|hard",
            "neither easy nor difficult",
            "easy|somewhat easy",
            "very easy|extremely easy",
        ),
        (
            "muy dificil",
            "dificil|algo dificil",
            "ni facil ni dificil",
            "facil|algo facil|bastante facil",
            "muy facil",
        ),
        (
            "tres difficile",
            "difficile|plutot difficile",
            "ni facile ni difficile",
            "facile|plutot facile|assez facile",
            "tres facile",
        ),
    ),
    "likelihood": (
        (
            "very unlikely|extremely unlikely|not at all likely",
            "unlikely|somewhat unlikely",
            "neither likely nor unlikely",
            "likely|somewhat likely",
            "very likely|extremely likely",
        ),
        (
            "muy improbable|nada probable",
            "improbable|poco probable",
            "ni probable ni improbable",
            "probable|algo probable|bastante probable",
            "muy probable|sumamente probable",
        ),
        (
            "tres improbable|pas du tout probable",
            "peu probable|plutot improbable",
            "ni probable ni improbable",
            "plutot probable|assez probable",
            "tres probable|extremement probable|tout a fait probable",
        ),
    ),
}
_NEUTRAL: Final = ("neutral", "neutro", "neutre", "neutra", "indiferente", "undecided")


def _spelt(family: Family) -> dict[str, tuple[Decimal, int]]:
    """Return for each label of a sort its points and the number of its language."""
    return {
        label: (Decimal(points), language)
        for language, rows in enumerate(_LABELS[family])
        for points, labels in enumerate(rows, start=1)
        for label in labels.split("|")
    }


_POINTS: Final = {family: _spelt(family) for family in _LABELS}

FAMILIES: Final[Mapping[Family, Mapping[str, Decimal]]] = {
    family: {label: points for label, (points, _) in found.items()}
    | dict.fromkeys(_NEUTRAL, Decimal(3))
    for family, found in _POINTS.items()
}
"""For each sort of labels its points, from 1 to 5."""

_STEMS: Final[Mapping[Family, re.Pattern[str]]] = {
    "satisfaction": re.compile(r"satisf"),
    "agreement": re.compile(r"\bagree|disagree|acuerdo|accord"),
    "ease": re.compile(r"\beas(?:y|ier)\b|\bfacil|difficult|dificil|difficile"),
    "likelihood": re.compile(r"likely|probable"),
}
_NO_ANSWER: Final = frozenset(
    fold(each)
    for each in (
        *("n/a", "na", "not applicable", "does not apply", "don't know", "do not know"),
        *("i don't know", "no opinion", "prefer not to say", "prefer not to answer", "unsure"),
        *("no aplica", "no procede", "no sabe", "no lo sé", "ns/nc", "no sabe / no contesta"),
        *("prefiero no contestar", "prefiero no decirlo", "sin opinión"),
        *("non applicable", "sans objet", "ne sait pas", "je ne sais pas", "sans opinion"),
        *("ne se prononce pas", "nsp", "-"),
    )
)
_YES_NO: Final = frozenset(
    fold(each)
    for each in [
        "yes",
        "no",
        "y",
        "n",
        "sí",
        "si",
        "oui",
        "non",
        "true",
        "false",
        "verdadero",
        "falso",
        "vrai",
        "faux",
    ]
)
_GENDER = re.compile(r"\((?:e|a|o|s|es|as|os)\)|[/·.](?:e|a|o|as|os)(?![a-z])")
_FEMININE = re.compile(r"(satisfech)[ao@]s?\b|(satisfait)e?s?\b")
_BEFORE = re.compile(r"(\d{1,3})\s*(?:[-=:.)]|->)\s*(?=\D)(.+)")
_BEHIND = re.compile(r"(.*[^\W\d_].*?)(?:\s+[-=:]|\s*\()\s*(\d{1,3})\s*\)?")
_LONGEST = 50
_WORST = re.compile(r"\b(?:not at all|nada|para nada|pas du tout|very poor|worst|peor|pire)\b")
_BEST = re.compile(r"\b(?:extremely|extremadamente|extremement|excellent|excelente|best|mejor)\b")


@lru_cache(maxsize=4096)
def plain(label: str) -> str:
    """Return a label as it is compared: folded, without marks of gender."""
    said = _GENDER.sub("", fold(label)).rstrip(" .!")
    return _FEMININE.sub(lambda found: f"{found[1]}o" if found[1] else found[2], said)


def is_no_answer(label: str) -> bool:
    """Say whether a label says that the question does not apply."""
    return fold(label) in _NO_ANSWER


def is_yes_or_no(label: str) -> bool:
    """Say whether a label is yes or no."""
    return fold(label) in _YES_NO


@lru_cache(maxsize=4096)
def number_in(label: str) -> tuple[Decimal, str] | None:
    """Return the number that a label carries and its words: ``Extremely likely - 10``."""
    text = label.strip()
    found = _BEFORE.fullmatch(text)
    if found is not None:
        return Decimal(found[1]), found[2].strip()
    found = _BEHIND.fullmatch(text)
    if found is not None:
        return Decimal(found[2]), found[1].strip(" -=:(")
    return None


def pole(words: str) -> Literal["worst", "best"] | None:
    """Say whether a label's words stand for an end of a scale."""
    label = plain(words)
    for points in FAMILIES.values():
        value = points.get(label)
        if value is not None:
            return {1: "worst", 5: "best"}.get(int(value))  # type: ignore[return-value]
    if _WORST.search(label):
        return "worst"
    return "best" if _BEST.search(label) else None


def family_of(labels: Iterable[str]) -> tuple[Family | None, bool]:
    """
    Return which sort of labels a question has.

    Returns:
        The sort, and whether labels look like points that cannot be told: some are not known,
        or two of them would be one point.
    """
    known: dict[Family, list[tuple[Decimal, int]]] = {}
    doubtful = False
    for label in {plain(each) for each in labels if not is_no_answer(each)} - set(_NEUTRAL):
        for family, points in _POINTS.items():
            if label in points:
                known.setdefault(family, []).append(points[label])
            elif len(label) <= _LONGEST and _STEMS[family].search(label):
                doubtful = True
    if len(known) != 1:
        return None, bool(known) or doubtful
    family, found = next(iter(known.items()))
    if doubtful or len(set(found)) < len(found):
        return None, True
    return family, False

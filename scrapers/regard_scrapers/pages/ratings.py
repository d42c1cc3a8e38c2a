"""Ratings as pages write them: numbers, ``4,5 out of 5``, percentages and stars."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from regard_scrapers.pages.numerals import plain

__all__ = ["Rating", "count_of", "normalised", "rating_of"]

_NUMBER: Final = r"(\d{1,3}(?:[.,]\d{1,4})?)"
_OUT_OF: Final = re.compile(
    rf"{_NUMBER}\s*(?:/|out\s+of|of|de|sur|von|sobre|su)\s*(\d{{1,3}})", re.IGNORECASE
)
_ALONE: Final = re.compile(_NUMBER)
_STARS: Final = re.compile(r"[★⭐]")
_HALF: Final = re.compile(r"[½⯨]")
_EMPTY: Final = re.compile(r"[☆✩]")
_COUNT_GROUPED: Final = re.compile(r"\d{1,3}(?:[.,' ]\d{3})+(?!\d)|\d+(?![.,]\d)")
_BESIDE_COUNT: Final = re.compile(
    r"(?:review|rating|opini|valoraci|avis|bewertung|omd|recens|comment|vote|note|évaluation|evaluation)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Rating:
    """
    One rating.

    Attributes:
        value: Between ``worst`` and ``best``.
        best: The best that can be given; None: the page does not say.
        worst: The worst that can be given; None: the page does not say.
    """

    value: Decimal
    best: Decimal | None = None
    worst: Decimal | None = None


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def rating_of(text: object) -> Rating | None:
    """
    Return the rating in a text; None where there is none.

    Args:
        text: Such as ``4,5 out of 5``, ``★★★★☆`` or ``90%``.
    """
    if isinstance(text, bool) or text is None:
        return None
    if isinstance(text, Decimal):
        return Rating(text)
    flat = plain(str(text))
    stars = len(_STARS.findall(flat))
    if stars and not any(char.isdigit() for char in flat):
        half = Decimal("0.5") if _HALF.search(flat) else Decimal(0)
        empty = len(_EMPTY.findall(flat))
        best = Decimal(stars + empty) + (1 if half else 0)
        # Five full stars and none empty: there are never more than five.
        return Rating(stars + half, max(best, Decimal(5)) if best <= 5 else best)
    found = _OUT_OF.search(flat)
    if found is not None:
        return Rating(_number(found[1]), _number(found[2]))
    alone = _ALONE.search(flat)
    if alone is None:
        return None
    if flat[alone.end() :].lstrip().startswith("%"):
        return Rating(_number(alone[1]), Decimal(100), Decimal(0))
    return Rating(_number(alone[1]))


def normalised(rating: Rating) -> Decimal | None:
    """
    Return a rating from 0 (worst) to 1 (best), to six decimals; None where it does not fit.

    Where nothing else is said the best is 5 and the worst 1, as schema.org has it; zero stars
    are below the worst, so a scale whose worst is not said begins at 0 where a 0 was given.
    """
    best = Decimal(5) if rating.best is None else rating.best
    worst = rating.worst
    if worst is None:
        worst = Decimal(0) if rating.value < 1 or best > 10 else Decimal(1)
    if best <= worst or not worst <= rating.value <= best:
        return None
    return round((rating.value - worst) / (best - worst), 6)


def count_of(text: object) -> int | None:
    """
    Return how many reviews or ratings a text states; None where one cannot tell.

    Args:
        text: Such as ``(34)``, ``13,237 ratings`` or ``Rating: 3.2 (34)``.
    """
    if isinstance(text, bool) or text is None:
        return None
    if isinstance(text, Decimal):
        return int(text) if text == text.to_integral_value() and 0 <= text < 10**12 else None
    flat = plain(str(text))
    bracketed = re.search(r"\(\s*(\d[\d.,' ]*)\b", flat)
    numbers = [each for each in _COUNT_GROUPED.finditer(flat) if _whole(flat, each)]
    if bracketed is not None and _COUNT_GROUPED.fullmatch(bracketed[1].strip()):
        return int(re.sub(r"\D", "", bracketed[1]))
    if len(numbers) == 1 and not re.search(r"\d[.,]\d{1,2}(?!\d)", flat):
        return int(re.sub(r"\D", "", numbers[0][0]))
    beside = [each for each in numbers if _BESIDE_COUNT.match(flat[each.end() :].lstrip(" )"))]
    return int(re.sub(r"\D", "", beside[0][0])) if len(beside) == 1 and len(numbers) < 3 else None


def _whole(text: str, found: re.Match[str]) -> bool:
    before = text[found.start() - 1 : found.start()]
    return before not in (".", ",") or not text[found.start() - 2 : found.start() - 1].isdigit()

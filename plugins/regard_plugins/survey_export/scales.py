"""
Which scale a question's text declares, and what the question measures.

A scale is never guessed from the answers' maximum: a satisfaction asked from 1 to 10 would look
like one from 1 to 5 until the first good answer. What the text does not say must be declared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from regard.mapping.headers import fold

__all__ = ["Scale", "asks_openly", "measures", "scale_in"]


@dataclass(frozen=True, slots=True)
class Scale:
    """
    From where to where scores go.

    Attributes:
        low: The lowest one.
        high: The highest one.
        reverse: The lowest one is the best: what is stored is turned round.
    """

    low: Decimal
    high: Decimal
    reverse: bool = False

    def score(self, number: Decimal) -> Decimal | None:
        """Return the score that a number stands for; None where it is not on the scale."""
        if not self.low <= number <= self.high:
            return None
        return self.low + self.high - number if self.reverse else number


_LOW, _HIGH = r"(?<![\d.,/-])(?P<low>[01])", r"(?P<high>100|10|[3-9])(?![\d.,/]\d|\d|\s*%)"
_ASIDE = r"\s*(?:\([^()]{1,60}\))?\s*"
_UNIT = (
    r"(?!\s*(?:%|€|\$|£|-|days?\b|dias?\b|jours?\b|weeks?\b|semanas?\b|semaines?\b|months?\b|"
    r"mes(?:es)?\b|mois\b|years?\b|anos?\b|ans\b|hours?\b|horas?\b|heures?\b|h\b|min|times\b|"
    r"veces\b|fois\b|people\b|persons?\b|personas?\b|personnes?\b|nights?\b|noches?\b|nuits?\b|"
    r"euros?\b|eur\b|usd\b|km\b|kg\b|employees\b|empleados\b|employes\b|visit|children\b))"
)
_RANGE = re.compile(
    rf"(?P<before>\bde |\bdel |\bfrom |\bbetween |\bentre |\bsur |[(\[]\s*)?{_LOW}{_ASIDE}"
    rf"(?:-|\bto\b|\ba\b|\bal\b|\by\b|\bet\b|\band\b|\bthrough\b|\bhasta\b|\bjusqu'a\b)\s*"
    rf"{_HIGH}{_UNIT}"
)
_SAYS = (
    r"(?:=|:|->|\bis\b|\bmeans\b|\bbeing\b|\bes\b|\bsiendo\b|\bsignifica\b|\best\b|\betant\b|"
    r"\bsignifie\b|\bcorrespond\b)"
)
_POLES = re.compile(
    rf"{_LOW}\s*{_SAYS}\s*(?P<worst>[^\d]{{2,60}}?)[\s,;.()/|y-]*(?:\bet\b|\band\b)?\s*"
    rf"(?<!\d)(?P<high>100|10|[3-9])\s*(?:{_SAYS}\s*)?(?P<best>[^\d]{{2,60}}|$)"
)
_POINTS = re.compile(
    r"(?P<n>10|[3-9])[\s-]*(?:points?|puntos)\b(?=.*\b(?:scale|escala|echelle)\b)|"
    r"\b(?:scale|escala|echelle)\b[^\d]{0,20}(?P<m>10|[3-9])[\s-]*(?:points?|puntos)\b|"
    r"(?P<stars>10|[3-9])[\s-]*(?:stars\b|estrellas\b|etoiles\b|star (?:scale|rating))"
)
_RATES = re.compile(
    r"\b(?:scale|escala|echelle|rat(?:e|ing)\b|scor|punt[uú]|valor|calific|not(?:e|ez|er)\b|"
    r"evalu|grade)"
)
_NEGATIVE = re.compile(
    r"\b(?:not at all|dis\w+|un\w+|in(?:satisf|sufi)\w*|poor|bad|worst|terrible|hard|difficult|"
    r"nada|mal[ao]?|peor|pesim[ao]|dificil|pas (?:du tout|satisf)|mauvais|pire|difficile|low)"
)

_RECOMMEND = re.compile(r"\b(?:nps\b|net promoter|recommend|recom(?:i)?end|recommand)")
_EASE = re.compile(
    r"\b(?:effort|esfuerzo|eas(?:y|e|ier|ily)\b|facil|simple\b|sencill|difficult|dificil|"
    r"difficil|complicated|complicad|complique)"
)
_SATISFIED = re.compile(r"\bcsat\b|\b(?:dis|in|un)?satisf")
_OPEN = re.compile(
    r"\b(?:why|what could|what can|what should|comments?|tell us|describe|explain|suggest\w*|"
    r"feedback|anything else|in your own words|reason for|por que|coment\w+|cuent[ae]nos|"
    r"expli\w+|sugerencias?|que podriamos|que mejor\w+|algo mas|motivo|pourquoi|commentaires?|"
    r"dites-nous|decri\w+|qu'est-ce|que pourr\w+|autre chose|raison)\b"
)


def scale_in(text: str) -> Scale | None:
    """
    Return the scale that a question's text declares; None where it says none, or two.

    Understood are "0 to 10", "(1-5)", "de 0 a 10", "sur une échelle de 1 à 5", "1 = very
    dissatisfied, 5 = very satisfied", "5 stars", "a scale of 7 points".
    """
    said = fold(text)
    found = {_pole_scale(match) for match in _POLES.finditer(said)}
    if not found:
        measured = measures(text) is not None or _RATES.search(said) is not None
        found = {
            Scale(Decimal(match["low"]), Decimal(match["high"]))
            for match in _RANGE.finditer(said)
            if match["before"] or measured
        }
    if not found:
        found = {
            Scale(Decimal(1), Decimal(match["n"] or match["m"] or match["stars"]))
            for match in _POINTS.finditer(said)
        }
    return found.pop() if len(found) == 1 else None


def _pole_scale(match: re.Match[str]) -> Scale:
    turned = bool(_NEGATIVE.search(match["best"])) and not _NEGATIVE.search(match["worst"])
    return Scale(Decimal(match["low"]), Decimal(match["high"]), turned)


def measures(text: str) -> Literal["nps", "csat", "ces"] | None:
    """
    Return what a question asks about by its words: recommending, satisfaction or ease.

    Whether it really is an NPS depends on its scale, too.
    """
    said = fold(text)
    if _RECOMMEND.search(said):
        return "nps"
    if _SATISFIED.search(said):
        return "csat"
    return "ces" if _EASE.search(said) else None


def asks_openly(text: str) -> bool:
    """Say whether a question asks for an answer in own words."""
    return _OPEN.search(fold(text)) is not None

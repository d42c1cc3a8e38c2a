"""
The score in what somebody answers: "9", "un 8", "8/10", "diez", "4 estrellas", four stars.

People write other numbers, too: telephones, dates, prices, orders, how long they waited. So a
number counts where it stands alone on a line, begins the answer, carries its scale, or follows
a word such as ``nota`` or ``score``; any other one is passed over. Where two numbers could be
meant nobody guesses: the answer goes to quarantine, and a person decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from regard.errors import RecordError
from regard.privacy import mask_text

__all__ = ["Found", "Scale", "find_score", "lone_score"]


@dataclass(frozen=True, slots=True)
class Scale:
    """
    What may be answered.

    Attributes:
        lowest: The lowest score.
        highest: The highest score.
        whole: Whether only whole numbers are scores.
    """

    lowest: int
    highest: int
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """
    A score and the rest of the answer.

    Attributes:
        score: None: the answer has none.
        comment: The text without a line that only says the score; None: nothing is left.
    """

    score: Decimal | None
    comment: str | None


_WORDS = {
    word: value
    for value, words in enumerate(
        (
            "cero zéro zero",
            "uno una un une one",
            "dos deux two",
            "tres trois three",
            "cuatro quatre four",
            "cinco cinq five",
            "seis six",
            "siete sept seven",
            "ocho huit eight",
            "nueve neuf nine",
            "diez dix ten",
        )
    )
    for word in words.split()
}
_SPELT = "|".join(sorted(_WORDS, key=len, reverse=True))
_DIGITS = r"\d{1,3}(?:[.,]\d{1,2})?"
_NUMBER = rf"(?<![\w.,/:€$£#-])(?:{_DIGITS}|(?:{_SPELT})\b)"
_OF = r"\s?(?:/|sobre|sur|out of|over|de|of)\s?"
_POINTS = r"(?:\s?(?:puntos?|points?|pts?\.?))?"
_STAR_WORD = r"(?:estrellas?|[ée]toiles?|stars?)"
_LEAD = (
    r"(?:(?:mi |la |ma |my )?(?:nota|puntuaci[óo]n|valoraci[óo]n|calificaci[óo]n|respuesta"
    r"|score|rating|answer|note|r[ée]ponse|nps)(?: (?:es|est|is))?\s?[:=]?\s?)?"
)
_ARTICLE = r"(?:un|una|une|a|an|le|el)\s"

_HIGHEST = r"(\d{1,3}|cinco|cinq|five|siete|sept|seven|diez|dix|ten)\b"

_UNITS = (
    r"(?:d[íi]as?|days?|jours?|semanas?|weeks?|semaines?|mes(?:es)?|months?|mois|a[ñn]os?|years?"
    r"|ans|veces|vez|times?|fois|h\b|horas?|hours?|heures?|min|kg|cm|mm|%|personas?|people|unidades)"
)
_PRAISE = (
    r"(?:muy|porque|pues|ya que|por|para|sin|excelentes?|perfect[oa]?|genial|todo|bien|bueno"
    r"|mal[oa]?|fatal|content[oa]|encantad[oa]|satisfech[oa]|gracias|pero|aunque|fant[áa]stic[oa]?"
    r"|estupend[oa]|incre[íi]ble|maravillos[oa]|regular|p[ée]sim[oa]|alto|bajo|redondo|raspado"
    r"|justo|como|enhorabuena|felicidades|r[áa]pid[oa]|tr[èe]s|parce|car|pour|super|parfaite?"
    r"|excellente?|merci|mais|rien|sans|g[ée]niale?|ravie?|satisfaite?|dommage|malheureusement"
    r"|c['’]est|tout|very|because|for|great|good|but|since|thanks?|happy|really|awesome|amazing"
    r"|overall|everything|nothing|i|(?-i:El|La|Los|Las|Lo|Me|Nos|No|Le|Les|Je|Nous|Il|The|It|We"
    r"|My|Your|You|Not|All|Never))\b(?!\s?(?:\d|ciento|cent\b|the price))"
)
"""What follows a score and no amount: a judgement, a reason, or the beginning of a sentence."""
_LONE = re.compile(
    rf"^\W{{0,5}}{_LEAD}(?:{_ARTICLE})?({_NUMBER})(?:{_OF}{_HIGHEST})?{_POINTS}\W{{0,8}}$",
    re.IGNORECASE,
)
_FIRST = re.compile(
    rf"^\W{{0,5}}{_LEAD}(?:{_ARTICLE})?({_NUMBER}){_POINTS}\s?(?:[.,;:!)(–—-](?!\d)|$)",
    re.IGNORECASE,
)
_RATIO = re.compile(rf"({_NUMBER}){_OF}{_HIGHEST}(?![/\d])", re.IGNORECASE)
_COUNTED = re.compile(rf"\s(?!{_PRAISE})[^\W\d]{{3,}}", re.IGNORECASE)
_STARS = re.compile(rf"({_NUMBER})\s?{_STAR_WORD}\b", re.IGNORECASE)
_STARTED = re.compile(
    rf"^\W{{0,5}}{_LEAD}(?:(?:un|una|une|an?|el)\s({_NUMBER})|(?<!\w)({_DIGITS})){_POINTS}\s+(?={_PRAISE})",
    re.IGNORECASE,
)
_STANDING = re.compile(
    rf"[.!?…;)]\s+(?:(?:un|una|une|an?)\s)?({_NUMBER})(?=\s?(?:[.!;]|\)?\s*$))",
    re.IGNORECASE | re.MULTILINE,
)
"""A sentence of its own: "Muy contenta. 9"."""
_LAST = re.compile(rf",\s(?:(?:un|una|une|an?)\s)?({_DIGITS})\W{{0,4}}$")
_PLACED = re.compile(
    r"\b(?:calle|c/|avenida|avda|plaza|paseo|carretera|piso|puerta|portal|rue|avenue|boulevard"
    r"|street|road|floor|talla|taille|size|modelo|mod[èe]le|model|mesa|table|n[úu]mero|number"
    r"|num[ée]ro|vivo|live|habite)\b",
    re.IGNORECASE,
)
_FILLERS = (
    r"(?:(?:os|les?|te|a|an|la|una?|une|es|est|is|con|with|nota|puntuaci[óo]n|valoraci[óo]n|calificaci[óo]n"
    r"|note|score|rating|de|of|it|you|them|this|as|s[óo]lo|only|just|vous|lui|leur|seulement|que"
    r"|(?:the|al|a la|el|au)\s\w+)\s){0,4}?"
)
_KIND_OF = r"(?:solid|strong|good|buen|claro|s[óo]lido|bon)"
_GIVEN = re.compile(
    r"\b(?:doy|damos|dar[íi]a|pongo|pondr[íi]a|ponemos|punt[úu]o|punt[úu]an|merece[ns]?|nota"
    r"|puntuaci[óo]n|valoraci[óo]n|calificaci[óo]n|valoro|valoramos|califico|dir[íi]a|digamos"
    r"|score|rating|rate|give|giving|say|going with|go with|note|donne(?:rais)?|dirais|disons"
    r"|mets|mettrais|noterais|m[ée]rite[nz]?|meant(?: to (?:say|put|give|write|type))?"
    r"|(?:quer[íi]a(?:mos)?|quise) (?:decir|poner|dar|escribir)"
    rf"|voul(?:ais|ions) (?:dire|mettre|donner|[ée]crire))\b\W{{0,3}}{_FILLERS}(?:{_KIND_OF}\s)?"
    rf"(?:{_ARTICLE}({_NUMBER})(?!\s?{_UNITS})"
    rf"|({_NUMBER})(?=\s*(?:[.,;:!?)/]|$)|\s(?:{_PRAISE}|(?:al?|y|and|et|to|au|à|si|if|en|on|not?|pas|instead|rather)\b)))",
    re.IGNORECASE | re.MULTILINE,
)
_ONLY_GIVEN = re.compile(
    rf"(?:\w+\s){{0,2}}(?:doy|damos|pongo|ponemos|give|rate|donne|mets)\s(?:\w+\s)?(?:{_ARTICLE})?"
    rf"{_NUMBER}(?:{_OF}{_HIGHEST})?\W{{0,8}}",
    re.IGNORECASE,
)
"""Answers such as "Os doy un 7", of which nothing is left without the score."""
_ARTICLED = re.compile(
    # "el 10" and "le 10" are days.
    rf"\b(?:un|una|une|an?)\s(?:{_KIND_OF}\s)?({_NUMBER})(?=\s*(?:[.,;:!?)]|$)|\s{_PRAISE})",
    re.IGNORECASE | re.MULTILINE,
)
_ALSO = re.compile(
    rf"(?:,|\b(?:y|et|and|pero|but|mais))\s(?:(?:un|une|an?)\s({_NUMBER})"
    r"(?=\s?[.,;:!)]|\s*$|\s(?:al?|to|au|aux|à|en|on|in|por|para|pour|for)\b)"
    rf"|({_NUMBER})\s(?:por|para|pour|for)\b(?!\s?(?:\d|ciento|cent\b)))",
    re.IGNORECASE | re.MULTILINE,
)
"""A second score: "un 10 a Marta y un 3 a la web"."""
_BETWEEN = r"\s?(?:o|u|ou|or|y|et|to|a|à|,)\s(?:un |a )?"
_RANGE = re.compile(
    rf"({_NUMBER})(?:{_BETWEEN}({_NUMBER})|\s?[-–]\s?(\d{{1,2}}))(?![\w/-])", re.IGNORECASE
)
_DENIED = re.compile(
    r"\b(?:(?:no|ni|nunca|jam[áa]s|tampoco|not|never|pas|jamais|n['’]\w+|don['’]t|won['’]t"
    r"|wouldn['’]t|can['’]t)\b|(?:casi|hubiera|hubiese|habr[íi]a|almost|nearly|would have"
    r"|would['’]ve|presque|aurais|aurait)\b)[^.!?,;\n]{0,25}$",
    re.IGNORECASE,
)
_GLYPHS = re.compile("[★⭐🌟☆✩✰]+")
_FULL = "★⭐🌟"

_DATED = re.compile(
    r"\b(?:el|del|al|desde|hasta|d[íi]a|on|since|le|du|depuis|jusqu'au)\s$", re.IGNORECASE
)
_ORDER_WORDS = (
    "pedido|orden|order|commande|factura|facture|invoice|ticket|ref(?:erencia)?"
    "|r[ée]f(?:[ée]rence)?|n[º°o]\\.?|num(?:ero|éro)?|n[úu]mero|number"
)
_MONTHS = (
    "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"
    "|january|february|march|april|may|june|july|august|september|october|november|december"
    "|janvier|f[ée]vrier|mars|avril|mai|juin|juillet|ao[ûu]t|septembre|octobre|novembre"
    "|d[ée]cembre"
)
_MONEY = r"(?:€|\$|£|euros?\b|eur\b|usd\b|dollars?\b|pounds?\b)"
_REFUSED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b\d{1,4}([-/.])\d{1,2}\1\d{2,4}\b",
        r"\b\d{1,2}:\d{2}(?::\d{2})?\b|\b\d{1,2}\s?h(?:\d{2})?\b",
        rf"[€$£]\s?\d[\d.,]*|\b\d[\d.,]*\s?{_MONEY}",
        r"\b\d[\d.,]*\s?(?:%|por ciento\b|percent\b|per cent\b|pour cent\b)",
        rf"(?:\b(?:{_ORDER_WORDS})|#)(?:\s(?:es|is|est|era|was)\b)?(?:\s(?:el|le|la|the)\b)?[\s.:#º°]{{0,4}}[a-z]{{0,5}}[-_]?\d[\w-]*",
        rf"\b\d{{1,2}}\s(?:de\s)?(?:{_MONTHS})\b",
        r"\b\d{4,}\b",
    )
)

_ASKED = re.compile(
    r"(?:\b\w{2,5}\s(?:una?|a|une|la|the)\s(?:escala|scale|[ée]chelle)\s)?"
    r"\b(?:del?|entre|from|of|between)\s?[01]\s?(?:al?|à|to|y|et|and|[-–])\s?(\d{1,3})\b"
    rf"(?!\s?{_UNITS})",
    re.IGNORECASE,
)
"""The scale, said again: "de 0 a 10, un 7"."""
_TWICE = re.compile(
    rf"\b({_SPELT})\s?\(\s?(\d{{1,3}})\s?\)|\b(\d{{1,3}})\s?\(\s?({_SPELT})\s?\)", re.IGNORECASE
)
_MARKED = re.compile(
    r"^\W{0,3}(?:(?:pregunta|question|p|q)\s?\d{1,2}\s?[.:)-]{1,2}|\d\s?[.)]-?(?=\s+\w))\s*",
    re.IGNORECASE,
)
"""The number of a question: "1) 9"."""
_LABELLED = re.compile(
    r"^\W{0,3}(?:probabilidad|recomendaci[óo]n|recommendation|recommandation|likelihood|voto"
    r"|vote|satisfacci[óo]n|satisfaction|general|\[number\])\s?[:=]\s?",
    re.IGNORECASE,
)


def find_score(text: str, scale: Scale) -> Found:
    """
    Return the score in an answer, and what else it says.

    Args:
        text: What somebody wrote, without quotes and signature.
        scale: What may be answered.

    Raises:
        RecordError: ``ambiguous-score``, ``score-out-of-scale``, ``other-scale`` or
            ``score-not-whole``: a person has to look at it.
    """
    plain = _prepared(text, scale)
    lines = [line.strip() for line in plain.split("\n")]
    first = next((at for at, line in enumerate(lines) if line), None)
    if first is None:
        return Found(None, text.strip() or None)
    marked = _MARKED.match(lines[first]) is not None
    if marked:
        lines = [_MARKED.sub("", line) for line in lines]
    lone = None if marked else _lone(lines[first], scale)
    if lone is not None:
        return Found(lone, _without(text, first))
    scores, at = _candidates(lines, scale)
    if len(scores) > 1:
        said = " and ".join(_shown(score) for score in sorted(scores))
        message = f"two scores could be meant: {said}"
        raise RecordError("ambiguous-score", message, "text")
    comment = text.strip() or None if at is None else _without(text, at)
    if scores and _ONLY_GIVEN.fullmatch(plain.strip()):
        comment = None
    return Found(next(iter(scores), None), comment)


def lone_score(line: str, scale: Scale) -> Decimal | None:
    """
    Return the score of a line, such as a subject, that says nothing else; None: it says more.

    Raises:
        RecordError: It is a number and no score, as of `find_score`.
    """
    return _lone(_prepared(line, scale).strip(), scale)


def _prepared(text: str, scale: Scale) -> str:
    """Return a text as it is searched: with its lines, without numbers that are no scores."""
    text = _ASKED.sub(
        lambda found: "" if int(found[1]) == scale.highest else found[0],
        _masked(_normalised(text)),
    )
    return _TWICE.sub(_once, text)


def _once(found: re.Match[str]) -> str:
    spelt, digits = found[1] or found[4], found[2] or found[3]
    return digits if _WORDS[spelt.lower()] == int(digits) else found[0]


def _normalised(text: str) -> str:
    text = text.replace("🔟", "10").replace("\ufe0f", "").replace("\u20e3", "")
    # Sign by sign: lines stay where they are.
    return "".join(
        str(unicodedata.digit(sign)) if not sign.isascii() and sign.isdigit() else sign
        for sign in text
    )


def _masked(text: str) -> str:
    """Return a text without the numbers that are no scores, and with its lines."""
    text = mask_text(text)
    for pattern in _REFUSED:
        text = pattern.sub(" [number] ", text)
    return text


def _without(text: str, at: int) -> str | None:
    lines = text.split("\n")
    rest = "\n".join(line for number, line in enumerate(lines) if number != at)
    return re.sub(r"\n{3,}", "\n\n", rest).strip() or None


def _lone(line: str, scale: Scale) -> Decimal | None:
    """Return the score that a line says and nothing else."""
    if _GLYPHS.fullmatch(re.sub(r"[\s.!()]", "", line)):
        return _judged(Decimal(sum(line.count(sign) for sign in _FULL)), 5, scale)
    stars = re.fullmatch(rf"\W{{0,5}}({_NUMBER})\s?{_STAR_WORD}\W{{0,5}}", line, re.IGNORECASE)
    if stars:
        return _judged(_value(stars[1]), 5, scale)
    found = _LONE.match(_LABELLED.sub("", line).strip("_"))
    if found is None:
        return None
    highest = int(_value(found[2])) if found[2] else None
    if highest is not None and not _is_scale(_value(found[1]), highest, scale):
        return None
    return _judged(_value(found[1]), highest, scale)


def _is_scale(score: Decimal, highest: int, scale: Scale) -> bool:
    """Say whether what stands behind a slash ends a scale: not in "3/12" and not in "12/10"."""
    return highest in (5, 7, 10, 100, scale.highest) and score <= highest


def _candidates(lines: list[str], scale: Scale) -> tuple[set[Decimal], int | None]:
    """Return all scores that could be meant, and the line that says nothing but the one."""
    scores: set[Decimal] = set()
    lone_at: int | None = None
    for at, line in enumerate(lines):
        lone = _lone(line, scale) if line and len(line) <= 40 else None
        if lone is not None:
            scores.add(lone)
            lone_at = at
    first = next((line for line in lines if line), "")
    scores.update(_first(first, scale))
    if scores and lone_at is not None:
        return scores, lone_at
    text = "\n".join(lines)
    scores.update(_with_scale(text, scale))
    if not scores:
        scores.update(_given(text, scale))
    if not scores:
        scores.update(_standing(text, scale))
    if scores:
        scores.update(_possible((one or other for one, other in _ALSO.findall(text)), scale))
    return scores, None


def _first(line: str, scale: Scale) -> Iterator[Decimal]:
    """Yield the score that an answer begins with, or both of "8 o 9"."""
    found = _FIRST.match(line)
    both = _RANGE.search(line)
    if both is not None and both.start() <= 6:
        yield from _possible((both[1], both[2] or both[3]), scale)
    elif found is not None:
        yield _judged(_value(found[1]), None, scale)
    elif (started := _STARTED.match(line)) is not None:
        yield _judged(_value(started[1] or started[2]), None, scale)


def _possible(numbers: Iterable[str], scale: Scale) -> Iterator[Decimal]:
    for number in numbers:
        if scale.lowest <= _value(number) <= scale.highest:
            yield _value(number)


def _with_scale(text: str, scale: Scale) -> Iterator[Decimal]:
    """Yield scores that carry their scale: "8/10", "8 sobre 10", "4 estrellas", stars."""
    for found in _RATIO.finditer(text):
        score, highest = _value(found[1]), int(_value(found[2]))
        dated = "/" in found[0] and _DATED.search(text[: found.start()][-12:])
        # "2 de 3 paquetes" and "12/10" carry no scale.
        if _is_scale(score, highest, scale) and not dated:
            spelt = not re.search(r"/|sobre|sur|out", found[0], re.IGNORECASE)
            # "5 de 10 paquetes" is an amount.
            if spelt and (highest != scale.highest or _COUNTED.match(text, found.end())):
                continue
            yield _judged(score, highest, scale)
    for found in _STARS.finditer(text):
        yield _judged(_value(found[1]), 5, scale)
    for glyphs in _GLYPHS.findall(text):
        count = sum(glyphs.count(sign) for sign in _FULL)
        # One star more often decorates than rates.
        if len(glyphs) > 1:
            yield _judged(Decimal(count), 5, scale)


def _given(text: str, scale: Scale) -> Iterator[Decimal]:
    """Yield scores that words announce: "le doy un 7", "nota: 8", "a 9."."""
    for found in (*_GIVEN.finditer(text), *_ARTICLED.finditer(text)):
        number = found[1] or found[found.re.groups]
        if number.lower() in ("un", "una", "une", "uno", "one"):
            continue
        before = text[: found.start(1 if found[1] else 2)][-60:]
        if _DENIED.search(before):
            message = f"somebody writes that {number} is not the score"
            raise RecordError("ambiguous-score", message, "text")
        yield _judged(_value(number), None, scale)


def _standing(text: str, scale: Scale) -> Iterator[Decimal]:
    """Yield scores that close a sentence or are one: "Muy contenta. 9", "Todo bien, 9"."""
    yield from _possible((found[1] for found in _STANDING.finditer(text)), scale)
    for line in text.split("\n"):
        last = _LAST.search(line) if len(line) <= 80 and not _PLACED.search(line) else None
        if last is not None:
            yield from _possible((last[1],), scale)


def _value(number: str) -> Decimal:
    word = _WORDS.get(number.lower())
    return Decimal(word) if word is not None else Decimal(number.replace(",", "."))


def _judged(score: Decimal, highest: int | None, scale: Scale) -> Decimal:
    """
    Return a score that is one on the scale.

    Raises:
        RecordError: It is not.
    """
    asked = f"{scale.lowest} to {scale.highest}"
    if highest is not None and highest != scale.highest:
        message = f"{_shown(score)} of {highest} is answered where {asked} was asked for"
        raise RecordError("other-scale", message, "score")
    if not scale.lowest <= score <= scale.highest:
        message = f"{_shown(score)} is not on the scale of {asked}"
        raise RecordError("score-out-of-scale", message, "score")
    if scale.whole and score != score.to_integral_value():
        message = f"{_shown(score)} is answered where a whole number from {asked} was asked for"
        raise RecordError("score-not-whole", message, "score")
    return score


def _shown(score: Decimal) -> str:
    return format(score, "f")

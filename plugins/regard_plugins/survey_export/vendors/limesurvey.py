"""
LimeSurvey: one header row of codes, full texts, or both; an empty submit date is incomplete.

The columns before the questions have their names in the language of whoever exported.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from regard.mapping.headers import fold
from regard.tabular import Value
from regard_plugins.survey_export.layouts import Asked, Layout, tidy
from regard_plugins.survey_export.sorting import Columns, facts_of, present

__all__ = ["layout"]

_NAMES = {
    "id": ("id", "response id", "id de respuesta", "id de la respuesta", "id de la reponse"),
    "submitdate": (
        *("submitdate", "date submitted", "fecha de envio", "fecha de remision"),
        *("date de soumission", "soumis le"),
    ),
    "lastpage": ("lastpage", "last page", "ultima pagina", "derniere page"),
    "startlanguage": (
        *("startlanguage", "start language", "lenguaje inicial", "idioma inicial"),
        *("langue de depart",),
    ),
    "startdate": (
        *("startdate", "date started", "fecha de inicio", "date de lancement", "date de debut"),
    ),
    "datestamp": (
        *("datestamp", "date last action", "fecha de la ultima accion"),
        *("date de la derniere action",),
    ),
}
_PERSONAL = (
    *("ipaddr", "ip address", "direccion ip", "adresse ip", "firstname", "first name"),
    *("lastname", "last name", "nombre", "apellidos", "prenom", "nom de famille"),
)
_PASSED = (
    *("seed", "semilla", "graine", "token", "access code", "codigo de acceso", "code d'acces"),
    *("refurl", "referrer url", "url de referencia", "url de reference"),
    *("interviewtime", "total time", "tiempo total", "temps total", "quota exit"),
)
_TIMED = re.compile(
    r"grouptime\d+|.*\d+time|.*time: .*|"
    r"(?:group|question|grupo|pregunta|groupe) (?:time|tiempo|temps).*|(?:tiempo|temps) .*"
)
_EMAILS = ("email", "email address", "correo electronico", "adresse e-mail")
_OTHER = frozenset({"other", "otro", "otra", "autre", "comment", "comentario", "commentaire"})
_COMMENT = re.compile(r"(.*)\[(.*)comment\]")
_BRACKET = re.compile(r"(?P<question>.*\S)\s*\[(?P<part>[^\[\]]*)\]", re.DOTALL)
_BOTH = re.compile(r"(?P<code>[A-Za-z][A-Za-z0-9]*(?:\[[^\]]*\])*)\.\s+(?P<text>.+)", re.DOTALL)
_UNDER = re.compile(r"(?P<question>[A-Za-z]\w*?)_(?P<part>SQ\d+|other)", re.IGNORECASE)


def layout(header: Sequence[str], sample: Sequence[Sequence[Value]] = ()) -> Layout | None:
    """Return what the columns are; None: LimeSurvey has not made this table."""
    columns = Columns([_without_code(name) for name in header])
    found = {name: columns.take(*names) for name, names in _NAMES.items()}
    key, submitted = found["id"], found["submitdate"]
    if (
        key != 0
        or submitted is None
        or (found["lastpage"], found["startlanguage"]) == (None, None)
    ):
        return None
    email = columns.take(*_EMAILS)
    personal = columns.take_all(_PERSONAL)
    passed = columns.take_all(_PASSED) + columns.take_all(_TIMED.fullmatch)
    passed += columns.take_all({f"{code}time" for code in _codes(header)})
    unknown = columns.take_all(re.compile(r"attribute_\d+").fullmatch)
    return Layout(
        "limesurvey",
        "LimeSurvey responses",
        tuple(_asked(place, header[place]) for place in columns.left),
        facts=facts_of(response_key=key, email=email, language=found["startlanguage"]),
        times=present(submitted, found["datestamp"], found["startdate"]),
        done=(submitted, None),
        personal=personal,
        passed=(*present(found["lastpage"]), *passed),
        unknown=unknown,
        dates=("iso",),
        scoped=True,
    )


def _codes(header: Sequence[str]) -> set[str]:
    """Return what questions are called, folded: the time that one took is called after it."""
    return {fold(_parts(tidy(name))[0]) for name in header}


def _without_code(name: str) -> str:
    """Return a header without the code before it: ``id. Response ID``."""
    found = _BOTH.fullmatch(name)
    return found["text"] if found is not None and fold(found["code"]) in _KNOWN else name


_KNOWN = {name for names in _NAMES.values() for name in names} | {*_PERSONAL, *_PASSED}


def _asked(place: int, name: str) -> Asked:
    both = _BOTH.fullmatch(name)
    code, text = (both["code"], both["text"]) if both else (None, name)
    asked, part = _parts(tidy(text))
    root, code_part = _parts(code) if code else (None, None)
    if root is None and re.fullmatch(r"[A-Za-z]\w*", asked):
        root = asked
    last = fold(part or "")
    if last in _OTHER or fold(code_part or "") == "other":
        return Asked(place, asked, "other", root, "other")
    comment = _COMMENT.fullmatch(text)
    if comment is not None:
        return Asked(place, comment[1], f"{comment[2]} comment", root, "other")
    if part is None:
        return Asked(place, asked, None, root)
    return Asked(place, asked, part, root, "part")


def _parts(text: str) -> tuple[str, str | None]:
    """Return a question and the option or row that a header names behind it."""
    found = _BRACKET.fullmatch(text) or _UNDER.fullmatch(text)
    if found is None:
        return text, None
    question, part = found["question"], found["part"]
    outer = _BRACKET.fullmatch(question)
    if outer is not None:  # an array of two dimensions: [row][column]
        return outer["question"], f"{outer['part']} / {part}"
    return question, part

"""What a survey is called when only the names of its files say so."""

from __future__ import annotations

import re
from pathlib import PurePath

from regard.mapping.headers import fold
from regard_plugins.survey_export.layouts import tidy

__all__ = ["slug", "survey_name", "survey_number"]

_SUFFIX = re.compile(
    r"\.(?:csv|tsv|txt|xlsx?|ods|json|jsonl|ndjson|zip|gz|parquet)$", re.IGNORECASE
)
_COPY = re.compile(r"[ _-]*(?:\(\d+\)|- ?cop(?:y|ia|ie)(?: ?\(?\d+\)?)?)$", re.IGNORECASE)
_DATE = re.compile(
    r"[ _.+-]*(?:(?:19|20)\d\d[-_.]?(?:0[1-9]|1[0-2])[-_.]?(?:0[1-9]|[12]\d|3[01])"
    r"|(?:january|february|march|april|may|june|july|august|september|october|november|december)"
    r"[ +_]\d{1,2},?[ +_](?:19|20)\d\d)(?:[-_T. +]\d{1,2}[-_.:h]\d{2}(?:[-_.:m]\d{2})?s?)?",
    re.IGNORECASE,
)
_MONTH = re.compile(r"[ _.+-]+(?:19|20)\d\d[-_.]?(?:0[1-9]|1[0-2])$")
_SHEET = re.compile(
    r"(?: - )?(?:form responses|respuestas de formulario|reponses au formulaire|"
    r"réponses au formulaire|formularantworten|sheet|hoja|feuille) ?\d*$",
    re.IGNORECASE,
)
_RESPONSES = re.compile(
    r"[ _-]*\((?:responses|respuestas|réponses|reponses)\)"
    r"|[ _-]+(?:all versions|todas las versiones|toutes les versions)"
    r"(?:[ _-]+(?:labels|false|english|español|français)[^-_]*)?$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"survey[ _-]?(\d{4,})", re.IGNORECASE)
_LONGEST = 40


def survey_name(path: PurePath, member: str | None) -> str:
    """
    Return what a survey is called by its file: without dates, counters and what vendors add.

    Args:
        path: The file.
        member: The sheet or archive member, where it has several.
    """
    stem = _cleaned(path.name)
    if member is None:
        return stem
    inner = _cleaned(PurePath(member).name)
    if path.suffix.casefold() == ".zip":
        return inner or stem
    return f"{stem} {inner}" if inner else stem


def _cleaned(name: str) -> str:
    text = name
    while (shorter := _SUFFIX.sub("", text)) != text:
        text = shorter
    text = text.replace("+", " ")
    for _ in range(3):
        for pattern in (_COPY, _DATE, _MONTH, _RESPONSES, _SHEET):
            text = pattern.sub("", text)
    return tidy(text.replace("_", " ")).strip(" -_") or tidy(_SUFFIX.sub("", name))


def survey_number(path: PurePath) -> str | None:
    """Return the number of a survey that LimeSurvey writes into names: ``results-survey12345``."""
    found = _NUMBER.search(path.name)
    return found[1] if found else None


def slug(name: str) -> str:
    """Return a name as it stands in keys and in names of streams."""
    return re.sub(r"[^a-z0-9]+", "-", fold(name))[:_LONGEST].strip("-") or "survey"

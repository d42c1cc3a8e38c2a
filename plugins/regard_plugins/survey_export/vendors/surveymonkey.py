"""
SurveyMonkey: a row of questions, a row of what their columns are for.

A blank cell of the first row continues the question before it. The second row says
``Response``, ``Open-Ended Response``, or the option or row that the column is for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from regard.mapping.headers import fold
from regard.tabular import Value
from regard_plugins.survey_export.layouts import Asked, Layout, heads
from regard_plugins.survey_export.opening import RESPONDENT
from regard_plugins.survey_export.sorting import Columns, facts_of, present

__all__ = ["layout"]

_SINGLE = frozenset({"", "response", "respuesta", "reponse"})
_OPEN = frozenset(
    {"open-ended response", "respuesta abierta", "respuesta de composicion abierta"}
    | {"reponse ouverte", "open-ended responses"}
)
_OTHER = re.compile(r"(?:other|otro|otra|autre)s?\b(?: \(.*\)|,.*|:.*)?")
_PERSONAL = ("ip address", "ipaddress", "first name", "firstname", "last name", "lastname")


def layout(header: Sequence[str], sample: Sequence[Sequence[Value]] = ()) -> Layout | None:
    """Return what the columns are; None: SurveyMonkey has not made this table."""
    columns = Columns(header)
    key = columns.take(*RESPONDENT)
    if key != 0 or not any(each in columns for each in ("collector id", "collectorid")):
        return None
    start = columns.take("start date", "startdate", "date created")
    end = columns.take("end date", "enddate", "date modified")
    email = columns.take("email address", "emailaddress")
    personal = columns.take_all(_PERSONAL)
    passed = columns.take_all(("collector id", "collectorid"))
    custom = columns.take_all(re.compile(r"custom ?(?:data|value) ?\d*").fullmatch)
    return Layout(
        "surveymonkey",
        "SurveyMonkey responses",
        tuple(_asked(place, header[place]) for place in columns.left),
        facts=facts_of(response_key=key, email=email),
        times=present(end, start),
        personal=personal,
        passed=passed,
        unknown=custom,
        dates=("month-first",),
    )


def _asked(place: int, name: str) -> Asked:
    question, *below = heads(name)
    part = below[0] if below else ""
    said = fold(part)
    if said in _SINGLE:
        return Asked(place, question)
    if said in _OPEN:
        return Asked(place, question, sort="text")
    if _OTHER.fullmatch(said):
        return Asked(place, question, part, sort="other")
    return Asked(place, question or part, part if question else None, sort="part")

"""Formbricks: fixed columns, numbered questions, then variables, hidden fields, attributes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from regard.mapping.headers import fold
from regard.tabular import Value
from regard_plugins.survey_export.layouts import Asked, Layout, tidy
from regard_plugins.survey_export.sorting import Columns, facts_of, present

__all__ = ["layout"]

_NUMBERED = re.compile(r"\d+\. .+", re.DOTALL)
_OPTION_ID = re.compile(r".* - option id", re.DOTALL)
_PERSONAL = re.compile(
    r"(?:ipaddress|ip address|(?:person|contact)\.(?:first ?name|last ?name|name|phone))"
)
_PASSED = re.compile(
    r"no\.|survey id|formbricks id \(internal\)|tags|notes|quotas|url|source|action|country|"
    r"useragent - .*|device|browser|os"
)


def layout(header: Sequence[str], sample: Sequence[Sequence[Value]] = ()) -> Layout | None:
    """Return what the columns are; None: Formbricks has not made this table."""
    columns = Columns(header)
    key = columns.take("response id")
    time = columns.take("timestamp")
    finished = columns.take("finished")
    if key is None or time is None or finished is None or "survey id" not in columns:
        return None
    user = columns.take("user id", "person.userid", "contact.userid")
    email = columns.take("verified email", "person.email", "contact.email")
    language = columns.take("person.language", "contact.language")
    passed = columns.take_all(_OPTION_ID.fullmatch)
    asked = columns.take_all(_NUMBERED.fullmatch)
    personal = columns.take_all(_PERSONAL.fullmatch)
    passed += columns.take_all(_PASSED.fullmatch)
    texts = {place: tidy(header[place]).partition(". ")[2] for place in asked}
    return Layout(
        "formbricks",
        "Formbricks responses",
        tuple(_asked(place, text, [*texts.values()]) for place, text in texts.items()),
        facts=facts_of(response_key=key, customer_key=user, email=email, language=language),
        times=present(time),
        done=(finished, frozenset({"yes", "true", "1", "si", "oui"})),
        personal=personal,
        passed=passed,
        unknown=columns.left,
        dates=("%a %b %d %Y", "iso"),
        separator="; ",
    )


def _asked(place: int, text: str, others: Sequence[str]) -> Asked:
    stem, _, row = text.rpartition(" - ")
    siblings = sum(each.startswith(f"{stem} - ") for each in others) if stem else 0
    if stem and siblings > 1:
        return Asked(place, stem, row, None, "part")
    return Asked(place, text if fold(text) else f"question {place + 1}")

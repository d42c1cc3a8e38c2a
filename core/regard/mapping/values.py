"""
Texts, addresses, flags: what a cell says, in the form in which records keep it.

Only an empty cell is empty. ``N/A``, ``-`` and ``null`` are texts like any other until a map
declares them under ``values``: what is a placeholder here is a surname there.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from regard.errors import RecordError
from regard.mapping.headers import fold

__all__ = [
    "Cell",
    "as_text",
    "clean",
    "parse_country",
    "parse_email",
    "parse_flag",
    "parse_flag_or_text",
    "shape",
]

Cell: TypeAlias = "str | int | Decimal | bool | date | datetime | None"
"""One cell of a table: a text, or what a spreadsheet or a JSON file says it is."""

_AROUND = frozenset("'=")
_WRAPPED = re.compile(r'="(.*)"', re.DOTALL)
_SHOWN = 24


def as_text(cell: Cell) -> str:
    """Return a cell as text, whatever the file says its type is; empty for None."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        text = format(cell, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def clean(cell: Cell) -> str:
    """
    Return a cell's text without what spreadsheets put around it.

    A spreadsheet is kept from eating leading zeros by an apostrophe in front (Shopify's ids,
    postal codes and phone numbers) or by ``="00123"``; neither is part of the value.
    """
    text = (cell if type(cell) is str else as_text(cell)).strip()
    if text[:1] not in _AROUND:
        return text
    if text[:1] == "'" and text[1:2] in "0123456789+-=@" and len(text) > 1:
        return text[1:].strip()
    if text[:2] == '="':
        wrapped = _WRAPPED.fullmatch(text)
        if wrapped is not None:
            return wrapped.group(1).strip()
    return text


def shape(text: str) -> str:
    """
    Return what a value looks like without saying it: digits become 9, letters become a.

    Messages must not hold personal data, and yet say why a value could not be read.
    """
    seen = "".join(
        "9" if each.isdigit() else "a" if each.isalpha() else each if each.isprintable() else "?"
        for each in text[:_SHOWN]
    )
    return seen + ("..." if len(text) > _SHOWN else "")


def parse_email(cell: Cell) -> str | None:
    """Return an e-mail address, trimmed and in lower case; of several the first."""
    text = clean(cell).lower()
    if ";" in text or "," in text:
        text = re.split(r"[;,]", text, maxsplit=1)[0].strip()
    return text or None


def parse_country(cell: Cell) -> str | None:
    """Return a country as it was written, a two-letter code in capitals."""
    text = clean(cell)
    if len(text) == 2 and text.isascii() and text.isalpha():
        return text.upper()
    return text or None


_YES = "1 true yes y on si sí s oui o vrai verdadero wahr ja sim vero"
_NO = "0 false no n off non faux falso falsch nein não nao"
_FLAGS = {fold(word): True for word in _YES.split()} | {fold(word): False for word in _NO.split()}


def parse_flag(cell: Cell) -> bool | None:
    """
    Return yes or no, as English, Spanish, French and their neighbours write it.

    Raises:
        RecordError: ``bad-flag``: it says neither.
    """
    text = clean(cell)
    if not text:
        return None
    value = _FLAGS.get(fold(text))
    if value is None:
        message = f"{shape(text)!r} is neither yes nor no; declare what it means under `values`"
        raise RecordError("bad-flag", message)
    return value


def parse_flag_or_text(cell: Cell) -> bool | str | None:
    """Return yes or no where the cell says so, else its text."""
    text = clean(cell)
    return _FLAGS.get(fold(text), text) if text else None

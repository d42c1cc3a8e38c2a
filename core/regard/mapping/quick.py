"""
The shapes that machines write, read without detours.

Order numbers, times and amounts hardly repeat, so remembering them gains nothing; but nearly
all of them have the plainest shape there is. Each function here knows one such shape and
leaves everything else, by returning None, to the step that knows all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import TypeAlias

from regard.mapping.amounts import DecimalSign
from regard.mapping.kinds import ValueType
from regard.numbers import MAX_MILLIONTHS
from regard.records.encoding import SEPARATOR, StoredValue, microseconds

__all__ = ["Meaning", "Quick", "quick_reader"]

Meaning: TypeAlias = tuple[StoredValue, str]
"""What a cell came to: the stored value, and its part of the hashed text."""

Quick: TypeAlias = Callable[[str], Meaning | None]

_POINT = re.compile(r"(-?)(0|[1-9]\d{0,11})(?:\.(\d{1,2}))?", re.ASCII)
_COMMA = re.compile(r"(-?)(0|[1-9]\d{0,11})(?:,(\d{1,2}))?", re.ASCII)
_LENGTHS = (16, 19, 25)
"""Of ``2026-01-31 08:00``, with seconds, and with an offset as well."""


def _text(name: str) -> Quick:
    def read(cell: str) -> Meaning | None:
        text = cell.strip()
        if not text or text[0] in "'=":
            return None
        return text, f"{name}={text}{SEPARATOR}"

    return read


def _email(name: str) -> Quick:
    def read(cell: str) -> Meaning | None:
        text = cell.strip().lower()
        if not text.isascii() or not text or text[0] in "'=" or ";" in text or "," in text:
            return None
        return text, f"{name}={text}{SEPARATOR}"

    return read


def _number(name: str, decimal: DecimalSign | None) -> Quick:
    shape = _COMMA if decimal == "," else _POINT
    unsigned = name == "discount"

    def read(cell: str) -> Meaning | None:
        found = shape.fullmatch(cell)
        if found is None:
            return None
        sign, whole, rest = found.groups()
        scaled = int(whole + (rest or "").ljust(6, "0"))
        if scaled > MAX_MILLIONTHS:
            return None
        if sign and not unsigned:
            scaled = -scaled
        return scaled, f"{name}={scaled}{SEPARATOR}"

    return read


def _time(name: str, zone: tzinfo) -> Quick:
    def read(cell: str) -> Meaning | None:
        if len(cell) not in _LENGTHS or cell[:2] not in ("19", "20") or cell[10] not in " T":
            return None
        if cell[4] != "-" or cell[7] != "-":
            return None
        try:
            moment = datetime.fromisoformat(cell)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        moment = moment.astimezone(UTC)
        # The offset is always +00:00 here, and the store keeps none.
        stored = moment.isoformat(" ", "microseconds")[:26]
        return stored, f"{name}={microseconds(moment)}{SEPARATOR}"

    return read


def quick_reader(
    name: str,
    sort: ValueType | None,
    *,
    decimal: DecimalSign | None,
    zone: tzinfo,
    iso: bool,
) -> Quick | None:
    """
    Return what reads the plainest shape of a field, or None where there is none.

    Args:
        name: The field.
        sort: Its sort of value; None where its cells mean more than what they say.
        decimal: The declared decimal sign.
        zone: Where local times are.
        iso: Whether ISO 8601 times are understood before anything declared.
    """
    if sort is ValueType.TEXT:
        return _text(name)
    if sort is ValueType.EMAIL:
        return _email(name)
    if sort in (ValueType.MONEY, ValueType.NUMBER):
        return _number(name, decimal)
    return _time(name, zone) if sort is ValueType.TIME and iso else None

"""
How far a stream has been read.

A cursor is inclusive: the next read starts at it, not behind it, because records that share
its value may have come late; those that are read twice are recognised by key and content.
A cursor of an ordered type never goes back and never runs ahead of the clock, so that one
record dated 2099 cannot silence a source for decades.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias

from regard.errors import RecordError

__all__ = ["MAX_BYTES", "SKEW", "CursorValue", "advance", "as_time", "believable", "dump", "parse"]

CursorValue: TypeAlias = datetime | date | int | str | dict[str, object] | list[object]
"""An aware time, a day, a whole number, a text, or the source's own JSON."""

MAX_BYTES = 64 * 1024
"""A cursor says how far one has read; whatever is larger is data and belongs elsewhere."""

SKEW = timedelta(days=1)
"""How far ahead of our clock another system's clock is believed to be."""

_TYPES: dict[str, type] = {"datetime": datetime, "date": date, "int": int, "str": str}


def _type_name(value: CursorValue) -> str:
    # bool is an int and datetime is a date: the order of the questions matters.
    if isinstance(value, datetime):
        return "datetime"
    if isinstance(value, date):
        return "date"
    if isinstance(value, int) and not isinstance(value, bool):
        return "int"
    return "str" if isinstance(value, str) else "json"


def _refuse(message: str) -> RecordError:
    return RecordError("bad-cursor", message)


def dump(value: CursorValue) -> str:
    """
    Return a cursor as the JSON text that the store keeps.

    Raises:
        RecordError: ``bad-cursor``: a naive time, no JSON, or more than 64 KiB.
    """
    name = _type_name(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise _refuse("a cursor's time must be aware; this one has no zone")
    try:
        plain: object = value
        if isinstance(value, datetime):
            plain = value.astimezone(UTC).isoformat()
        elif isinstance(value, date):
            plain = value.isoformat()
        text = json.dumps({"type": name, "value": plain}, ensure_ascii=False, sort_keys=True)
        size = len(text.encode())
    except (OverflowError, RecursionError, TypeError, ValueError) as error:
        said = type(error).__name__
        message = f"a cursor must be a time, a day, a number, a text or JSON ({said})"
        raise _refuse(message) from error
    if size > MAX_BYTES:
        message = f"a cursor may have {MAX_BYTES} bytes; this one has {len(text)} characters"
        raise _refuse(message)
    return text


def parse(text: str) -> CursorValue:
    """
    Return the cursor that a stored text stands for.

    Raises:
        RecordError: ``bad-cursor``: the text was not written by `dump`.
    """
    try:
        stored: dict[str, Any] = json.loads(text)
        name, value = stored["type"], stored["value"]
        if name == "datetime":
            time = datetime.fromisoformat(value)
            if time.tzinfo is None:
                raise _refuse("the stored cursor has a time without a zone")
            return time
        if name == "date":
            return date.fromisoformat(value)
        expected = _TYPES.get(name, object)
    except (KeyError, TypeError, ValueError) as error:
        message = f"the stored cursor cannot be read: {type(error).__name__}"
        raise _refuse(message) from error
    if not isinstance(value, expected):
        message = f"the stored cursor says {name!r} but holds {type(value).__name__}"
        raise _refuse(message)
    return value  # type: ignore[return-value]  # JSON, checked above


def advance(old: CursorValue | None, new: CursorValue, now: datetime) -> CursorValue:
    """
    Return the cursor after a batch: the later of the two, never ahead of the clock.

    What is further ahead than a skew is no time to believe: it counts as now. Were it cut to
    the end of the skew, everything that comes until then would never be read.

    Args:
        old: The stored cursor, or None at first.
        new: What the batch reached.
        now: The current time, aware.

    Raises:
        RecordError: ``bad-cursor``: of another type than the stored one, naive, or too large.
    """
    dump(new)
    kind = _type_name(new)
    if old is not None and _type_name(old) != kind:
        message = f"the cursor was a {_type_name(old)} and is now a {kind}"
        raise _refuse(message)
    if not believable(new, now):
        new = now.date() if kind == "date" else now
    if kind == "json" or old is None:
        return new
    return max(old, new)  # type: ignore[type-var]  # both are of one ordered type here


def believable(value: CursorValue, now: datetime) -> bool:
    """Say whether a cursor's time or day is not further ahead of the clock than a skew."""
    if isinstance(value, datetime):
        return value <= now + SKEW
    return not isinstance(value, date) or value <= (now + SKEW).date()


def as_time(value: CursorValue | None) -> datetime | None:
    """Return the instant that a cursor value means, or None where it means none."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else None
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return None

"""Cursors: what may be one, how it is kept, and that it neither goes back nor runs ahead."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard import cursors
from regard.cursors import CursorValue
from regard.errors import RecordError

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=ZONES)
PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
VALUES = st.one_of(
    TIMES,
    st.dates(),
    st.integers(),
    st.text(),
    st.dictionaries(st.text(), PLAIN),
    st.lists(PLAIN),
)


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 1, 1),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
        object(),
        {"at": NOW},
        {1, 2},
        b"bytes",
        "x" * 70_000,
        "\ud800",
    ],
    ids=["naive", "year-0", "object", "time-in-json", "set", "bytes", "too-large", "half-a-pair"],
)
def test_what_is_no_cursor_is_refused(value: Any) -> None:
    """A naive time, what is no JSON, broken text and more than 64 KiB are no cursors."""
    with pytest.raises(RecordError) as caught:
        cursors.dump(value)

    assert "bad-cursor" == caught.value.reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "[]",
        "{}",
        '"2026-01-01"',
        '{"type": "datetime", "value": "2026-01-01T00:00:00"}',
        '{"type": "datetime", "value": 5}',
        '{"type": "date", "value": "2026-13-01"}',
        '{"type": "int", "value": "5"}',
        '{"type": "str", "value": null}',
        '{"type": [], "value": 1}',
    ],
)
def test_a_broken_stored_cursor_is_refused(text: str) -> None:
    """A stored cursor that nobody can have written is a clear error, no wrong place to start."""
    with pytest.raises(RecordError) as caught:
        cursors.parse(text)

    assert "bad-cursor" == caught.value.reason


@given(VALUES)
def test_every_cursor_comes_back_as_it_was(value: CursorValue) -> None:
    """Whatever may be a cursor is read back equal and of the same type."""
    back = cursors.parse(cursors.dump(value))

    assert value == back
    assert isinstance(back, type(value))


@given(st.one_of(TIMES, st.dates(), st.integers(), st.text()), st.data())
def test_an_ordered_cursor_never_goes_back(old: CursorValue, data: st.DataObject) -> None:
    """Whatever a batch reached, the cursor is never before the stored one."""
    strategies = {datetime: TIMES, date: st.dates(), int: st.integers(), str: st.text()}
    new = data.draw(strategies[type(old)])

    assert cursors.advance(old, new, NOW) >= old  # type: ignore[operator]


@pytest.mark.parametrize(
    ("future", "limit"),
    [
        (datetime(2099, 1, 1, tzinfo=UTC), NOW + cursors.SKEW),
        (date(2099, 1, 1), (NOW + cursors.SKEW).date()),
    ],
    ids=["time", "day"],
)
def test_a_cursor_never_runs_ahead_of_the_clock(future: CursorValue, limit: CursorValue) -> None:
    """One record dated 2099 moves the cursor at most to the clock and a little skew."""
    reached = cursors.advance(None, future, NOW)

    assert reached <= limit  # type: ignore[operator]


def test_another_type_is_refused() -> None:
    """A stream whose cursor was a number and is now a text has changed."""
    with pytest.raises(RecordError) as caught:
        cursors.advance(5, "5", NOW)

    assert "bad-cursor" == caught.value.reason
    assert "the cursor was a int and is now a str" == str(caught.value)


def test_own_json_may_take_any_order() -> None:
    """A source's own JSON is stored as it says, since nobody else can compare it."""
    assert {"page": 1} == cursors.advance({"page": 2}, {"page": 1}, NOW)


def test_stored_times_are_utc() -> None:
    """A cursor's time is stored in UTC, so that people and machines read the same instant."""
    east = datetime(2026, 1, 1, 9, tzinfo=timezone(timedelta(hours=9)))

    assert "2026-01-01T00:00:00+00:00" == json.loads(cursors.dump(east))["value"]

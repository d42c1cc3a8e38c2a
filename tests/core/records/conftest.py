"""Values for every column of every kind, for tests that draw them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, Date
from sqlmodel import UTCDateTime

from regard.numbers import MAX_MILLIONTHS
from regard.records import KINDS
from regard.records.types import Millionths

Records = Callable[[str], st.SearchStrategy[dict[str, Any]]]

_ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_TYPES: tuple[tuple[type, st.SearchStrategy[Any]], ...] = (
    (
        Millionths,
        st.integers(-MAX_MILLIONTHS, MAX_MILLIONTHS).map(lambda n: Decimal(n).scaleb(-6)),
    ),
    (UTCDateTime, st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=_ZONES)),
    (Boolean, st.booleans()),
    (Date, st.dates(date(1, 1, 1), date(9999, 12, 31))),
    (BigInteger, st.integers(-(10**11), 10**11)),
)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=5,
)


def _values(kind: str, field: str) -> st.SearchStrategy[Any]:
    """Return values that a field may have, None among them."""
    column = KINDS[kind].table.columns[field]
    annotation = KINDS[kind].model.model_fields[field].annotation
    closed = [word for part in get_args(annotation) for word in get_args(part)]
    if field == "currency":
        return st.none() | st.sampled_from(["EUR", "USD", "JPY"])
    if kind == "offer" and isinstance(column.type, Millionths):
        return st.none() | st.integers(1, MAX_MILLIONTHS).map(lambda n: Decimal(n).scaleb(-6))
    if closed and all(isinstance(word, str) for word in closed):
        return st.none() | st.sampled_from(closed)
    found = next((values for type_, values in _TYPES if isinstance(column.type, type_)), _TEXTS)
    return st.none() | found


@pytest.fixture(scope="session")
def records() -> Records:
    """Return what gives good records of a kind, by the types of its columns."""

    def made(kind: str) -> st.SearchStrategy[dict[str, Any]]:
        fields = {name: _values(kind, name) for name in KINDS[kind].fields}
        extra = {"extra": st.dictionaries(_TEXTS, _JSON, max_size=3)}
        return st.fixed_dictionaries({}, optional={**fields, **extra})

    return made


@pytest.fixture
def moment() -> datetime:
    """Return an instant to compare with."""
    return datetime(2026, 3, 29, 0, 59, 59, 999_999, tzinfo=UTC)

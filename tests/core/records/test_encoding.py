"""The content hash: equal where the content is equal, different where it is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from hashlib import md5
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.errors import RecordError
from regard.records import KINDS, Encoded
from regard.records.encoding import canonical_json, encode_time

Encode = Callable[..., Encoded]
KIND_NAMES = sorted(KINDS)


def test_the_hash_is_the_documented_text(encode: Encode) -> None:
    """The hash can be computed by anybody from the documented form."""
    record = {
        "status": "completed",
        "quantity": "2.50",
        "ordered_at": "1970-01-01T01:00:01.000002+01:00",
        "tax_included": True,
        "extra": {"b": 1, "a": "é"},
        "sku": "A-1",
        "place": None,
    }
    parts = [
        "basis=sale",
        "ordered_at=1000002",
        "quantity=2500000",
        "sku=A-1",
        "status=completed",
        "tax_included=true",
        'extra={"a":"é","b":1}',
    ]

    assert (
        md5("\x1f".join(parts).encode(), usedforsecurity=False).hexdigest()
        == encode("purchase", record).content_hash
    )


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_order_and_nulls_change_no_hash(
    kind: str, records: Callable[[str], st.SearchStrategy[dict[str, Any]]], encode: Encode
) -> None:
    """The order of the fields, and fields that are None, change no hash."""

    @settings(max_examples=15, deadline=None)
    @given(records(kind), st.randoms())
    def prove(record: dict[str, Any], random: Any) -> None:
        names = list(record)
        random.shuffle(names)
        fewer = {name: record[name] for name in names if record[name] is not None}
        everything = {**dict.fromkeys(KINDS[kind].fields), **record}
        hashes = {encode(kind, form).content_hash for form in (record, fewer, everything)}

        assert 1 == len(hashes)

    prove()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"price": "1.50"}, {"price": Decimal("1.5")}),
        ({"price": 1.5}, {"price": "0001.500000"}),
        ({"price": 100}, {"price": Decimal("1E+2")}),
        ({"shipping": "0"}, {"shipping": "-0.00"}),
        ({"sku": 17}, {"sku": "17"}),
        ({"currency": "eur"}, {"currency": "EUR"}),
        ({"tax_included": "true"}, {"tax_included": True}),
        ({"extra": {"a": 1, "b": 2}}, {"extra": {"b": 2, "a": 1}}),
        ({"extra": {}}, {}),
        (
            {"observed_at": "2026-01-01T00:00:00Z", "price": 1},
            {"observed_at": "2026-02-01T00:00:00Z", "price": 1},
        ),
    ],
)
def test_equal_values_hash_equal(
    first: dict[str, Any], second: dict[str, Any], encode: Encode
) -> None:
    """Values that mean the same hash equal however they were written."""
    assert encode("offer", first).content_hash == encode("offer", second).content_hash


def test_a_number_hashes_equal_in_every_form(encode: Encode) -> None:
    """One number hashes equal as a decimal, as text, with an exponent and with any zeros."""

    @settings(max_examples=100)
    @given(st.integers(-(10**15), 10**15), st.integers(0, 3), st.integers(0, 3))
    def prove(millionths: int, leading: int, trailing: int) -> None:
        number = Decimal(millionths).scaleb(-6)
        plain = f"{abs(number):f}"
        whole, _, decimals = plain.partition(".")
        padded = f"{'0' * leading}{whole}.{decimals.rstrip('0')}{'0' * trailing}"
        sign = "-" if number < 0 else ""
        forms = [number, number.normalize(), f"{number:f}", f"{number:e}", sign + padded]
        hashes = {encode("fact", {"value": form}).content_hash for form in forms}

        assert 1 == len(hashes)

    prove()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"price": "1.000001"}, {"price": "1.000002"}),
        ({"price": "1"}, {"unit_price": "1"}),
        ({"tax_included": False}, {"tax_included": None}),
        ({"sku": ""}, {"sku": None}),
        ({"sku": "a"}, {"sku": "A"}),
        ({"sku": "a"}, {"sku": "a "}),
        ({"extra": {"sku": "a"}}, {"sku": "a"}),
        ({"extra": {"a": None}}, {}),
    ],
)
def test_different_values_hash_different(
    first: dict[str, Any], second: dict[str, Any], encode: Encode
) -> None:
    """What differs, even between unknown, empty and no, hashes different."""
    assert encode("offer", first).content_hash != encode("offer", second).content_hash


@given(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC)),
    st.integers(-14 * 60, 14 * 60),
)
def test_the_zone_changes_no_hash(moment: datetime, minutes: int) -> None:
    """One instant hashes equal in every zone."""
    elsewhere = moment.astimezone(timezone(timedelta(minutes=minutes)))
    encoder = KINDS["fact"].encoder()
    first = encoder.encode("1", "", {"happened_at": moment})
    second = encoder.encode("1", "", {"happened_at": elsewhere})

    assert first.content_hash == second.content_hash
    assert first.values == second.values


def test_both_hours_of_an_autumn_night_are_told_apart(encode: Encode) -> None:
    """The hour that a clock change repeats is two instants, an hour apart."""
    madrid = ZoneInfo("Europe/Madrid")
    summer = datetime(2026, 10, 25, 2, 30, tzinfo=madrid)
    winter = summer.replace(fold=1)
    place = KINDS["fact"].fields.index("happened_at")
    told = [
        encode("fact", {"happened_at": moment}).values[place]
        for moment in (summer, winter, summer)
    ]

    assert [
        "2026-10-25 00:30:00.000000",
        "2026-10-25 01:30:00.000000",
        "2026-10-25 00:30:00.000000",
    ] == told


def test_observation_times_are_stored_though_not_hashed(encode: Encode) -> None:
    """Leaving an observation time out of the hash does not leave it out of the row."""
    seen = encode("offer", {"observed_at": "2026-02-01T00:00:00+01:00"})

    assert "2026-01-31 23:00:00.000000" in seen.values


@pytest.mark.parametrize(
    ("record", "reason", "field"),
    [
        ({"text": "a\0b"}, "nul-character", None),
        ({"text": "a\ud800b"}, "broken-text", None),
        ({"extra": {"a": "x\0"}}, "nul-character", None),
        ({"extra": {"a": "\\\0"}}, "nul-character", None),
        ({"extra": {"a": "\udfff"}}, "broken-text", None),
        ({"extra": {"\udfff": 1}}, "broken-text", None),
        ({"extra": {"a": {1: 1, "b": 2}}}, "bad-value", "extra"),
        ({"extra": {"a": float("nan")}}, "bad-value", "extra"),
        ({"extra": {"a": float("inf")}}, "bad-value", "extra"),
        ({"value": "0.1234567"}, "too-many-decimals", "value"),
        ({"value": "1000000000000"}, "out-of-range", "value"),
        ({"value": Decimal("1E+999999")}, "out-of-range", "value"),
        ({"happened_at": "0001-01-01T00:00:00+14:00"}, "bad-time", "happened_at"),
        ({"happened_at": "9999-12-31T23:59:59-14:00"}, "bad-time", "happened_at"),
    ],
)
def test_what_no_database_holds_is_refused(
    record: dict[str, Any], reason: str, field: str | None, encode: Encode
) -> None:
    """Text and numbers that cannot be stored are refused with reason and field."""
    with pytest.raises(RecordError) as caught:
        encode("fact", record)

    assert (reason, field) == (caught.value.reason, caught.value.field or field)


@pytest.mark.parametrize(
    ("key", "reason"),
    [("a\0", "nul-character"), ("a\udc80", "broken-text")],
)
def test_a_key_that_cannot_be_stored_is_refused(key: str, reason: str, encode: Encode) -> None:
    """A key is text like any other: NUL and half of a character pair are refused."""
    with pytest.raises(RecordError) as caught:
        encode("fact", {}, key=key)

    assert reason == caught.value.reason


def test_endless_extra_is_refused(encode: Encode) -> None:
    """What contains itself is refused, and stops nothing else."""
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(RecordError):
        encode("fact", {"extra": {"a": endless}})

    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(RecordError):
        encode("fact", {"extra": {"a": deep}})


def test_text_that_only_looks_like_an_escape_is_kept(encode: Encode) -> None:
    """Six harmless characters that spell an escape are stored as what they are."""
    stored = encode("fact", {"text": r"a\u0000b", "extra": {"a": r"\u0000"}})

    assert r"a\u0000b" in stored.values


def test_extra_is_canonical() -> None:
    """Extra is compact sorted JSON with readable letters, exact numbers and ISO times."""
    value = {
        "z": Decimal("1.50"),
        "a": datetime(2026, 1, 1, tzinfo=UTC),
        "ñ": [date(2026, 1, 2), None, True],
        "s": {"c", "a", "b"},
        "m": MappingProxyType({"n": 1}),
    }

    assert (
        '{"a":"2026-01-01T00:00:00+00:00","m":{"n":1},"s":["a","b","c"],"z":"1.50",'
        '"ñ":["2026-01-02",null,true]}' == canonical_json(value)
    )


def test_stored_times_sort_as_times_do() -> None:
    """Stored times have one width, so that comparing texts compares instants."""
    assert "2026-01-01 00:00:00.000000" == encode_time(datetime(2026, 1, 1, tzinfo=UTC))
    assert "0999-01-01 00:00:00.000000" == encode_time(datetime(999, 1, 1, tzinfo=UTC))

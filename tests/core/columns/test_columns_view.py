"""A view reads columns exactly, and nothing else at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from regard.columns import open_view, sync_columns
from regard.errors import RegardError, StoreMissing
from regard.store import Store

Fill = Callable[..., None]
AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def view(store: Store, fill: Fill, tmp_path: Path, view_of: Callable[..., Any]) -> Iterator[Any]:
    """Return a view with one customer."""
    fill(store, "customer", [{"key": "1", "name": "Ana", "created_at": AT, "consent": True}])
    sync_columns(store, tmp_path / "columns")
    with view_of(tmp_path / "columns") as opened:
        yield opened


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('regard.db')",
        "SELECT * FROM glob('/*')",
        "COPY customers TO '/tmp/regard-leak.csv'",
        "SET enable_external_access = true",
        "ATTACH 'regard.db' AS other",
        "INSTALL httpfs",
        "CREATE TABLE t AS SELECT 1",
        "DROP VIEW customers",
        "DELETE FROM customers",
        "SELECT 1; SELECT 2",
        "",
        "-- nothing",
    ],
)
def test_closed(query: str, view: Any) -> None:
    """A query cannot leave the columns, change them, or be more than one question."""
    with pytest.raises(RegardError):
        view.sql(query)

    assert 1 == view.sql("SELECT count(*) AS n FROM customers").one()["n"]


def test_names_the_query(view: Any) -> None:
    """An error names the query's first line, and what would have been right."""
    with pytest.raises(RegardError, match=r"query 'SELECT nam': .*nam"):
        view.sql("\n  SELECT nam\n  FROM customers")


def test_keeps_values_to_itself(view: Any) -> None:
    """An error about a value does not repeat the value: it may be personal."""
    with pytest.raises(RegardError) as caught:
        view.sql("SELECT CAST(name AS INTEGER) FROM customers")

    assert "Ana" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_wrong_parameters(view: Any) -> None:
    """A parameter that is missing, unknown or naive is named."""
    with pytest.raises(RegardError, match="x"):
        view.sql("SELECT $x AS n")
    with pytest.raises(RegardError, match="y"):
        view.sql("SELECT 1 AS n", y=1)
    with pytest.raises(RegardError, match=r"\$at: a time must be aware"):
        view.sql("SELECT $at AS n", at=datetime(2026, 1, 1))


def test_naive_time(view: Any) -> None:
    """A time without a zone is refused, with what to write instead."""
    with pytest.raises(RegardError, match="CAST"):
        view.sql("SELECT CAST(created_at AS TIMESTAMP) AS at_ FROM customers")


def test_no_columns(tmp_path: Path) -> None:
    """A folder without columns is an error that says what makes them."""
    with pytest.raises(StoreMissing, match="regard report"):
        open_view(
            tmp_path, now=AT, language="en", timezone="UTC", freshness=(), pseudonym_key=b"k" * 32
        )


def test_parameters(view: Any) -> None:
    """Values go in as parameters, lists among them, and never as text."""
    query = "SELECT count(*) AS n FROM customers WHERE name IN $names AND created_at >= $since"

    assert 1 == view.sql(query, names=["Ana", "x'; --"], since=AT).one()["n"]
    assert 0 == view.sql(query, names=["Ana"], since=AT + timedelta(days=1)).one()["n"]
    assert 0 == view.sql("SELECT count(*) AS n FROM customers WHERE name IN $n", n=[]).one()["n"]


def test_results(view: Any) -> None:
    """A result gives names, rows, mappings, or its only row."""
    found = view.sql("SELECT key, name FROM customers; ")

    assert (("key", "name"), [("1", "Ana")]) == (found.names, found.rows())
    assert [{"key": "1", "name": "Ana"}] == list(found.mappings())
    assert {"key": "1", "name": "Ana"} == found.one()
    with pytest.raises(ValueError, match="there are 0"):
        view.sql("SELECT 1 AS n FROM customers WHERE false").one()


def test_plain_values(view: Any) -> None:
    """Numbers are whole or decimal, times are aware and UTC, the rest is plain text."""
    row = view.sql("""
        SELECT created_at AS at_, CAST(created_at AS DATE) AS day, consent,
               1.50 AS amount, avg(1.5) AS mean, sum(1) AS total, 'x' AS text, NULL AS nothing,
               CAST('inf' AS DOUBLE) AS endless, INTERVAL 1 DAY AS span, [1, 2] AS list
        FROM customers GROUP BY ALL -- the end""").one()

    assert {
        "at_": AT,
        "day": date(2026, 1, 1),
        "consent": True,
        "amount": Decimal("1.50"),
        "mean": Decimal("1.5"),
        "total": 1,
        "text": "x",
        "nothing": None,
        "endless": None,
        "span": "1 day",
        "list": "[1, 2]",
    } == row
    assert UTC is row["at_"].tzinfo


def test_order_survives(view: Any) -> None:
    """Rows keep the order that was asked for, with times among them too."""
    query = "SELECT i, created_at AS at_ FROM range(50000) AS r(i), customers ORDER BY i DESC"
    places = [row[0] for row in view.sql(query).rows()]

    assert list(range(49_999, -1, -1)) == places


def test_exact(any_store: Store, fill: Fill, tmp_path: Path, view_of: Callable[..., Any]) -> None:
    """Numbers, times, days and flags come back as they were stored, to the last digit."""
    amounts = [
        Decimal(text) for text in ("999999999999.999999", "0.000001", "-999999999999.999999")
    ]
    amounts += [Decimal("-0.000001"), Decimal("123456789012.345678"), Decimal(0)]
    moments = [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 30, 0, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ]
    fill(any_store, "purchase", [{"key": f"{n}", "amount": one} for n, one in enumerate(amounts)])
    fill(
        any_store,
        "customer",
        [
            {
                "key": f"{n}",
                "created_at": at,
                "birth_on": at.date(),
                "birth_year": -n,
                "consent": n == 1,
            }
            for n, at in enumerate(moments)
        ],
    )
    sync_columns(any_store, tmp_path / "columns")
    with view_of(tmp_path / "columns") as view:
        found = view.sql("SELECT amount FROM purchases ORDER BY key").rows()
        people = view.sql(
            "SELECT created_at, birth_on, birth_year, consent FROM customers ORDER BY key"
        ).rows()

    assert amounts == [amount for (amount,) in found]
    assert [(at, at.date(), -n, n == 1) for n, at in enumerate(moments)] == people


def test_deleted_and_history(
    any_store: Store, fill: Fill, tmp_path: Path, view_of: Callable[..., Any]
) -> None:
    """Deleted records are not there; history keeps all periods, a withdrawn offer's too."""
    later = AT + timedelta(days=1)
    fill(any_store, "customer", [{"key": "1"}, {"key": "2", "deleted_at": AT}])
    fill(
        any_store,
        "offer",
        [
            {"key": "a", "price": 1, "valid_to": later},
            {"key": "a", "price": 2, "valid_from": later},
            {"key": "b", "price": 3, "valid_to": later, "deleted_at": later},
        ],
    )
    sync_columns(any_store, tmp_path / "columns")
    with view_of(tmp_path / "columns") as view:
        customers = view.sql("SELECT key FROM customers").rows()
        offers = view.sql("SELECT price FROM offers").rows()
        history = view.sql("SELECT price FROM offers_history ORDER BY price").rows()
        fields = view.fields("offers"), view.fields("offers_history")

    assert ([("1",)], [(2,)]) == (customers, offers)
    assert [(1,), (2,), (3,)] == history
    assert ("DECIMAL(18,6)", "TIMESTAMP WITH TIME ZONE") == (
        fields[0]["price"],
        fields[0]["valid_from"],
    )
    assert {"deleted_at"} == set(fields[1]) - set(fields[0])


def test_orphans(store: Store, fill: Fill, tmp_path: Path, view_of: Callable[..., Any]) -> None:
    """Records of sources that are no longer configured are left out."""
    fill(store, "customer", [{}], source="crm")
    fill(store, "customer", [{}, {"key": "2"}], source="o'ld")
    sync_columns(store, tmp_path / "columns")
    with view_of(tmp_path / "columns", orphans=["o'ld"]) as view:
        found = view.kind("customers")

    assert ["crm"] == [row["source"] for row in found.mappings()]


def test_odd_folder_names(
    store: Store, fill: Fill, tmp_path: Path, view_of: Callable[..., Any]
) -> None:
    """A folder may be called anything, and one that looks alike is not read instead."""
    for name, keys in (("a[b]*?'c", ["1"]), ("ab*?'c", ["1", "2"])):
        fill(store, "customer", [{"key": f"{name}{key}"} for key in keys])
        sync_columns(store, tmp_path / name)
    with view_of(tmp_path / "a[b]*?'c") as view:
        count = view.sql("SELECT count(*) AS n FROM customers").one()["n"]

    assert 1 == count


def test_pseudonyms(view: Any) -> None:
    """A key is shown as its kind and eight digits that do not tell it."""
    shown = view.pseudonym("customer", "ana@example.com")

    assert shown == view.pseudonym("customer", "ana@example.com")
    assert ("customer#", 17) == (shown[:9], len(shown))


def test_memory(store: Store, tmp_path: Path, view_of: Callable[..., Any]) -> None:
    """A query that cannot do with the usual memory gets more; one that needs still more fails."""
    sync_columns(store, tmp_path / "columns")
    query = "SELECT len(list(i)) AS n FROM range(3_000_000) AS r(i)"
    with view_of(tmp_path / "columns", memory="16MB") as view:
        found = view.sql(query).one()["n"]
        fields = view.fields("customers")
    with (
        view_of(tmp_path / "columns", memory="16MB", most_memory="17MB") as view,
        pytest.raises(RegardError, match="needs more memory"),
    ):
        view.sql(query)

    assert 3_000_000 == found
    assert "email" in fields


def test_missing_file(store: Store, tmp_path: Path, view_of: Callable[..., Any]) -> None:
    """Columns of which a file is gone are not opened, and the message names the folder."""
    folder = tmp_path / "columns"
    sync_columns(store, folder)
    next(folder.glob("facts-*.parquet")).unlink()
    with pytest.raises(StoreMissing, match=r"columns: the columns cannot be read \(No such file"):
        view_of(folder)

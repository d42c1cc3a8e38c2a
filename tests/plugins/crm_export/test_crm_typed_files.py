"""Files with types: what is wrong in them is refused alike, by whichever lane they go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

FIELDS: dict[str, Any] = {
    "kind": "purchase",
    "key": ["ticket", "line"],
    "fields": {
        "ordered_at": "sold",
        "amount": "total",
        "quantity": "pieces",
        "status": "state",
        "product_name": "what",
    },
    "values": {"status": {"ok": "completed"}},
    "constants": {"currency": "EUR"},
}
ROWS = """
    ('T1', 1, TIMESTAMP '2026-05-14 10:00:00', 10.50, 1.0, 'ok', 'tea'),
    ('T1', 2, TIMESTAMP '2026-05-14 10:00:00.25', 3.00, 2.5, 'ok', 'a' || chr(10) || 'b'),
    ('T1', 3, TIMESTAMP '2026-03-29 02:30:00', 3.00, 1e300, 'ok', 'cups'),
    (NULL, NULL, TIMESTAMP '2026-05-14 10:00:00', 4.00, 1.0, 'ok', 'nameless'),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('T2', 1, TIMESTAMP '2026-05-15 10:00:00', 4.00, 'inf'::DOUBLE, 'ok', 'endless'),
    ('T2', 2, TIMESTAMP '2026-05-15 10:00:00', 4.00, 'nan'::DOUBLE, 'ok', 'of no number'),
    ('T3', 1, TIMESTAMP '2026-05-15 10:00:00', 4.00, 1.0, 'ok', 'n' || chr(0) || 'l'),
    ('T3', 2, TIMESTAMP '2026-05-15 10:00:00', 4.00, 1.0, 'never heard of', '="7"'),
    ('T3', 3, TIMESTAMP '2026-05-15 10:00:00', NULL, 1.0, 'ok', ' spaced '),
    ('T|4', 1, TIMESTAMP '2026-05-16 10:00:00', 1.00, 1.0, 'ok', 'a bar in the key'),
    ('T1', 1, TIMESTAMP '2026-05-17 10:00:00', 11.50, 1.0, 'ok', 'the same key again'),
    ('Total', NULL, NULL, 39.00, NULL, NULL, NULL)
"""
NAMES = "(ticket, line, sold, total, pieces, state, what)"


def write(path: Path, more: str = "", repeat: int = 1) -> None:
    """Write the rows as Parquet, with columns beside them."""
    with duckdb.connect(":memory:") as connection:
        made = f"SELECT *{more} FROM range({repeat}) AS r(nth), (VALUES {ROWS}) AS t{NAMES}"
        made = f"SELECT * EXCLUDE (nth) FROM ({made})"
        connection.execute(f"COPY ({made}) TO '{path}' (FORMAT parquet)")


def told(outcome: Any) -> tuple[Any, ...]:
    """Return the records and what was refused, without columns that no field takes."""
    records = {
        # What a sale is by default is filled in later where the row lane mapped it.
        key: {"basis": "sale"} | {k: value for k, value in record.items() if k != "extra"}
        for key, record in next(iter(outcome.records.values())).items()
    }
    refused = [
        (each["reason"], each["line"], {k: v for k, v in each["raw"].items() if k != "tags"})
        for each in outcome.context.refused
    ]
    return records, sorted(refused, key=lambda each: each[1])


def test_both_lanes_refuse_alike(
    context: Any, read_exports: Callable[..., Any], tmp_path: Path
) -> None:
    """Infinite numbers, NULs, missing keys and odd states are refused with reason and line."""
    write(context.root / "till.parquet")
    in_bulk = read_exports(context, map=FIELDS)
    found = told(in_bulk)
    context.refused.clear()
    write(
        context.root / "till.parquet",
        more=", CASE WHEN sold IS NOT NULL THEN ['a', 'b'] END AS tags",
    )
    by_row = read_exports(context, map=FIELDS)

    records, refused = told(by_row)

    assert {} == in_bulk.errors == by_row.errors
    assert records == found[0]
    assert refused == found[1]
    assert 7 == len(found[0])
    assert [
        ("missing-key", 4), ("not-finite", 6), ("nul-bytes", 8),
    ] == [(reason, line) for reason, line, _ in found[1]]  # fmt: skip


@pytest.mark.parametrize("done", [1, 7, 12, 30])
def test_reading_goes_on_in_the_middle(
    done: int, context: Any, read_exports: Callable[..., Any]
) -> None:
    """A run that was stopped reads on behind the rows that are stored, and refuses none twice."""
    write(context.root / "till.parquet", repeat=3)
    whole = told(read_exports(context, map=FIELDS))
    context.refused.clear()
    context.rows_done = {"till.parquet": done}
    rest = told(read_exports(context, map=FIELDS))

    assert [each for each in whole[1] if each[1] > done] == rest[1]
    assert {key: whole[0][key] for key in rest[0]} == rest[0]

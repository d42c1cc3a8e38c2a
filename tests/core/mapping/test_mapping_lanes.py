"""Two lanes lead into the store; whatever a file holds, both store and refuse the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.errors import RecordError
from regard.mapping import FieldMap, Mapper, compile_map, fields_of
from regard.mapping.bulk import BulkMapper
from regard.pipeline.batching import Batcher
from regard.records import kind_named
from regard.records.encoding import Encoded, encode_time
from regard.sources import Stream
from regard.tabular import Row

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
MODIFIED = datetime(2026, 1, 30, tzinfo=UTC)
HEADER = ("order", "line", "mail", "when", "state", "n", "price", "cur", "day", "more", "note")
SPEC = FieldMap.model_validate(
    {
        "kind": "purchase",
        "key": ["order", "line"],
        "fields": {
            "order_key": "order",
            "email": "mail",
            "ordered_at": "when",
            "status": "state",
            "quantity": "n",
            "amount": "price",
            "currency": "cur",
            "product_name": {"join": ["more", "note"], "with": " / "},
            "channel": ["more", "note"],
        },
        "values": {"status": {"paid": "completed", "Ganado": "completed"}},
        "constants": {"place": "Centro", "basis": "sale"},
        "as_of": "day",
    }
)

CELLS = {
    "order": [
        "A1",
        "A2",
        " A3 ",
        "",
        "Total",
        "total general",
        "'9",
        "=x",
        "a|b",
        "a\\b",
        "x" * 230,
    ],
    "line": ["1", "2", "", " 3", "|", "subtotal"],
    "mail": ["ana@example.com", " ANA@Example.com ", "", "no mail", "ñ@example.es"],
    "when": ["2025-03-30 02:30:00", "2025-01-02", "2025-10-26T02:30:00", "03/04/2025", "", "?"],
    "state": ["paid", "Ganado", "ganado", "lost", "", "never heard of"],
    "n": ["1", "2,5", "-3", "", "many", "1.234,5", "0.0000001"],
    "price": ["10.00", "€ 12,50", "1.234", "(5.00)", "", "12 USD", "9" * 14, "7%"],
    "cur": ["EUR", "eur", "€", "", "EURO", "USD"],
    "day": ["2025-05-01 10:00", "2099-01-01", "", "01/02/2025", "soon"],
    "more": ["", "web", "=1+1", "'quoted", "tienda"],
    "note": ["", "x", "Ünïcode", '"q"', "a\tb"],
}
"""What stands in real files, and what should not."""

ROWS = st.lists(
    st.tuples(
        *(st.sampled_from(CELLS[name]) | st.text("aZ1 .,-|'é", max_size=6) for name in HEADER)
    ),
    min_size=1,
    max_size=30,
)


def _mapper(extra: bool) -> Mapper:
    header = (*HEADER, "left over", "also") if extra else HEADER
    return compile_map(
        SPEC, header, timezone="Europe/Madrid", kind_fields=fields_of(kind_named("purchase").model)
    )


def _by_row(mapper: Mapper, rows: list[Row]) -> list[Any]:
    """Return for each row what the row lane makes of it: an encoded record, a reason, or None."""
    results: list[Any] = []
    for row in rows:
        batcher = Batcher(
            kind_named("purchase"), Stream("s", "purchase"), NOW, identify=lambda raw: ()
        )
        try:
            found = mapper.map(row)
        except RecordError as error:
            results.append(error.reason)
            continue
        if found is None:
            results.append(None)
            continue
        batcher.add({"as_of": MODIFIED, **found})
        batch = batcher.take()
        results.append(batch.items[0] if batch.items else batch.refused[0].reason)
    return results


@pytest.mark.parametrize("extra", [False, True], ids=["all mapped", "columns left over"])
@settings(max_examples=150, deadline=None)
@given(rows=ROWS)
def test_both_lanes_agree(extra: bool, rows: list[tuple[str, ...]]) -> None:
    """What the bulk lane encodes is what the row lane would have; the rest it leaves alone."""
    beside = ("", "left") if extra else ()
    numbered = [Row(at + 2, (*row, *beside)) for at, row in enumerate(rows)]
    by_row = _by_row(_mapper(extra), numbered)
    mapper = _mapper(extra)
    bulk = BulkMapper(mapper, kind_named("purchase"), NOW).encode(numbered, encode_time(MODIFIED))

    assert BulkMapper.fits(mapper)
    for expected, found in zip(by_row, bulk, strict=True):
        if found is None:
            continue

        assert expected == found


def test_ordinary_rows_take_the_bulk_lane() -> None:
    """A file without surprises is encoded by the bulk lane, row for row."""
    row = (
        "A1",
        "1",
        "ana@example.com",
        "2025-01-02 10:00",
        "paid",
        "2",
        "10.00",
        "EUR",
        "",
        "",
        "",
    )
    rows = [Row(at, (f"A{at}", *row[1:])) for at in range(100)]
    found = BulkMapper(_mapper(extra=False), kind_named("purchase"), NOW).encode(
        rows, encode_time(MODIFIED)
    )

    assert 100 == sum(isinstance(each, Encoded) for each in found)

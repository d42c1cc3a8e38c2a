"""
The peer: dlt, fed with Arrow tables, which is its fastest way.

    python dlt_arrow.py FILE.csv DATABASE_URL
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
from dlt_pipeline import load
from pyarrow import csv

_STATUSES = {"paid": "completed", "returned": "refunded", "cancelled": "cancelled"}
_MONEY = pa.decimal128(18, 6)
_TYPES = {
    "line": pa.int64(),
    "ordered_at": pa.timestamp("us", tz="UTC"),
    "quantity": _MONEY,
    "unit_price": _MONEY,
    "discount": _MONEY,
    "amount": _MONEY,
    "tax_included": pa.bool_(),
}
_TEXTS = (
    "order_number",
    "customer",
    "email",
    "status",
    "channel",
    "place",
    "sku",
    "product_name",
    "currency",
    "campaign",
)


def _with_our_words(batch: pa.RecordBatch) -> pa.Table:
    """Return a table in which the status has our words; an unknown one raises."""
    place = batch.schema.get_field_index("status")
    words = pa.array(list(_STATUSES))
    found = pc.index_in(batch.column("status"), value_set=words)
    if found.null_count:
        message = "a status is not known"
        raise ValueError(message)
    table = pa.Table.from_batches([batch])
    return table.set_column(place, "status", pa.array(list(_STATUSES.values())).take(found))


def main(path: str, url: str) -> None:
    """Load a file."""

    def read() -> Iterator[pa.Table]:
        reader = csv.open_csv(
            path,
            # About 100,000 rows a table.
            read_options=csv.ReadOptions(block_size=16 << 20),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types={**_TYPES, **{name: pa.string() for name in _TEXTS}},
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
        for batch in reader:
            yield _with_our_words(batch)

    load(read, url, arrow=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""
The peer: dlt, fed with dictionaries, as most of its users write their sources.

    python dlt_dicts.py FILE.csv DATABASE_URL
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from dlt_pipeline import load

_PAGE_ROWS = 5_000
_STATUSES = {"paid": "completed", "returned": "refunded", "cancelled": "cancelled"}


def _typed(row: dict[str, str]) -> dict[str, Any]:
    """Return a row with its values typed; what cannot be typed raises."""
    return {
        "order_number": row["order_number"],
        "line": int(row["line"]),
        "customer": row["customer"],
        "email": row["email"] or None,
        "ordered_at": datetime.fromisoformat(row["ordered_at"]),
        "status": _STATUSES[row["status"]],
        "channel": row["channel"],
        "place": row["place"] or None,
        "sku": row["sku"],
        "product_name": row["product_name"],
        "quantity": Decimal(row["quantity"]),
        "unit_price": Decimal(row["unit_price"]),
        "discount": Decimal(row["discount"]) if row["discount"] else None,
        "amount": Decimal(row["amount"]),
        "currency": row["currency"],
        "tax_included": row["tax_included"] == "true",
        "campaign": row["campaign"] or None,
    }


def main(path: str, url: str) -> None:
    """Load a file."""

    def read() -> Iterator[list[dict[str, Any]]]:
        with Path(path).open(encoding="utf-8", newline="") as file:
            page = []
            for row in csv.DictReader(file):
                page.append(_typed(row))
                if len(page) == _PAGE_ROWS:
                    yield page
                    page = []
            yield page

    load(read, url, arrow=False)


if __name__ == "__main__":
    main(*sys.argv[1:])

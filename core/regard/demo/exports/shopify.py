"""
Shopify's export of orders: a row for each article, and what is true of the whole order only on
its first row; the newest order first.

Postal codes and telephone numbers have an apostrophe in front, so that spreadsheets leave them
alone. A discount code is on no line: only the subtotal knows of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from regard.demo.exports.files import ExportFile, Row, as_csv, yearly
from regard.demo.people import PRODUCTS
from regard.demo.world import Line, Order, World

__all__ = ["HEADER", "orders"]

_ADDRESS: Final = (
    "Name", "Street", "Address1", "Address2", "Company", "City", "Zip", "Province", "Country",
    "Phone",
)  # fmt: skip
HEADER: Final = (
    "Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Fulfilled at",
    "Accepts Marketing", "Currency", "Subtotal", "Shipping", "Taxes", "Total", "Discount Code",
    "Discount Amount", "Shipping Method", "Created at", "Lineitem quantity", "Lineitem name",
    "Lineitem price", "Lineitem compare at price", "Lineitem sku", "Lineitem requires shipping",
    "Lineitem taxable", "Lineitem fulfillment status",
    *(f"Billing {part}" for part in _ADDRESS),
    *(f"Shipping {part}" for part in _ADDRESS),
    "Notes", "Note Attributes", "Cancelled at", "Payment Method", "Payment Reference",
    "Refunded Amount", "Vendor", "Outstanding Balance", "Employee", "Location", "Device ID",
    "Id", "Tags", "Risk Level", "Source", "Lineitem discount",
    *(f"Tax {number} {part}" for number in range(1, 6) for part in ("Name", "Value")),
    "Phone", "Receipt Number", "Duties", "Billing Province Name", "Shipping Province Name",
    "Payment ID", "Payment Terms Name", "Next Payment Due At", "Payment References",
)  # fmt: skip
_VENDOR: Final = "Casa Zarela"
_FIRST_ID: Final = 5_870_000_000_000
_CENT: Final = Decimal("0.01")


def orders(world: World) -> Iterator[ExportFile]:
    """Yield an export for each year."""
    years = [each.ordered_at.year for each in world.orders]
    until = f"{world.until:%Y-%m-%d}"
    for year, day in yearly(min(years), max(years), until):
        newest_first = [each for each in reversed(world.orders) if each.ordered_at.year == year]
        rows = [row for each in newest_first for row in _rows(each)]
        faults: tuple[str, ...] = ()
        if year == max(years) - 1:
            rows, faults = _with_faults(world, newest_first)
        yield ExportFile(f"exports/orders_export_{day}.csv", as_csv([HEADER, *rows]), faults)


def _with_faults(world: World, newest_first: list[Order]) -> tuple[list[Row], tuple[str, ...]]:
    """Return a year's rows with two orders in them that cannot be read."""
    groups = [_rows(each) for each in newest_first]
    number = world.orders[-1].number
    lines = (
        Line(PRODUCTS[4], 1, Decimal("16.50")),
        Line(PRODUCTS[26], 2, Decimal("6.90")),
    )
    model = newest_first[len(newest_first) // 2]
    impossible = _stranger(model, number + 1, lines)
    impossible[0]["Created at"] = f"{model.ordered_at.year}-06-31 09:41:00 +0200"
    unpriced = _stranger(model, number + 2, lines[:1])
    unpriced[0]["Lineitem price"] = "N/A"
    groups.insert(len(groups) // 3, impossible)
    groups.insert(2 * len(groups) // 3, unpriced)
    rows = [_cells(each) if isinstance(each, dict) else each for rows in groups for each in rows]
    return rows, ("bad-date", "bad-date", "bad-number")

"""
Shopify's export of orders: a row for each article, the newest order first.

What is true of the whole order stands only on its first row. Postal codes and telephone
numbers have an apostrophe in front, so that spreadsheets leave them alone. A discount code is
on no line: only the subtotal knows of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from regard.demo.exports.files import ExportFile, as_csv, yearly
from regard.demo.products import PRODUCTS
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
_UNPAID: Final = ("pending", "expired")


def orders(world: World) -> Iterator[ExportFile]:
    """Yield an export for each year."""
    years = [each.ordered_at.year for each in world.orders]
    for year, day in yearly(min(years), max(years), f"{world.until:%Y-%m-%d}"):
        newest_first = [each for each in reversed(world.orders) if each.ordered_at.year == year]
        groups = [_rows(each, world.until) for each in newest_first]
        faults: tuple[str, ...] = ()
        if year == max(years) - 1:
            faults = _add_faults(groups, newest_first, world)
        cells = ([row.get(name, "") for name in HEADER] for rows in groups for row in rows)
        data = as_csv([HEADER, *cells])
        yield ExportFile(f"exports/orders_export_{day}.csv", "Shopify", data, faults)


def _add_faults(
    groups: list[list[dict[str, str]]], orders: Sequence[Order], world: World
) -> tuple[str, ...]:
    """Put two orders among the others that cannot be read; they are nobody's in the world."""
    model = orders[len(orders) // 2]
    lines = (Line(PRODUCTS[4], 1, Decimal("16.50")), Line(PRODUCTS[26], 2, Decimal("6.90")))
    email = "prueba@example.com"
    number = world.orders[-1].number + 1
    strange = replace(model, number=number, customer=None, email=email, lines=lines)
    impossible = _rows(strange, world.until)
    impossible[0]["Created at"] = f"{model.ordered_at.year}-06-31 09:41:00 +0200"
    unpriced = _rows(replace(strange, number=number + 1, lines=lines[:1]), world.until)
    unpriced[0]["Lineitem price"] = "N/A"
    groups.insert(len(groups) // 3, impossible)
    groups.insert(2 * len(groups) // 3, unpriced)
    # The time of the first order is said once and is wrong for both of its lines.
    return ("bad-date", "bad-date", "bad-number")


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S %z}"


def _rows(order: Order, until: datetime) -> list[dict[str, str]]:
    """Return an order's rows by column, one for each article, as they are at a time."""
    sent_at = order.ordered_at + timedelta(hours=30)
    sent = sent_at < until and order.cancelled_at is None and order.state not in _UNPAID
    rows = [_article(order, line, sent=sent) for line in order.lines]
    rows[0] |= _whole(order)
    rows[0]["Fulfillment Status"] = "fulfilled" if sent else "unfulfilled"
    rows[0]["Fulfilled at"] = _time(sent_at) if sent else ""
    rows[0] |= _address("Billing", order) | _address("Shipping", order)
    return rows


def _article(order: Order, line: Line, *, sent: bool) -> dict[str, str]:
    return {
        "Name": f"#{order.number}",
        "Email": order.email,
        "Lineitem quantity": str(line.quantity),
        "Lineitem name": line.product.name,
        "Lineitem price": str(line.unit_price),
        "Lineitem sku": line.product.sku,
        "Lineitem requires shipping": "true",
        "Lineitem taxable": "true",
        "Lineitem fulfillment status": "fulfilled" if sent else "pending",
        "Lineitem discount": str(line.discount),
        "Vendor": _VENDOR,
    }


def _whole(order: Order) -> dict[str, str]:
    """Return what is true of the whole order."""
    total = order.subtotal + order.shipping
    vat = order.country.vat_percent
    taxes = (total * vat / (100 + vat)).quantize(_CENT)
    subscribed = order.customer is not None and not order.customer.unsubscribed
    taken = sum((line.discount for line in order.lines), order.code_discount)
    return {
        "Financial Status": order.state,
        "Paid at": "" if order.state in _UNPAID else _time(order.ordered_at),
        "Accepts Marketing": "yes" if subscribed else "no",
        "Currency": order.country.currency,
        "Subtotal": str(order.subtotal),
        "Shipping": str(order.shipping),
        "Taxes": str(taxes),
        "Total": str(total),
        "Discount Code": order.code,
        "Discount Amount": str(taken),
        "Shipping Method": "Standard",
        "Created at": _time(order.ordered_at),
        "Cancelled at": _time(order.cancelled_at) if order.cancelled_at else "",
        "Payment Method": "Shopify Payments",
        "Refunded Amount": str(order.refunded),
        "Outstanding Balance": str(total if order.state == "pending" else Decimal("0.00")),
        "Id": str(_FIRST_ID + order.number * 32_771),
        "Risk Level": "Low",
        "Source": "web",
        "Tax 1 Name": f"VAT {vat}%",
        "Tax 1 Value": str(taxes),
        "Billing Province Name": order.region.name,
        "Shipping Province Name": order.region.name,
    }


def _address(what: str, order: Order) -> dict[str, str]:
    person = order.customer
    name = f"{person.given_name} {person.family_name}" if person else "Guest"
    phone = f"'{person.phone}" if person and person.phone else ""
    return {
        f"{what} Name": name,
        f"{what} City": order.region.city,
        f"{what} Zip": f"'{order.postal_code}",
        f"{what} Province": order.region.province,
        f"{what} Country": order.country.code,
        f"{what} Phone": phone,
    }

"""The demo's exports: in the vendors' shapes, and adding up to what is true."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from regard.demo import World, make_world
from regard.demo.exports import ExportFile, make_exports


@pytest.fixture(scope="module")
def world() -> World:
    """Lend one world to all tests; nothing in it can change."""
    return make_world(1, datetime(2026, 2, 3, 9, 30, tzinfo=UTC))


@pytest.fixture(scope="module")
def exports(world) -> list[ExportFile]:
    """Lend its exports."""
    return list(make_exports(world))


def rows_of(exports: list[ExportFile], name: str, *, encoding="utf-8", delimiter=","):
    """Return the rows of all exports with a name, by column."""
    found = []
    for export in exports:
        if name in export.path:
            text = io.StringIO(export.data.decode(encoding), newline="")
            found += list(csv.DictReader(text, delimiter=delimiter))
    return found


def test_names(exports):
    """Files are called as vendors call them, and one of each sort is there for each year."""
    assert [
        "exports/hubspot-crm-exports-all-contacts-2026-02-03.csv",
        "exports/hubspot-crm-exports-all-deals-2026-02-03.csv",
        "exports/orders_export_2024-12-31.csv",
        "exports/orders_export_2025-12-31.csv",
        "exports/orders_export_2026-02-03.csv",
        "till/ventas_20241231.csv",
        "till/ventas_20251231.csv",
        "till/ventas_20260203.csv",
        "baskets/left_2026-02-03.jsonl",
        "pricelist/articles_2026-02-03.csv",
        "reviews/trustpilot_2026-02-03.csv",
        "surveys/after-purchase-2026-02-03.csv",
        "surveys/Visita a la tienda (respuestas).csv",
        "surveys/Helpdesk.csv",
        "mail/replies.mbox",
        "mail/support.mbox",
        "forms/store.xlsx",
        "visits/spring.csv",
        "visits/autumn.csv",
        "calls/Master.csv",
        "web/access.log",
        "web/sitemap.xml",
        "mailings/campaigns.csv",
        "box/2026-01-23 1.txt",
        "box/2026-01-06 2.txt",
        "box/2025-12-20 3.txt",
        "box/2025-12-03 4.txt",
    ] == [export.path for export in exports]


def test_faults(exports):
    """There are between 10 and 25 faults, of at least six sorts."""
    faults = Counter(fault for export in exports for fault in export.faults)

    assert 10 <= faults.total() <= 25
    assert len(faults) >= 6


def test_contacts(world, exports):
    """Every customer is a contact."""
    rows = rows_of(exports, "contacts")
    numbers = {row["Record ID"] for row in rows}

    assert set() == {str(each.number) for each in world.customers} - numbers


def test_deals(world, exports):
    """What was won adds up to what is true."""
    won = sum(
        Decimal(row["Amount"])
        for row in rows_of(exports, "deals")
        if row["Deal Stage"] == "Closed Won"
    )

    assert sum(each.amount for each in world.deals if each.stage == "Closed Won") == won


def test_orders_say_what_is_whole_once(exports):
    """Only an order's first row has its total, its time and its address, as Shopify writes it."""
    seen: set[str] = set()
    for row in rows_of(exports, "orders_export"):
        first = row["Name"] not in seen
        seen.add(row["Name"])

        assert first == bool(row["Subtotal"]) == bool(row["Created at"]) == bool(row["Currency"])
        assert row["Lineitem sku"]
        assert not first or row["Billing Zip"].startswith("'")


def test_orders_come_newest_first(exports):
    """An export begins with the newest order."""
    rows = rows_of(exports, "orders_export_2024")
    times = [row["Created at"] for row in rows if row["Created at"]]

    assert max(times) == times[0]
    assert min(times) == times[-1]


def test_orders_add_up(world, exports):
    """Subtotals less what was given back are the revenue that is true, in each currency."""
    revenue: Counter[str] = Counter()
    for row in rows_of(exports, "orders_export"):
        known = row["Email"] != "prueba@example.com"
        kept = row["Financial Status"] in ("paid", "partially_refunded")
        if known and kept and not row["Cancelled at"]:
            revenue[row["Currency"]] += Decimal(row["Subtotal"]) - Decimal(row["Refunded Amount"])

    in_euros = sum(each.revenue for each in world.orders if each.country.currency == "EUR")
    assert in_euros == revenue["EUR"]
    assert world.revenue()["GBP"] == revenue["GBP"]


def test_till_adds_up(world, exports):
    """The till's lines come to what its last row says, and to what is true."""
    for export in exports:
        if not export.path.startswith("till/"):
            continue
        rows = rows_of([export], "till", encoding="cp1252", delimiter=";")
        total = rows[-1]
        year = int(export.path[12:16])
        true = sum(each.revenue for each in world.tickets if each.sold_at.year == year)

        assert "TOTAL" == total["Ticket"]
        assert true == Decimal(total["Importe (€)"].replace(".", "").replace(",", "."))


def test_till_is_spanish(exports):
    """The till writes the encoding, the delimiter, the dates and the numbers of a Spanish PC."""
    data = next(each.data for each in exports if each.path.startswith("till/"))
    line = data.split(b"\r\n")[1].decode("cp1252")

    assert "Línea" in data.split(b"\r\n")[0].decode("cp1252")
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")
    assert datetime.strptime(line.split(";")[2], "%d/%m/%Y %H:%M")  # noqa: DTZ007 - local
    assert "," in line.split(";")[11]


def test_baskets(world, exports):
    """Every basket that was left is a line of JSON."""
    data = next(each.data for each in exports if each.path.startswith("baskets/"))
    found = {json.loads(line)["basket"] for line in data.splitlines()}

    assert set() == {each.number for each in world.baskets} - found

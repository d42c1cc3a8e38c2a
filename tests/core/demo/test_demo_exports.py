"""The demo's exports: in the vendors' shapes, and adding up to what is true."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from regard.demo import World, make_voices, make_world
from regard.demo.campaigns import make_mailings
from regard.demo.exports import ExportFile, make_exports
from regard.demo.helping import NEW_CARRIER_DAYS
from regard.demo.seasons import ZONE
from regard.demo.voices import MATTERS


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
        "web/access.log.1.gz",
        "web/sitemap.xml",
        "mailings/campaigns.csv",
        "mailings/activity.csv",
        "box/2026-01-23 1.txt",
        "box/2026-01-09 2.txt",
        "box/2025-12-26 3.txt",
        "box/2025-12-12 4.txt",
        "box/2025-11-28 5.txt",
        "box/2025-11-14 6.txt",
        "tickets/export-2026-02-03.csv",
        "footfall/counted_2026-02-03.csv",
        "official/consumer-prices_2026-01-15.csv",
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


def test_tickets_are_of_customers(world, exports):
    """Every ticket of the help desk is one of a customer that the CRM has, under its number."""
    known = {str(each.number): each.email or "" for each in world.customers}
    rows = rows_of(exports, "tickets/export")

    assert len(rows) > 100
    assert {row["Requester external id"]: row["Requester email"] for row in rows}.items() <= (
        known.items()
    )


def test_more_tickets_since_the_new_carrier(world):
    """Since another carrier delivers, more ask where their order is, and fewer are content."""
    changed = world.until - timedelta(days=NEW_CARRIER_DAYS)
    tickets = make_voices(world).help_tickets
    before = [each for each in tickets if changed - timedelta(days=60) < each.at <= changed]
    since = [each for each in tickets if each.at > changed]
    asked = Counter(each.topic for each in since)["delivery"]

    assert asked > 2 * Counter(each.topic for each in before)["delivery"]
    assert all(each.at < world.until for each in tickets)


def test_activity_adds_up_to_the_campaigns(exports):
    """What each recipient did comes, for each campaign, to what the campaigns' report counts."""
    seen: dict[tuple[str, str], set[str]] = {}
    for row in rows_of(exports, "mailings/activity"):
        seen.setdefault((row["Campaign Title"], row["Action"]), set()).add(row["Email"])
    columns = {
        "sent": "Total Recipients",
        "open": "Unique Opens",
        "click": "Unique Clicks",
        "bounce": "Total Bounces",
        "unsub": "Unsubscribes",
    }

    for row in rows_of(exports, "mailings/campaigns"):
        told = {what: int(row[column].replace(",", "")) for what, column in columns.items()}
        assert told == {what: len(seen[row["Title"], what]) for what in columns}


def test_nobody_who_refused_is_mailed(world):
    """Mail goes to those who allow it; whoever refuses it since has left by a mailing."""
    for mailing in make_mailings(world):
        left = {each.customer.number for each in mailing.mailed if each.what == "unsub"}
        refused = {each.customer.number for each in mailing.mailed if each.customer.unsubscribed}

        assert refused == left
        assert mailing.orders
        assert {order.email for order in mailing.orders} <= {
            each.customer.email for each in mailing.mailed if each.what == "click"
        }


def test_logs_lie_behind_each_other(exports):
    """The packed log ends before the plain one begins, and both are the same in each making."""
    packed = next(each.data for each in exports if each.path.endswith(".gz"))
    older = gzip.decompress(packed).decode().splitlines()
    newer = next(each.data for each in exports if each.path == "web/access.log").decode()
    days = [line.split("[")[1][:11] for line in (older[-1], newer.splitlines()[0])]

    assert days[0] != days[1]
    assert 1_000 < len(older) < 4_000
    assert packed == gzip.compress(gzip.decompress(packed), mtime=0)


def test_partial_answers(exports):
    """Who stopped after the first question has answered nothing else."""
    rows = rows_of(exports, "surveys/after-purchase")
    partial = [row for row in rows if row["Response Type"] == "partial"]
    (matters,) = [name for name in rows[0] if name.startswith("What matters")]

    assert 0.03 < len(partial) / len(rows) < 0.12
    assert {""} == {
        row[name] for row in partial for name in (matters, "Why?", "Submit Date (UTC)")
    }
    assert any(", " in row[matters] for row in rows)
    assert set(MATTERS) == {part for row in rows for part in row[matters].split(", ") if part}


def test_footfall(world, exports):
    """Nobody buys in a shop on a day on which fewer people entered it than bought."""
    bought = Counter(
        (each.store, f"{each.sold_at.astimezone(ZONE):%Y-%m-%d}")
        for each in world.tickets
        if not each.is_return
    )
    rows = rows_of(exports, "footfall/")

    assert {"MADRID-01", "VALENCIA-01", "SEVILLA-01"} == {row["store"] for row in rows}
    assert all(bought[row["store"], row["date"]] <= int(row["visitors"]) for row in rows)


def test_one_shop_is_clearly_worse(world):
    """In Sevilla fewer are content than elsewhere, clearly enough for a report on one quarter."""
    since = world.until - timedelta(days=90)
    content: dict[bool, list[bool]] = {True: [], False: []}
    for each in make_voices(world).in_store:
        if each.at >= since:
            content[each.store == "SEVILLA-01"].append(each.satisfaction >= 4)
    here, elsewhere = (sum(content[which]) / len(content[which]) for which in (True, False))

    assert elsewhere - here > 0.15

"""
HubSpot's exports of contacts and deals: UTF-8, commas, times of the portal without a zone.

The faults are those of a list that people work in: a date that somebody typed, one that does
not exist, an amount that is not known yet, a contact without its number, a line cut short.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from regard.demo.exports.files import ExportFile, Row, as_csv
from regard.demo.world import Customer, Deal, World

__all__ = ["contacts", "deals"]

_CONTACTS: Final = (
    "Record ID", "First Name", "Last Name", "Email", "Phone Number", "Contact owner",
    "Lifecycle Stage", "Lead Status", "Create Date", "Original Source", "Job Title",
    "Company Name", "Country/Region", "State/Region", "City", "Postal Code", "Date of birth",
    "Gender", "Preferred language", "Unsubscribed from all email",
)  # fmt: skip
_DEALS: Final = (
    "Record ID", "Deal Name", "Deal Stage", "Pipeline", "Amount", "Currency", "Close Date",
    "Create Date", "Deal owner", "Closed Lost Reason", "Competitor", "Associated Company",
    "Associated Contact", "Associated Contact IDs",
)  # fmt: skip
_ORIGIN: Final = "HubSpot"
_STRANGER: Final = 90_001
"""Faulty rows are nobody's in the world, so that they take nothing away from what is true."""


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def contacts(world: World) -> ExportFile:
    """Return the export of all contacts."""
    rows: list[Row] = [_contact(each) for each in world.customers]
    year = world.until.year - 1
    slips: tuple[tuple[int, Row, str], ...] = (
        (140, _slip(1, "Marta", f"{year}-02-30 10:12"), "bad-date"),
        (655, _slip(2, "Hugo", f"03/04/{year} 18:40"), "ambiguous-date"),
        (1012, _slip(None, "Ana", f"{year}-05-06 12:31"), "missing-key"),
        (1490, _slip(3, "Théo", f"{year}-09-18 09:55")[:6], "short-line"),
    )
    for place, row, _ in slips:
        rows.insert(place, row)
    name = f"hubspot-crm-exports-all-contacts-{world.until:%Y-%m-%d}.csv"
    faults = tuple(reason for *_, reason in slips)
    return ExportFile(f"exports/{name}", _ORIGIN, as_csv([_CONTACTS, *rows]), faults)


def _contact(one: Customer) -> Row:
    return (
        str(one.number),
        one.given_name,
        one.family_name,
        one.email or "",
        one.phone or "",
        "",
        one.segment,
        "Open deal" if one.segment == "Opportunity" else "",
        _minute(one.created_at),
        one.source,
        "Purchasing" if one.company else "",
        one.company or "",
        one.country.name,
        one.region.name,
        one.region.city,
        one.postal_code,
        one.birth_on.isoformat() if one.birth_on else "",
        one.sex or "",
        one.country.language,
        "true" if one.unsubscribed else "",
    )


def _slip(number: int | None, given_name: str, created_at: str) -> Row:
    """Return a contact that has a fault."""
    key = "" if number is None else str(_STRANGER + number)
    email = f"{given_name.lower()}.slip{number or 0}@example.com"
    return (
        *(key, given_name, "Prueba", email, "", "", "Lead", "", created_at, "Offline Sources"),
        *("", "", "Spain", "Galicia", "Vigo", "36201", "", "", "es", ""),
    )


def deals(world: World) -> ExportFile:
    """Return the export of all deals."""
    rows = [_deal(each) for each in world.deals]
    year = world.until.year - 1
    slips = (
        (31, _odd_deal(1, "N/D", f"{year}-10-02 12:00"), "bad-number"),
        (140, _odd_deal(2, "2400.00", f"{year}-11-31 17:00"), "bad-date"),
    )
    for place, row, _ in slips:
        rows.insert(place, row)
    name = f"hubspot-crm-exports-all-deals-{world.until:%Y-%m-%d}.csv"
    faults = tuple(reason for *_, reason in slips)
    return ExportFile(f"exports/{name}", _ORIGIN, as_csv([_DEALS, *rows]), faults)


def _deal(one: Deal) -> Row:
    person = one.customer
    return (
        str(one.number),
        one.title,
        one.stage,
        "Sales Pipeline",
        str(one.amount),
        "EUR",
        _minute(one.closed_at),
        _minute(one.created_at),
        one.owner,
        one.reason,
        one.competitor,
        person.company or "",
        f"{person.given_name} {person.family_name} ({person.email})",
        str(person.number),
    )


def _odd_deal(number: int, amount: str, closed_at: str) -> Row:
    """Return a deal that has a fault."""
    title = "Hotel Prueba: towels"
    owner = "Nerea Soto"
    key = str(_STRANGER + number)
    row = (key, title, "Contract Sent", "Sales Pipeline", amount, "EUR", closed_at)
    return (*row, f"{closed_at[:4]}-09-03 10:00", owner, "", "", "Hotel Prueba", "", "")

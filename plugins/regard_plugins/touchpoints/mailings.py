"""E-mail campaigns: a row of a report is several facts; an audience's file decides on consent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import PurePath

from regard.errors import RecordError
from regard.keys import compose
from regard.mapping import Mapped
from regard.mapping.values import shape
from regard_plugins.touchpoints.deriving import Cells, Derive

__all__ = ["activity", "audience", "campaigns"]

_COUNTS = {
    "sent": ("Total Recipients", "messages"),
    "delivered": ("Successful Deliveries", "messages"),
    "opened": ("Unique Opens", "recipients"),
    "clicked": ("Unique Clicks", "recipients"),
    "bounced": ("Total Bounces", "messages"),
    "unsubscribed": ("Unsubscribes", "recipients"),
    "complained": ("Abuse Complaints", "recipients"),
    "ordered": ("Total Orders", "orders"),
}
_COUNT = re.compile(r"\d{1,3}(?:[., \u00a0\u202f']\d{3})+|\d+", re.ASCII)
_LIKE_MAIL = {"", "email", "e-mail"}


def campaigns() -> Derive:
    """Return the facts of a campaign: its row has no more than their sums."""

    def derive(record: Mapped, cells: Cells) -> Iterable[Mapped]:
        key = record.pop("key")
        channel = cells.text("Campaign Channel").lower()
        medium = "email" if channel in _LIKE_MAIL else re.sub(r"\W+", "-", channel)
        extra = record.pop("extra", {})
        beside = {name: extra.get(name) for name in ("Subject", "List", "Audience", "Tags")}
        beside = {name.lower(): text for name, text in beside.items() if text}
        found: list[Mapped] = []
        for name, (column, unit) in _COUNTS.items():
            count = _count(cells.text(column), column)
            if count is not None:
                found.append({"name": f"{medium}.{name}", "value": count, "unit": unit})
        revenue = cells.amount("Total Revenue")
        if revenue is not None:
            value, currency = revenue
            found.append({"name": f"{medium}.revenue", "value": value, "unit": currency})
        for each in found:
            each.update(record, key=f"{key}|{each['name'].partition('.')[2]}", extra=dict(beside))
            yield each

    return derive


def _count(text: str, column: str) -> Decimal | None:
    """Return a count, whose groups of thousands cannot be anything else."""
    if not text:
        return None
    if _COUNT.fullmatch(text) is None:
        message = f"column {column!r}: {shape(text)!r} is no count"
        raise RecordError("bad-number", message, "value")
    return Decimal(re.sub(r"\D", "", text))


def audience() -> Derive:
    """
    Return what a member of an audience consented to.

    Mailchimp exports an audience as one file for each state. Only the file of those who are
    subscribed says yes; a member who left or whose address bounces says no in any file.
    """

    def derive(record: Mapped, cells: Cells) -> Iterable[Mapped]:
        state = PurePath(cells.member).name.lower()
        if cells.text("UNSUB_TIME") or cells.text("CLEAN_TIME"):
            record["consent"] = False
        elif state.startswith("subscribed"):
            record["consent"] = True
        elif state.startswith(("unsubscribed", "cleaned")):
            record["consent"] = False
        yield record

    return derive


def activity() -> Derive:
    """Return what a recipient did; where no column names the campaign, the file's name does."""

    def derive(record: Mapped, cells: Cells) -> Iterable[Mapped]:
        if "campaign" not in record:
            record["campaign"] = _campaign_of(cells.member)
            record["key"] = compose((record["type"], record["campaign"], record["key"]))
        if "url" in record:
            # Links of mailings carry who was sent them.
            record["url"] = str(record["url"]).partition("?")[0].partition("#")[0]
        yield record

    return derive


def _campaign_of(member: str) -> str:
    """Return the campaign's name in ``granular_activity/opens/25_spring-sale.csv``."""
    name = PurePath(member.removesuffix(".gz")).stem
    return name.partition("_")[2] if name.partition("_")[0].isdigit() else name

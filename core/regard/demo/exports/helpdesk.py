"""
What the help desk exports of its tickets, in Zendesk's columns.

One row went through a spreadsheet whose column was too narrow for the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from regard.demo.exports.files import ExportFile, Row, as_csv
from regard.demo.helping import HelpTicket
from regard.demo.people import OWNERS
from regard.demo.seasons import ZONE
from regard.demo.voices import Voices
from regard.demo.world import World

__all__ = ["help_tickets"]

_HEADER: Final = (
    "Summation column", "Id", "Requester", "Requester id", "Requester external id",
    "Requester email", "Requester domain", "Submitter", "Assignee", "Group", "Subject", "Tags",
    "Status", "Priority", "Via", "Ticket type", "Created at", "Updated at", "Assigned at",
    "Organization", "Due date", "Initially assigned at", "Solved at", "Resolution time",
    "Satisfaction Score", "Group stations", "Assignee stations", "Reopens", "Replies",
    "First reply time in minutes", "First reply time in minutes within business hours",
    "Full resolution time in minutes", "Full resolution time in minutes within business hours",
)  # fmt: skip
_STAMP: Final = "%Y-%m-%d %H:%M"
_NARROW: Final = "########"
_MINUTE: Final = timedelta(minutes=1)


def help_tickets(world: World, voices: Voices) -> Iterator[ExportFile]:
    """Yield the export."""
    rows = [_row(each) for each in voices.help_tickets]
    spoiled = list(rows[-1])
    spoiled[_HEADER.index("Id")] = "99001"
    spoiled[_HEADER.index("Created at")] = _NARROW
    rows.append(spoiled)
    path = f"tickets/export-{world.until:%Y-%m-%d}.csv"
    yield ExportFile(path, "Zendesk", as_csv([_HEADER, *rows]), ("bad-date",))


def _row(each: HelpTicket) -> Row:
    person = each.customer
    name = f"{person.given_name} {person.family_name}"
    taken = _local(each.at + (each.replied_after or timedelta()))
    email = person.email or ""
    replied = "" if each.replied_after is None else f"{each.replied_after // _MINUTE}"
    solved = "" if each.solved_at is None else f"{(each.solved_at - each.at) // _MINUTE}"
    updated = each.solved_at or each.at + (each.replied_after or timedelta())
    return (
        "1", str(each.number), name, str(360_000_000 + person.number), str(person.number),
        email, email.partition("@")[2], name, OWNERS[each.number % len(OWNERS)], "Support",
        each.subject, each.topic, each.status, "Normal", each.via, "Question", _local(each.at),
        _local(updated), taken, person.company or "", "", taken,
        _local(each.solved_at) if each.solved_at else "", str(int(solved) // 60) if solved else "",
        each.satisfaction, "1", "1", str(each.reopens), str(each.replies),
        replied, replied, solved, solved,
    )  # fmt: skip


def _local(at: datetime) -> str:
    return f"{at.astimezone(ZONE):{_STAMP}}"

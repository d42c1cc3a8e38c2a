"""Tickets of a help desk: how long until the first reply and until the solution."""

from __future__ import annotations

from collections.abc import Iterable

from regard.mapping import Mapped
from regard_plugins.touchpoints.deriving import Cells, Derive

__all__ = ["tickets"]

_COUNTS = {"reopens": "Reopens", "replies": "Replies"}


def tickets() -> Derive:
    """Return what follows from a row of Zendesk, or of another list of tickets."""

    def derive(record: Mapped, cells: Cells) -> Iterable[Mapped]:
        extra = record["extra"]
        created, solved = record.get("happened_at"), cells.time("Solved at")
        if solved is not None:
            extra["solved_at"] = solved.isoformat()
        minutes = {
            "first_reply_s": cells.number("First reply time in minutes"),
            "resolution_s": cells.number("Full resolution time in minutes"),
        }
        for name, value in minutes.items():
            if value is not None:
                extra[name] = int(value * 60)
        if "resolution_s" not in extra and created and solved and solved >= created:
            extra["resolution_s"] = int((solved - created).total_seconds())
        for name, column in _COUNTS.items():
            count = cells.number(column)
            if count is not None:
                extra[name] = int(count)
        score = cells.text("Satisfaction Score").lower()
        if score not in ("", "not offered", "offered", "unoffered"):
            extra["satisfaction"] = score
        cells.passed("Summation column")
        yield record

    return derive

"""Rows of the ledger as commands show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from regard.cli.console import clean, make_table
from regard.store.ledger import Entry

__all__ = ["STYLES", "as_json", "ledger_table"]

STYLES = {
    "ok": "green",
    "partial": "yellow",
    "failed": "red",
    "missed": "red",
    "running": "cyan",
    "queued": "cyan",
}


def as_json(entry: Entry) -> dict[str, Any]:
    """Return a row as ``--json`` prints it."""
    return {
        "job": entry.job,
        "scheduled_for": entry.scheduled_for,
        "state": entry.state.value,
        "cause": entry.cause,
        "due_count": entry.due_count,
        "attempt": entry.attempt,
        "started_at": entry.started_at,
        "finished_at": entry.finished_at,
        "run_id": entry.run_id,
        "exit_code": entry.exit_code,
        "reason": entry.reason,
        "host": entry.host,
        "log": entry.log,
    }


def ledger_table(entries: Sequence[Entry], timezone: str) -> Table:
    """Return rows as a table, with the reason under what did not end well."""
    from regard.render.formats import duration

    zone = ZoneInfo(timezone)
    table = make_table(["job", "due", "outcome", ("took", "right"), "why"])
    for entry in entries:
        took = "" if entry.seconds is None else duration(entry.seconds)
        many = f" x {entry.due_count:,}" if entry.due_count > 1 else ""
        table.add_row(
            Text(clean(entry.job)),
            Text(f"{entry.scheduled_for.astimezone(zone):%m-%d %H:%M:%S}"),
            Text(f"{entry.state}{many}", style=STYLES.get(entry.state.value, "")),
            Text(took),
            Text(clean(entry.reason or "")),
        )
    return table

"""``regard quarantine``: what was refused, and why."""

from __future__ import annotations

import argparse
import logging
from typing import Any

from rich.text import Text

from regard.cli import replaying
from regard.cli.app import App
from regard.cli.console import clean, make_table, rows_of
from regard.cli.payloads import masked
from regard.errors import UsageError
from regard.privacy import pseudonym
from regard.secrets import privacy_key
from regard.store import RefusedRecord
from regard.store import quarantine as stored

__all__ = ["configure", "run"]

_EPILOG = """\
examples:
  regard quarantine list                       what is refused now
  regard quarantine list --source shop         of one source
  regard quarantine list --reason bad-date     for one reason
  regard quarantine show 17                    one of them; personal values masked
  regard quarantine show 17 --reveal           the same with all values; this is logged
  regard quarantine replay --source shop       send them again, after the map was mended
  regard quarantine replay 17 18 --dry-run     what would become of two of them
  regard quarantine drop --reason bad-date     give them up; read again, they stay dropped
  regard quarantine drop --all --purge --yes   and delete what they held

exit codes of replay: 0 all was sent, 1 failed, 3 partial, 4 the source is being read
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="list refused records")
    listing.add_argument("--source", metavar="SOURCE", help="only of this source")
    listing.add_argument("--reason", metavar="CODE", help="only for this reason")
    listing.add_argument("--resolved", action="store_true", help="also those that are resolved")
    listing.add_argument("-n", type=int, default=50, metavar="N", help="how many (default 50)")
    showing = actions.add_parser("show", help="show one refused record")
    showing.add_argument("number", type=int, metavar="ID", help="as `list` shows it")
    showing.add_argument("--reveal", action="store_true", help="show personal values; logged")
    replaying.configure(actions)
    parser.epilog = _EPILOG


def run(args: argparse.Namespace, app: App) -> int:
    """List refused records, show one, send them again or give them up."""
    does = {"show": _show, "replay": replaying.replay, "drop": replaying.drop, "list": _list}
    return does[args.action](args, app)


def _list(args: argparse.Namespace, app: App) -> int:
    with app.open_store(readonly=True) as store, store.read() as transaction:
        found = stored.listed(
            transaction,
            source=args.source,
            reason=args.reason,
            resolved=args.resolved,
            limit=args.n,
        )
        reasons = stored.summary(transaction, args.source)
    key = privacy_key(app.project, app.host.resolve_secret)
    if app.json:
        app.print_json([_as_json(item, key) for item in found])
        return 0
    if not found:
        app.out.print("nothing is in quarantine")
        return 0
    table = make_table([("id", "right"), "source", "reason", "field", "where", "record"])
    rows = [
        (item.id, item.source, item.reason, item.field or "", _place(item), _name(item, key))
        for item in found
    ]
    app.out.print(rows_of(table, rows))
    app.out.print(Text("\nwhy:"))
    table = make_table([("count", "right"), "source", "stream", "reason", "field"])
    counted = [
        (f"{count:,}", source, stream, reason, field or "")
        for source, stream, reason, field, count in reasons
        if args.reason in (None, reason)
    ]
    app.out.print(rows_of(table, counted[:20]))
    total = sum(row[4] for row in reasons if args.reason in (None, row[2]))
    app.out.print(Text(f"\n{len(found):,} of {total:,} shown; `regard quarantine show ID`"))
    return 0


def _name(item: RefusedRecord, key: bytes) -> str:
    """Return how a record may be called: a key can be somebody's e-mail address."""
    return (
        item.record[:12]
        if item.record.startswith("raw:")
        else pseudonym(item.kind, item.record, key)
    )


def _place(item: RefusedRecord) -> str:
    if item.file is None:
        return item.stream
    file = item.file.rpartition("/")[2]
    return file if item.line is None else f"{file}:{item.line}"


def _as_json(item: RefusedRecord, key: bytes) -> dict[str, Any]:
    return {
        "id": item.id,
        "source": item.source,
        "stream": item.stream,
        "record": _name(item, key),
        "reason": item.reason,
        "field": item.field,
        "message": item.message,
        "file": item.file,
        "line": item.line,
        "run_id": item.run_id,
        "first_seen_at": item.first_seen_at,
        "last_seen_at": item.last_seen_at,
        "resolution": item.resolution,
    }


def _show(args: argparse.Namespace, app: App) -> int:
    with app.open_store(readonly=True) as store, store.read() as transaction:
        item = stored.one(transaction, args.number)
    if item is None:
        message = f"nothing in quarantine has the number {args.number}"
        raise UsageError(message)
    if args.reveal:
        logging.getLogger("regard.privacy").warning("quarantine %d was revealed", item.id)
        raw = item.raw if item.raw is not None else ""
        payload = {"text": raw} if isinstance(raw, str) else dict(raw)
    else:
        payload = masked(item, app)
    key = privacy_key(app.project, app.host.resolve_secret)
    if app.json:
        app.print_json({**_as_json(item, key), "raw": payload})
        return 0
    lines = {
        "source": f"{item.source}, stream {item.stream}",
        "record": _name(item, key),
        "reason": item.reason + (f" in {item.field}" if item.field else ""),
        "message": item.message,
        "where": f"{item.file or '-'}" + (f", line {item.line}" if item.line else ""),
        "run": f"{item.run_id}, plug-in {item.plugin} {item.plugin_version or ''}",
        "seen": f"{item.first_seen_at:%Y-%m-%d %H:%M} to {item.last_seen_at:%Y-%m-%d %H:%M} UTC",
        "state": item.resolution or "open",
    }
    for name, text in lines.items():
        app.out.print(Text(f"{name:8} {clean(text)}"), soft_wrap=True)
    table = make_table(["column", "value"])
    app.out.print()
    app.out.print(rows_of(table, payload.items()))
    if not args.reveal:
        app.out.print(
            Text(
                "\nwhat is or may be personal is masked; --reveal shows it and is logged",
                style="dim",
            )
        )
    return 0

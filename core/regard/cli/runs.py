"""``regard runs``: the history of runs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text

from regard.cli.app import App
from regard.cli.console import clean, count, make_table, rows_of
from regard.cli.ledgers import as_json, ledger_table
from regard.errors import UsageError
from regard.store import PastRun, ledger
from regard.store import runs as stored

__all__ = ["configure", "run"]

_EPILOG = """\
examples:
  regard runs                 the last twenty runs
  regard runs --source crm    of one source
  regard runs --due           what was due, and what became of it: run, skipped or missed
  regard runs show 17         everything about one run
  regard runs prune --older-than 90d           forget older ones
  regard runs prune --keep 100 --dry-run       count those before each source's last hundred

The last run of a source is never forgotten, nor one whose refused records are still open.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.add_argument("--source", metavar="SOURCE", help="only runs of this source")
    parser.add_argument("-n", type=int, default=20, metavar="N", help="how many (default 20)")
    parser.add_argument("--due", action="store_true", help="due times instead of runs")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    show = actions.add_parser("show", help="everything about one run")
    show.add_argument("number", type=int, metavar="N", help="the run's number")
    prune = actions.add_parser("prune", help="forget old runs; records stay")
    prune.add_argument("--keep", type=_positive, metavar="N", help="so many of each source stay")
    prune.add_argument("--older-than", type=_age, metavar="AGE", help="such as 90d or 12h")
    prune.add_argument("--source", dest="only", metavar="SOURCE", help="only of this source")
    prune.add_argument("--dry-run", action="store_true", help="only count")
    parser.epilog = _EPILOG


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        message = f"{text!r} is no number from 1"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _age(text: str) -> timedelta:
    from regard.settings.checks import check_duration

    try:
        return check_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def run(args: argparse.Namespace, app: App) -> int:
    """List runs, show one, or forget old ones."""
    if args.action == "prune":
        return _prune(args, app)
    with app.open_store(readonly=True) as store, store.read() as transaction:
        if args.action == "show":
            found = stored.history(transaction, run_id=args.number)
            if not found:
                message = f"there is no run {args.number}; `regard runs` lists them"
                raise UsageError(message)
            return _show(found[0], app)
        if args.due:
            return _show_due(ledger.history(transaction, limit=args.n, job=_job(args.source)), app)
        found = stored.history(transaction, source=args.source, limit=args.n)
    if app.json:
        app.print_json([_as_json(item) for item in found])
        return 0
    table = make_table(
        [
            ("run", "right"),
            "source",
            "outcome",
            "started",
            ("secs", "right"),
            ("read", "right"),
            ("stored", "right"),
            ("quarantined", "right"),
        ]
    )
    rows_of(table, [_row(item, app) for item in found])
    app.out.print(table)
    app.out.print(Text(count(len(found), "run")))
    return 0


def _prune(args: argparse.Namespace, app: App) -> int:
    from regard.store import pruning

    if (args.keep is None) == (args.older_than is None):
        message = "which ones? Give either --keep N or --older-than AGE"
        raise UsageError(message)
    wanted = {"source": args.only, "keep": args.keep, "older_than": args.older_than}
    with app.open_store(readonly=args.dry_run) as store:
        if args.dry_run:
            with store.read() as transaction:
                done = pruning.Pruned(len(pruning.prunable(transaction, **wanted)))
        else:
            with store.write() as transaction:
                transaction.writer.lock()
                done = pruning.prune(transaction, pruning.prunable(transaction, **wanted))
    if app.json:
        app.print_json({"dry_run": args.dry_run, **asdict(done)})
        return 0
    verb = "would be forgotten" if args.dry_run else "forgotten"
    app.out.print(Text(f"{count(done.runs, 'run')} {verb}"))
    return 0


def _seconds(item: PastRun) -> float | None:
    if item.finished_at is None:
        return None
    return (item.finished_at - item.started_at).total_seconds()


def _local(moment: datetime | None, app: App) -> str:
    if moment is None:
        return "-"
    return f"{moment.astimezone(ZoneInfo(app.project.settings.timezone)):%Y-%m-%d %H:%M}"


def _row(item: PastRun, app: App) -> list[str]:
    counts = item.counts
    seconds = sum(stream.seconds for stream in item.streams)
    return [
        str(item.id),
        item.source,
        item.outcome or "running",
        _local(item.started_at, app),
        f"{seconds:.1f}",
        f"{counts.read:,}",
        f"{counts.new + counts.changed:,}",
        f"{counts.quarantined:,}",
    ]


def _as_json(item: PastRun) -> dict[str, Any]:
    return {
        "run_id": item.id,
        "source": item.source,
        "outcome": item.outcome,
        "reason": item.reason,
        "plugin": item.plugin,
        "plugin_version": item.plugin_version,
        "regard_version": item.regard_version,
        "config_digest": item.config_digest,
        "host": item.host,
        "pid": item.pid,
        "started_at": item.started_at,
        "finished_at": item.finished_at,
        "seconds": _seconds(item),
        "error": item.error,
        "streams": [stream.as_json() for stream in item.streams],
    }


def _job(source: str | None) -> str | None:
    return None if source is None else f"source:{source}"


def _show_due(entries: Sequence[ledger.Entry], app: App) -> int:
    """List due times, the latest first."""
    if app.json:
        app.print_json([as_json(entry) for entry in entries])
    else:
        app.out.print(ledger_table(entries, app.project.settings.timezone))
    return 0


def _show(item: PastRun, app: App) -> int:
    if app.json:
        app.print_json(_as_json(item))
        return 0
    lines = {
        "run": f"{item.id} of {item.source}: {item.outcome or 'running'} ({item.reason})",
        "time": f"{_local(item.started_at, app)} to {_local(item.finished_at, app)}",
        "plug-in": f"{item.plugin} {item.plugin_version or ''} with regard {item.regard_version}",
        "settings": item.config_digest,
        "process": f"{item.pid} on {item.host}",
    }
    for name, text in lines.items():
        app.out.print(Text(f"{name:9} {clean(text)}"), soft_wrap=True)
    for stream in item.streams:
        rate = stream.counts.read / stream.seconds if stream.seconds else 0
        outcome = stream.outcome.value if stream.ended else "running"
        app.out.print(
            Text(
                f"\n{clean(stream.stream or '-')}: {outcome}, {stream.seconds:.1f} s, "
                f"{rate:,.0f} records/s"
            )
        )
        for name, number in stream.counts.as_dict().items():
            app.out.print(Text(f"  {name:12} {number:>12,}"))
        for note in [*([stream.error] if stream.error else []), *stream.notes]:
            for line in note.splitlines():
                app.out.print(Text(f"  {clean(line)}"), soft_wrap=True)
    return 0

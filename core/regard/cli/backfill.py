"""``regard backfill``: read a part of a stream's past."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from regard import __version__
from regard.cli.app import App
from regard.cli.summaries import by_source, show_summaries
from regard.cli.watching import stoppable, watching
from regard.runs import StreamSummary, exit_code, overall

if TYPE_CHECKING:
    from regard.pipeline.running import Runner

__all__ = ["configure", "run"]

_EPILOG = """\
examples:
  regard backfill desk --stream tickets --from 2024-01-01 --to 2025-01-01
  regard backfill desk --stream orders --from 1 --to 5000 --dry-run

The two points are values of the stream's cursor: a time, a day, a number or a text; a time
without a zone is one of the source's zone. The live cursor does not move. A backfill that
breaks off is resumed by the same command. What is older than what is stored counts as stale.
exit codes: 0 ok, 1 failed, 2 wrong usage or configuration, 3 partial, 4 already running
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.add_argument("source", metavar="SOURCE", help="a name from regard.toml")
    parser.add_argument("--stream", required=True, metavar="STREAM", help="one of its streams")
    parser.add_argument("--from", required=True, dest="start", metavar="A", help="where to begin")
    parser.add_argument("--to", required=True, dest="end", metavar="B", help="where to end")
    parser.add_argument("--dry-run", action="store_true", help="decide everything, write nothing")
    parser.epilog = _EPILOG


def run(args: argparse.Namespace, app: App) -> int:
    """Read the span and print what was done."""
    from regard.pipeline.running import Runner

    with stoppable() as cancel, watching(app) as watch:
        runner = Runner(
            app.project,
            app.host,
            app.clock,
            __version__,
            cancel=cancel,
            watch=watch,
            debug=app.debug,
        )
        summaries = _dry_run(args, app, runner) if args.dry_run else _run(args, app, runner)
    if app.json:
        outcome = overall(summary.outcome for summary in summaries)
        runs = [summary.as_json() for summary in summaries]
        app.print_json({"outcome": outcome.value, "runs": runs})
    else:
        show_summaries(summaries, app, dry=args.dry_run)
    return exit_code(by_source(summaries))


def _run(args: argparse.Namespace, app: App, runner: Runner) -> list[StreamSummary]:
    from regard.pipeline.backfilling import backfill, span_of

    with app.open_store() as store:
        span = span_of(runner, store, args.source, args.stream, args.start, args.end)
        return backfill(runner, store, args.source, span)


def _dry_run(args: argparse.Namespace, app: App, runner: Runner) -> list[StreamSummary]:
    from dataclasses import replace

    from regard.pipeline.backfilling import span_of
    from regard.pipeline.starting import Wish
    from regard.store import Store

    missing = Store.inspect(app.store_url).state == "missing"
    store = None if missing else Store.open(app.store_url, clock=app.clock, readonly=True)
    try:
        span = span_of(runner, store, args.source, args.stream, args.start, args.end)
        summaries, _ = replace(runner, wish=Wish(span=span)).dry_run(store, args.source)
    finally:
        if store is not None:
            store.close()
    return summaries

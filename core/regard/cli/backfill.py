"""``regard backfill``: read a part of a stream's past."""

from __future__ import annotations

import argparse

from regard.cli.app import App
from regard.cli.summaries import by_source, show_summaries
from regard.cli.watching import stoppable
from regard.runs import exit_code, overall

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
    from regard.cli.reading import read_apart
    from regard.pipeline.reading import Reading

    span = (args.stream, args.start, args.end)
    with stoppable() as cancel:
        if not args.dry_run:
            with app.open_store():
                pass  # whatever is wrong with the store is said before a child opens it
        reading = Reading(app.workplace, dry=args.dry_run, span=span)
        from regard.pipeline.preparing import settings_of

        deadline = settings_of(app.project, args.source).deadline
        summaries, _ = read_apart(app, reading, args.source, cancel, deadline)
    if app.json:
        outcome = overall(summary.outcome for summary in summaries)
        runs = [summary.as_json() for summary in summaries]
        app.print_json({"outcome": outcome.value, "runs": runs})
    else:
        show_summaries(summaries, app, dry=args.dry_run)
    return exit_code(by_source(summaries))

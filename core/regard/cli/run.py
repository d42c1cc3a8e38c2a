"""``regard run``: read sources into the store."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from regard.cli.app import App
from regard.cli.console import clean, make_table
from regard.cli.summaries import by_source, show_summaries
from regard.cli.watching import stoppable
from regard.errors import UsageError
from regard.names import did_you_mean
from regard.runs import Outcome, StreamSummary, exit_code, overall

if TYPE_CHECKING:
    from regard.pipeline.reading import Refusal
    from regard.store import Store

__all__ = ["configure", "run"]

_WAIT_SECONDS = 1.0
"""How long a run waits for whoever blocks the end of an erasure; the next one tries again."""

_EPILOG = """\
examples:
  regard run crm                  read one source
  regard run crm shop             read two, one after the other
  regard run --all                read all that are enabled
  regard run crm --dry-run        show what it would do; nothing is written
  regard run crm --full-refresh contacts   read one of its streams from the beginning
  regard run --all --json | jq .outcome

exit codes: 0 all ok, 1 failed, 2 wrong usage or configuration, 3 partial, 4 already running
"""


def _share(text: str) -> float:
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        message = f"{text!r} is no share; write 0.05 or 5%"
        raise argparse.ArgumentTypeError(message)
    return value


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="names from regard.toml")
    parser.add_argument("--all", action="store_true", help="all sources that are enabled")
    parser.add_argument("--dry-run", action="store_true", help="decide everything, write nothing")
    parser.add_argument(
        "--error-budget",
        type=_share,
        metavar="P",
        help="share of records that may be refused before a stream is stopped (default 0.05)",
    )
    parser.add_argument(
        "--full-refresh",
        action="append",
        metavar="STREAM",
        help="read this stream of the one source from its beginning; may be repeated",
    )
    parser.epilog = _EPILOG


def run(args: argparse.Namespace, app: App) -> int:
    """Read the named sources and print what was done."""
    names = _names(args, app)
    if args.full_refresh and len(names) != 1:
        message = "--full-refresh names a stream of one source: name just that source"
        raise UsageError(message)
    # Imported here: it brings what reads sources, which `regard run --help` need not.
    from regard.pipeline.checking import require_valid

    require_valid(app.project, app.host, names)
    from regard.cli.reading import read_apart
    from regard.pipeline.enrichers import make_tables
    from regard.pipeline.reading import Reading

    reading = Reading(
        app.workplace, args.error_budget, frozenset(args.full_refresh or ()), args.dry_run
    )
    summaries: list[StreamSummary] = []
    refused: list[Refusal] = []
    with stoppable() as cancel:
        if not args.dry_run:
            # Whatever is wrong with the store is said once. It is closed again before there
            # are children: no process can share a connection with another.
            with app.open_store() as store:
                _complete_erasure(store, app)
                make_tables(app.workplace, store)
        for name in names:
            if cancel.is_set():
                summaries.append(_not_begun(name))
                continue
            done, bad = read_apart(
                app, reading, name, cancel, app.project.settings.sources[name].deadline
            )
            summaries += done
            refused += bad
    if app.json:
        outcome = overall(summary.outcome for summary in summaries)
        runs = [summary.as_json() for summary in summaries]
        app.print_json({"outcome": outcome.value, "runs": runs})
    else:
        show_summaries(summaries, app, dry=args.dry_run)
        _show_refused(refused, app)
    return exit_code(by_source(summaries))


def _complete_erasure(store: Store, app: App) -> None:
    """Do what is left of an erasure that somebody who was reading has blocked."""
    from regard.pipeline.forgetting import complete

    for problem in complete(store, app.project.root, app.clock, wait_seconds=_WAIT_SECONDS):
        app.problem(f"an erasure is not complete: {problem}")


def _not_begun(name: str) -> StreamSummary:
    error = "not begun: the run was asked to stop"
    return StreamSummary(name, "", None, Outcome.PARTIAL, error=error)


def _names(args: argparse.Namespace, app: App) -> list[str]:
    sources = app.project.settings.sources
    if args.all and args.sources:
        message = "name sources or give --all, not both"
        raise UsageError(message)
    if args.all:
        names = [name for name, source in sources.items() if source.enabled]
        if not names:
            message = (
                f"no source is enabled in {app.project.path.name}; add a [sources.NAME] table"
            )
            raise UsageError(message)
        return names
    if not args.sources:
        known = ", ".join(sources) or "none yet"
        message = f"which source? Name one, or give --all (sources: {known})"
        raise UsageError(message)
    for name in args.sources:
        if name not in sources:
            message = f"there is no source {name!r}{did_you_mean(name, sources)}"
            raise UsageError(message)
    return list(dict.fromkeys(args.sources))


def _show_refused(refused: Sequence[Refusal], app: App) -> None:
    """Say in a dry run what would go to quarantine, since nobody can look there later."""
    reasons = Counter(refused)
    if not reasons:
        return
    table = make_table([("refused", "right"), "reason", "field", "what is wrong"])
    for (reason, field, message), count in reasons.most_common(20):
        table.add_row(
            Text(f"{count:,}"), Text(clean(reason)), Text(clean(field)), Text(clean(message))
        )
    app.out.print(table)

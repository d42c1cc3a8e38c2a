"""``regard enrich``: let enrichers look at the records that they have not seen."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from rich.text import Text

from regard.cli.app import App
from regard.cli.console import clean
from regard.errors import UsageError
from regard.names import did_you_mean
from regard.runs import Outcome, StreamSummary, exit_code, overall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regard.settings import EnricherSettings

__all__ = ["configure", "run"]

_EPILOG = """\
examples:
  regard enrich price-bands           let one look at what is new
  regard enrich --all                 all that are enabled, each behind those that it builds on
  regard enrich --all --stale         only those that have anything to do
  regard enrich --all --dry-run       show what they would do; nothing is stored
  regard enrich price-bands --drop    drop its side tables; the records stay as they are

An enricher has a table [enrichers.NAME] in regard.toml. Where the loop runs, stale ones are run
behind their sources and before a report. After a change of its version or its settings an
enricher begins anew, and its side tables are made again.

exit codes: 0 all ok, 1 failed, 2 wrong usage or configuration, 3 partial, 4 already running
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="names from regard.toml")
    parser.add_argument("--all", action="store_true", help="all enrichers that are enabled")
    parser.add_argument(
        "--stale", action="store_true", help="only those that have not seen everything"
    )
    parser.add_argument("--dry-run", action="store_true", help="decide everything, store nothing")
    parser.add_argument("--drop", action="store_true", help="drop the side tables of one")
    parser.epilog = _EPILOG


def run(args: argparse.Namespace, app: App) -> int:
    """Run the named enrichers and print what was done."""
    if args.drop:
        return _drop(args, app)
    from regard.cli.reading import read_apart
    from regard.cli.watching import stoppable
    from regard.pipeline.checking import require_valid_enrichers
    from regard.pipeline.enrichers import make_tables
    from regard.pipeline.enriching import Enriching

    names = _names(args, app)
    require_valid_enrichers(app.project, app.host, names)
    names = _chosen(names, app, stale=args.stale)
    work = Enriching(app.workplace, args.dry_run)
    summaries: list[StreamSummary] = []
    with stoppable() as cancel:
        if not args.dry_run:
            # Whatever is wrong with the store is said once.
            with app.open_store() as store:
                make_tables(app.workplace, store)
        for name in names:
            job = f"enricher:{name}"
            if cancel.is_set():
                error = "not begun: the run was asked to stop"
                summaries.append(StreamSummary(job, "", None, Outcome.PARTIAL, error=error))
                continue
            deadline = app.project.settings.enrichers[name].deadline
            summaries += read_apart(app, work, job, cancel, deadline)[0]
    _show(summaries, app, dry=args.dry_run)
    return exit_code(summary.outcome for summary in summaries)


def _names(args: argparse.Namespace, app: App) -> list[str]:
    tables: dict[str, EnricherSettings] = app.project.settings.enrichers
    if args.all and args.names:
        message = "name enrichers or give --all, not both"
        raise UsageError(message)
    if args.all or (args.stale and not args.names):
        names = [name for name, table in tables.items() if table.enabled]
        if not names:
            message = (
                f"no enricher is enabled in {app.project.path.name}; add a table [enrichers.NAME]"
            )
            raise UsageError(message)
        return names
    if not args.names:
        known = ", ".join(tables) or "none yet"
        message = f"which enricher? Name one, or give --all (enrichers: {known})"
        raise UsageError(message)
    for name in args.names:
        if name not in tables:
            near = did_you_mean(name, tables) or f"; add a table [enrichers.{name}]"
            message = f"there is no enricher {name!r} in {app.project.path.name}{near}"
            raise UsageError(message)
    return list(dict.fromkeys(args.names))


def _chosen(names: Sequence[str], app: App, *, stale: bool) -> list[str]:
    """Return enrichers in their order; those that are not stale left out where they may be."""
    from regard.pipeline.enrichers import in_order, stale_ones

    ordered = in_order(app.workplace, names)
    if not stale:
        return ordered
    return stale_ones(app.workplace, ordered)


def _show(summaries: Sequence[StreamSummary], app: App, *, dry: bool) -> None:
    if app.json:
        outcome = overall(summary.outcome for summary in summaries)
        runs = [_as_json(summary) for summary in summaries]
        app.print_json({"outcome": outcome.value, "runs": runs})
        return
    if not summaries:
        app.out.print("all enrichers have seen everything")
        return
    from regard.cli.summaries import show_enriched

    show_enriched(summaries, app, dry=dry)


def _as_json(summary: StreamSummary) -> dict[str, object]:
    told = summary.as_json()
    del told["stream"]
    return {"enricher": str(told.pop("source")).partition(":")[2], **told}


def _drop(args: argparse.Namespace, app: App) -> int:
    """Drop what an enricher has made, also one that is no longer configured."""
    from regard.store import enriching

    if len(args.names) != 1 or args.all or args.stale or args.dry_run:
        message = "--drop goes with the name of one enricher and nothing else"
        raise UsageError(message)
    name = args.names[0]
    with app.open_store() as store, store.write() as transaction:
        tables = enriching.forget(transaction, name)
    if app.json:
        app.print_json({"enricher": name, "dropped": list(tables)})
        return 0
    app.out.print(Text(clean(f"{name}: dropped {', '.join(tables)}; the records stay")))
    if name in app.project.settings.enrichers and not app.quiet:
        app.problem(f"[enrichers.{name}] is still in {app.project.path.name}: it runs again")
    return 0

"""``regard quarantine replay`` and ``drop``: what was refused is sent again, or given up."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rich.text import Text

from regard import __version__
from regard.cli.app import App
from regard.cli.confirming import confirm
from regard.cli.console import clean, make_table
from regard.cli.watching import stoppable
from regard.errors import UsageError
from regard.runs import StreamSummary, exit_code, overall

__all__ = ["configure", "drop", "replay"]


def _select(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", metavar="SOURCE", help="only of this source")
    parser.add_argument("--reason", metavar="CODE", help="only for this reason")
    parser.add_argument("numbers", nargs="*", type=int, metavar="ID", help="only these records")


def configure(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the options of both actions."""
    again = actions.add_parser("replay", help="send refused records through today's configuration")
    _select(again)
    again.add_argument("--dry-run", action="store_true", help="decide everything, write nothing")
    away = actions.add_parser("drop", help="give refused records up; they count no more")
    _select(away)
    away.add_argument("--all", action="store_true", help="all refused records of all sources")
    away.add_argument("--purge", action="store_true", help="delete their payloads as well")
    away.add_argument("--yes", action="store_true", help="do not ask before deleting payloads")


def replay(args: argparse.Namespace, app: App) -> int:
    """Send refused records again and print what became of them."""
    from regard.pipeline.checking import require_valid
    from regard.pipeline.replaying import Replayer
    from regard.store.resolving import Selection

    selection = Selection(args.source, args.reason, tuple(args.numbers))
    if args.source in app.project.settings.sources:
        require_valid(app.project, app.host, [args.source])
    with stoppable() as cancel, app.open_store(readonly=args.dry_run) as store:
        replayer = Replayer(
            app.project, app.host, app.clock, __version__, cancel=cancel, debug=app.debug
        )
        with store.read() as transaction:
            _check_numbers(transaction, args.numbers)
        summaries = replayer.replay(store, selection, dry=args.dry_run)
    if app.json:
        outcome = overall(summary.outcome for summary in summaries)
        runs = [summary.as_json() for summary in summaries]
        app.print_json({"outcome": outcome.value, "dry_run": args.dry_run, "runs": runs})
    else:
        _show(summaries, app, dry=args.dry_run)
    return exit_code(summary.outcome for summary in summaries)


def _check_numbers(transaction: object, numbers: Sequence[int]) -> None:
    from regard.store import Transaction
    from regard.store.resolving import numbers as known_numbers

    if not numbers or not isinstance(transaction, Transaction):
        return
    missing = sorted(set(numbers) - known_numbers(transaction, numbers))
    if missing:
        shown = ", ".join(str(number) for number in missing)
        message = f"nothing in quarantine has the number {shown}; `regard quarantine list`"
        raise UsageError(message)


def _show(summaries: Sequence[StreamSummary], app: App, *, dry: bool) -> None:
    if not summaries:
        app.out.print("nothing is waiting in quarantine")
        return
    names = ("read", "new", "changed", "unchanged", "stale", "deleted", "quarantined")
    table = make_table(
        ["source", "stream", "outcome", *((_word(name), "right") for name in names)]
    )
    for summary in summaries:
        counts = summary.counts.as_dict()
        table.add_row(
            Text(clean(summary.source)),
            Text(clean(summary.stream or "-")),
            Text(summary.outcome.value),
            *(Text(f"{counts[name]:,}") for name in names),
        )
    app.out.print(table)
    for summary in summaries:
        place = clean(summary.place)
        if summary.error:
            app.problem(f"{place}: {summary.error}")
        if not app.quiet:
            for note in summary.notes:
                app.err.print(Text(f"{place}: {clean(note)}", style="dim"), soft_wrap=True)
    left = sum(summary.counts.quarantined for summary in summaries)
    sent = sum(summary.counts.read for summary in summaries)
    verb = "would be resolved" if dry else "resolved"
    stay = "stays" if left == 1 else "stay"
    app.out.print(Text(f"{sent - left:,} of {sent:,} {verb}, {left:,} {stay} in quarantine"))


def _word(name: str) -> str:
    return {"read": "sent", "quarantined": "refused"}.get(name, name)


def drop(args: argparse.Namespace, app: App) -> int:
    """Give refused records up and print how many."""
    from regard.store import resolving

    selection = resolving.Selection(args.source, args.reason, tuple(args.numbers))
    if bool(selection) == args.all:
        message = "which ones? Give --source, --reason or numbers, or --all for all of them"
        raise UsageError(message)
    with app.open_store() as store:
        with store.read() as transaction:
            _check_numbers(transaction, args.numbers)
            count = resolving.droppable(transaction, selection, purge=args.purge)
        if args.purge and count:
            question = f"the payloads of {count} refused records would be deleted for good"
            if not confirm(app, question, word="purge", yes=args.yes):
                return 0
        with store.write() as transaction:
            done = resolving.drop(transaction, selection, purge=args.purge)
    if app.json:
        app.print_json({"dropped": done, "purged": args.purge})
    else:
        more = ", their payloads deleted" if args.purge else ""
        app.out.print(
            Text(f"{done:,} refused {'record' if done == 1 else 'records'} given up{more}")
        )
    return 0

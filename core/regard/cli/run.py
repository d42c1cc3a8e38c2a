"""``regard run``: read sources into the store."""

from __future__ import annotations

import argparse
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING

from rich.progress import TaskID
from rich.text import Text

from regard import __version__
from regard.cli.app import App
from regard.cli.console import clean, make_progress, make_table
from regard.errors import UsageError
from regard.names import did_you_mean
from regard.runs import Counts, Outcome, StreamSummary, exit_code, overall

if TYPE_CHECKING:
    from regard.pipeline.running import Runner, SourceWatch
    from regard.store import Refused

__all__ = ["configure", "run"]

_EPILOG = """\
examples:
  regard run crm                  read one source
  regard run crm shop             read two, one after the other
  regard run --all                read all that are enabled
  regard run crm --dry-run        show what it would do; nothing is written
  regard run --all --json | jq .outcome

exit codes: 0 all ok, 1 failed, 2 wrong usage or configuration, 3 partial, 4 already running
"""

_MARKS = {
    Outcome.OK: ("ok", "green"),
    Outcome.PARTIAL: ("partial", "yellow"),
    Outcome.FAILED: ("failed", "red"),
    Outcome.SKIPPED: ("skipped", "yellow"),
}


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
    parser.epilog = _EPILOG


def run(args: argparse.Namespace, app: App) -> int:
    """Read the named sources and print what was done."""
    names = _names(args, app)
    summaries: list[StreamSummary] = []
    refused: list[Refused] = []
    with _stoppable() as cancel, _watching(app) as watch:
        runner = _runner(args, app, cancel, watch)
        if args.dry_run:
            summaries, refused = _dry_run(runner, app, names)
        else:
            with app.open_store() as store:
                for name in names:
                    if cancel.is_set():
                        break
                    summaries += runner.run(store, name)
    if app.json:
        outcome = overall(summary.outcome for summary in summaries)
        runs = [summary.as_json() for summary in summaries]
        app.print_json({"outcome": outcome.value, "runs": runs})
    else:
        _show(summaries, app, dry=args.dry_run)
        _show_refused(refused, app)
    return exit_code(_by_source(summaries))


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


def _runner(
    args: argparse.Namespace, app: App, cancel: Event, watch: SourceWatch | None
) -> Runner:
    from regard.pipeline.running import Runner

    return Runner(
        app.project,
        app.host,
        app.clock,
        __version__,
        cancel=cancel,
        watch=watch,
        error_budget=args.error_budget,
        debug=app.debug,
    )


def _dry_run(
    runner: Runner, app: App, names: Sequence[str]
) -> tuple[list[StreamSummary], list[Refused]]:
    from regard.store import Store

    summaries: list[StreamSummary] = []
    refused: list[Refused] = []
    missing = Store.inspect(app.store_url).state == "missing"
    store = None if missing else Store.open(app.store_url, clock=app.clock, readonly=True)
    try:
        for name in names:
            done, bad = runner.dry_run(store, name)
            summaries += done
            refused += bad
    finally:
        if store is not None:
            store.close()
    return summaries, refused


@contextmanager
def _stoppable() -> Iterator[Event]:
    """Let the first SIGINT or SIGTERM finish the batch; a second one ends at once."""
    cancel = Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _watching(app: App) -> Iterator[SourceWatch | None]:
    """Show a progress bar on a terminal; elsewhere nothing."""
    if app.quiet or app.json or not app.err.is_terminal:
        yield None
        return
    with make_progress(app.err, visible=True) as progress:
        tasks: dict[tuple[str, str], TaskID] = {}

        def watch(source: str, stream: str, done: int, total: int | None, unit: str) -> None:
            place = (source, stream)
            if place not in tasks:
                name = clean(f"{source} {stream}".strip())
                tasks[place] = progress.add_task(name, total=total, rate="")
            speed = progress.tasks[tasks[place]].speed
            rate = f"{speed:,.0f} {unit}/s" if speed else unit
            progress.update(tasks[place], completed=done, total=total, rate=rate)

        yield watch


def _by_source(summaries: Sequence[StreamSummary]) -> list[Outcome]:
    names = dict.fromkeys(summary.source for summary in summaries)
    return [
        overall(summary.outcome for summary in summaries if summary.source == name)
        for name in names
    ]


_SHOWN = ("read", "new", "changed", "unchanged", "stale", "quarantined", "deleted")
_ALWAYS = ("read", "new", "unchanged", "quarantined")


def _show(summaries: Sequence[StreamSummary], app: App, *, dry: bool) -> None:
    total = Counts()
    for summary in summaries:
        total.add(summary.counts)
    counts = total.as_dict()
    shown = [name for name in _SHOWN if name in _ALWAYS or counts[name]]
    table = make_table(
        ["source", "stream", "outcome", *((name, "right") for name in shown), ("seconds", "right")]
    )
    for summary in summaries:
        word, style = _MARKS[summary.outcome]
        values = summary.counts.as_dict()
        table.add_row(
            Text(clean(summary.source)),
            Text(clean(summary.stream or "-")),
            Text(word, style=style),
            *(Text(f"{values[name]:,}") for name in shown),
            Text(f"{summary.seconds:.1f}"),
        )
    app.out.print(table)
    for summary in summaries:
        place = clean(" ".join(part for part in (summary.source, summary.stream) if part))
        if summary.error:
            app.problem(f"{place}: {summary.error}")
        if not app.quiet:
            for note in summary.notes:
                app.err.print(Text(f"{place}: {clean(note)}", style="dim"), soft_wrap=True)
    _close(summaries, total, app, dry=dry)


def _close(summaries: Sequence[StreamSummary], total: Counts, app: App, *, dry: bool) -> None:
    """Print the closing line of counts, and where to look next."""
    outcomes = Counter(summary.outcome for summary in summaries)
    parts = [f"{count} {outcome.value}" for outcome, count in sorted(outcomes.items())]
    verb = "would store" if dry else "stored"
    line = (
        f"{'dry run: ' if dry else ''}{', '.join(parts)}; {verb} "
        f"{total.new + total.changed:,} of {total.read:,} records"
    )
    if total.quarantined:
        line += f", {total.quarantined:,} in quarantine"
        line += "" if dry else " (see `regard quarantine list`)"
    app.out.print(Text(line), soft_wrap=True)


def _show_refused(refused: Sequence[Refused], app: App) -> None:
    """Say in a dry run what would go to quarantine, since nobody can look there later."""
    reasons = Counter((item.reason, item.field or "", item.message) for item in refused)
    if not reasons:
        return
    table = make_table([("refused", "right"), "reason", "field", "what is wrong"])
    for (reason, field, message), count in reasons.most_common(20):
        table.add_row(
            Text(f"{count:,}"), Text(clean(reason)), Text(clean(field)), Text(clean(message))
        )
    app.out.print(table)

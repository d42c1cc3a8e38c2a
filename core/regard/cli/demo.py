"""``regard demo``: a whole project with generated exports, made, run and reported on."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from regard import __version__
from regard.cli.app import App
from regard.runs import Outcome, StreamSummary, exit_code, overall

if TYPE_CHECKING:
    from rich.console import Console

    from regard.demo import Demo
    from regard.store import RefusedRecord

__all__ = ["configure", "run"]

_REPORTS: Final = ("customers", "voice", "mystery", "touchpoints")
_LINE_WIDTH: Final = 8
_REASON_WIDTH: Final = 18
_ENOUGH: Final = (0, 3)
"""Exit codes of a run after which there is something to report on."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "folder",
        metavar="DIR",
        nargs="?",
        default="demo-project",
        help="the demo's folder (default: demo-project)",
    )
    parser.epilog = (
        "Makes the exports of an invented retailer: of its CRM, web shop and tills, of its\n"
        "surveys, mystery shoppers, telephones and web server, with faults as they really\n"
        "happen. Reads them into a store, prints reports, and says what was refused and why.\n\n"
        "A demo that is there already is run again; its files are never overwritten, so that you\n"
        "can change them. To begin anew, delete the folder.\n\n"
        "examples:\n"
        "  regard demo\n"
        "  regard demo /tmp/demo --quiet\n"
    )


def run(args: argparse.Namespace, app: App) -> int:
    """Make the demo, run it, and print what came of it."""
    from regard.demo import make_demo

    demo = make_demo(Path(args.folder), app.clock.now())
    inside = _inside(demo, app)
    if app.json:
        return _as_json(demo, inside)
    _show_files(demo, app)
    code = _run_all(inside)
    if code not in _ENOUGH:
        return code
    for name in _REPORTS:
        _heading(app.out, f"regard report {name}")
        _report(inside, name)
    _show_refused(_refused(inside), app)
    _show_next(demo, app)
    return code


def _inside(demo: Demo, app: App) -> App:
    """Return the app as a command in the demo's folder has it."""
    config = str(demo.root / "regard.toml")
    options = argparse.Namespace(config=config, json=app.json, quiet=app.quiet, debug=app.debug)
    return App(options)


def _heading(console: Console, command: str) -> None:
    """Print the command that does what follows."""
    from rich.text import Text

    console.print(Text(f"\n$ {command}\n", style="bold"), soft_wrap=True)


def _show_files(demo: Demo, app: App) -> None:
    from rich.text import Text

    from regard.cli.console import make_table, rows_of

    if app.quiet:
        return
    world = demo.world
    verb = "Made" if not demo.kept else "Completed" if demo.written else "Found"
    app.out.print(
        Text(
            f"{verb} a demo in {demo.root}: two years of an invented retailer with "
            f"{len(world.customers):,} customers, {len(world.orders):,} orders on the web, "
            f"{len(world.tickets):,} tickets of tills, {len(world.deals):,} quotes and "
            f"{len(world.baskets):,} baskets that were left.\n"
        )
    )
    app.out.print(Text(f"{_books(demo)}\n"))
    table = make_table(["export", "of", ("kB", "right")])
    rows = [
        (each.path, each.origin, f"{(demo.root / each.path).stat().st_size / 1000:,.0f}")
        for each in demo.exports
    ]
    app.out.print(rows_of(table, rows))


def _books(demo: Demo) -> str:
    """Say what is true in the world, for comparison with what the report finds."""
    revenue = " and ".join(
        f"{amount:,.2f} {currency}" for currency, amount in sorted(demo.world.revenue().items())
    )
    lost = ", ".join(f"{count:,} {what}" for what, count in demo.world.not_made().items())
    return (
        f"What is true, and the report should find in the exports: revenue of {revenue}; "
        f"purchases not made: {lost}."
    )


def _run_all(app: App) -> int:
    """Read everything, as `regard run --all` does, and show what that shows."""
    from regard.cli import run as command

    _heading(app.out, "regard run --all")
    return command.run(_options(command.configure, "--all"), app)


def _report(app: App, name: str) -> None:
    from regard.cli import report as command

    command.run(_options(command.configure, name), app)


def _options(
    configure: Callable[[argparse.ArgumentParser], None], word: str
) -> argparse.Namespace:
    """Return what a command's parser makes of one word on the command line."""
    parser = argparse.ArgumentParser()
    configure(parser)
    return parser.parse_args([word])


def _refused(app: App) -> Sequence[RefusedRecord]:
    """Return what is in quarantine, in the order of the files."""
    from regard.store import quarantine

    with app.open_store(readonly=True) as store, store.read() as transaction:
        found = quarantine.listed(transaction)
    return sorted(found, key=lambda each: (each.file or "", each.line or 0))


def _show_refused(refused: Sequence[RefusedRecord], app: App) -> None:
    """Print for each file what was refused in it, and why."""
    from rich.table import Table
    from rich.text import Text

    from regard.cli.console import clean

    count = f"{len(refused)} records were" if len(refused) != 1 else "1 record was"
    heading = f"\n{count} refused, and kept with the reason; all others were stored."
    app.out.print(Text(heading, style="bold"), soft_wrap=True)
    for file, records in groupby(refused, key=lambda each: each.file or "-"):
        # A table for each file would give each its own columns.
        table = Table.grid(padding=(0, 0, 0, 2))
        table.add_column(justify="right", no_wrap=True, width=_LINE_WIDTH)
        table.add_column(no_wrap=True, width=_REASON_WIDTH)
        table.add_column(overflow="fold")
        for each in records:
            line = str(each.line) if each.line else ""
            table.add_row(Text(line), Text(each.reason, style="yellow"), Text(clean(each.message)))
        app.out.print(Text(f"\n{clean(file)}, line"), soft_wrap=True)
        app.out.print(table)


def _show_next(demo: Demo, app: App) -> None:
    from rich.text import Text

    if app.quiet:
        return
    here = demo.root.absolute() == Path.cwd()
    enter = "" if here else f"  cd {shlex.quote(str(demo.root))}\n"
    app.out.print(
        Text(
            "\nnext:\n"
            f"{enter}"
            "  regard report customers --since 90d --by region,age_band\n"
            "  regard report voice --by place    what they answer, divided by shop\n"
            "  regard report year                a report that regard.toml describes\n"
            "  regard quarantine show 1          one refused record, personal values masked\n"
            "  regard preview till -n 3          what the map makes of the till's rows\n"
            "  regard run --all                  nothing has changed: nothing is read again\n"
            "  less regard.toml                  all that had to be said\n"
            "Correct one of the lines above, run again, and it leaves the quarantine."
        ),
        soft_wrap=True,
    )


def _as_json(demo: Demo, app: App) -> int:
    """Run the demo and print everything as one JSON object."""
    from regard.pipeline.running import Runner

    runner = Runner(app.project, app.host, app.clock, __version__, debug=app.debug)
    summaries: list[StreamSummary] = []
    with app.open_store() as store:
        for name in app.project.settings.sources:
            summaries += runner.run(store, name)
    outcomes: list[Outcome] = [summary.outcome for summary in summaries]
    app.print_json(
        {
            "root": demo.root.absolute(),
            "true": {"revenue": demo.world.revenue(), "not_made": demo.world.not_made()},
            "written": list(demo.written),
            "kept": list(demo.kept),
            "outcome": overall(outcomes),
            "runs": [summary.as_json() for summary in summaries],
            "refused": [_refused_json(each) for each in _refused(app)],
        }
    )
    return exit_code(outcomes)


def _refused_json(each: RefusedRecord) -> dict[str, Any]:
    names = ("source", "stream", "reason", "field", "message", "file", "line")
    return {name: getattr(each, name) for name in names}

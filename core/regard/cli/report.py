"""``regard report NAME``: make a report from the store and draw it, or write it to a file."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from regard.errors import PluginError, UsageError
from regard.names import did_you_mean

if TYPE_CHECKING:
    from rich.console import Console

    from regard.cli.app import App
    from regard.pipeline.reporting import MadeReport
    from regard.reporters import Reporter
    from regard.reports import Report
    from regard.settings import ReportSettings

__all__ = ["FORMATS", "configure", "progress_of", "run", "show"]

FORMATS: Final = ("terminal", "json", "csv")
"""As `regard.pipeline.delivering` has them, which `regard report --help` need not import."""

_SUFFIXES: Final = {".json": "json", ".csv": "csv", ".txt": "terminal"}
_PIPE_WIDTH: Final = 80
_PARTIAL: Final = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("name", metavar="NAME", help="a table [reports.NAME], or a reporter")
    parser.add_argument("--since", metavar="DAY", help="the first day that counts")
    parser.add_argument("--until", metavar="DAY", help="the first day that no longer counts")
    parser.add_argument("--by", metavar="FIELD,...", help="divide by these fields")
    parser.add_argument(
        "--param", metavar="NAME=VALUE", action="append", help="any other parameter; repeatable"
    )
    parser.add_argument("--language", choices=("en", "es", "fr"), help="else the project's")
    parser.add_argument(
        "--format", choices=FORMATS, help="else as FILE is called, else for the terminal"
    )
    parser.add_argument("--output", metavar="FILE", type=Path, help="write to a file")
    parser.epilog = (
        "A DAY is 2026-01-31, 2026-01, 2026, or so many days (90d) or weeks (12w) ago,\n"
        "and begins at midnight in the project's time zone.\n\n"
        "Without --format and --output a configured report goes where its `to` says.\n\n"
        "examples:\n"
        "  regard report customers\n"
        "  regard report customers --since 90d --by region,age_band\n"
        "  regard report competitor --param name=Rival\n"
        "  regard report customers --since 2026-01 --until 2026-02 --output january.csv\n"
        "  regard report customers --format json"
    )


def run(args: argparse.Namespace, app: App) -> int:
    """Make the report and bring it to where it should go."""
    from regard.pipeline.delivering import deliver, rendered, write_file

    configured = app.project.settings.reports.get(args.name)
    made = _make(args, app, configured)
    if not app.quiet:
        for note in made.notes:
            app.problem(note)
    form = "json" if app.json else args.format
    if args.output is not None:
        form = form or _SUFFIXES.get(args.output.suffix.lower(), "terminal")
        write_file(args.output, rendered(made.report, form, timezone=_timezone(app)))
        return 0
    if form or configured is None:
        show(made.report, app, form or "terminal")
        return 0
    problems = deliver(
        app.workplace, args.name, made.report, lambda report: show(report, app, "terminal")
    )
    for problem in problems:
        app.problem(problem)
    return _PARTIAL if problems else 0


def _make(args: argparse.Namespace, app: App, configured: ReportSettings | None) -> MadeReport:
    from regard.pipeline.delivering import surroundings_of
    from regard.pipeline.reporting import make_report

    name = configured.reporter if configured else args.name
    reporter = _reporter(name, app, named=configured is None)
    language = args.language or (configured.language if configured else None)
    surroundings = surroundings_of(app.workplace, language)
    where = f"reports.{args.name}.params" if configured else f"report {name}"
    params = {**(configured.params if configured else {}), **_flags(args)}
    with app.open_store(readonly=True) as store, progress_of(app) as progress:
        return make_report(store, reporter, params, surroundings, where=where, progress=progress)


def _reporter(name: str, app: App, *, named: bool) -> type[Reporter[Any]]:
    """
    Return a reporter's class.

    Args:
        name: The reporter's name.
        app: Its plug-ins and reports.
        named: Whether it was typed: then there may be no such thing at all.
    """
    try:
        return app.host.reporter_class(name)
    except PluginError as error:
        # One that a broken plug-in should have brought is no mistake of whoever typed it.
        if not named or any(status.name == name for status in app.host.plugins):
            raise
        known = {*app.project.settings.reports, *app.host.reporters}
        message = f"there is no report {name!r}{did_you_mean(name, known)}"
        raise UsageError(message) from error


def _flags(args: argparse.Namespace) -> Mapping[str, Any]:
    flags: dict[str, Any] = {name: getattr(args, name) for name in ("since", "until")}
    if args.by is not None:
        flags["by"] = tuple(part.strip() for part in args.by.split(",") if part.strip())
        if not flags["by"]:
            message = "--by: name at least one field, such as --by region,age_band"
            raise UsageError(message)
    for text in args.param or ():
        name, sign, value = text.partition("=")
        if not sign or not name:
            message = f"--param: {text!r} is no NAME=VALUE, such as name=Rival"
            raise UsageError(message)
        flags[name.strip()] = value.strip()
    return {name: value for name, value in flags.items() if value is not None}


@contextmanager
def progress_of(app: App) -> Iterator[Callable[[int, int, str], None]]:
    """Show how columns are written, for the length of a block."""
    from regard.cli.console import make_progress

    visible = app.err.is_terminal and not app.quiet
    with make_progress(app.err, visible=visible) as bar:
        task = bar.add_task("columns", total=None, rate="")

        def shown(done: int, total: int, table: str) -> None:
            bar.update(task, completed=done, total=total, description=f"columns: {table}")

        yield shown


def show(report: Report, app: App, form: str) -> None:
    """
    Bring a report to stdout.

    Args:
        report: What to show.
        app: Whose console, and whose time zone where there is a project.
        form: One of `FORMATS`.
    """
    if form == "terminal":
        from regard.render import render_terminal

        with _reading_width(app.out):
            render_terminal(report, app.out, timezone=_timezone(app))
        return
    from regard.pipeline.delivering import rendered

    text = rendered(report, form, timezone=_timezone(app))
    encoding = sys.stdout.encoding or "utf-8"
    # What the terminal's encoding lacks JSON can escape; CSV shows a mark.
    errors = "backslashreplace" if form == "json" else "replace"
    sys.stdout.write(text.encode(encoding, errors).decode(encoding))


@contextmanager
def _reading_width(console: Console) -> Iterator[None]:
    """Let a report have a width that people can read, also where it goes into a pipe."""
    wide = console.width
    if not console.is_terminal:
        columns = os.environ.get("COLUMNS", "")
        console.width = int(columns) if columns.isdecimal() and int(columns) else _PIPE_WIDTH
    try:
        yield
    finally:
        console.width = wide


def _timezone(app: App) -> str:
    return app.project.settings.timezone if app.has_project else "UTC"

"""``regard look``: recognise files and report on them, with no project and no store."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.text import Text

from regard import __version__
from regard.cli.app import App
from regard.cli.console import clean
from regard.cli.report import FORMATS, show
from regard.errors import UsageError
from regard.pipeline.inputs import find_files
from regard.pipeline.reporting import Surroundings, make_report
from regard.pipeline.running import Runner
from regard.runs import StreamSummary, exit_code
from regard.secrets import privacy_key
from regard.settings import FILE_NAME, Project, make_settings
from regard.store import Store

__all__ = ["configure", "run"]

_EPILOG = """\
examples:
  regard look contacts.csv orders.csv
  regard look exports/ --by region,segment
  regard look shop.xlsx --timezone Europe/Paris --language fr
  regard look till.csv --dates day-first --decimal ,

The files are read into a store that is thrown away afterwards; nothing is left behind.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="files, folders or globs")
    parser.add_argument("--by", metavar="FIELD,...", help="divide the customers by these fields")
    parser.add_argument("--since", metavar="DAY", help="the first day that counts")
    parser.add_argument("--until", metavar="DAY", help="the first day that no longer counts")
    parser.add_argument("--timezone", default="UTC", help="of times without a zone (default UTC)")
    parser.add_argument(
        "--language", choices=("en", "es", "fr"), default="en", help="of the report (default en)"
    )
    parser.add_argument("--dates", metavar="STYLE", help="day-first, month-first or %%d/%%m/%%Y")
    parser.add_argument("--decimal", choices=(".", ","), metavar="SIGN", help=". or ,")
    parser.add_argument("--format", choices=FORMATS, help="default: terminal")
    parser.epilog = _EPILOG


def run(args: argparse.Namespace, app: App) -> int:
    """Read the files into a store that is thrown away, and print the report."""
    files = find_files(args.files, Path.cwd())
    if not files:
        message = f"no file matches {' '.join(args.files)!r}"
        raise UsageError(message)
    with TemporaryDirectory(prefix="regard-look-") as folder:
        project = _project(Path(folder), files, args)
        summaries: list[StreamSummary] = []
        runner = Runner(project, app.host, app.clock, __version__, debug=app.debug, settle=False)
        store = Store.open(project.store_url, clock=app.clock)
        try:
            for name in project.settings.sources:
                summaries += runner.run(store, name)
            _say(summaries, app)
            if any(summary.counts.read for summary in summaries):
                _report(store, project, args, app)
        finally:
            store.close()
    return exit_code(summary.outcome for summary in summaries)


def _project(folder: Path, files: Sequence[Path], args: argparse.Namespace) -> Project:
    """Return a project in a temporary folder with a source for each file."""
    sources: dict[str, Any] = {}
    for file in files:
        name = re.sub(r"[^a-z0-9]+", "-", file.stem.casefold()).strip("-")[:40] or "file"
        while name in sources:
            name += "-2"
        options = {"dates": args.dates, "decimal": args.decimal}
        sources[name] = {
            "plugin": "crm-export",
            "path": str(file.absolute()),
            **{key: value for key, value in options.items() if value},
        }
    settings = make_settings(
        {"timezone": args.timezone, "language": args.language, "sources": sources}
    )
    return Project(folder, folder / FILE_NAME, settings)


def _say(summaries: Sequence[StreamSummary], app: App) -> None:
    """Say what each file was taken for, and what could not be used."""
    if app.quiet:
        return
    for summary in summaries:
        place = f"{summary.source} {summary.stream}".strip()
        counts = summary.counts
        if summary.error:
            app.problem(f"{place}: {summary.error}")
        else:
            line = f"{place}: {counts.read:,} records, {counts.quarantined:,} refused"
            app.err.print(Text(clean(line)), soft_wrap=True)
        for note in summary.notes:
            app.err.print(Text(f"  {clean(note)}", style="dim"), soft_wrap=True)


def _report(store: Store, project: Project, args: argparse.Namespace, app: App) -> None:
    params: dict[str, Any] = {
        name: value for name in ("since", "until") if (value := getattr(args, name))
    }
    if args.by:
        params["by"] = tuple(part.strip() for part in args.by.split(",") if part.strip())
    surroundings = Surroundings(
        columns=project.root / "columns",
        clock=app.clock,
        language=args.language,
        timezone=args.timezone,
        privacy_key=privacy_key(project),
    )
    reporter = app.host.reporter_class("customers")
    made = make_report(store, reporter, params, surroundings, where="look")
    show(made.report, app, "json" if app.json else args.format or "terminal")

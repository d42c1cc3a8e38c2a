"""``regard look``: recognise files and report on them, with no project and no store."""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from rich.text import Text

from regard import __version__
from regard.cli.app import App
from regard.cli.console import clean, count
from regard.cli.looked import report_on
from regard.cli.report import FORMATS, show
from regard.columns.manifest import read_manifest
from regard.errors import UsageError
from regard.mapping.times import check_style
from regard.pipeline.inputs import find_files
from regard.pipeline.looking import Group, Lookout, Taken, recognise
from regard.pipeline.running import Runner
from regard.render.json_report import report_data
from regard.reports import Report
from regard.runs import StreamSummary, exit_code
from regard.secrets import KEY_FILE
from regard.settings import FILE_NAME, Project, make_settings
from regard.settings.faults import display_path
from regard.sources import Recognised
from regard.store import RefusedRecord, Store
from regard.store import quarantine as stored

__all__ = ["configure", "run"]

_EPILOG = """\
examples:
  regard look contacts.csv orders.csv
  regard look exports/ --by region,segment
  regard look shop.xlsx --timezone Europe/Paris --language fr
  regard look till.csv --dates day-first --decimal ,
  regard look surveys/ calls/Master.csv mail/support.mbox
  regard look forms/store.xlsx visits/

Every installed source is asked which files it knows: exports of CRMs and shops, surveys, calls,
tickets, campaigns, web logs, mailboxes, reviews, prices seen in shops, series; visits of mystery
shoppers want their form among the files. Those of one source are read together, so that
purchases in one find customers in another, into a store that is thrown away afterwards; nothing
is left behind. What a file's own
rows tell of its dates and decimal signs goes before --dates and --decimal. Reports speak of all
that was read. --json prints what was read and refused, with the report inside; --format
json prints the report alone.
"""

_SOURCE: Final = "files"
_WAYS: Final = ("dates", "decimal")
"""What a file's own rows may tell of how to read it."""
_NAMED: Final = 5
_COLUMNS: Final = "columns of a store"
_MAILDIR: Final = ("cur", "new")
"""A folder with both holds mail, a message a file, in these two."""
_SQLITE: Final = b"SQLite format 3\0"
_BESIDE_A_STORE: Final = (".db-wal", ".db-shm", ".db-journal")
_LOG: Final = re.compile(r".*/logs/loop\.log(\.\d+)?|logs/[\w-]+/\d{8}T\d{6}Z-\d+\.log")
"""How the logs of a loop end; see `regard.scheduler.logs`."""
_STRANGERS: Final = {
    ".key": "a key",
    ".md": "a text",
    ".py": "a program",
    ".toml": "a configuration",
}
"""What lies in folders beside exports, by the end of its name."""


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
    if args.dates is not None:
        try:
            check_style(args.dates)
        except ValueError as error:
            message = f"--dates: {error}"
            raise UsageError(message) from error
    files, passed = _files(args.files)
    if not files:
        _say_passed(passed, app)
        message = f"no file matches {' '.join(args.files)!r}"
        raise UsageError(f"{message} but what was passed over" if passed else message)
    with TemporaryDirectory(prefix="regard-look-") as folder:
        root = Path(folder)
        lookout = Lookout(
            root, app.host.profiles, args.timezone, dates=args.dates, decimal=args.decimal
        )
        taken = recognise(app.host, [file.absolute() for file in files], lookout, _SOURCE)
        passed += _set_aside(taken)
        _say_taken(taken, passed, app)
        if not taken.groups:
            message = f"no file matches {' '.join(args.files)!r} but what was passed over"
            raise UsageError(message)
        project = _project(root, taken.groups, args, app)
        runner = Runner(
            project,
            app.host,
            app.clock,
            __version__,
            # Nothing is kept that could be spoilt, and whoever looks wants to know every reason.
            error_budget=1.0,
            debug=app.debug,
            settle=False,
        )
        store = Store.open(project.store_url, clock=app.clock)
        try:
            summaries = [each for group in taken.groups for each in runner.run(store, group.name)]
            refusals = _refusals(store)
            _say(summaries, refusals, app)
            report = None
            if any(summary.counts.read for summary in summaries):
                report = report_on(store, project, args, app)
        finally:
            store.close()
    if app.json:
        app.print_json(_as_json(taken, summaries, refusals, passed, report))
    elif report is not None:
        show(report, app, args.format or "terminal")
    return exit_code(summary.outcome for summary in summaries)


def _files(patterns: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Return the files to read, and those that are no data, each with what it is."""
    files: dict[Path, None] = {}
    passed: dict[str, None] = {}
    for pattern in patterns:
        folder = Path(pattern).expanduser()
        mail = [str(folder / name) for name in _MAILDIR if (folder / name).is_dir()]
        for path in find_files(mail if len(mail) == len(_MAILDIR) else pattern, Path.cwd()):
            if what := _no_data(path):
                # A folder of columns is one thing, not a dozen.
                shown = path.parent if what == _COLUMNS else path
                passed[f"{display_path(shown)} ({what})"] = None
            else:
                files[path] = None
        hidden = sorted(folder.glob(".*")) if folder.is_dir() else []
        passed |= {f"{display_path(each)} (hidden)": None for each in hidden if each.is_file()}
    return list(files), list(passed)


def _no_data(path: Path) -> str | None:
    """Say what a file is that lies beside exports but is none; None: it may be one."""
    if path.name in (FILE_NAME, KEY_FILE) or _is_own_log(path):
        return "the project's own"
    if path.name.endswith(_BESIDE_A_STORE) or _begins_as_store(path):
        return "a database"
    if path.suffix == ".parquet" or path.name == "manifest.json":
        return _COLUMNS if read_manifest(path.parent) else None
    return _STRANGERS.get(path.suffix.casefold())


def _is_own_log(path: Path) -> bool:
    """Say whether the loop of a project wrote a file; a web server's logs are data."""
    return bool(_LOG.fullmatch("/".join(path.absolute().parts[-3:])))


def _begins_as_store(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def _set_aside(taken: Taken) -> list[str]:
    """Return the files that were known and hold no records."""
    return [
        f"{offer.file.name} ({offer.title})" for _, offer in taken.files.values() if not offer.read
    ]


def _say_taken(taken: Taken, passed: Sequence[str], app: App) -> None:
    """Say what was passed over, and what files were taken for by whom."""
    _say_passed(passed, app)
    for problem in taken.problems:
        app.problem(problem)
    if app.quiet:
        return
    named: dict[tuple[str, str, str], list[str]] = {}
    for plugin, offer in taken.files.values():
        if offer.read:
            ways = _ways(offer)
            named.setdefault((offer.title, plugin, ways), []).append(offer.file.name)
    for (title, plugin, ways), names in named.items():
        # Whoever configures them has to know which are written so.
        many = len(names) > (_NAMED if ways else 1)
        what = count(len(names), "file") if many else ", ".join(names)
        line = f"{what}: {title}, read by {plugin}{ways}"
        app.err.print(Text(clean(line), style="dim"), soft_wrap=True)


def _ways(offer: Recognised) -> str:
    """Return what a file's own rows tell of its dates and numbers, as a source's table says it."""
    told = {name: offer.options[name] for name in _WAYS if name in offer.options}
    return (
        f" with {', '.join(f'{name} = {json.dumps(way)}' for name, way in told.items())}"
        * bool(told)
    )


def _say_passed(passed: Sequence[str], app: App) -> None:
    if passed and not app.quiet:
        line = f"passed over: {', '.join(passed)}"
        app.err.print(Text(clean(line), style="dim"), soft_wrap=True)


def _project(folder: Path, groups: Sequence[Group], args: argparse.Namespace, app: App) -> Project:
    """Return a project in a temporary folder with a source for each group of files."""
    given = {"dates": args.dates, "decimal": args.decimal}
    sources: dict[str, Any] = {}
    for group in groups:
        config = app.host.source_class(group.plugin).Config
        fields = getattr(config, "model_fields", {})
        sources[group.name] = {
            "plugin": group.plugin,
            "path": [str(file) for file in group.files],
            **{key: value for key, value in given.items() if value and key in fields},
            **group.options,
        }
    settings = make_settings(
        {"timezone": args.timezone, "language": args.language, "sources": sources}
    )
    return Project(folder, folder / FILE_NAME, settings)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why some records of a stream were refused, with one of them as an example."""

    source: str
    stream: str
    count: int
    reason: str
    field: str | None
    message: str
    file: str | None
    line: int | None

    def of(self, summary: StreamSummary) -> bool:
        """Say whether a summary is that of their stream."""
        return (self.source, self.stream) == (summary.source, summary.stream)

    @property
    def sentence(self) -> str:
        what = ": ".join(part for part in (self.reason, self.field, self.message) if part)
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return f"{self.count:,} refused: {what}" + (f" (such as {place})" if place else "")


def _refusals(store: Store) -> list[_Refusal]:
    """Return why records were refused, the most frequent reason first."""
    with store.read() as transaction:
        found = stored.listed(transaction)
    groups: dict[tuple[str, str, str, str | None], list[RefusedRecord]] = {}
    for record in reversed(found):
        group = (record.source, record.stream, record.reason, record.field)
        groups.setdefault(group, []).append(record)
    refusals = []
    for (source, stream, reason, field), records in groups.items():
        first = min(records, key=lambda record: record.id)
        place = display_path(Path(first.file)) if first.file else None
        refusals.append(
            _Refusal(source, stream, len(records), reason, field, first.message, place, first.line)
        )
    return sorted(refusals, key=lambda refusal: -refusal.count)


def _say(summaries: Sequence[StreamSummary], refusals: Sequence[_Refusal], app: App) -> None:
    """Say what the files were taken for, what was refused, and what could not be used."""
    if app.quiet:
        return
    named = Counter(summary.stream for summary in summaries)
    for summary in summaries:
        counts = summary.counts
        # Files that are written in two ways are two sources.
        name = (
            f"{summary.source}.{summary.stream}" if named[summary.stream] > 1 else summary.stream
        )
        if summary.error:
            place = f"{name}: " if summary.stream else ""
            app.problem(f"{place}{summary.error}")
        else:
            line = f"{name}: {count(counts.read, 'record')}, "
            app.err.print(Text(clean(f"{line}{counts.quarantined:,} refused")), soft_wrap=True)
        told = [each.sentence for each in refusals if each.of(summary)]
        for sentence in told:
            app.err.print(Text(f"  {clean(sentence)}", style="yellow"), soft_wrap=True)
        for note in summary.notes:
            app.err.print(Text(f"  {clean(note)}", style="dim"), soft_wrap=True)


def _as_json(
    taken: Taken,
    summaries: Sequence[StreamSummary],
    refusals: Sequence[_Refusal],
    passed: Sequence[str],
    report: Report | None,
) -> dict[str, Any]:
    return {
        "files": [
            {
                "file": offer.file.name,
                "plugin": plugin,
                "title": offer.title,
                "options": {name: offer.options[name] for name in _WAYS if name in offer.options},
            }
            for plugin, offer in taken.files.values()
            if offer.read
        ],
        "streams": [
            {
                "source": summary.source,
                "stream": summary.stream,
                "outcome": summary.outcome.value,
                **summary.counts.as_dict(),
                "refused": [asdict(each) for each in refusals if each.of(summary)],
                "notes": summary.notes,
                "error": summary.error,
            }
            for summary in summaries
        ],
        "passed_over": list(passed),
        "report": None if report is None else report_data(report),
    }

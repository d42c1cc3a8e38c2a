"""``regard state``: how far sources have been read, and how to change that."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from regard.cli.app import App
from regard.cli.console import clean, count, dump_json, make_table, rows_of
from regard.errors import UsageError
from regard.names import did_you_mean

if TYPE_CHECKING:
    from regard.store.state import Rewound, SourceState

__all__ = ["configure", "run"]

_EPILOG = """\
examples:
  regard state show                            the cursors and files of all sources
  regard state show crm --json                 of one of them
  regard state rewind crm --to-run 17          back to where it was after run 17
  regard state rewind crm --stream contacts --to-run 0   one stream, to its beginning
  regard state export state.json               all that says how far has been read
  regard state import state.json               the same into this project's store

Nothing that is stored is taken back: what is read again is recognised.
exit codes: 0 done, 2 wrong usage or a file that cannot be imported, 4 the source is being read
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="show cursors and files")
    show.add_argument("source", nargs="?", metavar="SOURCE", help="only of this source")
    rewind = actions.add_parser("rewind", help="set cursors and files back to an earlier run")
    rewind.add_argument("source", metavar="SOURCE", help="as the store knows it")
    rewind.add_argument("--stream", metavar="STREAM", help="only this stream")
    rewind.add_argument(
        "--to-run", type=int, required=True, metavar="N", help="a run's number; 0: the beginning"
    )
    export = actions.add_parser("export", help="write all state as JSON")
    export.add_argument("file", nargs="?", metavar="FILE", help="must not exist; else stdout")
    imported = actions.add_parser("import", help="take state from such a file")
    imported.add_argument("file", metavar="FILE", help="what `export` wrote")
    parser.epilog = _EPILOG


def run(args: argparse.Namespace, app: App) -> int:
    """Do one of the actions."""
    does = {"show": _show, "rewind": _rewind, "export": _export, "import": _import}
    return does[args.action](args, app)


def _load(app: App, source: str | None) -> list[SourceState]:
    from regard.store import state

    with app.open_store(readonly=True) as store, store.read() as transaction:
        known = state.sources(transaction)
        if source is not None and source not in {*known, *app.project.settings.sources}:
            message = f"there is no source {source!r}{did_you_mean(source, known)}"
            raise UsageError(message)
        return [state.load(transaction, name) for name in ([source] if source else known)]


def _show(args: argparse.Namespace, app: App) -> int:
    states = _load(app, args.source)
    if app.json:
        app.print_json([_as_json(item) for item in states])
        return 0
    table = make_table(["source", "stream", "purpose", "cursor", ("run", "right")])
    rows = [
        (state.source, item.stream, item.purpose, item.value, item.run_id or "by hand")
        for state in states
        for item in state.cursors
    ]
    if rows:
        app.out.print(rows_of(table, rows))
        app.out.print()
    table = make_table(
        ["source", "stream", ("files", "right"), ("half read", "right"), ("rows", "right")]
    )
    counted = [row for state in states for row in _files(state)]
    if counted:
        app.out.print(rows_of(table, counted))
        app.out.print()
    files = sum(len(state.files) for state in states)
    counts = ((len(states), "source"), (len(rows), "cursor"), (files, "file"))
    app.out.print(Text(", ".join(count(number, noun) for number, noun in counts)))
    return 0


def _files(state: SourceState) -> list[tuple[object, ...]]:
    streams = sorted({file.stream for file in state.files})
    mine = {name: [file for file in state.files if file.stream == name] for name in streams}
    return [
        (
            state.source,
            name,
            f"{len(files):,}",
            f"{sum(not file.complete for file in files):,}",
            f"{sum(file.rows_done for file in files):,}",
        )
        for name, files in mine.items()
    ]


def _as_json(state: SourceState) -> dict[str, Any]:
    return {
        "source": state.source,
        "cursors": [
            {
                "stream": item.stream,
                "purpose": item.purpose,
                "value": item.value,
                "run_id": item.run_id or None,
                "updated_at": item.updated_at,
            }
            for item in state.cursors
        ],
        "files": [
            {
                "stream": file.stream,
                "path": file.path,
                "size": file.size,
                "rows_done": file.rows_done,
                "complete": file.complete,
            }
            for file in state.files
        ],
    }


def _rewind(args: argparse.Namespace, app: App) -> int:
    from regard.store import state

    with app.open_store() as store, store.write() as transaction:
        transaction.writer.lock()
        state.require_idle(transaction, args.source)
        done = state.rewind(transaction, args.source, args.to_run, args.stream)
    if app.json:
        app.print_json({"source": args.source, "streams": [_rewound(item) for item in done]})
        return 0
    table = make_table(["stream", "cursor was", "cursor is", ("files to read", "right")])
    told = [_rewound(item) for item in done]
    rows = [
        (item["stream"], item["before"], item["after"] or "at the beginning", item["files"])
        for item in told
    ]
    app.out.print(rows_of(table, rows))
    app.out.print(Text(f"{clean(args.source)} goes on from there with its next run"))
    return 0


def _rewound(item: Rewound) -> dict[str, Any]:
    return {
        "stream": item.stream,
        "before": _value(item.before),
        "after": _value(item.after),
        "files": item.files,
    }


def _value(text: str | None) -> object:
    return None if text is None else json.loads(text)["value"]


def _export(args: argparse.Namespace, app: App) -> int:
    from regard.store import statefiles

    states = _load(app, None)
    text = dump_json(statefiles.dump(states, app.clock.now())) + "\n"
    if args.file is None:
        sys.stdout.write(text)
        return 0
    try:
        with Path(args.file).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        message = f"{args.file} exists; an export never overwrites"
        raise UsageError(message) from error
    except OSError as error:
        message = f"{args.file} cannot be written: {error.strerror}"
        raise UsageError(message) from error
    if app.json:
        app.print_json({"file": args.file, "sources": [state.source for state in states]})
    else:
        of = count(len(states), "source")
        app.out.print(Text(f"wrote the state of {of} to {clean(args.file)}"))
    return 0


def _import(args: argparse.Namespace, app: App) -> int:
    from regard.store import state, statefiles

    try:
        text = Path(args.file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        message = f"{args.file} cannot be read: {reason}"
        raise UsageError(message) from error
    states = statefiles.parse(text, args.file)
    configured = app.project.settings.sources
    for item in states:
        if item.source not in configured:
            message = (
                f"{args.file}: there is no source {item.source!r} in {app.project.path.name}"
                f"{did_you_mean(item.source, configured)}"
            )
            raise UsageError(message)
    with app.open_store() as store, store.write() as transaction:
        transaction.writer.lock()
        for item in states:
            state.require_idle(transaction, item.source)
        for item in states:
            state.replace(transaction, item)
    if app.json:
        app.print_json({"file": args.file, "sources": [item.source for item in states]})
    else:
        of = count(len(states), "source")
        app.out.print(Text(f"took the state of {of} from {clean(args.file)}"))
    return 0

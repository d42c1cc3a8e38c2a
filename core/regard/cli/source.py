"""``regard source``: the sources in the store, under their names."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.text import Text

from regard.cli.app import App
from regard.cli.confirming import confirm
from regard.cli.console import clean, count, make_table, rows_of
from regard.cli.orphans import orphan_line

if TYPE_CHECKING:
    from regard.store.sources import StoredSource

__all__ = ["configure", "run"]

_EPILOG = """\
examples:
  regard source list                      what is configured and what is stored
  regard source rename crm salesforce     after the table in regard.toml was renamed
  regard source drop old-till --dry-run   what would be erased
  regard source drop old-till --yes       erase it: records, history, quarantine, state

A source whose table is gone from regard.toml is an orphan: its records stay stored, and
reports leave them out. Renaming and dropping go through whole or not at all.
exit codes: 0 done, 2 wrong usage, 4 the source is being read
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="list configured and stored sources")
    rename = actions.add_parser("rename", help="give a stored source another name")
    rename.add_argument("old", metavar="OLD", help="as the store knows it")
    rename.add_argument("new", metavar="NEW", help="as regard.toml calls it now")
    rename.add_argument("--dry-run", action="store_true", help="only count what it concerns")
    drop = actions.add_parser("drop", help="erase a source from the store")
    drop.add_argument("name", metavar="NAME", help="as the store knows it")
    drop.add_argument("--dry-run", action="store_true", help="only count what would be erased")
    drop.add_argument("--yes", action="store_true", help="do not ask")
    parser.epilog = _EPILOG


def run(args: argparse.Namespace, app: App) -> int:
    """Do one of the actions."""
    return {"list": _list, "rename": _rename, "drop": _drop}[args.action](args, app)


def _list(args: argparse.Namespace, app: App) -> int:
    from regard.store import Store, sources

    configured = app.project.settings.sources
    found: dict[str, StoredSource] = {}
    if Store.inspect(app.store_url).state != "missing":
        with app.open_store(readonly=True) as store, store.read() as transaction:
            found = {item.name: item for item in sources.stored(transaction)}
    every = [
        found.get(name) or sources.StoredSource(name)
        for name in dict.fromkeys([*configured, *found])
    ]
    if app.json:
        app.print_json([_as_json(item, app) for item in every])
        return 0
    table = make_table(
        ["source", "plug-in", ("records", "right"), "kinds", ("quarantined", "right"), "last run"]
    )
    rows = [
        (
            item.name,
            configured[item.name].plugin if item.name in configured else "orphan",
            f"{item.records:,}",
            ", ".join(f"{count:,} {kind}" for kind, count in item.rows.items()),
            f"{item.quarantined:,}",
            f"{item.last_run_at:%Y-%m-%d %H:%M} UTC {item.outcome or 'running'}"
            if item.last_run_at
            else "never",
        )
        for item in every
    ]
    app.out.print(rows_of(table, rows))
    orphans = [item.name for item in every if item.name not in configured]
    for name in orphans:
        app.problem(orphan_line(name))
    line = f"{count(len(every), 'source')}, {len(orphans):,} of them not in regard.toml"
    app.out.print(Text(line))
    return 0


def _as_json(item: StoredSource, app: App) -> dict[str, Any]:
    return {
        "source": item.name,
        "configured": item.name in app.project.settings.sources,
        "orphan": item.name not in app.project.settings.sources,
        "records": item.records,
        "kinds": dict(item.rows),
        "quarantined": item.quarantined,
        "files": item.files,
        "last_run_at": item.last_run_at,
        "outcome": item.outcome,
    }


def _rename(args: argparse.Namespace, app: App) -> int:
    from regard.fetching import rename
    from regard.store import sources

    moved: list[str] = []
    with app.open_store(readonly=args.dry_run) as store:
        if args.dry_run:
            with store.read() as transaction:
                counts = sources.check_rename(transaction, args.old, args.new)
        else:
            with store.write() as transaction:
                counts = sources.rename(transaction, args.old, args.new)
                # Last: where the folder cannot be renamed, nothing is.
                moved = rename(app.project.root, args.old, args.new)
    _tell(app, counts, args.dry_run, source=args.old, to=args.new)
    if not app.json:
        verb = "would be" if args.dry_run else "is now"
        for line in moved:
            app.out.print(Text(clean(line)))
        app.out.print(Text(f"{clean(args.old)} {verb} {clean(args.new)}"))
        if args.new not in app.project.settings.sources:
            app.problem(
                f"{app.project.path.name} has no source {args.new!r}: rename its table too"
            )
    return 0


def _drop(args: argparse.Namespace, app: App) -> int:
    from regard.store import sources

    with app.open_store(readonly=True) as store, store.read() as transaction:
        counts = sources.check_drop(transaction, args.name)
    if args.dry_run:
        _tell(app, counts, True, source=args.name)
        return 0
    records = sum(counts.values())
    question = f"{count(records, 'row')} of the source {args.name!r} would be erased for good"
    if not confirm(app, question, word=args.name, yes=args.yes):
        return 0
    with app.open_store() as store, store.write() as transaction:
        counts = sources.drop(transaction, args.name)
    _tell(app, counts, False, source=args.name)
    if not app.json:
        app.out.print(Text(f"{clean(args.name)} is erased"))
    return 0


def _tell(app: App, counts: Mapping[str, int], dry: bool, **names: str) -> None:
    if app.json:
        app.print_json({**names, "dry_run": dry, "rows": dict(counts)})
        return
    table = make_table(["table", ("rows", "right")])
    app.out.print(rows_of(table, [(name, f"{count:,}") for name, count in counts.items()]))

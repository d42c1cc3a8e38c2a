"""``regard db``: bring the store up to date, look whether it is sound, copy it."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.text import Text

from regard.cli.app import App
from regard.errors import StoreError

__all__ = ["configure", "run"]

_EPILOG = """\
examples:
  regard db check                     tables and file as they should be?
  regard db upgrade                   after installing a newer regard; copies the file first
  regard db backup monday.db          a consistent copy while others use the store
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("upgrade", help="run the migrations the store lacks")
    actions.add_parser("check", help="compare the tables with this regard; exit 1 on a fault")
    backup = actions.add_parser("backup", help="copy a SQLite store into a new file")
    backup.add_argument("file", metavar="FILE", help="must not exist yet")
    parser.epilog = _EPILOG


def run(args: argparse.Namespace, app: App) -> int:
    """Do one of the actions."""
    if args.action == "upgrade":
        return _upgrade(app)
    if args.action == "backup":
        return _backup(Path(args.file), app)
    with app.open_store(readonly=True) as store:
        faults = store.faults()
        lines = "\n".join(faults) or f"{store.place} is sound"
        _say(app, {"faults": faults}, lines)
        return 1 if faults else 0


def _backup(destination: Path, app: App) -> int:
    """Copy the store as it is: before an upgrade is when a copy is needed most."""
    from regard.store import Store, connections

    _make_folder(destination.parent)
    state = Store.copy(app.store_url, destination)
    place = connections.shown(app.store_url)
    _say(app, {"file": str(destination)}, f"copied {place} to {destination}")
    if state.state != "ready" and not app.quiet:
        app.problem(f"it was copied as it is: {state.detail}")
    return 0


def _make_folder(folder: Path) -> None:
    try:
        # What lies in it is as confidential as the store.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        message = f"the folder {folder} cannot be made: {error.strerror}"
        raise StoreError(message) from error


def _upgrade(app: App) -> int:
    from regard.pipeline.enrichers import make_tables
    from regard.store import Store

    copy = Store.upgrade(app.store_url, clock=app.clock)
    with app.open_store() as store:
        make_tables(app.workplace, store)
    state = Store.inspect(app.store_url)
    said = f"the store has version {state.revision}"
    if copy is not None:
        said += f"; a copy from before is {copy}"
    _say(app, {"revision": state.revision, "backup": str(copy) if copy else None}, said)
    return 0


def _say(app: App, value: dict[str, object], line: str) -> None:
    if app.json:
        app.print_json(value)
    else:
        app.out.print(Text(line), soft_wrap=True)

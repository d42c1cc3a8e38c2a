"""``regard init``: a project to begin with, and nothing of yours overwritten."""

from __future__ import annotations

import argparse
import shlex
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from regard.errors import ConfigError, RegardError

if TYPE_CHECKING:
    from regard.cli.app import App

__all__ = ["configure", "make_project", "run"]

_FILES: Final = {
    "regard.toml": "regard.toml",
    # Kept under other names, so that neither git nor a linter takes them for ours.
    "plugins/suggestion_box.py.txt": "plugins/suggestion_box.py",
    "gitignore": ".gitignore",
    "exports/README": "exports/README",
}
"""What a project begins with: the file in the package, and its place in the project."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "folder", metavar="DIR", nargs="?", default=".", help="the project's folder (default: .)"
    )
    parser.epilog = (
        "examples:\n"
        "  regard init             make a project in this folder\n"
        "  regard init my-project  make a folder with a project\n\n"
        "Existing files are never overwritten."
    )


def run(args: argparse.Namespace, app: App) -> int:
    """Make the project and say what to do next."""
    root = Path(args.folder)
    created = make_project(root)
    if app.json:
        app.print_json({"root": root.absolute(), "created": created})
        return 0
    for name in created:
        app.out.print(f"made {root / name}", soft_wrap=True)
    if not app.quiet:
        enter = "" if root.absolute() == Path.cwd() else f"  cd {shlex.quote(str(root))}\n"
        app.out.print(
            f"\nnext:\n{enter}"
            "  regard check         is everything right?\n"
            "  regard run --all     read what is in exports/\n"
            "  regard report customers",
            soft_wrap=True,
        )
    return 0


def make_project(root: Path) -> list[str]:
    """
    Write the starter project into a folder, which is made where there is none.

    Returns:
        The names of the files that were made, below the folder.

    Raises:
        ConfigError: Something is there already; nothing was written then.
        RegardError: The folder cannot be written to.
    """
    if root.exists() and not root.is_dir():
        message = f"{root} is a file; name a folder for the project"
        raise ConfigError(message)
    taken = [name for name in _FILES.values() if (root / name).exists()]
    if taken:
        message = f"{root} already has {', '.join(taken)}; nothing was written, name a new folder"
        raise ConfigError(message)
    starter = files("regard_config") / "starter"
    try:
        for resource, name in _FILES.items():
            _write(starter / resource, root / name)
    except FileExistsError as error:
        message = f"{error.filename} has just appeared and is not overwritten"
        raise ConfigError(message) from error
    except OSError as error:
        message = f"{error.filename or root} cannot be written: {error.strerror}"
        raise RegardError(message) from error
    return list(_FILES.values())


def _write(resource: Traversable, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("x", encoding="utf-8", newline="\n") as file:
        file.write(resource.read_text(encoding="utf-8"))

"""
The demo as a folder: its configuration and its exports, written once and never over anything.

A folder that is a demo already keeps all its files, also those that somebody has changed since;
only what is missing is written again, from the same world.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Final

from regard.demo.exports import ExportFile, make_exports
from regard.demo.making import make_world
from regard.demo.market import site_file
from regard.demo.rivals import Rival, make_rivals
from regard.demo.world import World
from regard.errors import ConfigError, RegardError

__all__ = ["Demo", "make_demo"]

SEED: Final = 20_260
CONFIG: Final = "regard.toml"
_MARK: Final = "# A demo of regard, made at {at}: everything in it is invented."
_MARKED: Final = re.compile(
    re.escape(_MARK).replace(r"\{at\}", r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")
)


@dataclass(frozen=True, slots=True)
class Demo:
    """
    A folder with a demo.

    Attributes:
        root: The folder.
        made_at: When it was made at first.
        world: What its exports tell of.
        rivals: The competitors whose shops it looks at.
        exports: As they were made; somebody may have changed the files since.
        written: The files that were written now, below the folder.
        kept: The files that were there already.
    """

    root: Path
    made_at: datetime
    world: World
    rivals: tuple[Rival, ...]
    exports: tuple[ExportFile, ...]
    written: tuple[str, ...]
    kept: tuple[str, ...]


def make_demo(root: Path, now: datetime) -> Demo:
    """
    Make a demo in a folder, or complete the one that is there.

    Args:
        root: The folder; it is made where there is none.
        now: When it is; a demo that is there keeps the time at which it was made.

    Raises:
        ConfigError: Something else is in the folder; nothing was written then.
        RegardError: The folder cannot be written to.
    """
    try:
        made_at = _made_at(root) or now
        made_at = made_at.astimezone(UTC).replace(microsecond=0)
        world = make_world(SEED, made_at)
        rivals = make_rivals(world)
        exports = tuple(make_exports(world))
        # The configuration comes first: its mark makes the folder a demo, should we be stopped.
        wanted = (
            (CONFIG, _config(made_at)),
            *((each.site, site_file(each)) for each in rivals),
            *((each.path, each.data) for each in exports),
        )
        written = tuple(name for name, data in wanted if _write(root / name, data, made_at))
    except OSError as error:
        message = f"{error.filename or root} cannot be written: {error.strerror}"
        raise RegardError(message) from error
    kept = tuple(name for name, _ in wanted if name not in written)
    return Demo(root, made_at, world, rivals, exports, written, kept)


def _made_at(root: Path) -> datetime | None:
    """
    Return when the demo in a folder was made; None where the folder is empty or missing.

    Raises:
        ConfigError: Something else is in it.
    """
    if not root.exists():
        return None
    if not root.is_dir():
        message = f"{root} is a file; name a folder for the demo"
        raise ConfigError(message)
    if (root / CONFIG).is_file():
        with (root / CONFIG).open(encoding="utf-8", errors="replace") as file:
            found = _MARKED.match(file.readline())
        if found is not None:
            return datetime.fromisoformat(found[1])
    if any(root.iterdir()):
        message = f"{root} is not empty and is no demo; nothing was written, name a new folder"
        raise ConfigError(message)
    return None


def _config(made_at: datetime) -> bytes:
    mark = _MARK.format(at=made_at.isoformat().replace("+00:00", "Z"))
    text = (files("regard.demo") / "regard.toml").read_text(encoding="utf-8")
    return f"{mark}\n{text}".encode()


def _write(path: Path, data: bytes, made_at: datetime) -> bool:
    """Write a file that is not there yet, whole or not at all; say whether it was written."""
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(data)
    # An hour old, as an export that was fetched a while ago: a run waits for newer ones to settle.
    age = (made_at - timedelta(hours=1)).timestamp()
    os.utime(temporary, (age, age))
    temporary.replace(path)
    return True

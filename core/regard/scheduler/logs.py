"""
What the loop and its children say: one line an event, with its fields, secrets masked.

On a terminal a line is text; elsewhere it is one JSON object. Each run has a log file of its
own, into which goes also what its plug-in prints, as it is: the file says whose it is.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from regard.secrets import redactor
from regard.settings import Settings

__all__ = ["FOLDER", "cut", "expired", "log_path", "set_up", "set_up_child"]

FOLDER: Final = "logs"
"""Below the project; ``loop.log`` lies in it, and a folder for each job."""

_FIELDS: Final = ("event", "job", "due", "run", "attempt", "outcome", "seconds", "log")
_LOOP_BYTES: Final = 5_000_000
_LOOP_FILES: Final = 5
_RUN_BYTES: Final = 50_000_000
"""No log file of one run grows beyond this: a plug-in may print without end."""


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        values: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            **_fields(record),
            "text": record.getMessage(),
        }
        if record.exc_text:
            values["traceback"] = record.exc_text
        return json.dumps(values, ensure_ascii=False, default=str)


class _Text(logging.Formatter):
    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__()
        self._zone = zone

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, self._zone)
        text = record.getMessage()
        # A line is one line: what a source says may hold line breaks and control characters.
        text = "".join(sign if sign.isprintable() else " " for sign in text)
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        run = getattr(record, "run", None)
        tail = f"  (run {run})" if run is not None else ""
        trace = f"\n{record.exc_text}" if record.exc_text else ""
        return f"{at:%Y-%m-%d %H:%M:%S} {level}{text}{tail}{trace}"


class _Bound(logging.Filter):
    """Puts fields on every record that passes, so that each line says whose it is."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        super().__init__()
        self._bound = dict(fields)

    def add(self, name: str, value: object) -> None:
        """Put one more field on each record from now on."""
        self._bound[name] = value

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in self._bound.items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    found = ((name, getattr(record, name, None)) for name in _FIELDS)
    return {name: value for name, value in found if value is not None}


def _formatter(settings: Settings, *, terminal: bool) -> logging.Formatter:
    form = settings.log.format or ("text" if terminal else "json")
    return _Text(ZoneInfo(settings.timezone)) if form == "text" else _Json()


def set_up(settings: Settings, root: Path, *, quiet: bool = False) -> None:
    """
    Let the loop's own process say what it does, on stderr and in ``logs/loop.log``.

    Args:
        settings: The configuration.
        root: The project.
        quiet: Only what is wrong goes to stderr.
    """
    level = settings.log.level.upper()
    stream = logging.StreamHandler(sys.stderr)
    stream.setLevel("WARNING" if quiet else level)
    stream.setFormatter(_formatter(settings, terminal=sys.stderr.isatty()))
    handlers: list[logging.Handler] = [stream]
    # A folder that nobody may write to is no reason to run nothing.
    with suppress(OSError):
        folder = root / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        kept = logging.handlers.RotatingFileHandler(
            folder / "loop.log", maxBytes=_LOOP_BYTES, backupCount=_LOOP_FILES - 1, delay=True
        )
        kept.setFormatter(_formatter(settings, terminal=False))
        handlers.append(kept)
    _install(handlers, level)


def set_up_child(settings: Settings, fields: Mapping[str, Any]) -> Callable[[str, object], None]:
    """
    Let a child of the loop say what it does on its stderr, which is its log file.

    Args:
        settings: The configuration.
        fields: What stands on each line.

    Returns:
        What puts one more field on each later line.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(settings, terminal=False))
    bound = _Bound(fields)
    handler.addFilter(bound)
    _install([handler], settings.log.level.upper())
    return bound.add


def _install(handlers: list[logging.Handler], level: str) -> None:
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    for handler in handlers:
        handler.addFilter(redactor)
        root.addHandler(handler)
    root.setLevel(level)
    # It tells each of its own wake-ups, which nobody asked about.
    logging.getLogger("apscheduler").setLevel("WARNING")


def log_path(job: str, due: datetime, attempt: int) -> str:
    """Return the log file of one try, below the project."""
    folder = job.replace(":", "-")
    return f"{FOLDER}/{folder}/{due.astimezone(UTC):%Y%m%dT%H%M%SZ}-{attempt}.log"


def cut(path: Path) -> bool:
    """Empty a log file that has grown too large; say whether it had."""
    try:
        if path.stat().st_size <= _RUN_BYTES:
            return False
        # Whoever writes to it appends, and goes on at the new end.
        os.truncate(path, 0)
    except OSError:
        return False
    return True


def expired(root: Path, now: datetime, keep: timedelta) -> Iterator[Path]:
    """Yield the log files of runs that are older than they are kept."""
    before = (now - keep).timestamp()
    for path in (root / FOLDER).glob("*/*.log"):
        with suppress(OSError):
            if path.stat().st_mtime < before:
                yield path

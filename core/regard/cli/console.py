"""
The terminal: where results and problems are drawn, and nothing from outside can style it.

Results go to stdout; progress and problems go to stderr. Text that came from files, shops
or plug-ins passes `clean` first, so that it can neither colour nor steer the terminal.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, TextIO, cast

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from regard.secrets import mask

__all__ = [
    "clean",
    "count",
    "dump_json",
    "make_console",
    "make_progress",
    "make_table",
    "print_error",
    "problem",
]

_BLANKS = re.compile(r"[ \t]+(?=\n)")
_UNFOLDED = 100_000
"""The width, in characters, of what is no terminal: more than any line has."""


def clean(text: object, *, lines: bool = False) -> str:
    """
    Return text from outside in a form that cannot control a terminal.

    Control characters, escape sequences and marks that change the writing direction become
    a visible replacement.

    Args:
        text: Anything; it is shown as `str` shows it.
        lines: Whether line breaks stay.
    """
    kept = "\n" if lines else ""
    return "".join(
        char
        if char in kept or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co")
        else ("\N{REPLACEMENT CHARACTER}" if not char.isspace() else " ")
        for char in str(text)
    )


def count(number: int, noun: str) -> str:
    """Return a number with its noun, as in ``1 row`` and ``2,000 rows``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


class _Trimmed:
    """
    Stdout or stderr, whichever they are at the time, without blanks at the ends of lines.

    Tables fill up their last column, which is of no use to whoever reads what is no terminal.
    """

    def __init__(self, *, stderr: bool) -> None:
        self._stderr = stderr

    def write(self, text: str) -> int:
        self._stream.write(_BLANKS.sub("", text))
        return len(text)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # the stream's own
        return getattr(self._stream, name)

    @property
    def _stream(self) -> TextIO:
        return sys.stderr if self._stderr else sys.stdout


def make_console(*, stderr: bool = False) -> Console:
    """
    Return a console on stdout or stderr; markup, emoji codes and highlighting are off.

    What goes into a pipe or a file is never folded: programs read it line by line.
    """
    made = Console(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=False)
    if not made.is_terminal:
        made.width = _UNFOLDED
        made.file = cast("TextIO", _Trimmed(stderr=stderr))
    return made


def make_table(columns: Iterable[str | tuple[str, str]], *, title: str = "") -> Table:
    """
    Return an empty table in the house style.

    Args:
        columns: Headers; a pair gives header and ``left`` or ``right``.
        title: What it shows.
    """
    table = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="bold",
    )
    for column in columns:
        label, side = column if isinstance(column, tuple) else (column, "left")
        table.add_column(
            label,
            justify="right" if side == "right" else "left",
            no_wrap=side == "right",
            overflow="fold",
        )
    return table


def make_progress(console: Console, *, visible: bool) -> Progress:
    """Return a progress display that shows counts, rate and elapsed time."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not visible,
    )


def problem(console: Console, text: str, hint: str | None = None) -> None:
    """Print one problem, and what could be done about it, on one or two lines."""
    said = clean(mask(text), lines=True)
    console.print(Text(f"regard: {said}", style="red"), soft_wrap=True)
    if hint:
        console.print(Text(f"  {clean(hint, lines=True)}"), soft_wrap=True)


def print_error(error: Exception) -> None:
    """Print an error that ends the command."""
    problem(make_console(stderr=True), str(error) or type(error).__name__)


def _plain(value: Any) -> Any:  # noqa: ANN401  # whatever json cannot write comes here
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date | Path):
        return value.isoformat() if isinstance(value, date) else str(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, set | frozenset | tuple):
        return sorted(value) if not isinstance(value, tuple) else list(value)
    return str(value)


def dump_json(value: object, *, indent: int | None = 2) -> str:
    """Return JSON text: decimals as strings, times as ISO 8601 in UTC, unknown as null."""
    return json.dumps(value, default=_plain, ensure_ascii=False, indent=indent)


def write_json(value: object) -> None:
    """Write JSON text to stdout, whatever the terminal's encoding can carry."""
    text = dump_json(value) + "\n"
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


def rows_of(table: Table, rows: Iterable[Sequence[object]]) -> Table:
    """Add rows of untrusted values to a table and return it."""
    for row in rows:
        table.add_row(*(Text(clean("" if cell is None else cell)) for cell in row))
    return table

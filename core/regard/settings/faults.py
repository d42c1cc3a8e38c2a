"""
What is wrong with a configuration: all of it at once, each with its place.

A fault becomes a line such as
``regard.toml:7: sources.crm.schedule: 'dayly' is not a schedule; write "@daily"``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from regard.errors import ConfigError
from regard.settings.lines import TablePath, lines_of, nearest_line, table_path

__all__ = ["Fault", "display_path", "fault_lines", "raise_faults"]


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One thing that is wrong in a configuration.

    Attributes:
        path: Where it stands, as in ``("sources", "crm", "schedule")``; empty: the file.
        text: What is wrong and what would be right.
    """

    path: TablePath
    text: str


def display_path(path: Path) -> str:
    """Return a file's path as a message names it: short where it lies below us."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def fault_lines(faults: Sequence[Fault], file: Path | None, text: str = "") -> list[str]:
    """
    Return faults as lines, in the order of the file.

    Args:
        faults: None, one or many; the same one is said once.
        file: The configuration file; None where it is not known.
        text: Its content, for line numbers.
    """
    lines = lines_of(text)
    name = display_path(file) if file is not None else ""
    listed: list[tuple[int, str]] = []
    for fault in faults:
        number = nearest_line(lines, fault.path)
        place = f"{name}:{number}" if name and number else name
        parts = (place, table_path(fault.path), fault.text)
        listed.append((number, ": ".join(part for part in parts if part)))
    listed.sort(key=lambda item: item[0])
    return list(dict.fromkeys(line for _, line in listed))


def raise_faults(faults: Sequence[Fault], file: Path | None, text: str = "") -> None:
    """
    Raise one error that lists all faults, one per line, in the order of the file.

    Args:
        faults: Nothing happens where there are none.
        file: The configuration file; None where it is not known.
        text: Its content, for line numbers.

    Raises:
        ConfigError: There are faults.
    """
    if faults:
        raise ConfigError("\n".join(fault_lines(faults, file, text)))

"""On which line of a TOML file a table or a key stands; the parser does not tell."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

__all__ = ["TablePath", "lines_of", "nearest_line", "table_path"]

TablePath: TypeAlias = tuple[str | int, ...]
"""Where something stands, as in ``("sources", "crm", "schedule")``."""

_HEADER: Final = re.compile(r"\s*\[\[?([^\[\]#]+)\]\]?\s*(?:#.*)?$")
_KEY: Final = re.compile(r"""((?:[\sA-Za-z0-9_.-]|"[^"]*"|'[^']*')+)=""")
_MULTILINE: Final = re.compile(r'"""|' + "'''")


def table_path(path: Sequence[str | int]) -> str:
    """Return a path as TOML writes it: ``sources.crm.map``, ``reports.a.to[1]``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        bare = re.fullmatch(r"[A-Za-z0-9_-]+", part) is not None
        text += ("." if text else "") + (part if bare else repr(part))
    return text


def lines_of(text: str) -> dict[TablePath, int]:
    """Return the first line, from 1, of every table header and of every key at a line's start."""
    lines: dict[TablePath, int] = {}
    table: TablePath = ()
    quoted = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not quoted:
            header, key = _HEADER.match(line), _KEY.match(line)
            if header:
                table = _parts(header[1])
                lines.setdefault(table, number)
            elif key:
                lines.setdefault((*table, *_parts(key[1])), number)
        for mark in _MULTILINE.findall(line):
            quoted = "" if mark == quoted else (quoted or mark)
    return lines


def nearest_line(lines: Mapping[TablePath, int], path: TablePath) -> int:
    """Return the line of a path, else of the table around it; 0 where there is none."""
    for length in range(len(path), 0, -1):
        inside = [n for known, n in lines.items() if known[:length] == path[:length]]
        if inside:
            return min(inside)
    return 0


def _parts(key: str) -> TablePath:
    """Return the parts of a dotted key."""
    try:
        table: object = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    parts: list[str | int] = []
    while isinstance(table, dict):
        part, table = next(iter(table.items()))
        parts.append(part)
    return tuple(parts)

"""What docstrings say about the attributes of a class."""

from __future__ import annotations

import inspect
import re

_ATTRIBUTE = re.compile(r"    (\w+): (.*)")


def summary(thing: object) -> str:
    """Return the first paragraph of a docstring as one line."""
    return _as_markdown(" ".join((inspect.getdoc(thing) or "").split("\n\n", 1)[0].split()))


def attributes(thing: type) -> dict[str, str]:
    """Return the sentences of a class's ``Attributes:`` section by name, inherited ones too."""
    found: dict[str, str] = {}
    for each in reversed(thing.__mro__):
        found |= _section(each.__doc__ or "")
    return found


def _section(docstring: str) -> dict[str, str]:
    _, _, text = inspect.cleandoc(docstring).partition("Attributes:\n")
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        match = _ATTRIBUTE.fullmatch(line)
        if match:
            name = match[1]
            found[name] = match[2]
        elif name and line.startswith("        "):
            found[name] += f" {line.strip()}"
        elif line.strip():
            break
    return {name: _as_markdown(text) for name, text in found.items()}


def _as_markdown(text: str) -> str:
    return text.replace("``", "`")


def cell(text: str) -> str:
    """Return a text that a cell of a Markdown table can hold."""
    return text.replace("|", "\\|").replace("\n", " ")


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [header, ("---",) * len(header), *(tuple(map(cell, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"

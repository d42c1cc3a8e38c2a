"""
Rendering: one report, every format.

Each format is a module of its own; the terminal's is the only one that loads rich.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from regard.render.csv_report import render_csv
from regard.render.json_report import render_json
from regard.render.text import plain

if TYPE_CHECKING:
    from regard.render.terminal import render_terminal, render_text

__all__ = ["plain", "render_csv", "render_json", "render_terminal", "render_text"]


def __getattr__(name: str) -> object:
    """Load rich only for those who draw."""
    if name in ("render_terminal", "render_text"):
        from regard.render import terminal

        return getattr(terminal, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)

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
    from regard.render.terminal import render_terminal

__all__ = ["plain", "render_csv", "render_json", "render_terminal"]


def __getattr__(name: str) -> object:
    """Load rich only for those who draw."""
    if name == "render_terminal":
        from regard.render.terminal import render_terminal

        return render_terminal
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)

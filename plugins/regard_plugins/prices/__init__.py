"""The ``prices`` report: how our prices stand against competitors'."""

from __future__ import annotations

from regard import hookimpl

REGARD_API = 1


@hookimpl
def regard_reporters() -> list[str]:
    """Return the reporter by name, so that listing plug-ins loads nothing of it."""
    return ["regard_plugins.prices.reporter:Prices"]

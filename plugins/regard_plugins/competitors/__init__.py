"""The reports ``competitors``, one row each, and ``competitor``, the timeline of one."""

from __future__ import annotations

from regard import hookimpl

REGARD_API = 1


@hookimpl
def regard_reporters() -> list[str]:
    """Return the reporters by name, so that listing plug-ins loads nothing of them."""
    return [
        "regard_plugins.competitors.reporter:Competitors",
        "regard_plugins.competitors.timeline:OneCompetitor",
    ]

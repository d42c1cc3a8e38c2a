"""
Reads the team's shared mailbox: what customers write, and what they are answered.

The source itself is imported when it is first used.
"""

from __future__ import annotations

from collections.abc import Sequence

from regard import hookimpl

__all__ = ["regard_sources"]


@hookimpl
def regard_sources() -> Sequence[str]:
    """Register the source."""
    return ["regard_plugins.mailbox.source:TeamMailbox"]

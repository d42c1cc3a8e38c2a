"""
Shows notices where the loop runs: a bell and one line.

The notifier itself is imported when it is first used.
"""

from __future__ import annotations

from collections.abc import Sequence

from regard import hookimpl

__all__ = ["regard_notifiers"]


@hookimpl
def regard_notifiers() -> Sequence[str]:
    """Register the notifier."""
    return ["regard_plugins.notify_terminal.notifier:Terminal"]

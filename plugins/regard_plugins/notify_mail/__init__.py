"""
Mails notices and reports through the server of ``[smtp]``.

The notifier itself is imported when it is first used.
"""

from __future__ import annotations

from collections.abc import Sequence

from regard import hookimpl

__all__ = ["regard_notifiers"]


@hookimpl
def regard_notifiers() -> Sequence[str]:
    """Register the notifier."""
    return ["regard_plugins.notify_mail.notifier:Mail"]

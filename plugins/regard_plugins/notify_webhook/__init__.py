"""
Sends notices and reports to an address on the web, as Slack and its likes take them.

The notifier itself is imported when it is first used.
"""

from __future__ import annotations

from collections.abc import Sequence

from regard import hookimpl

__all__ = ["regard_notifiers"]


@hookimpl
def regard_notifiers() -> Sequence[str]:
    """Register the notifier."""
    return ["regard_plugins.notify_webhook.notifier:Webhook"]

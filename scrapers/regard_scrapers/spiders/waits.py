"""How long servers ask to wait."""

from __future__ import annotations

import email.utils
import time
from datetime import UTC, datetime
from typing import Final

__all__ = ["TOO_MUCH", "retry_after_seconds"]

TOO_MUCH: Final = (429, 503)
"""The statuses by which a server asks for less."""


def retry_after_seconds(value: str | None, now: float | None = None) -> float | None:
    """
    Return how long a server asks to wait (RFC 9110, 10.2.3); None: it does not say.

    Args:
        value: The header: seconds, or a date.
        now: The time in seconds since 1970.
    """
    if not value:
        return None
    text = value.strip()
    if text.isdecimal():
        return float(min(int(text[:9]), 7 * 24 * 3600))
    try:
        at = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    moment = datetime.fromtimestamp(time.time() if now is None else now, UTC)
    return max(0.0, (at - moment).total_seconds())

"""Text that any database stores: what plug-ins and files say may hold what is no text."""

from __future__ import annotations

import re

__all__ = ["storable"]

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """Return a text with a visible mark in place of NUL and of halves of character pairs."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)

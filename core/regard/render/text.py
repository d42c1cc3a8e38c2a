"""
Untrusted text made harmless: whatever a shop, a file or a plug-in wrote is only ever shown.

A terminal obeys escape sequences, and marks of writing direction can make a line read as
another one. Neither survives here; accents, emoji and right-to-left words do.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["plain"]

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor, modes
    r"|(?:\x1b[]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # titles, links
    r"|\x1b[ -/]*[0-~]"
)
_BLANK = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_JOINERS = "\u200c\u200d"
"""They shape letters and emoji and have no direction."""


def _shown(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cf":
        return char if char in _JOINERS else ""
    return _REPLACEMENT if category in ("Cc", "Cs", "Co", "Cn") else char


def plain(text: str) -> str:
    """
    Return one line of text that cannot control a terminal.

    Escape sequences and control characters become U+FFFD, line breaks become blanks, marks
    of direction and other invisible ones go.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _BLANK.sub(" ", _SEQUENCE.sub(_REPLACEMENT, text))
    return "".join(map(_shown, text))

"""What fetched files are called: whatever others call them, a plain name in one folder."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

__all__ = ["apart", "safe_name"]

_LONGEST = 150
"""Bytes; file systems take 255, and a name may get something in front and behind."""

_LONGEST_ENDING = 20
_FORBIDDEN = re.compile(r'[<>:"|?*\[\]]')
_WHITE = re.compile(r"\s+")
_ENDING = re.compile(r"(?:\.[A-Za-z0-9]{1,8}){1,2}$")


def safe_name(wanted: str) -> str:
    """
    Return a name that is one file in the folder it is put in, and that a glob can name.

    Args:
        wanted: What somebody else calls it: a path, a name with signs of control, anything.

    Returns:
        Its last part without what could hide it, lead elsewhere or be too long; ``file`` where
        nothing is left.
    """
    last = re.split(r"[/\\]", wanted.replace("\0", ""))[-1]
    text = unicodedata.normalize("NFC", last.encode("utf-8", "ignore").decode("utf-8"))
    text = "".join(sign for sign in text if unicodedata.category(sign)[0] != "C")
    text = _WHITE.sub(" ", text)
    text = _FORBIDDEN.sub("_", text).strip().lstrip(".~$ ").rstrip(". ")
    return _cut(text) or "file"


def _cut(name: str) -> str:
    """Shorten a name in front of its ending."""
    if len(name.encode()) <= _LONGEST:
        return name
    stem, ending = _parts(name)
    kept = stem.encode()[: _LONGEST - len(ending)].decode("utf-8", "ignore")
    return kept.rstrip(". ") + ending


def _parts(name: str) -> tuple[str, str]:
    found = _ENDING.search(name)
    if found is None or not found.start() or len(found[0]) > _LONGEST_ENDING:
        return name, ""
    return name[: found.start()], found[0]


def apart(name: str, origin: str) -> str:
    """Return another name for what a name is already taken from; the same for one origin."""
    stem, ending = _parts(name)
    return f"{stem}-{sha256(origin.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}{ending}"

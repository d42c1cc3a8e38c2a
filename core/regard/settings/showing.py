"""
What of a configured value may stand in a message.

A wrong value is shown so that it is found quickly, unless it may be a secret: because of its
name, because it refers to one, or because it is an address with a password in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

__all__ = ["has_reference", "is_secret_name", "may_show", "show"]

_MAX_LENGTH = 60
_SECRET_NAME: Final = re.compile(
    r"(?:^|[_-])(?:pass|password|passwd|passphrase|pwd|pin|secret|token|cookie|auth"
    r"|authorization|credentials?|private|apikey|accesskey)(?:$|[_-])|(?:^|[_-])key$",
    re.IGNORECASE,
)
# To the last @: a password that is not percent-encoded may hold one.
_USERINFO: Final = re.compile(r"(?<=://)[^/@\s]*:\S*(?=@)")


def is_secret_name(name: str) -> bool:
    """Say whether a key's name, such as ``api_key``, promises a secret."""
    return _SECRET_NAME.search(name) is not None


def has_reference(value: object) -> bool:
    """Say whether a text, or any text inside a value, refers to a secret with ``${...}``."""
    if isinstance(value, str):
        return "${" in value
    if isinstance(value, dict):
        return any(map(has_reference, value.values()))
    if isinstance(value, list | tuple):
        return any(map(has_reference, value))
    return False


def may_show(path: Sequence[str | int], value: object) -> bool:
    """
    Say whether a value may stand in a message.

    Args:
        path: Where it stands, as in ``("sources", "desk", "token")``.
        value: As it is written in the file.
    """
    if has_reference(value):
        return False
    # A secret is a text: `key = ["email", "sent_at"]` is a list of columns.
    return not (isinstance(value, str) and any(is_secret_name(str(part)) for part in path[-2:]))


def show(value: object) -> str:
    """Return a value as a message shows it: short, and without a password in an address."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        value = _USERINFO.sub("...", value)
    text = repr(value)
    if len(text) <= _MAX_LENGTH:
        return text
    return f"{text[: _MAX_LENGTH - 4]}...{text[-1]}"

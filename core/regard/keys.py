r"""
How records are named: one text per record, unique within its source and kind.

Several parts join with ``|``; a part's own ``|`` and ``\\`` are escaped with ``\``, so
that two different sets of parts never make the same key. A key beyond 200 characters would
bloat every index, so its sha256 stands for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256

__all__ = ["MAX_LENGTH", "compose"]

MAX_LENGTH = 200
"""Characters."""


def _text(part: object) -> str:
    if isinstance(part, str):
        return part
    if part is None:
        return ""
    if isinstance(part, datetime):
        return (part.astimezone(UTC) if part.tzinfo else part).isoformat()
    if isinstance(part, date):
        return part.isoformat()
    if isinstance(part, Decimal) and part.is_finite():
        return _digits(part)
    return str(part)


def _digits(part: Decimal) -> str:
    # Not normalize(): that rounds to 28 digits, and two long numbers would share a key.
    if not part:
        return "0"
    if abs(part.adjusted()) > MAX_LENGTH:
        return str(part)
    text = format(part, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def compose(parts: Iterable[object]) -> str:
    """
    Return the key that parts make up, or an empty text where all of them are empty.

    Args:
        parts: Texts, numbers, days or times; None counts as empty.
    """
    texts = [_text(part) for part in parts]
    if not any(texts):
        return ""
    if len(texts) == 1:
        key = texts[0]
    else:
        key = "|".join(text.replace("\\", "\\\\").replace("|", "\\|") for text in texts)
    if len(key) <= MAX_LENGTH:
        return key
    return "sha256:" + sha256(key.encode("utf-8", "surrogatepass")).hexdigest()

"""Who wrote a review: kept as a keyed hash only, whatever a file or a map says."""

from __future__ import annotations

from typing import Any, Final

from regard.privacy import identifier_hash
from regard.sources import Context

__all__ = ["AUTHOR", "hide_author"]

AUTHOR: Final = "author_hash"
"""The field that a column with authors is mapped to."""


def hide_author(record: dict[str, Any], ctx: Context) -> None:
    """Put a keyed hash in the place of an author; two providers' are never the same."""
    author = record.get(AUTHOR)
    if author:
        named = f"{record.get('provider') or ''}:{author}"
        record[AUTHOR] = identifier_hash("author", named, ctx.pseudonym_key)

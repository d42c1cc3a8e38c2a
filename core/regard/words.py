"""
What a source says of records beside giving them: gone, still there, all that there is.

Writers of sources import all of it from `regard.sources`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regard.files import InputFile

__all__ = ["Delete", "Seen", "Whole"]


@dataclass(frozen=True, slots=True)
class Delete:
    """
    The source says that a record is gone.

    Attributes:
        key: The record's key, as a text or its parts.
        as_of: When it was deleted, where the source says so.
        file: The file that says so; where that one is left out, nothing is deleted.
    """

    key: str | tuple[Any, ...]
    as_of: datetime | None = None
    file: InputFile | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """
    A record is still as it was, though its content was not read again.

    Attributes:
        key: The record's key.
        as_of: When it was seen.
    """

    key: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Whole:
    """
    All that the source has of what belongs together; what else is stored of it is gone.

    The answers of one response belong together, and the items of one visit; no other records
    do. Their keys have the whole's name as their first part, such as ``(response_key, question)``.

    Attributes:
        name: The ``response_key`` of the answers, or the ``visit_key`` of the items.
        keys: The keys of the records that there are.
        among: The questions, or items, that the source can tell about; None: all there are.
        as_of: When that was so, where the source says it.
        file: The file that says so; where that one is left out, nothing is deleted.
    """

    name: str
    keys: frozenset[str]
    among: frozenset[str] | None = None
    as_of: datetime | None = None
    file: InputFile | None = None

"""
What a crawl and its child process say to each other: one JSON object a line.

Decimals and times keep their type on the way, so that money stays exact.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

__all__ = ["Fetched", "Order", "OutcomeCode", "pack", "unpack"]

OutcomeCode: TypeAlias = Literal[
    "ok",
    "not-modified",
    "gone",
    "robots",
    "robots-unread",
    "blocked",
    "rate-limited",
    "http-error",
    "redirected",
    "refused",
    "too-large",
    "network",
    "unreadable",
]
"""What can become of an address; there are no others."""

_DECIMAL: Final = "$decimal"
_TIME: Final = "$time"


def _default(value: object) -> object:
    if isinstance(value, Decimal):
        return {_DECIMAL: str(value)}
    if isinstance(value, datetime):
        return {_TIME: value.isoformat()}
    message = f"{type(value).__name__} cannot be said over the pipe"
    raise TypeError(message)


def _revive(data: dict[str, Any]) -> Any:  # noqa: ANN401  # JSON
    if len(data) == 1:
        # What a spider found may look like ours by chance, or on purpose.
        with suppress(ArithmeticError, TypeError, ValueError):
            if _DECIMAL in data:
                return Decimal(data[_DECIMAL])
            if _TIME in data:
                return datetime.fromisoformat(data[_TIME])
    return data


def pack(data: Mapping[str, Any]) -> bytes:
    """Return one line."""
    return json.dumps(data, default=_default, ensure_ascii=True).encode("ascii") + b"\n"


def unpack(line: bytes) -> dict[str, Any]:
    """
    Return what a line says.

    Raises:
        ValueError: It is none of ours.
    """
    data = json.loads(line, object_hook=_revive)
    if not isinstance(data, dict) or "say" not in data:
        message = "a line that is no frame"
        raise ValueError(message)
    return data


@dataclass(frozen=True, slots=True)
class Order:
    """
    One address to fetch.

    Attributes:
        url: The address.
        kind: ``page``, ``list`` or ``sitemap``; ``raw`` for whoever wants the body itself.
        etag: What the server said of what is known already.
        last_modified: Likewise.
        depth: How many lists were followed to get here.
    """

    url: str
    kind: str = "page"
    etag: str | None = None
    last_modified: str | None = None
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Fetched:
    """
    What became of one address.

    Attributes:
        url: The address, as it was ordered.
        kind: As it was ordered.
        outcome: What became of it.
        status: The HTTP status; None: there was no answer.
        text: One sentence where it did not go well.
        etag: For the next time.
        last_modified: For the next time.
        retry_after_seconds: How long the server asks to wait.
        sha256: Of the body.
        bytes: How long the body is.
        found: Addresses that it leads to, as pairs of address and kind.
        records: What was read on it: pairs of stream and fields.
        problems: Why things on it were not taken: code, field, text, and the fields concerned.
        notes: What whoever looks after the site should know.
        rating: What the page states of all its reviews: value, best, worst, counts.
        body: The body in base64, where the order was for it (``raw``).
        encoding: What the server said of it.
        rendered: Its scripts have run before it was read.
        refused: What its scripts were not given, and why, for people.
    """

    url: str
    kind: str
    outcome: OutcomeCode
    status: int | None = None
    text: str = ""
    etag: str | None = None
    last_modified: str | None = None
    retry_after_seconds: float | None = None
    sha256: str | None = None
    bytes: int = 0
    found: list[list[str]] = field(default_factory=list)
    records: list[list[Any]] = field(default_factory=list)
    problems: list[list[Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rating: dict[str, Any] | None = None
    body: str | None = None
    encoding: str | None = None
    rendered: bool = False
    refused: list[str] = field(default_factory=list)

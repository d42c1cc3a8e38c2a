"""
What the columns of one survey export are: answers, facts about the response, or nothing wanted.

Each vendor's module says it in a `Layout`; everything after that is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from regard.mapping.headers import fold

__all__ = ["HEADS", "Asked", "Layout", "Role", "Sort", "heads", "places_of", "tidy"]

HEADS = " ⏎ "
"""Between the header rows of one column, where an export has several of them."""

Role: TypeAlias = Literal[
    "response_key", "customer_key", "email", "order_key", "place", "language", "channel"
]
"""A field of each answer that a column may fill."""

Sort: TypeAlias = Literal["any", "part", "option", "other", "text"]
"""
What a column of answers holds: anything; for the part that it is named after either a mark that
this option was chosen or the answer of this row; a mark; own words beside options; own words.
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A column with answers.

    Attributes:
        place: Its place in the table.
        question: The question's text, or its code where the export has no text.
        part: The option or row of the question that the column is for.
        code: What the tool calls the question: it outlives other wordings.
        sort: What its cells hold.
    """

    place: int
    question: str
    part: str | None = None
    code: str | None = None
    sort: Sort = "any"


@dataclass(frozen=True, slots=True)
class Layout:
    """
    What the columns of a table are.

    Attributes:
        vendor: Who made the export; also the stream of what is no snapshot.
        title: What people call it.
        asked: The columns with answers.
        facts: The columns that fill fields of each answer.
        times: The columns that say when it was answered, the best one first.
        done: The column that says whether the whole survey was answered, and the words that
            mean so; no words: whatever stands there does. None: all responses are whole, or
            where ``whole`` is false nobody can tell.
        whole: Whether the tool exports whole responses only.
        trial: The column that tells trials from responses, and the words that mean a trial.
        personal: The columns that are never stored.
        passed: The columns that no analysis needs.
        unknown: The columns that may be questions and may be none: they are not read.
        zone: Where the times are, if the export says so.
        dates: How they are written, if the tool always does it like this.
        separator: What parts several chosen options in one cell.
        snapshot: The file holds all responses there are, and they have no id.
        scoped: Ids are unique within one survey only.
        channels: What the tool's words for channels mean.
        confirmed: Whether its headers were compared with a real file.
        notes: What people should know.
    """

    vendor: str
    title: str
    asked: tuple[Asked, ...]
    facts: Mapping[Role, int] = field(default_factory=dict)
    times: tuple[int, ...] = ()
    done: tuple[int, frozenset[str] | None] | None = None
    whole: bool = False
    trial: tuple[int, frozenset[str]] | None = None
    personal: tuple[int, ...] = ()
    passed: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()
    zone: str | None = None
    dates: tuple[str, ...] = ()
    separator: str = ", "
    snapshot: bool = False
    scoped: bool = False
    channels: Mapping[str, str] = field(default_factory=dict)
    confirmed: bool = True
    notes: tuple[str, ...] = ()


def tidy(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())


def places_of(header: Sequence[str]) -> dict[str, int]:
    """Return the places of columns by all that their header rows call them, folded."""
    places: dict[str, int] = {}
    for place, name in enumerate(header):
        for each in (name, *heads(name)):
            places.setdefault(fold(tidy(each)), place)
    return places


def heads(name: str) -> Sequence[str]:
    """Return what the header rows say of one column, the first row first."""
    return name.split(HEADS)

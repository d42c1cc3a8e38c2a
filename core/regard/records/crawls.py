"""The tables of crawls: passes over a source's addresses, what leads where, whom they ask."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from regard.records.rows import StoreRow
from regard.records.tables import number, some_text, text

__all__ = ["AddressRow", "LinkRow", "OriginRow", "PassRow"]


class PassRow(StoreRow, table=True):
    """
    One look at all addresses of a source; the current one, or the last.

    Attributes:
        number: Counts them.
        began_at: When it began.
        ended_at: When every address had an outcome; None: it goes on.
        whole_began_at: When the last pass began that reached every address.
    """

    __tablename__: ClassVar[str] = "passes"

    source: str = text(key=True)
    number: int = number()
    began_at: datetime
    ended_at: datetime | None = None
    whole_began_at: datetime | None = None


class AddressRow(StoreRow, table=True):
    """
    An address that a source looks at, and what became of it the last time.

    Attributes:
        kind: ``page``, ``list`` or ``sitemap``.
        depth: How many lists were followed to get here.
        found_pass: The pass in which something last led to it.
        visited_pass: The pass in which it last had an outcome; 0: none yet.
        outcome: What became of it, as `regard.sources.Visited` has it.
        good: Whether that can be believed.
        tries: How often it failed in this pass.
        etag: What the server said of what is known.
        last_modified: Likewise.
        sha256: Of the body.
        recipe: What else decided about the records, such as a digest of the site's rules.
        keys: The keys of the records on it, as JSON; None: too many to remember.
        checked_at: When it was last asked for.
        failed_at: When a pass last ended without an outcome of it that can be believed.
        failures: In how many passes in a row that was so.
        lost: In how many passes in a row it said that it leads nowhere any more.
    """

    __tablename__: ClassVar[str] = "addresses"
    __table_args__ = (Index("ix_addresses_due", "source", "visited_pass", "position"),)

    source: str = text(key=True)
    url: str = text(key=True)
    kind: str = text()
    depth: int = number()
    position: int = number()
    found_pass: int = number()
    visited_pass: int = number()
    outcome: str | None = some_text()
    good: bool = True
    status: int | None = Field(default=None, sa_type=BigInteger)
    tries: int = number()
    etag: str | None = some_text()
    last_modified: str | None = some_text()
    sha256: str | None = some_text()
    recipe: str | None = some_text()
    keys: str | None = some_text()
    checked_at: datetime | None = None
    failed_at: datetime | None = None
    failures: int = number()
    lost: int = number()


class LinkRow(StoreRow, table=True):
    """
    That one address leads to another one.

    Attributes:
        via: The one that leads there.
        url: Where it leads.
        found_pass: The pass in which this was last found.
        missed_at: When it was first read without leading there; None: it does.
    """

    __tablename__: ClassVar[str] = "links"
    __table_args__ = (Index("ix_links_url", "source", "url"),)

    source: str = text(key=True)
    via: str = text(key=True)
    url: str = text(key=True)
    found_pass: int = number()
    missed_at: datetime | None = None


class OriginRow(StoreRow, table=True):
    """
    What all runs on all machines know of one origin: its rules, and when it may be asked.

    Attributes:
        origin: Scheme, host and port.
        robots_status: What its robots.txt was answered with; 0: not at all.
        robots: Its text.
        robots_at: When it was fetched.
        next_at: Not before then is it asked again.
        paused_until: It asked for less, or refused.
        paused_why: One sentence.
        asked_on: The day that ``asked`` counts, in UTC.
        asked: How often it was asked on that day.
    """

    __tablename__: ClassVar[str] = "origins"

    origin: str = text(key=True)
    robots_status: int | None = Field(default=None, sa_type=BigInteger)
    robots: str | None = some_text()
    robots_at: datetime | None = None
    next_at: datetime | None = None
    paused_until: datetime | None = None
    paused_why: str | None = some_text()
    asked_on: date | None = None
    asked: int = number()

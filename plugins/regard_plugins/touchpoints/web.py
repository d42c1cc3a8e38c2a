"""What becomes of a web server's log: a touchpoint for each page view, a fact for bots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from hashlib import md5

from regard.exports import Format, RowMapper, Wishes
from regard.keys import MAX_LENGTH, compose
from regard.mapping import Mapped
from regard.mapping.mappers import Numbered
from regard.mapping.times import zone_of
from regard.records import kind_named
from regard.records.encoding import (
    SEPARATOR,
    Encoded,
    StoredValue,
    encode_time,
    microseconds,
)
from regard.tabular import Table
from regard_plugins.touchpoints.weblogs import BOTS, VIEWS

__all__ = ["web_formats"]


class _LogMapper(RowMapper):
    """Never keeps a line: it holds a network address and a user agent."""

    @property
    def drops(self) -> bool:
        """Say that lines must not be stored."""
        return True

    def passes_over(self, cells: Sequence[object]) -> bool:
        """Say that no line of a log is a footer."""
        return False


class _ViewMapper(_LogMapper):
    """
    Makes touchpoints of page views, encoded at once because there are millions of them.

    Args:
        header: The table's column names.
        modified_at: When the log was last written to; no view is newer.
    """

    def __init__(self, header: Sequence[str], modified_at: datetime) -> None:
        super().__init__(header)
        kind = kind_named("touchpoint")
        encoder = kind.encoder()
        self._latest = encode_time(modified_at)
        places = {name: place for place, name in enumerate(kind.fields)}
        self._at = tuple(places[name] for name in ("happened_at", "outcome", "url", "campaign"))
        values: list[StoredValue] = [None] * len(kind.fields)
        values[places["channel"]], self._channel = encoder.part("channel", "web")
        values[places["type"]], self._type = encoder.part("type", "view")
        self._template = tuple(values)
        self._minute = ""
        self._began = 0

    def records(self, row: Numbered) -> Sequence[Encoded]:
        """Return the touchpoint of a page view."""
        second, page, status, number = map(str, row.values[:4])
        campaign = row.values[4]
        minute = second[:17]
        if minute != self._minute:
            self._minute = minute
            self._began = microseconds(datetime.fromisoformat(f"{minute}00+00:00"))
        happened = self._began + int(second[17:]) * 1_000_000
        happened_at = f"{second}.000000"
        named = f"campaign={campaign}{SEPARATOR}" if campaign else ""
        # What `Encoder.encode` makes and hashes: all fields that say something, by name.
        shown = (
            f"{named}{self._channel}happened_at={happened}{SEPARATOR}"
            f"outcome={status}{SEPARATOR}{self._type}url={page}"
        )
        values = list(self._template)
        at = self._at
        values[at[0]], values[at[1]], values[at[2]], values[at[3]] = (
            happened_at,
            status,
            page,
            None if campaign is None else str(campaign),
        )
        digest = md5(shown.encode(), usedforsecurity=False).hexdigest()
        key = self._key(second, status, page, number)
        # A line never changes, so it is as old as what it tells of.
        as_of = min(happened_at, self._latest)
        return (Encoded(key, as_of, digest, None, tuple(values)),)

    @staticmethod
    def _key(second: str, status: str, page: str, number: str) -> str:
        key = f"{second}|{status}|{page}|{number}"
        plain = len(key) <= MAX_LENGTH and "\\" not in page and "|" not in page
        return key if plain else compose((second, status, page, number))


class _BotMapper(_LogMapper):
    """
    Counts requests of bots; a log that is read on is counted from its start.

    Args:
        header: The table's column names.
        zone: Where days begin.
    """

    def __init__(self, header: Sequence[str], zone: tzinfo) -> None:
        super().__init__(header)
        self._zone = zone
        self._hits: Counter[tuple[str, str, str]] = Counter()

    def records(self, row: Numbered) -> Sequence[Mapped]:
        """Count one request."""
        segment, hour, family = row.values
        self._hits[str(segment), str(hour), str(family)] += 1
        return ()

    def finish(self) -> Sequence[Mapped]:
        """Return the counts, by day and family."""
        days: Counter[tuple[str, date, str]] = Counter()
        for (segment, hour, family), count in self._hits.items():
            moment = datetime.fromisoformat(f"{hour}:00+00:00").astimezone(self._zone)
            days[segment, moment.date(), family] += count
        return [
            {
                # A day may lie in two logs, each of which has its own count.
                "key": compose(("bots", day, family, segment)),
                "subject": family,
                "name": "web.bot_hits",
                "value": count,
                "unit": "requests",
                "happened_at": datetime.combine(day, time(), self._zone).astimezone(UTC),
            }
            for (segment, day, family), count in sorted(days.items())
        ]


@dataclass(frozen=True)
class _WebViews(Format):
    """Page views."""

    def mapper(self, header: Sequence[str], wishes: Wishes, modified_at: datetime) -> RowMapper:
        """Return what maps page views."""
        return _ViewMapper(header, modified_at)


@dataclass(frozen=True)
class _WebBots(Format):
    """Requests of bots."""

    def mapper(self, header: Sequence[str], wishes: Wishes, modified_at: datetime) -> RowMapper:
        """Return what counts requests of bots."""
        return _BotMapper(header, zone_of(wishes.timezone))


_KEY = ("second", "status", "page", "number")
_FORMATS = {
    VIEWS: _WebViews("web-log", "web server log", "web-views", "touchpoint", _KEY),
    BOTS: _WebBots("web-log-bots", "web server log, bots", "web-bots", "fact"),
}


def web_formats(table: Table) -> Sequence[Format]:
    """Return how a table of a log is read; nothing for other tables."""
    return [_FORMATS[table.header]] if table.format == "log" else []

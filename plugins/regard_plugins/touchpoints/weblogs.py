"""
Logs of web servers: what customers looked at, without who they are.

Lines of the combined and the common format, plain or gzipped. Network addresses, user agents,
referrers and queries are read and never kept, not even of lines in quarantine. A page that
somebody asked for becomes a touchpoint; what bots asked for is counted by day and family.

A line is named by its second, its page, its status and how many such lines came before it, not
by its file: the same line in ``access.log.1`` and later in ``access.log.2.gz`` is one record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum, auto
from functools import lru_cache

from regard.errors import FileError
from regard.sources import InputFile
from regard.tabular import BadRow, Row, Table
from regard.tabular.contents import Content
from regard.tabular.tables import Items
from regard_plugins.touchpoints.addresses import campaign_of, page_of
from regard_plugins.touchpoints.bots import SCANNER, family_of, is_scan

__all__ = ["BOTS", "VIEWS", "is_web_log", "log_tables"]

VIEWS = ("second", "page", "status", "number", "campaign")
"""The header of the table of page views; what stands in it is no part of a line as it is."""

BOTS = ("segment", "hour", "family")
"""The header of the table of bots' requests."""

_LINE = re.compile(
    rb"[^\[\n]{1,500}?\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "
    rb'"(?:([A-Z]{1,16}) ([^ "]*+)[^"]*+|[^"\\]*+(?:\\.[^"\\]*+)*+)" (\d{3}) (?:\d+|-)'
    rb'(?: "[^"\\]*+(?:\\.[^"\\]*+)*+" "([^"\\]*+(?:\\.[^"\\]*+)*+)")?'
)
_ASSETS = frozenset(
    b"css js mjs map json xml txt png jpg jpeg jpe gif svg ico webp avif bmp woff woff2 ttf eot "
    b"otf mp4 webm mp3 ogg wav webmanifest wasm".split()
)
_MISSING = frozenset({b"404", b"410"})
_FELT = {
    str(code).encode(): str(code) for code in (200, 201, 202, 203, 304, 404, 410, *range(500, 600))
}
"""The answers that somebody who looks at a page sees: the page, or that there is none."""

_NAMES = "JanFebMarAprMayJunJulAugSepOctNovDec"
_MONTHS = {_NAMES[3 * at : 3 * at + 3]: at + 1 for at in range(12)}
_LONGEST = 1 << 16
_SNIFFED = 20
_QUARANTINED = 1_000
"""So many broken lines of one file are put aside; those behind them are only counted."""

_REMEMBERED = 50_000
_LOOK_BACK = 1 << 18
"""So many bytes before new lines may hold lines of the same second."""


def is_web_log(head: bytes) -> bool:
    """Say whether most of a file's first lines are those of a web server's log."""
    lines = [line for line in head.split(b"\n", 200)[:-1] if line.strip()][:_SNIFFED]
    if not lines:
        lines = [head]
    return 2 * sum(_LINE.match(line) is not None for line in lines) > len(lines)


def log_tables(file: InputFile, content: Content) -> list[Table]:
    """Return a log as two tables: page views, and requests of bots."""
    size = file.size if content.packing == "plain" else None
    log = _Log(content, size)

    def views_behind(table: Table, done: int) -> Items:
        return _views(log, table, done)

    return [
        Table(
            file.path,
            None,
            "log",
            VIEWS,
            lambda table: _views(log, table),
            resumer=views_behind if size is not None else None,
        ),
        Table(file.path, None, "log", BOTS, lambda table: _bots(log, table)),
    ]


class _Use(Enum):
    """What is to be done with lines: count them, remember them, or take them as new."""

    COUNT = auto()
    RECALL = auto()
    NEW = auto()


@dataclass(slots=True)
class _Log:
    """
    The lines of one log.

    Attributes:
        content: Its bytes.
        size: How many of them are read: what is written while we read comes the next time.
    """

    content: Content
    size: int | None

    def lines(self, table: Table, done: int = 0) -> Iterator[tuple[int, list[bytes], bool]]:
        """
        Yield whole lines, many at a time: the number of the first, the lines, and if they are new.

        Args:
            table: Whose notes say what is left.
            done: So many bytes are known; of their lines the last ones come, as old ones.

        Raises:
            FileError: The file breaks off, or has a line that no server writes.
        """
        number, carry = 1, b""
        for block, use in self._blocks(done):
            if use is _Use.COUNT:
                number += block.count(b"\n")
                continue
            lines = (carry + block).split(b"\n")
            carry = lines.pop()
            if len(carry) > 1 << 20:
                message = (
                    f"{table.label} has a line of more than a million characters: "
                    "this is no web log"
                )
                raise FileError(message)
            yield number, lines, use is _Use.NEW
            number += len(lines)
        if carry and self.size is None:
            yield number, [carry], True
        elif carry:
            table.notes.append("the last line has no end yet and is left for the next run")

    def _blocks(self, done: int) -> Iterator[tuple[bytes, _Use]]:
        """Yield the bytes with what is to be done with them; lines are whole where it changes."""
        at, skip, end = 0, max(0, done - _LOOK_BACK), self.size
        with closing(self.content.blocks()) as blocks:
            for each in blocks:
                block = each if end is None else each[: end - at]
                if at < skip:
                    cut = block.find(b"\n", min(len(block), skip - at)) + 1 or len(block)
                    skip = max(skip, at + cut)
                    yield block[:cut], _Use.COUNT
                    at, block = at + cut, block[cut:]
                if at < done:
                    old = block[: done - at]
                    yield old, _Use.RECALL
                    at, block = at + len(old), block[len(old) :]
                if block:
                    yield block, _Use.NEW
                at += len(block)
                if at == end:
                    return


@dataclass(slots=True)
class _Passed:
    """What was counted, most of it instead of being kept."""

    views: int = 0
    assets: int = 0
    bots: int = 0
    others: int = 0
    broken: int = 0
    agents: bool = False

    def notes(self) -> list[str]:
        """Return it in sentences."""
        found = [
            f"{what}: {count:,}"
            for count, what in (
                (self.assets, "passed over, requests for parts of pages"),
                (self.bots, "counted and not kept, requests of bots"),
                (self.others, "passed over, other requests: forms, redirects, refusals"),
                (self.broken - _QUARANTINED, "more lines that are none of a web server's log"),
            )
            if count > 0
        ]
        if not self.agents and (self.views or self.assets or self.others):
            found.append("the log has no user agents, so bots cannot be told from people")
        return found


def _views(log: _Log, table: Table, done: int = 0) -> Items:
    """
    Yield the page views: second in UTC, page, status, number within the second, campaign.

    Args:
        log: The log.
        table: Whose notes say what was passed over.
        done: Only lines behind so many bytes, with which a line ends.
    """
    counted, number_of = _Passed(), _Numbers()
    family, pages = _Families(), _Pages()
    match = _LINE.match
    for first, lines, new in log.lines(table, done):
        # Old lines only say how many equal ones were before the new.
        passed = counted if new else _Passed()
        for at, line in enumerate(lines):
            found = match(line) if len(line) < _LONGEST else None
            if found is None:
                if line.strip() and (bad := _refused(first + at, passed)) and new:
                    yield bad
                continue
            time, method, target, code, agent = found.groups()
            # A picture is not looked at any further: most lines of a log are such.
            page, campaign = pages[target] if method == b"GET" else ("", None)
            if page is None:
                passed.assets += 1
            elif agent is not None and family[agent] is not None:
                passed.bots += 1
            elif not page or (status := _FELT.get(code)) is None:
                passed.others += 1
            elif code in _MISSING and is_scan(target):
                passed.bots += 1
            elif second := _second_of(time):
                passed.views += 1
                number = number_of(f"{second}{status}{page}")
                if new:
                    yield Row(first + at, (second, page, status, number, campaign))
            elif (bad := _refused(first + at, passed)) and new:
                yield bad
    counted.agents = bool(family)
    table.notes += counted.notes()


def _bots(log: _Log, table: Table) -> Items:
    """Yield the requests of bots: the second with which the log begins, the hour, the family."""
    family_of_agent = _Families()
    match = _LINE.match
    segment = ""
    for first, lines, _ in log.lines(table):
        for at, line in enumerate(lines):
            found = match(line) if len(line) < _LONGEST else None
            if found is None:
                continue
            time, _, target, code, agent = found.groups()
            segment = segment or _second_of(time) or ""
            family = None if agent is None else family_of_agent[agent]
            if family is None and code in _MISSING and target and is_scan(target):
                family = SCANNER
            if family is not None and (second := _second_of(time)):
                yield Row(first + at, (segment, second[:13], family))


def _refused(line: int, passed: _Passed) -> BadRow | None:
    passed.broken += 1
    if passed.broken > _QUARANTINED:
        return None
    return BadRow(line, "", "bad-line", "the line is none of a web server's log")


def _second_of(time: bytes) -> str | None:
    """Return the moment of ``27/Nov/2026:17:05:07 +0100`` in UTC as ISO 8601, or None."""
    # Minutes and zones repeat, and placing them costs more than all else about a line.
    minute = _minute_of(time[:17] + time[20:])
    if minute is None or time[18:19] > b"6":
        return None
    return minute + str(time[17:20], "ascii")


@lru_cache(maxsize=16_384)
def _minute_of(text: bytes) -> str | None:
    """Return the minute of ``27/Nov/2026:17:05 +0100`` in UTC, or None where there is none."""
    try:
        day, month, year = int(text[:2]), _MONTHS[text[3:6].decode()], int(text[7:11])
        offset = timedelta(hours=int(text[19:21]), minutes=int(text[21:23]))
        zone = timezone(-offset if text[18:19] == b"-" else offset)
        clock = int(text[12:14]), int(text[15:17])
        moment = datetime(year, month, day, *clock, tzinfo=zone).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        return None
    return moment.isoformat(" ")[:16]


class _Families(dict[bytes, str | None]):
    """The families of user agents; there are thousands of them, in millions of lines."""

    def __missing__(self, agent: bytes) -> str | None:
        if len(self) >= _REMEMBERED:
            self.clear()
        family = self[agent] = family_of(agent.decode("latin-1"))
        return family


class _Pages(dict[bytes, tuple[str | None, str | None]]):
    """
    The pages of requests with their campaigns; they are asked for again and again.

    Parts of pages, such as pictures, have None.
    """

    def __missing__(self, target: bytes) -> tuple[str | None, str | None]:
        if len(self) >= _REMEMBERED:
            self.clear()
        name = target.partition(b"?")[0].rpartition(b"/")[2]
        if b"." in name and name.rpartition(b".")[2].lower() in _ASSETS:
            found: tuple[str | None, str | None] = (None, None)
        else:
            text = target.decode("utf-8", "replace")
            found = page_of(text), campaign_of(text)
        self[target] = found
        return found


@dataclass(slots=True)
class _Numbers:
    """Numbers equal views of one second; what is long past is forgotten."""

    _now: dict[str, int] = field(default_factory=dict)
    _before: dict[str, int] = field(default_factory=dict)

    def __call__(self, name: str) -> int:
        number = (self._now.get(name) or self._before.get(name, 0)) + 1
        if len(self._now) >= _REMEMBERED:
            self._before, self._now = self._now, {}
        self._now[name] = number
        return number

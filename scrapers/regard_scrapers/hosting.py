"""What a team's own spider says while it runs: items become records, the rest what people read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from regard.errors import PluginError, SourceChanged, SourceError, TransientError
from regard.findings import Finding, Severity
from regard.privacy import identifier_hash
from regard.sources import Context, Page, Yielded
from regard_scrapers.children import Child
from regard_scrapers.sites import Site

__all__ = ["Hosting"]

_TOO_MUCH: Final = (429, 503)
_AWAY: Final = frozenset({"network", "robots-unread"})
_REFUSALS: Final = (401, 403, 451)
_BLOCKED_ANSWERS: Final = 3
_BLOCKED_PAUSE: Final = timedelta(hours=6)
_UNSAID_WAIT: Final = 60.0
_GONE: Final = (404, 410)
_ELSEWHERE: Final = (301, 302, 303, 307, 308)


class Hosting:
    """
    Listens to a spider's process until it ends.

    Args:
        spider: What the configuration calls it.
        kind: The kind of its records.
        site: Whose site it visits, where a file says so.
        ctx: What the host offers.
        snapshot: Each run meets all there is, so an item is as new as its run.
    """

    def __init__(
        self, spider: str, kind: str, site: Site | None, ctx: Context, *, snapshot: bool = False
    ) -> None:
        self._snapshot = snapshot
        self._unread: set[str] = set()
        self._pages = 0
        self._read = False
        self._spider = spider
        self._kind = kind
        self._site = site
        self._ctx = ctx
        self._names: dict[str, str] = {}
        self._constants: dict[str, Any] = {}
        self._items = 0
        self._errors: Counter[str] = Counter()
        self._idle: Counter[tuple[str, str]] = Counter()
        self._asked: Counter[str] = Counter()
        self._told: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._limited: dict[str, float] = {}
        self._blocked: str | None = None
        self._dropped = 0
        self._reason: str | None = None

    def rename(self, fields: Mapping[str, str], constants: Mapping[str, Any]) -> None:
        """Say which field of an item a record's field is, and what no item carries."""
        self._names = {item: field for field, item in fields.items()}
        self._constants = dict(constants)

    def all(self, child: Child, pages_per_day: int) -> Iterator[Yielded]:
        """
        Yield the records of all items, until the spider ends.

        Raises:
            ConfigError: It could not be started.
            PluginError: Its process died.
        """
        ended = False
        while not ended:
            for frame in child.hear():
                if frame is None:
                    self._count()
                    self._refuse_death(child)
                    ended = True
                    break
                yield from self._heard(frame)
            self._count()
            if self._ctx.cancelled or self._blocked or self._limited:
                child.say("stop")
            # Something has to come for what is known to be stored, also where nothing is read.
            yield Page(())
        if self._reason == "budget":
            self._ctx.note(f"the {pages_per_day} pages of today are used up")

    def _refuse_death(self, child: Child) -> None:
        if self._reason is None:
            message = (
                f"spider {self._spider}: its process ended with {child.wait()}; "
                f"what it yielded before is kept ({self._items} items)"
            )
            raise PluginError(message)

    def _heard(self, frame: dict[str, Any]) -> Iterator[Yielded]:
        said = frame["say"]
        if said == "item":
            yield from self._item(frame["fields"], frame["problem"], frame["url"])
        elif said == "error":
            self._errors[frame["text"]] += 1
        elif said == "dropped":
            self._dropped += 1
        elif said == "robots":
            self._ctx.addresses.keep_robots(frame["origin"], int(frame["status"]), frame["body"])
        elif said == "answered":
            self._answered(frame["origin"], int(frame["status"]), frame["wait"])
            self._settle(frame["which"], int(frame["status"]))
        elif said == "unanswered":
            self._idle[frame["why"], frame["origin"]] += 1
            if frame["which"] and frame["why"] in ("network", "paused"):
                self._unread.add(frame["which"])
        elif said == "unusable":
            message = f"spider {self._spider}: {frame['text']}"
            raise PluginError(message)
        elif said == "end":
            self._reason = str(frame["reason"])

    def _item(
        self, fields: dict[str, Any], problem: str | None, url: str | None
    ) -> Iterator[Yielded]:
        self._items += 1
        self._ctx.progress(self._items, None, "items")
        # What the configuration names goes before an item's own field of the same name.
        record = {name: value for name, value in fields.items() if name not in self._names}
        record |= {
            self._names[name]: value for name, value in fields.items() if name in self._names
        }
        if problem is not None:
            self._ctx.quarantine(record, "bad-value", message=problem)
            return
        record = {**self._constants, **record}
        now, site = self._ctx.clock.now(), self._site
        whose = None if site is None or site.own else site.competitor
        if self._snapshot:
            # Whatever it says of its age: it was there now, so it is not missing.
            record["as_of"] = now
        if self._kind == "offer":
            record.setdefault("observed_at", now)
        if self._kind == "review":
            self._hide_author(record)
            record.setdefault("status", "live")
            record.setdefault("provider", site.name if site is not None else None)
            record.setdefault("subject", whose)
        if self._kind in ("offer", "review"):
            record.setdefault("competitor", whose)
            record.setdefault("url", url)
        yield record

    def _hide_author(self, record: dict[str, Any]) -> None:
        """Keep an author as a keyed hash only, as everywhere."""
        # Also what is called a hash: a spider has no key, so it may be anybody's plain name.
        author = record.pop("author", None) or record.pop("author_hash", None)
        if author:
            place = self._site.name if self._site is not None else self._spider
            hashed = identifier_hash("author", f"{place}:{author}", self._ctx.pseudonym_key)
            record["author_hash"] = hashed

    def _answered(self, origin: str, status: int, wait: float | None) -> None:
        self._asked[origin] += 1
        self._told[origin] += 1
        if status in _TOO_MUCH:
            asked = _UNSAID_WAIT if wait is None else wait
            self._limited[origin] = max(self._limited.get(origin, 0.0), asked)
        elif status in _REFUSALS:
            self._refusals[origin] += 1
            refused = self._refusals[origin]
            if refused >= _BLOCKED_ANSWERS and 2 * refused >= self._told[origin]:
                self._blocked = origin

    def _settle(self, which: str, status: int) -> None:
        """Note whether an address was read; a later try that is answered well makes it good."""
        self._pages += bool(which)
        if status < 400 or status in _GONE:
            # Being sent elsewhere is no answer yet: that has an address of its own.
            self._read |= bool(which) and status not in _ELSEWHERE
            self._unread.discard(which)
        elif which:
            self._unread.add(which)

    @property
    def _shut(self) -> list[str]:
        """The origins of which nobody knows what they forbid."""
        return sorted(origin for why, origin in self._idle if why == "robots-unread")

    @property
    def doubt(self) -> str | None:
        """Why the spider may not have met all there is; None: it has, as far as it can tell."""
        if self._reason != "finished":
            return f"the spider ended with {self._reason!r} and not by itself"
        if self._unread:
            count = len(self._unread)
            return f"{count} address{'' if count == 1 else 'es'} could not be read"
        if shut := self._shut:
            return f"robots.txt of {', '.join(shut)} could not be read"
        if not self._items:
            return "the spider yielded nothing"
        return None

    def _count(self) -> None:
        """Store how often each origin was asked, so that nobody asks for more today."""
        for origin, asked in self._asked.items():
            self._ctx.addresses.count(origin, asked)
        self._asked.clear()

    def rest(self, delay: float) -> None:
        """Leave the origins alone as long as a guest has to, or as they ask."""
        ctx, now = self._ctx, self._ctx.clock.now()
        for origin in self._told:
            ctx.addresses.rest(origin, now + timedelta(seconds=delay))
        for origin, wait in self._limited.items():
            until = now + timedelta(seconds=wait)
            ctx.addresses.pause(origin, until, "the server asks for less")
        if self._blocked is not None:
            ctx.addresses.pause(self._blocked, now + _BLOCKED_PAUSE, "it refuses us")

    def conclude(self) -> None:
        """
        Say how the spider did, and what somebody should know.

        Raises:
            PluginError: It raised errors.
            SourceChanged: A site blocks it.
            SourceError: A site asks for less.
            TransientError: No site could be reached, or none of its addresses was read.
        """
        self._note()
        named = f"spider {self._spider}"
        if self._errors:
            count = self._errors.total()
            told = ", ".join(
                text if each == 1 else f"{text} ({each} times)"
                for text, each in self._errors.most_common(3)
            )
            message = (
                f"{named} raised {count} error{'s' if count > 1 else ''}: {told}; "
                f"what it yielded is kept ({self._items} items)"
            )
            raise PluginError(message)
        if self._blocked is not None:
            text = f"{self._blocked} refuses {named}; what is known of it stays as it was"
            self._ctx.finding(Finding("site-blocks-us", text, Severity.CRITICAL, self._blocked))
            raise SourceChanged(text)
        if self._limited:
            message = f"{', '.join(self._limited)} asks {named} for less; it is left alone so long"
            raise SourceError(message)
        away = sorted({origin for why, origin in self._idle if why in _AWAY})
        if away and not self._told:
            message = f"{named}: {', '.join(away)} cannot be reached"
            raise TransientError(message)
        if self._shut and not self._pages:
            message = f"{named}: robots.txt of {', '.join(self._shut)} could not be read"
            raise TransientError(message)
        if self._unread and not (self._read or self._items):
            count = len(self._unread)
            counted = "its one address" if count == 1 else f"any of its {count} addresses"
            message = f"{named} could not read {counted}"
            raise TransientError(message)

    def _note(self) -> None:
        sentences = {
            "robots": "{count} of {origin} not asked for: robots.txt forbids it",
            "robots-unread": "{count} of {origin} not asked for: its robots.txt cannot be read",
            "refused": (
                "{count} of {origin} not asked for: it is none of the origins that the "
                "configuration names, or private"
            ),
            "network": "{count} of {origin} without an answer",
        }
        for (why, origin), count in self._idle.most_common(10):
            if why in sentences:
                counted = f"{count} address{'' if count == 1 else 'es'}"
                self._ctx.note(sentences[why].format(count=counted, origin=origin))
        if self._dropped:
            items = f"{self._dropped} item{'' if self._dropped == 1 else 's'}"
            self._ctx.note(f"the spider dropped {items} itself")

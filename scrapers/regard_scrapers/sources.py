"""The sources ``web-offers`` and ``web-reviews``: a site's pages, looked at again and again."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from regard.cursors import CursorValue
from regard.errors import ConfigError, RateLimited, SourceChanged
from regard.findings import Finding, Severity
from regard.sources import (
    Address,
    Context,
    OriginState,
    Page,
    Seen,
    Source,
    Stream,
    Visited,
    Yielded,
)
from regard_scrapers.crawling import Crawl, CrawlSettings
from regard_scrapers.records import Aside, Taken, implausible, offer_records, review_records
from regard_scrapers.sites import Site, load_site
from regard_scrapers.spiders.frames import Fetched
from regard_scrapers.urls import origin_of

__all__ = ["WebOffers", "WebReviews"]

IMPLAUSIBLE: Final = "implausible-price"
_TRIED_AGAIN: Final = frozenset({"network", "http-error"})
_BELIEVED: Final = frozenset({"ok", "not-modified", "gone", "robots", "refused", "redirected"})
_GENTLE_WINDOW: Final = 4
_OWN_WINDOW: Final = 400
_BLOCKED_PAUSE: Final = timedelta(hours=6)
_LONGEST_WAIT: Final = 120.0


class _Web(Source["_Web.Config"]):
    """What both sources are."""

    what: ClassVar[str]

    class Config(BaseModel):
        """
        What ``[sources.NAME]`` says.

        Attributes:
            site: The file ``sites/NAME.toml``.
        """

        model_config = ConfigDict(extra="forbid")

        site: str

    def check(self, ctx: Context) -> None:
        """
        Read the site's file.

        Raises:
            ConfigError: There is none, or something in it is wrong.
        """
        site = load_site(ctx.root, self.config.site)
        seeds = list(self._seeds(site, ctx))
        if not seeds:
            message = (
                f"sites/{site.name}.toml: [discover] says nowhere to begin; give it a sitemap, "
                "a list or a file of addresses (urls)"
            )
            raise ConfigError(message)
        ctx.note(f"site {site.name}: asked as {site.user_agent!r}, {site.delay:g} s apart")

    def read(
        self,
        stream: Stream,
        since: CursorValue | None,
        until: CursorValue | None,
        ctx: Context,
    ) -> Iterator[Yielded]:
        """
        Look at all addresses of the site, as far as today's budget allows.

        Raises:
            ConfigError: The site's file is wrong.
            RateLimited: The site asks for less.
            SourceChanged: The site blocks us, or no longer looks as it did.
        """
        site = load_site(ctx.root, self.config.site)
        book = ctx.addresses
        seeds = list(self._seeds(site, ctx))
        book.begin(_recipe(site, self.what))
        book.add(seeds)
        # Found addresses are due once they are stored.
        yield Page(())
        origin = origin_of(seeds[0].url) if seeds else ""
        with book.hold(origin):
            state = book.origin(origin)
            self._refuse_paused(site, state, ctx.clock.now())
            looking = _Looking(self, site, ctx, origin, state)
            with Crawl(looking.settings(seeds)) as crawl:
                yield from looking.all(crawl)
        looking.conclude()

    def _refuse_paused(self, site: Site, state: OriginState, now: datetime) -> None:
        if state.paused_until is not None and state.paused_until > now:
            message = (
                f"site {site.name} is left alone until {state.paused_until:%Y-%m-%d %H:%M} UTC: "
                f"{state.paused_why}"
            )
            raise SourceChanged(message)

    def _seeds(self, site: Site, ctx: Context) -> Iterator[Address]:
        """Yield where looking begins."""
        discover = site.discover
        yield from (Address(url, "sitemap") for url in discover.sitemap)
        if discover.list is not None:
            yield from (Address(url, "list") for url in discover.list.start)
        if discover.urls is not None:
            path = ctx.root / discover.urls
            try:
                text = path.read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError) as error:
                message = f"sites/{site.name}.toml: discover.urls: {discover.urls}: {error}"
                raise ConfigError(message) from error
            cells = (cell.strip() for row in csv.reader(text.splitlines()) for cell in row)
            yield from (
                Address(cell)
                for cell in dict.fromkeys(cells)
                if cell.startswith(("http://", "https://")) and discover.wants(cell)
            )
        yield from (Address(url) for url in site.canary)

    def records(self, fetched: Fetched, site: Site, ctx: Context) -> Taken:
        """Return the records of a page, and those that are put aside with their problems."""
        raise NotImplementedError


class WebOffers(_Web):
    """
    Reads the offers on a site's pages; ``sites/NAME.toml`` says where they are.

    A competitor's prices, four times a day::

        [sources.rival-prices]
        plugin = "web-offers"
        site = "rival"
        schedule = "every 6h"
    """

    name = "web-offers"
    what = "offers"
    Config = _Web.Config
    streams = (Stream("offers", "offer"),)

    def records(self, fetched: Fetched, site: Site, ctx: Context) -> Taken:
        """Return the offers of a page, and those that are put aside."""
        good, aside = offer_records(fetched, site, ctx.clock.now())
        known = ctx.stored([each["key"] for each in good])
        believed = []
        for each in good:
            why = implausible(known.get(each["key"], {}), each)
            if why is None or _seen_twice(each, ctx):
                believed.append(each)
            else:
                aside.append(Aside(each, IMPLAUSIBLE, "price", why))
        return believed, aside


class WebReviews(_Web):
    """
    Reads the reviews on a site's pages; authors are kept as keyed hashes only.

    Reviews of a competitor::

        [sources.rival-reviews]
        plugin = "web-reviews"
        site = "rival"
    """

    name = "web-reviews"
    what = "reviews"
    Config = _Web.Config
    streams = (Stream("reviews", "review"),)

    def records(self, fetched: Fetched, site: Site, ctx: Context) -> Taken:
        """Return the reviews of a page, and those that are put aside."""
        return review_records(fetched, site, ctx.clock.now(), ctx.pseudonym_key)


def _seen_twice(offer: Mapping[str, Any], ctx: Context) -> bool:
    """Say whether an earlier look, which nobody believed, found about the same price."""
    refused = ctx.refused_before(offer["key"], IMPLAUSIBLE)
    if refused is None:
        return False
    before = {**refused, "price": Decimal(str(refused.get("price")))}
    return implausible(before, offer) is None


def _recipe(site: Site, what: str) -> str:
    """Return a digest of all that decides about the records of a page."""
    parts = {
        "what": what,
        "site": site.model_dump(
            mode="json",
            include={"competitor", "own", "currency", "country", "number_format", "dates",
                     "tax_included", "offer", "reviews", "match"},
        ),
    }  # fmt: skip
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class _Looking:
    """One run's look at a site."""

    def __init__(
        self, source: _Web, site: Site, ctx: Context, origin: str, state: OriginState
    ) -> None:
        self._source = source
        self._site = site
        self._ctx = ctx
        self._origin = origin
        self._state = state
        self._left = site.pages_per_day - state.asked_today
        self._outcomes: Counter[str] = Counter()
        self._asked = 0
        self._given: dict[str, Address] = {}
        self._fields: Counter[str] = Counter()
        self._records = 0
        self._stop: str | None = None
        self._retry_after: float | None = None
        self._notes: Counter[str] = Counter()

    def settings(self, seeds: Iterable[Address]) -> CrawlSettings:
        """Return what the crawl is told."""
        site, now = self._site, self._ctx.clock.now()
        hosts = {(urlsplit(each.url).hostname or "").casefold() for each in seeds}
        robots = {}
        if self._state.robots is not None:
            status, text, at = self._state.robots
            robots[self._origin] = [status, text, (now - at).total_seconds()]
        wait = 0.0
        if self._state.next_at is not None:
            wait = max(0.0, (self._state.next_at - now).total_seconds())
        own = bool(site.allow_hosts) and site.delay < 1
        return CrawlSettings(
            contact=site.contact,
            site=site.model_dump(mode="json", exclude_defaults=True),
            what=self._source.what,
            delay=site.delay,
            at_once=8 if own else 1,
            wait=min(wait, 60.0),
            allow_hosts=tuple(site.allow_hosts),
            hosts=tuple(sorted(hosts)),
            robots=robots,
            window=_OWN_WINDOW if own else _GENTLE_WINDOW,
        )

    def all(self, crawl: Crawl) -> Iterator[Yielded]:
        """Yield what all addresses that are due come to."""
        book = self._ctx.addresses
        while not self._ctx.cancelled:
            # Asked before: what is stored meanwhile may be due in the next turn.
            settled = not book.unsettled
            given = self._hand_out(crawl)
            heard = list(crawl.hear())
            for each in heard:
                if each.fetched is not None:
                    yield from self._take(each.fetched)
                elif each.paused is not None:
                    book.again([each.paused])
                elif each.robots is not None:
                    book.keep_robots(*each.robots)
            if not crawl.out:
                book.hurry()
            # Something has to come for what is known to be stored, also where nothing is read.
            yield Page(())
            if settled and not (given or heard or crawl.out or book.unsettled):
                return

    def _hand_out(self, crawl: Crawl) -> int:
        """Hand out addresses as far as the window and today's budget allow; return how many."""
        book = self._ctx.addresses
        room = min(crawl.room(book.unsettled), self._left - crawl.out)
        if self._stop is not None or room <= 0:
            return 0
        given = book.due(room)
        self._given.update((each.url, each) for each in given)
        crawl.fetch(given)
        return len(given)

    def _take(self, fetched: Fetched) -> Iterator[Yielded]:
        ctx, now = self._ctx, self._ctx.clock.now()
        given = self._given.pop(fetched.url, Address(fetched.url, fetched.kind))
        self._outcomes[fetched.outcome] += 1
        if fetched.status is not None:
            self._asked += 1
            self._left -= 1
        self._judge(fetched)
        ctx.progress(sum(self._outcomes.values()), None, "pages")
        if fetched.found:
            ctx.addresses.add(
                Address(url, kind, given.depth + 1 if kind == given.kind == "list" else 0)
                for url, kind in fetched.found
            )
        for note in fetched.notes:
            self._notes[note.partition(": ")[2] or note] += 1
        if fetched.outcome == "not-modified":
            yield from (Seen(key, now) for key in given.keys or ())
        records, aside = self._records_of(fetched)
        for each in aside:
            self._put_aside(each)
        self._records += len(records)
        self._fields.update(name for each in records for name in each)
        again = fetched.outcome in _TRIED_AGAIN or fetched.outcome == "rate-limited"
        visited = Visited(
            fetched.url,
            fetched.outcome,
            final=not again,
            good=fetched.outcome in _BELIEVED,
            status=fetched.status,
            etag=fetched.etag,
            last_modified=fetched.last_modified,
            sha256=fetched.sha256,
            keys=self._keys(fetched, records, aside),
        )
        yield Page(records, visited=(visited,))

    @staticmethod
    def _keys(
        fetched: Fetched, records: list[dict[str, Any]], aside: list[Aside]
    ) -> tuple[str, ...] | None:
        """Return what the page holds; None: it has to be read whole again."""
        if fetched.outcome != "ok" or aside:
            return None
        return tuple(each["key"] for each in records)

    def _records_of(self, fetched: Fetched) -> Taken:
        if fetched.outcome != "ok":
            return [], []
        return self._source.records(fetched, self._site, self._ctx)

    def _put_aside(self, aside: Aside) -> None:
        fields = aside.fields
        self._ctx.quarantine(
            fields, aside.code, message=aside.text, field=aside.field, key=fields["key"]
        )
        if aside.code == IMPLAUSIBLE:
            name = fields.get("product_name") or "an article"
            self._ctx.finding(
                Finding(
                    "price-implausible",
                    f"{name} at {self._site.name}: {aside.text}; it is believed when the next "
                    "look finds it again",
                    Severity.WARNING,
                    str(fields["key"]),
                )
            )

    def _judge(self, fetched: Fetched) -> None:
        """Stop where the site does not want us, or asks for less."""
        if fetched.outcome == "rate-limited":
            self._stop = "rate-limited"
            self._retry_after = max(self._retry_after or 0.0, fetched.retry_after_seconds or 60.0)
        elif fetched.outcome == "blocked":
            blocked = self._outcomes["blocked"]
            if blocked >= 3 and blocked >= 0.5 * sum(self._outcomes.values()):
                self._stop = f"blocked ({fetched.text})"

    def conclude(self) -> None:
        """
        Say how looking went, and what somebody should know.

        Raises:
            RateLimited: The site asks for less.
            SourceChanged: It blocks us.
        """
        ctx, site = self._ctx, self._site
        now = ctx.clock.now()
        if self._asked:
            ctx.addresses.asked(
                self._origin, self._asked, next_at=now + timedelta(seconds=site.delay)
            )
        told = ", ".join(f"{count} {code}" for code, count in self._outcomes.most_common())
        if told:
            ctx.note(f"pages: {told}")
        for note, count in self._notes.most_common(3):
            ctx.note(f"{count} pages with a broken block of data: {note}")
        if self._left <= 0 and ctx.addresses.waiting:
            ctx.note(
                f"the {site.pages_per_day} pages of today are used up; {ctx.addresses.waiting} "
                "addresses wait for tomorrow"
            )
        if self._stop == "rate-limited":
            wait = self._retry_after or 60.0
            if wait > _LONGEST_WAIT:
                ctx.addresses.pause(
                    self._origin, now + timedelta(seconds=wait), "the server asks for less"
                )
            message = f"site {site.name} asks for less"
            raise RateLimited(message, wait)
        if self._stop is not None:
            ctx.addresses.pause(self._origin, now + _BLOCKED_PAUSE, self._stop)
            ctx.finding(
                Finding(
                    "site-blocks-us",
                    f"site {site.name} answers with pages that are none: {self._stop}; what is "
                    "known of it stays as it was",
                    Severity.CRITICAL,
                    site.name,
                )
            )
            message = f"site {site.name} does not let us in: {self._stop}"
            raise SourceChanged(message)

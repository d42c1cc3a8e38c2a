"""One run's look at a site: addresses out, outcomes in, and what they mean for the site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from regard.findings import Finding, Severity
from regard.frontier import Address, OriginState, Visited
from regard.sources import Context, Page, Seen, Yielded
from regard_scrapers.crawling import Crawl, CrawlSettings, Heard, rendering_of
from regard_scrapers.owners import Owners
from regard_scrapers.records import Aside, Taken, implausible
from regard_scrapers.sites import Site
from regard_scrapers.spiders.frames import Fetched
from regard_scrapers.tally import BELIEVED, TRIED_AGAIN, Tally

__all__ = ["Hear", "Looking", "Records"]

Records: TypeAlias = Callable[[Fetched, Site, Context], Taken]
"""Makes records of what a page says."""

Hear: TypeAlias = Callable[[Fetched, Site, Context], None]
"""Hears what became of an address."""

_IMPLAUSIBLE: Final = "implausible-price"
_LEADING: Final = frozenset({"sitemap", "list"})
_LOST: Final = frozenset({"gone", "robots", "refused", "redirected"})
"""A page that is gone is news; what leads to pages and is gone says nothing about them."""

_NOWHERE: Final = frozenset({"gone", "ok"})
"""What says itself that it leads nowhere."""

_GENTLE_WINDOW: Final = 4
_OWN_WINDOW: Final = 400
_MOST_TURNED: Final = 300
"""So many pages wait until it is known whether all of a site has other records than before."""

_LONGEST_PAUSE: Final = 60.0


class Looking:
    """
    Looks at a site's addresses until none is due, today's budget is used up, or it is sent away.

    Args:
        what: ``offers`` or ``reviews``.
        records: Makes records of a page.
        site: The site.
        ctx: What the host offers.
        origin: Whom it asks.
        states: What is known of that, and of whom the pages' scripts may ask.
        hear: Hears what became of each address.
    """

    def __init__(
        self,
        what: str,
        records: Records,
        site: Site,
        ctx: Context,
        origin: str,
        states: Mapping[str, OriginState],
        hear: Hear,
    ) -> None:
        self._hear = hear
        self._what = what
        self._make = records
        self._site = site
        self._ctx = ctx
        self._origin = origin
        self._states = states
        # A page of which half is left for tomorrow is asked for twice.
        left = site.pages_per_day - max(each.asked_today for each in states.values())
        self._tally = Tally(site, ctx, origin, left)
        self._health = self._tally.health
        self._given: dict[str, Address] = {}
        self._bare: list[Fetched] = []
        self._turned: list[tuple[Fetched, Page]] = []
        self._asked: Counter[str] = Counter()
        self._follows = what == "reviews" and site.reviews.next is not None
        self._owners = Owners(ctx.stored)
        self._held: dict[str, list[tuple[Fetched, Address, Taken]]] = {}

    def settings(self, seeds: Iterable[Address]) -> CrawlSettings:
        """Return what the crawl is told."""
        site, now = self._site, self._ctx.clock.now()
        hosts = {
            (urlsplit(url).hostname or "").casefold()
            for url in (*(each.url for each in seeds), *site.script_origins)
        }
        robots = {
            origin: [status, text, (now - at).total_seconds()]
            for origin, state in self._states.items()
            if state.robots is not None
            for status, text, at in [state.robots]
        }
        nexts = [state.next_at for state in self._states.values() if state.next_at is not None]
        wait = max([0.0, *((at - now).total_seconds() for at in nexts)])
        left = {
            origin: site.pages_per_day - state.asked_today
            for origin, state in self._states.items()
        }
        own = bool(site.allow_hosts) and site.delay < 1
        return CrawlSettings(
            contact=site.contact,
            site=site.model_dump(mode="json", exclude_defaults=True),
            what=self._what,
            delay=site.delay,
            at_once=8 if own else 1,
            wait=min(wait, _LONGEST_PAUSE),
            allow_hosts=tuple(site.allow_hosts),
            hosts=tuple(sorted(hosts)),
            robots=robots,
            window=_OWN_WINDOW if own else _GENTLE_WINDOW,
            rendering=rendering_of(site, left),
        )

    def all(self, crawl: Crawl) -> Iterator[Yielded]:
        """Yield what all addresses that are due come to."""
        book = self._ctx.addresses
        if self._what == "offers":
            for url, keys in book.claims():
                self._owners.expect(url, keys)
        while not self._ctx.cancelled:
            # Asked before: what is stored meanwhile may be due in the next turn.
            settled = not book.unsettled
            given = self._hand_out(crawl)
            heard = list(crawl.hear())
            made = self._made([each.fetched for each in heard if each.fetched is not None])
            for each in heard:
                if each.fetched is not None:
                    yield from self._take(each.fetched, next(made))
                else:
                    self._learn(each)
            self._count()
            if len(self._turned) >= _MOST_TURNED and self._health.rotten is None:
                yield from self._turned_pages()
            if not crawl.out:
                book.hurry()
            # Something has to come for what is known to be stored, also where nothing is read.
            yield Page(())
            if settled and not (given or heard or crawl.out or book.unsettled):
                break
        for held in (each for some in self._held.values() for each in some):
            yield from self._took(*held)
        yield from self._turned_pages()
        yield Page((), visited=tuple(self._bare_pages()))

    def _learn(self, heard: Heard) -> None:
        """Hear what is no outcome of an address."""
        if heard.paused is not None:
            self._ctx.addresses.again([heard.paused])
        elif heard.robots is not None:
            self._ctx.addresses.keep_robots(*heard.robots)
        elif heard.asked is not None:
            self._asked[heard.asked] += 1
            self._tally.left -= heard.asked == self._origin
        elif heard.spent is not None:
            self._tally.left = 0

    def _count(self) -> None:
        """Store how often each origin was asked for scripts, and for what they ask."""
        for origin, asked in self._asked.items():
            self._ctx.addresses.count(origin, asked)
        self._asked.clear()

    def _hand_out(self, crawl: Crawl) -> int:
        """Hand out addresses as far as the window and today's budget allow; return how many."""
        book = self._ctx.addresses
        room = min(crawl.room(book.unsettled), self._tally.left - crawl.out)
        if room <= 0 or not self._tally.goes_on:
            return 0
        if len(self._turned) >= _MOST_TURNED:
            # What could be let go was: it no longer looks as it did.
            return 0
        given = book.due(room)
        self._given.update((each.url, each) for each in given)
        if self._what == "offers":
            for each in given:
                self._owners.expect(each.url, each.keys or ())
        crawl.fetch(given)
        return len(given)

    def _made(self, pages: Sequence[Fetched]) -> Iterator[Taken]:
        """
        Yield the records of pages; prices that cannot be believed at first sight are put aside.

        What is stored of all of them is asked for at once.
        """
        taken: list[Taken] = [
            self._make(each, self._site, self._ctx)
            if each.outcome == "ok" and each.kind == "page"
            else ([], [])
            for each in pages
        ]
        before = self._ctx.stored([each["key"] for good, _ in taken for each in good])
        return (self._believed(each, before) for each in taken)

    def _take(self, fetched: Fetched, taken: Taken) -> Iterator[Yielded]:
        """Yield what one address came to, and those that waited for it."""
        given = self._given.pop(fetched.url, Address(fetched.url, fetched.kind))
        owner = None
        if self._what == "offers":
            keys = (each["key"] for each in taken[0])
            owner = self._owners.awaited(fetched.url, keys, self._given)
        if owner is not None:
            self._held.setdefault(owner, []).append((fetched, given, taken))
            return
        yield from self._took(fetched, given, taken)
        for each in self._held.pop(fetched.url, ()):
            yield from self._took(*each)

    def _took(self, fetched: Fetched, given: Address, taken: Taken) -> Iterator[Yielded]:
        """Yield what one address came to, with the records of its page."""
        ctx, now = self._ctx, self._ctx.clock.now()
        lost = self._is_lost(fetched, given)
        # What the site itself says to be gone is believed one day; what it only forbids never is.
        code = "lost" if lost and fetched.outcome in _NOWHERE else fetched.outcome
        self._tally.count(fetched, lost=lost)
        self._hear(fetched, self._site, ctx)
        ctx.progress(self._tally.seen, None, "pages")
        self._follow(fetched, given)
        if fetched.outcome == "not-modified":
            if self._leads(fetched):
                ctx.addresses.find_again(fetched.url)
            yield from (Seen(key, now) for key in given.keys or ())
        known = ctx.addresses.known_keys(fetched.url) if fetched.kind == "page" else 0
        records, aside = taken
        keys = tuple(each["key"] for each in (*records, *(each.fields for each in aside)))
        if fetched.outcome in BELIEVED - {"not-modified"}:
            self._owners.release(given, keys)
        if self._what == "offers":
            records, again, twice = self._owners.sort(fetched.url, records)
            aside += twice
            yield from (Seen(key, now) for key in again)
        for each in aside:
            self._put_aside(each)
        if fetched.outcome == "ok" and fetched.kind == "page":
            self._health.page(before=known, now=len(keys))
            if known and not keys:
                # Whether it is one page or all of them is only known in the end.
                self._bare.append(fetched)
                return
        visited = self._visited(fetched, keys, code, good=not lost and code in BELIEVED)
        if aside or not self._tally.late.isdisjoint(keys):
            # What was not stored has to be read again: no 304 may confirm what was before it.
            visited = replace(visited, etag=None, last_modified=None)
        page = Page(records, visited=(visited,))
        if self._turns(fetched, given, keys):
            self._turned.append((fetched, page))
        else:
            yield page

    def _turns(self, fetched: Fetched, given: Address, keys: Sequence[str]) -> bool:
        """Say whether a page has none of its records any more, and others instead."""
        before = given.keys or ()
        if fetched.kind != "page" or fetched.outcome not in ("ok", "not-modified"):
            return False
        return self._health.turns(before, before if fetched.outcome == "not-modified" else keys)

    def _turned_pages(self) -> Iterator[Page]:
        """Yield the pages with other records than before, where they are few."""
        turned, self._turned = self._turned, []
        rotten = self._health.rotten is not None
        for fetched, page in turned:
            # Whether it is one page or all of them is only known in the end.
            changed = self._visited(fetched, (), "changed", good=False)
            yield Page((), visited=(changed,)) if rotten else page

    def _leads(self, fetched: Fetched) -> bool:
        return fetched.kind in _LEADING or self._follows

    def _is_lost(self, fetched: Fetched, given: Address) -> bool:
        """Say whether what leads to pages is gone, or leads nowhere, and remember what is told."""
        if given.kind not in _LEADING:
            return False
        text = fetched.text or fetched.outcome
        empty = fetched.outcome == "ok" and not fetched.found
        led = (empty or fetched.outcome in _LOST) and self._ctx.addresses.led(fetched.url)
        # A next page that never led anywhere is the end of its list.
        lost = led or (fetched.outcome in _LOST and not given.depth)
        if lost:
            text = "it leads nowhere any more" if empty else text
            self._tally.lose(f"{fetched.url}: {text}", led=led)
        elif fetched.outcome not in BELIEVED:
            self._tally.miss(f"{fetched.url}: {text}")
        return lost

    def _follow(self, fetched: Fetched, given: Address) -> None:
        deeper = given.depth + 1 if given.kind == "list" else 0
        self._ctx.addresses.add(
            Address(url, kind, deeper if kind == "list" else 0, fetched.url)
            for url, kind in fetched.found
        )

    def _visited(
        self,
        fetched: Fetched,
        keys: tuple[str, ...],
        outcome: str,
        *,
        good: bool,
    ) -> Visited:
        return Visited(
            fetched.url,
            outcome,
            final=outcome not in TRIED_AGAIN,
            good=good,
            status=fetched.status,
            etag=fetched.etag,
            last_modified=fetched.last_modified,
            sha256=fetched.sha256,
            keys=keys if outcome == "ok" else None,
            origin=self._origin if fetched.status is not None else None,
            leads=outcome == "ok" and self._leads(fetched),
        )

    def _bare_pages(self) -> Iterator[Visited]:
        """Yield what became of pages that had records and have none."""
        rotten = self._health.rotten is not None
        for fetched in self._bare:
            yield self._visited(fetched, (), "changed" if rotten else "ok", good=not rotten)

    def _believed(self, taken: Taken, before: Mapping[str, Mapping[str, Any]]) -> Taken:
        """Put aside what cannot be believed beside what is stored."""
        made, aside = taken
        self._health.records(made, before)
        believed = []
        for each in made:
            seen_at = before.get(each["key"], {}).get("last_seen_at")
            if seen_at is not None and seen_at > each["as_of"]:
                self._tally.late.add(each["key"])
            why = implausible(before.get(each["key"], {}), each)
            if why is None or self._seen_twice(each):
                believed.append(each)
            else:
                aside.append(Aside(each, _IMPLAUSIBLE, "price", why))
        return believed, aside

    def _seen_twice(self, offer: Mapping[str, Any]) -> bool:
        """Say whether an earlier look, which nobody believed, found about the same price."""
        refused = self._ctx.refused_before(offer["key"], _IMPLAUSIBLE)
        if refused is None:
            return False
        before = {**refused, "price": Decimal(str(refused.get("price")))}
        return implausible(before, offer) is None

    def _put_aside(self, aside: Aside) -> None:
        fields = aside.fields
        self._ctx.quarantine(
            fields, aside.code, message=aside.text, field=aside.field, key=fields["key"]
        )
        if aside.code == _IMPLAUSIBLE:
            name = fields.get("product_name") or "an article"
            text = (
                f"{name} at {self._site.name}: {aside.text}; it is believed when the next look "
                "finds it again"
            )
            subject = str(fields["key"])
            self._ctx.finding(Finding("price-implausible", text, Severity.WARNING, subject))

    def conclude(self) -> None:
        """
        Say how looking went, and what somebody should know.

        Raises:
            RegardError: As `Tally.conclude` says.
        """
        self._tally.conclude(self._states)

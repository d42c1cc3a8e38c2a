"""One run's look at a site: addresses out, outcomes in, and what they mean for the site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from regard.errors import RateLimited, SourceChanged, SourceError, TransientError
from regard.findings import Finding, Severity
from regard.frontier import Address, OriginState, Visited
from regard.sources import Context, Page, Seen, Yielded
from regard_scrapers.crawling import Crawl, CrawlSettings, Heard, rendering_of
from regard_scrapers.health import Health
from regard_scrapers.owners import Owners
from regard_scrapers.records import Aside, Taken, implausible
from regard_scrapers.sites import Site
from regard_scrapers.spiders.frames import Fetched

__all__ = ["Hear", "Looking", "Records"]

Records: TypeAlias = Callable[[Fetched, Site, Context], Taken]
"""Makes records of what a page says."""

Hear: TypeAlias = Callable[[Fetched, Site, Context], None]
"""Hears what became of an address."""

_IMPLAUSIBLE: Final = "implausible-price"
_TRIED_AGAIN: Final = frozenset({"network", "robots-unread", "http-error", "rate-limited"})
_BELIEVED: Final = frozenset({"ok", "not-modified", "gone", "robots", "refused", "redirected"})
_LEADING: Final = frozenset({"sitemap", "list"})
_LOST: Final = frozenset({"gone", "robots", "refused", "redirected"})
"""A page that is gone is news; what leads to pages and is gone says nothing about them."""

_NOWHERE: Final = frozenset({"gone", "ok"})
"""What says itself that it leads nowhere."""

_GENTLE_WINDOW: Final = 4
_OWN_WINDOW: Final = 400
_BLOCKED_PAUSE: Final = timedelta(hours=6)
_BLOCKED_PAGES: Final = 3
_MOST_TURNED: Final = 300
"""So many pages wait until it is known whether all of a site has other records than before."""

_LONGEST_WAIT: Final = 120.0
_UNSAID_WAIT: Final = 60.0


def _counted(outcomes: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {code}" for code, count in Counter(outcomes).most_common())


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
        self._left = site.pages_per_day - max(each.asked_today for each in states.values())
        self._outcomes: Counter[str] = Counter()
        self._given: dict[str, Address] = {}
        self._bare: list[Fetched] = []
        self._turned: list[tuple[Fetched, Page]] = []
        self._health = Health(site.name, site.expect.drop)
        self._sent_away: str | None = None
        self._waits: dict[str, float] = {}
        self._broken: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()
        self._unread: str | None = None
        self._lost: list[tuple[str, bool]] = []
        self._missed: list[str] = []
        self._follows = what == "reviews" and site.reviews.next is not None
        self._owners = Owners(ctx.stored)
        self._held: dict[str, list[tuple[Fetched, Address, Taken]]] = {}
        self._late: set[str] = set()
        self._refused: Counter[str] = Counter()

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
            wait=min(wait, _UNSAID_WAIT),
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
            self._left -= heard.asked == self._origin
        elif heard.spent is not None:
            self._left = 0

    def _count(self) -> None:
        """Store how often each origin was asked for scripts, and for what they ask."""
        for origin, asked in self._asked.items():
            self._ctx.addresses.count(origin, asked)
        self._asked.clear()

    def _hand_out(self, crawl: Crawl) -> int:
        """Hand out addresses as far as the window and today's budget allow; return how many."""
        book = self._ctx.addresses
        room = min(crawl.room(book.unsettled), self._left - crawl.out)
        if self._sent_away is not None or self._waits or room <= 0:
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
        self._outcomes["lost" if lost else fetched.outcome] += 1
        # What the site itself says to be gone is believed one day; what it only forbids never is.
        code = "lost" if lost and fetched.outcome in _NOWHERE else fetched.outcome
        self._tell(fetched)
        self._follow(fetched, given)
        if fetched.outcome == "not-modified":
            if self._leads(fetched):
                ctx.addresses.find_again(fetched.url)
            yield from (Seen(key, now) for key in given.keys or ())
        known = ctx.addresses.known_keys(fetched.url) if fetched.kind == "page" else 0
        records, aside = taken
        keys = tuple(each["key"] for each in (*records, *(each.fields for each in aside)))
        if fetched.outcome in _BELIEVED - {"not-modified"}:
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
        visited = self._visited(fetched, keys, code, good=not lost and code in _BELIEVED)
        if aside or not self._late.isdisjoint(keys):
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

    def _tell(self, fetched: Fetched) -> None:
        """Remember what somebody should know of one address."""
        if fetched.outcome == "robots-unread":
            # Of all its addresses alike, so any of them tells why.
            self._unread = f"site {self._site.name} cannot be read: {fetched.text}"
        self._left -= fetched.status is not None
        self._judge(fetched)
        self._hear(fetched, self._site, self._ctx)
        self._ctx.progress(sum(self._outcomes.values()), None, "pages")
        self._refused.update(fetched.refused)
        self._broken.update(note.partition(": ")[2] or note for note in fetched.notes)

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
            self._lost.append((f"{fetched.url}: {text}", led))
        elif fetched.outcome not in _BELIEVED:
            self._missed.append(f"{fetched.url}: {text}")
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
            final=outcome not in _TRIED_AGAIN,
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
                self._late.add(each["key"])
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

    def _judge(self, fetched: Fetched) -> None:
        """Stop where the site does not want us, or asks for less."""
        if fetched.outcome == "rate-limited":
            wait = fetched.retry_after_seconds or _UNSAID_WAIT
            # Where a page's scripts were told so it is not the page's own origin that wants less.
            origin = fetched.limiter or self._origin
            self._waits[origin] = max(self._waits.get(origin, 0.0), wait)
        elif fetched.outcome == "blocked":
            blocked, whole = self._outcomes["blocked"], sum(self._outcomes.values())
            if blocked >= _BLOCKED_PAGES and 2 * blocked >= whole:
                self._sent_away = fetched.text

    def conclude(self) -> None:
        """
        Say how looking went, and what somebody should know.

        Raises:
            RateLimited: The site asks for less.
            SourceChanged: It blocks us, or no longer looks as it did.
            SourceError: No address of it could be read, and none is to be tried again today.
            TransientError: No address of it could be read.
        """
        ctx, site, now = self._ctx, self._site, self._ctx.clock.now()
        if self._outcomes:
            for origin in self._states:
                ctx.addresses.rest(origin, now + timedelta(seconds=site.delay))
        self._note()
        for finding in self._health.findings():
            ctx.finding(finding)
        if self._waits:
            self._ask_less()
        if self._sent_away is not None:
            ctx.addresses.pause(self._origin, now + _BLOCKED_PAUSE, self._sent_away)
            self._raise("site-blocks-us", f"does not let us in: {self._sent_away}")
        if self._health.rotten is not None:
            self._raise("site-changed", f"no longer looks as it did: {self._health.rotten}")
        if self._outcomes and self._outcomes.keys().isdisjoint(_BELIEVED):
            self._refuse()
        if not self._outcomes and self._left <= 0:
            self._refuse_used_up()

    def _note(self) -> None:
        """Say in the run's summary what came of the pages."""
        ctx = self._ctx
        if self._outcomes:
            ctx.note(f"pages: {_counted(self._outcomes)}")
        for note, count in self._broken.most_common(3):
            ctx.note(f"{count} pages with a broken block of data: {note}")
        for what, led in self._lost[:3]:
            ctx.note(f"{what}; what it led to is not looked at" if led else what)
        for what in self._missed[:3]:
            ctx.note(f"{what}; not all that it leads to is looked at")
        if late := len(self._late):
            records = f"{late} record{'' if late == 1 else 's'}"
            ctx.note(f"{records} last seen later than now, and read again: is the clock right?")
        for why, count in self._refused.most_common(5):
            pages = f"{count} page{'' if count == 1 else 's'}"
            ctx.note(f"scripts of {pages} were not given all they ask for: {why}")
        if self._left <= 0 and ctx.addresses.waiting:
            ctx.note(
                f"the {self._site.pages_per_day} pages of today are used up; "
                f"{ctx.addresses.waiting} addresses wait for tomorrow"
            )

    def _refuse(self) -> None:
        """Say that nothing was read at all, and why."""
        named = f"site {self._site.name}"
        if self._lost:
            self._raise("site-changed", f"no longer says what it has: {self._lost[0][0]}")
        if self._outcomes.keys() <= {"network", "robots-unread"}:
            raise TransientError(self._unread or f"{named} cannot be reached: {self._origin}")
        message = f"none of the pages of {named} could be read: {_counted(self._outcomes)}"
        # A try that has nothing to ask for would find nothing wrong.
        again = self._left > 0 and not _TRIED_AGAIN.isdisjoint(self._outcomes)
        raise (TransientError if again else SourceError)(message)

    def _refuse_used_up(self) -> None:
        """Say that nothing was read before the requests of today were used up, if so it was."""
        midnight = self._ctx.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        before = self._ctx.addresses.outcomes(midnight)
        if before and before.keys().isdisjoint(_BELIEVED):
            message = (
                f"none of the pages of site {self._site.name} could be read today: "
                f"{_counted(before)}"
            )
            raise SourceError(message)

    def _ask_less(self) -> None:
        for origin, wait in self._waits.items():
            if wait > _LONGEST_WAIT:
                until = self._ctx.clock.now() + timedelta(seconds=wait)
                who = "the server" if origin == self._origin else origin
                self._ctx.addresses.pause(origin, until, f"{who} asks for less")
        message = f"site {self._site.name} asks for less"
        others = ", ".join(sorted(self._waits.keys() - {self._origin}))
        if others:
            message = f"{others}, which pages of site {self._site.name} need, asks for less"
        raise RateLimited(message, max(self._waits.values()))

    def _raise(self, code: str, text: str) -> None:
        said = f"site {self._site.name} {text}; what is known of it stays as it was"
        self._ctx.finding(Finding(code, said, Severity.CRITICAL, self._site.name))
        raise SourceChanged(said)

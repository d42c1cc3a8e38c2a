"""The sources ``web-offers`` and ``web-reviews``: a site's pages, looked at again and again."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from regard.cursors import CursorValue
from regard.errors import ConfigError, SourceChanged
from regard.frontier import Address, OriginState
from regard.sources import Context, Page, Source, Stream, Yielded
from regard_scrapers.chromium import find_chromium
from regard_scrapers.crawling import Crawl
from regard_scrapers.looking import Looking
from regard_scrapers.records import Taken, offer_records, review_records
from regard_scrapers.sites import Site, load_site
from regard_scrapers.spiders.frames import Fetched
from regard_scrapers.stated import StatedCounts
from regard_scrapers.urls import is_address, origin_of

__all__ = ["WebOffers", "WebReviews"]


class _Web(Source["_Web.Config"]):
    """What both sources are."""

    crawls = True
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
            ConfigError: There is none, something in it is wrong, or its pages have to be
                rendered and cannot be.
        """
        site = load_site(ctx.root, self.config.site)
        program = find_chromium(site)
        seeds = list(self._seeds(site, ctx))
        if not seeds:
            message = (
                f"sites/{site.name}.toml: [discover] says nowhere to begin; give it a sitemap, "
                "a list or a file of addresses (urls)"
            )
            raise ConfigError(message)
        ctx.note(f"site {site.name}: asked as {site.user_agent!r}, {site.delay:g} s apart")
        if program is not None:
            ctx.note(f"site {site.name}: its pages are rendered by {program}")

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
        find_chromium(site)
        book = ctx.addresses
        seeds = list(self._seeds(site, ctx))
        book.begin(_recipe(site, self.what))
        book.add(seeds)
        # Found addresses are due once they are stored.
        yield Page(())
        origin = origin_of(seeds[0].url) if seeds else ""
        states: dict[str, OriginState] = {}
        with ExitStack() as held:
            # In one order for all sources: two that wait for each other would wait for ever.
            for each in sorted({origin, *site.script_origins}):
                held.enter_context(book.hold(each))
                states[each] = book.origin(each)
                self._refuse_paused(site, states[each], ctx.clock.now())
            looking = Looking(self.what, self.records, site, ctx, origin, states, self.hear)
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
            yield from self._listed(site, discover.urls, ctx)
        yield from (Address(url) for url in site.canary)

    def _listed(self, site: Site, name: str, ctx: Context) -> Iterator[Address]:
        """Yield the addresses in a file of the project; a wrong one costs no other."""
        try:
            text = (ctx.root / name).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            message = f"sites/{site.name}.toml: discover.urls: {name}: {error}"
            raise ConfigError(message) from error
        cells = (cell.strip() for row in csv.reader(text.splitlines()) for cell in row)
        wrong = 0
        for cell in dict.fromkeys(cells):
            if not cell.startswith(("http://", "https://")):
                continue
            if not is_address(cell):
                wrong += 1
            elif site.discover.wants(cell):
                yield Address(cell)
        if wrong:
            ctx.note(f"{name}: {wrong} cells are no addresses of the web")

    def records(self, fetched: Fetched, site: Site, ctx: Context) -> Taken:
        """Return the records of a page, and those that are put aside with their problems."""
        raise NotImplementedError

    def hear(self, fetched: Fetched, site: Site, ctx: Context) -> None:
        """Hear what became of an address, beside its records."""


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
        return offer_records(fetched, site, ctx.clock.now())


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
    streams = (Stream("reviews", "review"), Stream("stated", "fact"))

    def __init__(self, config: _Web.Config) -> None:
        super().__init__(config)
        self._stated = StatedCounts()

    def read(
        self,
        stream: Stream,
        since: CursorValue | None,
        until: CursorValue | None,
        ctx: Context,
    ) -> Iterator[Yielded]:
        """
        Look at all addresses of the site, and then say what they state.

        A count changes with its page, so that one that a killed run took along comes again.
        """
        if stream.name == "stated":
            yield from self._stated.take()
        else:
            yield from super().read(stream, since, until, ctx)

    def hear(self, fetched: Fetched, site: Site, ctx: Context) -> None:
        """Hear how many reviews a page says that there are."""
        self._stated.hear(fetched, site, ctx.clock.now())

    def records(self, fetched: Fetched, site: Site, ctx: Context) -> Taken:
        """Return the reviews of a page, and those that are put aside."""
        return review_records(fetched, site, ctx.clock.now(), ctx.pseudonym_key)


def _recipe(site: Site, what: str) -> str:
    """Return a digest of all that decides about the records of a page."""
    parts: dict[str, Any] = {
        "what": what,
        "site": site.model_dump(
            mode="json",
            include={"competitor", "own", "currency", "country", "number_format", "dates",
                     "tax_included", "offer", "reviews", "match"},
        ),
    }  # fmt: skip
    if site.javascript is not None:
        parts["javascript"] = True
    # A list that has not changed leads elsewhere once something else of it is wanted.
    parts["discover"] = site.discover.model_dump(
        mode="json", include={"match": True, "ignore": True, "list": {"item", "next", "most"}}
    )
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]

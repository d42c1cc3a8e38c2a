"""Fetching a few pages for a person who looks at a site, with all that a guest owes."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from regard.errors import PluginError
from regard.frontier import Address
from regard_scrapers.crawling import Crawl, CrawlSettings, rendering_of
from regard_scrapers.sites import Site
from regard_scrapers.spiders.frames import Fetched

__all__ = ["Body", "Visit", "fetch_bodies"]

_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Body:
    """
    One page.

    Attributes:
        url: The address.
        fetched: What became of it.
        data: The body, as its scripts left it where it was rendered; None: there is none.
    """

    url: str
    fetched: Fetched
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Visit:
    """
    What a few requests came to.

    Attributes:
        bodies: One for each address, in their order.
        robots: Text of the robots.txt of each origin that was asked, by origin; None where it
            could not be read.
    """

    bodies: tuple[Body, ...]
    robots: dict[str, str | None]


def fetch_bodies(site: Site, urls: Sequence[str]) -> Visit:
    """
    Fetch some pages of a site, one after the other.

    Args:
        site: Says who asks and how gently.
        urls: At most fifty.

    Raises:
        ConfigError: The site's pages cannot be rendered on this machine.
        PluginError: The crawl's process died.
    """
    if len(urls) > _MOST:
        message = f"{len(urls)} pages at once are too many; {_MOST} are fetched at most"
        raise PluginError(message)
    hosts = {(urlsplit(url).hostname or "").casefold() for url in (*urls, *site.script_origins)}
    settings = CrawlSettings(
        contact=site.contact,
        site=site.model_dump(mode="json", exclude_defaults=True),
        what="offers",
        delay=site.delay,
        allow_hosts=tuple(site.allow_hosts),
        hosts=tuple(sorted(hosts)),
        window=_MOST,
        rendering=rendering_of(site),
    )
    found: dict[str, Fetched] = {}
    robots: dict[str, str | None] = {}
    with Crawl(settings) as crawl:
        crawl.fetch([Address(url, "raw") for url in urls])
        while crawl.out:
            for heard in crawl.hear():
                if heard.fetched is not None:
                    found[heard.fetched.url] = heard.fetched
                elif heard.paused is not None:
                    found[heard.paused] = Fetched(heard.paused, "raw", "rate-limited")
                elif heard.robots is not None:
                    origin, status, text = heard.robots
                    robots[origin] = text if 200 <= status < 300 else None
    return Visit(tuple(_body(url, found[url]) for url in urls), robots)


def _body(url: str, fetched: Fetched) -> Body:
    data = base64.b64decode(fetched.body) if fetched.body is not None else None
    return Body(url, fetched, data)

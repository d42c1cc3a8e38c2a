"""The source ``web-spider``: a team's own Scrapy spider, whose items are records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from regard.cursors import CursorValue
from regard.errors import ConfigError, PluginError, SourceError
from regard.frontier import Address, OriginState, Visited
from regard.records import KINDS
from regard.sources import Context, Page, Source, Stream, Yielded
from regard_scrapers.children import Child
from regard_scrapers.hosting import Hosting
from regard_scrapers.sites import (
    LEAST_DELAY,
    Addresses,
    Site,
    Texts,
    load_site,
    reachable,
    refuse_haste,
)
from regard_scrapers.urls import is_address, origin_of

__all__ = ["WebSpider"]

_MODULE = "regard_scrapers.spiders.hosted"
_LONGEST_WAIT = 60.0
_OWN_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class _Manners:
    """How a spider behaves, from its table or from a site's file."""

    contact: str
    delay: float
    pages_per_day: int
    allow_hosts: tuple[str, ...]

    @property
    def at_once(self) -> int:
        own = bool(self.allow_hosts) and self.delay < LEAST_DELAY
        return _OWN_AT_ONCE if own else 1


class WebSpider(Source["WebSpider.Config"]):
    """
    Runs a Scrapy spider of your own as a guest; what it yields are records.

    A spider in the project's folder ``spiders``::

        [sources.fair]
        plugin = "web-spider"
        spider = "spiders/fair.py:FairSpider"
        kind = "offer"
        key = ["sku"]
        contact = "mailto:prices@us.example"
    """

    name = "web-spider"
    crawls = True

    class Config(BaseModel):
        """
        What ``[sources.NAME]`` says.

        Attributes:
            spider: The spider's class, as ``folder/file.py:Class`` below the project, or as
                ``module:Class`` of what is installed or lies in ``spiders`` or ``plugins``.
            kind: The kind of what it yields.
            key: The fields that name a record; else an item carries ``key``.
            fields: Which field of an item a record's field is; others keep their names.
            constants: Values of fields that no item carries.
            arguments: What the spider is made with, as ``scrapy crawl -a`` would.
            snapshot: Each run meets all offers or reviews there are: what two whole runs, one
                after the other, did not meet is withdrawn.
            origins: Whom it visits, such as ``https://rival.example``; else its ``start_urls``.
            site: The file ``sites/NAME.toml`` that says the rest, and whose site it is.
            contact: Whom a site's owner may write to; it goes into the user agent.
            delay: Seconds between two requests to one origin.
            pages_per_day: How many requests an origin gets on one day.
            allow_hosts: Private or loopback addresses that it may use, as ``host:port``.
        """

        model_config = ConfigDict(extra="forbid")

        spider: str
        kind: str
        key: Texts = ()
        fields: dict[str, str] = Field(default_factory=dict)
        constants: dict[str, Any] = Field(default_factory=dict)
        arguments: dict[str, Any] = Field(default_factory=dict)
        snapshot: bool = False
        origins: Addresses = ()
        site: str | None = None
        contact: str | None = None
        delay: Annotated[float, Field(ge=0, le=3600)] | None = None
        pages_per_day: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
        allow_hosts: Texts = ()

        @field_validator("spider")
        @classmethod
        def _named(cls, spider: str) -> str:
            place, _, name = spider.rpartition(":")
            inside = place.endswith(".py") and ".." not in PurePosixPath(place).parts
            inside = inside and not PurePosixPath(place).is_absolute()
            module = all(part.isidentifier() for part in place.split("."))
            if not name.isidentifier() or not (inside or module):
                message = (
                    f"{spider!r} names no spider; write spiders/file.py:Class (below the "
                    "project) or module:Class"
                )
                raise ValueError(message)
            return spider

        @field_validator("kind")
        @classmethod
        def _known_kind(cls, kind: str) -> str:
            from regard.names import did_you_mean

            if kind not in KINDS:
                message = f"{kind!r} is no kind of record{did_you_mean(kind, KINDS)}"
                raise ValueError(message)
            return kind

        @field_validator("contact")
        @classmethod
        def _reachable(cls, contact: str | None) -> str | None:
            return None if contact is None else reachable(contact)

        @model_validator(mode="after")
        def _historic(self) -> WebSpider.Config:
            if self.snapshot and not KINDS[self.kind].historic:
                message = (
                    "snapshot is for offers and reviews, whose last look is kept; "
                    f"leave it out for kind {self.kind!r}"
                )
                raise ValueError(message)
            return self

        @model_validator(mode="after")
        def _consistent(self) -> WebSpider.Config:
            own = [self.contact, self.delay, self.pages_per_day, self.allow_hosts or None]
            if self.site is None and self.contact is None:
                message = "say whom a site's owner may write to: contact, or site = NAME"
                raise ValueError(message)
            if self.site is not None and any(each is not None for each in own):
                message = (
                    f"sites/{self.site}.toml says contact, delay, pages_per_day and "
                    "allow_hosts; leave them out here"
                )
                raise ValueError(message)
            refuse_haste(LEAST_DELAY if self.delay is None else self.delay, self.allow_hosts)
            return self

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.streams = (Stream("items", config.kind, key=config.key or None),)

    def check(self, ctx: Context) -> None:
        """
        Load the spider, in a process of its own, and read the site's file.

        Raises:
            ConfigError: There is no such spider, or nothing says whom it visits.
        """
        site = self._site(ctx)
        with self._child(ctx) as child:
            origins = self._origins(self._loaded(child), site)
        manners = self._manners(site)
        ctx.note(
            f"spider {self.config.spider} visits {', '.join(origins)} as "
            f"'regard (+{manners.contact})', {manners.delay:g} s apart"
        )

    def read(
        self,
        stream: Stream,
        since: CursorValue | None,
        until: CursorValue | None,
        ctx: Context,
    ) -> Iterator[Yielded]:
        """
        Run the spider to its end, and yield what it yields.

        Raises:
            ConfigError: There is no such spider, or nothing says whom it visits.
            PluginError: It raised an error, or its process died; what it found before stays.
            SourceChanged: A site blocks it.
            SourceError: A site asks for less.
            TransientError: No site could be reached.
        """
        site = self._site(ctx)
        manners = self._manners(site)
        snapshot = self.config.snapshot
        hosting = Hosting(self.config.spider, stream.kind, site, ctx, snapshot=snapshot)
        hosting.rename(self.config.fields, self.config.constants)
        if snapshot:
            self._begin(ctx)
        with self._child(ctx) as child, ExitStack() as held:
            origins = self._origins(self._loaded(child), site)
            states = {}
            # In one order for all spiders: two that wait for each other would wait for ever.
            for origin in sorted(origins):
                held.enter_context(ctx.addresses.hold(origin))
                states[origin] = self._state(origin, ctx)
            child.say("go", **self._guest(manners, states, ctx))
            yield from hosting.all(child, manners.pages_per_day)
            hosting.rest(manners.delay)
        hosting.conclude()
        if snapshot:
            yield self._ended(hosting.doubt, ctx)

    @property
    def _whole(self) -> str:
        """What stands for all addresses of the spider, which the store does not know."""
        return f"spider:{self.config.spider}"

    def _begin(self, ctx: Context) -> None:
        """Begin a pass, or go on with that of a run which failed."""
        ctx.addresses.begin(self._whole)
        ctx.addresses.add([Address(self._whole)])

    def _ended(self, doubt: str | None, ctx: Context) -> Page:
        """Return what ends the pass, and say why it is not whole."""
        if doubt is not None:
            ctx.note(f"{doubt}, so nothing counts as withdrawn")
        outcome = "ok" if doubt is None else "incomplete"
        return Page((), visited=(Visited(self._whole, outcome, good=doubt is None),))

    def _child(self, ctx: Context) -> Child:
        config = {
            "spider": self.config.spider,
            "root": str(ctx.root.resolve()),
            "arguments": self.config.arguments,
        }
        return Child(_MODULE, config)

    def _loaded(self, child: Child) -> Sequence[str]:
        """Return the addresses that a spider's class begins with."""
        while True:
            for frame in child.hear():
                if frame is None:
                    message = (
                        f"spider {self.config.spider}: its process ended with {child.wait()} "
                        "while it was loaded"
                    )
                    raise PluginError(message)
                if frame["say"] == "unusable":
                    message = f"spider {self.config.spider}: {frame['text']}"
                    raise ConfigError(message)
                if frame["say"] == "loaded":
                    return [str(url) for url in frame["start_urls"]]

    def _origins(self, start_urls: Sequence[str], site: Site | None) -> list[str]:
        urls = [*self.config.origins, *(url for url in start_urls if is_address(url))]
        if site is not None:
            lists = site.discover.list.start if site.discover.list is not None else ()
            urls += [*site.discover.sitemap, *lists, *site.canary]
        if not urls:
            message = (
                f"spider {self.config.spider} has no start_urls; say whom it visits, such as "
                'origins = ["https://rival.example"]'
            )
            raise ConfigError(message)
        return list(dict.fromkeys(origin_of(url) for url in urls))

    def _site(self, ctx: Context) -> Site | None:
        return None if self.config.site is None else load_site(ctx.root, self.config.site)

    def _manners(self, site: Site | None) -> _Manners:
        if site is not None:
            return _Manners(site.contact, site.delay, site.pages_per_day, tuple(site.allow_hosts))
        config, usual = self.config, Site.model_fields
        assert config.contact is not None  # noqa: S101  # validated: there is no site
        return _Manners(
            config.contact,
            usual["delay"].default if config.delay is None else config.delay,
            config.pages_per_day or usual["pages_per_day"].default,
            tuple(config.allow_hosts),
        )

    def _state(self, origin: str, ctx: Context) -> OriginState:
        """Return what is known of an origin, unless it wants to be left alone."""
        state = ctx.addresses.origin(origin)
        if state.paused_until is not None and state.paused_until > ctx.clock.now():
            message = (
                f"{origin} is left alone until {state.paused_until:%Y-%m-%d %H:%M} UTC: "
                f"{state.paused_why}"
            )
            raise SourceError(message)
        return state

    def _guest(
        self, manners: _Manners, states: dict[str, OriginState], ctx: Context
    ) -> dict[str, Any]:
        """Return how the spider has to behave."""
        now = ctx.clock.now()
        nexts = [state.next_at for state in states.values() if state.next_at is not None]
        wait = max((at - now).total_seconds() for at in nexts) if nexts else 0.0
        return {
            "contact": manners.contact,
            "delay": manners.delay,
            "at_once": manners.at_once,
            "wait": min(max(wait, 0.0), _LONGEST_WAIT),
            "allow_hosts": list(manners.allow_hosts),
            "hosts": sorted({urlsplit(origin).hostname or "" for origin in states}),
            "robots": {
                origin: [status, text, (now - at).total_seconds()]
                for origin, state in states.items()
                if state.robots is not None
                for status, text, at in [state.robots]
            },
            "left": {
                origin: max(0, manners.pages_per_day - state.asked_today)
                for origin, state in states.items()
            },
        }

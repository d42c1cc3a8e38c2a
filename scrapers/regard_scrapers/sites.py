"""
Sites as data: one TOML file for each shop or review page that is looked at.

A file says who is asked about, who is asking, how gently, where the pages are, and, only where
structured data does not do, where on a page a value stands::

    competitor = "Rival"
    contact = "mailto:prices@us.example"
    currency = "EUR"
    country = "ES"

    [discover]
    sitemap = "https://rival.example/sitemap.xml"
    match = "/p/"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from regard.errors import ConfigError
from regard.settings import validate_options
from regard_scrapers.pages.currencies import is_code
from regard_scrapers.pages.numerals import NumberFormat
from regard_scrapers.pages.offers import Market
from regard_scrapers.pages.rules import Css, OfferRules, ReviewRules
from regard_scrapers.urls import is_address, origin_of

__all__ = [
    "LEAST_DELAY",
    "Addresses",
    "Discovery",
    "Expectations",
    "Javascript",
    "Listing",
    "Matching",
    "Site",
    "Texts",
    "load_site",
    "reachable",
    "refuse_haste",
]

LEAST_DELAY: Final = 1.0
"""Seconds between two requests to one origin; less only for hosts of one's own."""

_CONTACT: Final = re.compile(r"(?:mailto:)?[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+|https?://\S+")


def _texts(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        message = f"{text!r} is no regular expression: {error}"
        raise ValueError(message) from error
    return text


def _address(text: str) -> str:
    if not is_address(text):
        message = f"{text!r} is no address of the web; it begins with https://"
        raise ValueError(message)
    return text


def reachable(contact: str) -> str:
    """
    Return a contact as it goes into the user agent.

    Raises:
        ValueError: Nobody can be reached by it.
    """
    if _CONTACT.fullmatch(contact.strip()) is None:
        message = (
            f"{contact!r} is no contact; give an address that the site's owner can write to, "
            "such as mailto:prices@us.example"
        )
        raise ValueError(message)
    return contact.strip()


def refuse_haste(delay: float, allow_hosts: Sequence[str]) -> None:
    """
    Refuse a delay that is no guest's.

    Raises:
        ValueError: It is too short for hosts that are not one's own.
    """
    if delay < LEAST_DELAY and not allow_hosts:
        message = (
            f"delay = {delay:g} is less than {LEAST_DELAY:g} second, which is allowed "
            "only for hosts of your own (allow_hosts)"
        )
        raise ValueError(message)


def _origin(text: str) -> str:
    parts = urlsplit(_address(text))
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
        message = f"{text!r} is no origin; write {origin_of(text)!r}, without a path"
        raise ValueError(message)
    return origin_of(text)


Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Address = Annotated[str, AfterValidator(_address)]
Origin = Annotated[str, AfterValidator(_origin)]
Origins = Annotated[tuple[Origin, ...], BeforeValidator(_texts)]
Addresses = Annotated[tuple[Address, ...], BeforeValidator(_texts)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Listing(_Table):
    """
    ``[discover] list``: pages that list others.

    Attributes:
        start: Where the list begins.
        item: A CSS selector of the links to pages that are wanted.
        next: A CSS selector of the link to the next part of the list.
        most: How many parts are read at most.
    """

    start: Addresses
    item: str
    next: str | None = None
    most: int = Field(100, ge=1, le=10_000)


class Discovery(_Table):
    """
    ``[discover]``: where the pages are. One of the three ways, or several.

    Attributes:
        sitemap: Addresses of sitemaps, or of indexes of them.
        list: Pages that list others.
        urls: A CSV or text file of addresses, below the project.
        match: A regular expression that an address must contain.
        ignore: A regular expression of addresses that are passed over.
    """

    sitemap: Addresses = ()
    list: Listing | None = None
    urls: str | None = None
    match: Pattern | None = None
    ignore: Pattern | None = None

    def wants(self, url: str) -> bool:
        """Say whether a page is one of those that are wanted."""
        if self.match is not None and re.search(self.match, url) is None:
            return False
        return self.ignore is None or re.search(self.ignore, url) is None


class Javascript(_Table):
    """
    ``javascript``: pages are rendered before they are read; ``true`` is an empty table.

    Attributes:
        origins: Whom the pages' scripts may ask beside the pages' own origin.
        wait: A CSS selector of what the scripts show last; without it a page is read when its
            scripts have asked for nothing for half a second.
        chromium: Chromium's program, as a whole path; else the first that is found.
        sandbox: Keep Chromium's sandbox. Without it, a page that breaks Chromium can do all that
            the user can who runs it.
    """

    origins: Origins = ()
    wait: Css | None = None
    chromium: str | None = None
    sandbox: bool = True

    @field_validator("chromium")
    @classmethod
    def _whole_path(cls, path: str | None) -> str | None:
        if path is not None and not Path(path).is_absolute():
            message = f"{path!r} is no whole path, such as /usr/bin/chromium"
            raise ValueError(message)
        return path


def _switch(value: object) -> object:
    return {True: {}, False: None}[value] if isinstance(value, bool) else value


class Expectations(_Table):
    """
    ``[expect]``: what a healthy crawl gives; less is said aloud.

    Attributes:
        coverage: For a field the share of pages, 0 to 1, that must have it.
        drop: By how much a field's share may fall below its own past before it counts as rot.
    """

    coverage: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    drop: float = Field(0.3, gt=0, le=1)


class Matching(_Table):
    """
    ``[match]``: how its articles are told to be ours.

    Attributes:
        sku: Whether the site uses our article numbers as its own.
    """

    sku: bool = False


class Site(_Table):
    """
    One file of the folder ``sites``.

    Attributes:
        name: The file's name without its ending.
        competitor: Whose site it is, as reports call it or by any alias of it.
        own: It is our own shop.
        contact: Whom the site's owner may write to; it goes into the user agent.
        currency: What amounts are in where a page does not say, ISO 4217.
        country: Where it sells, ISO 3166-1 alpha-2; it decides about ``$`` and ``kr``.
        number_format: How it writes numbers, such as ``1.234,56``.
        dates: How it writes 03/04/2026.
        tax_included: Whether its prices are with tax, where a page does not say.
        delay: Seconds between two requests to one origin.
        pages_per_day: How many pages are asked for on one day.
        allow_hosts: Private or loopback addresses that it may use, as ``host:port``.
        javascript: Its pages show nothing without their scripts, so they are rendered.
        discover: Where its pages are.
        offer: Where on a page an offer's values stand, if structured data does not say.
        reviews: Where on a page reviews stand, if structured data does not say.
        expect: What a healthy crawl gives.
        canary: Pages that are known to be good.
        match: How its articles are told to be ours.
    """

    name: str = ""
    competitor: str | None = None
    own: bool = False
    contact: str
    currency: str | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    number_format: str | None = None
    dates: Literal["day-first", "month-first"] | None = None
    tax_included: bool | None = None
    delay: float = Field(LEAST_DELAY, ge=0, le=3600)
    pages_per_day: int = Field(2000, ge=1, le=1_000_000)
    allow_hosts: Texts = ()
    javascript: Annotated[Javascript | None, BeforeValidator(_switch)] = None
    discover: Discovery = Field(default_factory=Discovery)
    offer: OfferRules = Field(default_factory=OfferRules)
    reviews: ReviewRules = Field(default_factory=ReviewRules)
    expect: Expectations = Field(default_factory=Expectations)
    canary: Addresses = ()
    match: Matching = Field(default_factory=Matching)

    @field_validator("contact")
    @classmethod
    def _reachable(cls, contact: str) -> str:
        return reachable(contact)

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, code: str | None) -> str | None:
        if code is not None and not is_code(code):
            message = f"{code!r} is no currency of ISO 4217, such as EUR"
            raise ValueError(message)
        return code

    @field_validator("number_format")
    @classmethod
    def _readable_format(cls, example: str | None) -> str | None:
        if example is not None:
            try:
                NumberFormat.parse(example)
            except ConfigError as error:
                raise ValueError(str(error)) from error
        return example

    @model_validator(mode="after")
    def _consistent(self) -> Site:
        if self.own == (self.competitor is not None):
            message = 'say whose site it is: competitor = "...", or own = true; one of both'
            raise ValueError(message)
        refuse_haste(self.delay, self.allow_hosts)
        return self

    @property
    def market(self) -> Market:
        """What the site says of itself, for the reading of its pages."""
        form = NumberFormat.parse(self.number_format) if self.number_format else None
        return Market(self.country, self.currency, form, self.tax_included)

    @property
    def script_origins(self) -> tuple[str, ...]:
        """Whom the scripts of its pages may ask beside the pages' own origin."""
        return self.javascript.origins if self.javascript is not None else ()

    def renders(self, kind: str) -> bool:
        """Say whether an address of this kind is rendered before it is read."""
        return self.javascript is not None and kind != "sitemap"

    @property
    def user_agent(self) -> str:
        """Who is asking, honestly."""
        return f"regard (+{self.contact})"


def load_site(root: Path, name: str) -> Site:
    """
    Return a site by its name.

    Args:
        root: The project's folder.
        name: The file ``sites/NAME.toml``.

    Raises:
        ConfigError: There is no such file, or something in it is wrong; all of it is named.
    """
    from regard.names import did_you_mean

    path = root / "sites" / f"{name}.toml"
    where = f"sites/{name}.toml"
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        known = [each.stem for each in (root / "sites").glob("*.toml")]
        message = f"{where}: there is no such site{did_you_mean(name, known)}"
        raise ConfigError(message) from error
    except (OSError, UnicodeDecodeError) as error:
        message = f"{where}: cannot be read: {error}"
        raise ConfigError(message) from error
    except tomllib.TOMLDecodeError as error:
        message = f"{where}: no TOML: {error}"
        raise ConfigError(message) from error
    site = validate_options(Site, data, where)
    assert isinstance(site, Site)  # noqa: S101  # that is what was asked for
    return site.model_copy(update={"name": name})

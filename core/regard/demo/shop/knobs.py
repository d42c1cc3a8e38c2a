"""What a shop can be told to do wrong."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Knobs"]


@dataclass(slots=True)
class Knobs:
    """
    How a shop behaves; tests turn them while it runs.

    Attributes:
        robots_status: What robots.txt is answered with.
        robots_seconds: How long that takes.
        crawl_delay: What robots.txt asks to wait; None: nothing.
        disallow: The paths that robots.txt forbids.
        status: What every page is answered with, such as 500 or 429; None: as it should be.
        retry_after: What it says along with 429 and 503.
        blocked: Pages are a challenge with status 200.
        redesigned: Pages carry no structured data, and other class names.
        broken_json: A broken block of JSON-LD stands beside the good one.
        disagrees: The visible price is another one than that of the structured data.
        validators: It sends ETag and Last-Modified, and answers 304.
        page_seconds: How long a page takes.
        redirects: Paths that lead elsewhere.
        sitemap_parts: Into how many sitemaps, packed ones, an index leads; 0: there is no index.
        hidden: Articles that are not listed any more.
    """

    robots_status: int = 200
    robots_seconds: float = 0.0
    crawl_delay: float | None = None
    disallow: tuple[str, ...] = ("/private", "/cart")
    status: int | None = None
    retry_after: str | None = None
    blocked: bool = False
    redesigned: bool = False
    broken_json: bool = False
    disagrees: bool = False
    validators: bool = True
    page_seconds: float = 0.0
    redirects: dict[str, str] = field(default_factory=dict)
    sitemap_parts: int = 0
    hidden: set[str] = field(default_factory=set)

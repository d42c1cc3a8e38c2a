"""
The Scrapy add-on that makes any spider a guest.

A team's own project gets all of it with one line::

    ADDONS = {"regard_scrapers.spiders.addon.GuestAddon": 0}
    REGARD_CONTACT = "mailto:prices@us.example"
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scrapy.exceptions import NotConfigured

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

__all__ = ["GuestAddon"]

_SETTINGS: Final[dict[str, object]] = {
    # Scrapy's own middleware is wrong under concurrency and takes 5xx for permission.
    "ROBOTSTXT_OBEY": False,
    # Two ports that run any code for whoever may read the user's files.
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "DOWNLOAD_VERIFY_CERTIFICATES": True,
    # Pacing is our own: exact, by origin, and shut at once when asked.
    "DOWNLOAD_DELAY": 0,
    "DOWNLOAD_DELAY_JITTER": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "COOKIES_ENABLED": False,
    "DOWNLOAD_MAXSIZE": 8 * 1024 * 1024,
    "DOWNLOAD_WARNSIZE": 0,
    "DOWNLOAD_TIMEOUT": 30,
    "REFERER_ENABLED": False,
    "EXTENSIONS": {
        "scrapy.extensions.logstats.LogStats": None,
        "scrapy.extensions.memusage.MemoryUsage": None,
    },
    "DEFAULT_REQUEST_HEADERS": {
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Language": "*",
    },
}
_MIDDLEWARES: Final = {
    "regard_scrapers.spiders.guarding.GuardMiddleware": 50,
    "regard_scrapers.spiders.robots.RobotsMiddleware": 100,
    # Next to the downloader, below all that may answer or ask by itself.
    "regard_scrapers.spiders.pacing.PacingMiddleware": 950,
}
_PRIORITY: Final = "addon"


class GuestAddon:
    """Sets robots.txt, pacing, an honest user agent and limits, for one crawler."""

    def update_settings(self, settings: BaseSettings) -> None:
        """
        Set what makes a crawl a guest.

        Raises:
            NotConfigured: Nobody says whom a site's owner may write to.
        """
        contact = settings.get("REGARD_CONTACT")
        if not contact:
            message = "REGARD_CONTACT must say whom a site's owner may write to"
            raise NotConfigured(message)
        settings.set("USER_AGENT", f"regard (+{contact})", "cmdline")
        for name, value in _SETTINGS.items():
            if isinstance(value, dict):
                merged = {**settings.getdict(name), **value}
                settings.set(name, merged, _PRIORITY)
            else:
                # Not for a spider to change: these are what a guest owes.
                settings.set(name, value, "cmdline")
        middlewares = {**settings.getdict("DOWNLOADER_MIDDLEWARES"), **_MIDDLEWARES}
        settings.set("DOWNLOADER_MIDDLEWARES", middlewares, "cmdline")

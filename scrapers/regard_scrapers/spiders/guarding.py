"""
Where a crawl may go: the web, and of private addresses only those that the site's file names.

A page, a redirect or a sitemap may point anywhere, also at the machine's own services. Names are
looked up before a request is made, so that a public name of a private address is seen through.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import IgnoreRequest

from regard.webaddresses import is_loopback

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrapy.crawler import Crawler

__all__ = ["GuardMiddleware", "RefusedAddress", "is_public"]

_DIRECT: Final = "regard_direct"
"""Marks a request that goes round the proxy because of its address."""


class RefusedAddress(IgnoreRequest):
    """An address that a crawl must not ask for."""


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public web."""
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return ip.is_global and not ip.is_multicast


class GuardMiddleware:
    """
    Refuses private and loopback addresses but for those in ``REGARD_ALLOW_HOSTS``.

    Which hosts belong to the site is in ``REGARD_HOSTS``; others are not asked at all, where
    it says any.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._allowed = {each.casefold() for each in settings.getlist("REGARD_ALLOW_HOSTS")}
        self._hosts = {each.casefold() for each in settings.getlist("REGARD_HOSTS")}
        self._looked_up: dict[str, asyncio.Future[Sequence[str]]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> GuardMiddleware:
        """Make the middleware of a crawler."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """
        Refuse what is none of a crawl's business.

        Raises:
            RefusedAddress: The address is private, or another site's, or no address.
        """
        parts = urlsplit(request.url)
        host = (parts.hostname or "").casefold()
        if parts.scheme not in ("http", "https") or not host:
            message = f"{parts.scheme or 'no'} address; only http and https are asked"
            raise RefusedAddress(message)
        if is_loopback(host):
            # No proxy reaches what is only on this machine.
            request.meta.update({"proxy": None, _DIRECT: True})
        elif request.meta.pop(_DIRECT, False):
            # Who is sent away from this machine takes along what held for it only.
            request.meta.pop("proxy", None)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if f"{host}:{port}" in self._allowed or host in self._allowed:
            return
        if self._hosts and host not in self._hosts:
            message = f"{host} is another site"
            raise RefusedAddress(message)
        addresses = await self._addresses(host, port)
        private = [each for each in addresses if not is_public(each)]
        if private:
            message = (
                f"{host} is the private address {private[0]}; allow_hosts in the site's file "
                "would allow it"
            )
            raise RefusedAddress(message)

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        """Return what a host's name stands for; nothing: the request itself will fail."""
        known = self._looked_up.get(host)
        if known is None:
            known = asyncio.ensure_future(_resolve(host, port))
            self._looked_up[host] = known
        return await asyncio.shield(known)


async def _resolve(host: str, port: int) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return ()
    return [str(each[4][0]) for each in found]

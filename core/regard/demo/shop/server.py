"""The shop as a server on the loopback address, with a log of what it was asked."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from regard.demo.shop.catalogue import Catalogue
from regard.demo.shop.knobs import Knobs
from regard.demo.shop.pages import (
    article_page,
    challenge_page,
    list_page,
    sitemap,
    sitemap_index,
    sitemap_part,
)

__all__ = ["Asked", "Shop"]


@dataclass(frozen=True, slots=True)
class Asked:
    """
    One request.

    Attributes:
        at: When it came, in seconds of a clock that only goes forward.
        path: With the query.
        agent: Who asked.
        conditional: Whether it asked only for what has changed.
        status: What it was answered with.
    """

    at: float
    path: str
    agent: str
    conditional: bool
    status: int


class Shop:
    """
    A running shop. Use it in a ``with`` block.

    Args:
        catalogue: What it sells.
        today: Gives the day on which it is looked at.
        syntax: ``json-ld`` or ``microdata``.
        knobs: What it does wrong; they may be turned while it runs.
        port: Where; 0: any that is free.
        home: The address that its pages name as their own; None: they name none.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        today: Callable[[], date],
        *,
        syntax: str = "json-ld",
        knobs: Knobs | None = None,
        port: int = 0,
        home: str | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.today = today
        self.syntax = syntax
        self.knobs = knobs or Knobs()
        self.home = home
        self.log: list[Asked] = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:  # noqa: ANN401
                """Say nothing: the log is kept elsewhere."""

            def do_GET(self) -> None:
                """Answer a request."""
                shop._answer(self)  # its own handler

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True

    @property
    def host(self) -> str:
        """Host and port, as ``allow_hosts`` wants them."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """Where it begins."""
        return f"http://{self.host}"

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [each.path for each in self.log]

    def __enter__(self) -> Shop:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        at = time.monotonic()
        status, body, headers = self._page(request.path)
        given = request.headers.get("If-None-Match")
        if self.knobs.validators and status == 200:
            tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            headers["ETag"] = tag
            if given == tag:
                status, body = 304, b""
        agent = request.headers.get("User-Agent", "")
        self.log.append(Asked(at, request.path, agent, given is not None, status))
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        if status != 304:
            request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _page(self, target: str) -> tuple[int, bytes, dict[str, str]]:
        knobs = self.knobs
        parts = urlsplit(target)
        page = int(parse_qs(parts.query).get("page", ["1"])[0])
        if parts.path == "/robots.txt":
            time.sleep(knobs.robots_seconds)
            return knobs.robots_status, self._robots(), {"Content-Type": "text/plain"}
        time.sleep(knobs.page_seconds)
        kind = {"Content-Type": "text/html; charset=utf-8"}
        if knobs.status is not None:
            retry = {"Retry-After": knobs.retry_after} if knobs.retry_after else {}
            return knobs.status, b"not now", kind | retry
        if parts.path in knobs.redirects:
            return 302, b"", {"Location": knobs.redirects[parts.path]}
        if parts.path.startswith("/sitemap"):
            return self._sitemap(parts.path)
        if knobs.blocked:
            return 200, challenge_page(), kind
        if parts.path == "/list":
            return 200, list_page(self.catalogue, self.today(), knobs, page), kind
        article = self.catalogue.article(parts.path.removeprefix("/p/"))
        day = self.today()
        if article is None or article.sku in knobs.hidden or not article.listed_on(day):
            return 404, b"there is no such page", kind
        body = article_page(article, day, knobs, syntax=self.syntax, page=page, home=self.home)
        return 200, body, kind

    def _sitemap(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        knobs, day = self.knobs, self.today()
        xml = {"Content-Type": "application/xml"}
        if path == "/sitemap.xml" and not knobs.sitemap_parts:
            return 200, sitemap(self.url, self.catalogue, day, knobs), xml
        if path == "/sitemap.xml":
            return 200, sitemap_index(self.url, knobs.sitemap_parts), xml
        part = path.removeprefix("/sitemap-").removesuffix(".xml.gz")
        if not part.isdecimal() or int(part) >= knobs.sitemap_parts:
            return 404, b"there is no such sitemap", xml
        packed = {"Content-Type": "application/gzip"}
        return 200, sitemap_part(self.url, self.catalogue, day, knobs, int(part)), packed

    def _robots(self) -> bytes:
        rules = "".join(f"Disallow: {path}\n" for path in self.knobs.disallow)
        delay = self.knobs.crawl_delay
        wait = f"Crawl-delay: {delay}\n" if delay is not None else ""
        return f"User-agent: *\n{rules}{wait}Sitemap: {self.url}/sitemap.xml\n".encode()

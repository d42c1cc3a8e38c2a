"""What tests of pages and crawls share: saved pages, and a shop on the loopback address."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from regard.demo.shop import Catalogue, Knobs, Shop, make_catalogue

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOW.date()

OpenShop = Callable[..., Shop]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """Return what the competitor sells."""
    return make_catalogue("Hogarvela", TODAY)


@pytest.fixture
def open_shop(catalogue: Catalogue) -> Iterator[OpenShop]:
    """Return what opens shops; they are closed after the test."""
    with ExitStack() as stack:

        def opened(
            *, syntax: str = "json-ld", today: date = TODAY, goods: Catalogue | None = None,
            **knobs: Any,
        ) -> Shop:  # fmt: skip
            days = [today]
            shop = Shop(goods or catalogue, lambda: days[0], syntax=syntax, knobs=Knobs(**knobs))
            return stack.enter_context(shop)

        yield opened


@pytest.fixture
def small() -> Catalogue:
    """Return a competitor with a handful of articles."""
    whole = make_catalogue("Toldemar", TODAY, extra=1)
    return Catalogue(whole.name, whole.articles[:6])


@dataclass(frozen=True, slots=True)
class Request:
    """
    One request that a `Scripted` shop was asked.

    Attributes:
        at: When it came, in seconds of a clock that only goes forward.
        path: With the query.
        headers: As they were sent, by their names in small letters.
    """

    at: float
    path: str
    headers: Mapping[str, str]


class Scripted:
    """
    A shop on the loopback address whose pages show what they sell by script only.

    Attributes:
        answers: For each path its status, headers and body.
        log: What was asked.
        seconds: How long an answer takes.
    """

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.log: list[Request] = []
        self.seconds = 0.0
        self.say("/robots.txt", "User-agent: *\nDisallow: /private\n", "text/plain")
        shop = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: the log is kept elsewhere."""

            def do_GET(self) -> None:
                """Answer a request."""
                headers = {name.lower(): value for name, value in self.headers.items()}
                shop.log.append(Request(time.monotonic(), self.path, headers))
                time.sleep(shop.seconds)
                status, more, body = shop.answers.get(self.path, (404, {}, b"nothing here"))
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                with suppress(ConnectionError):  # a killed crawl waits for nothing
                    self.end_headers()
                    self.wfile.write(body)

            do_POST = do_HEAD = do_OPTIONS = do_GET

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
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
        """What was asked for, in order, but for robots.txt."""
        return [each.path for each in self.log if each.path != "/robots.txt"]

    def say(
        self, path: str, body: str, kind: str = "text/html; charset=utf-8", status: int = 200,
        **headers: str,
    ) -> str:  # fmt: skip
        """Answer a path with this from now on, and return its address."""
        known = {"Content-Type": kind, **{name.replace("_", "-"): value
                                          for name, value in headers.items()}}  # fmt: skip
        self.answers[path] = (status, known, body.encode())
        return f"{self.url}{path}" if hasattr(self, "_server") else path

    def page(self, path: str, script: str) -> str:
        """Answer a path with a page that holds nothing but a script, and return its address."""
        head = '<meta charset="utf-8"><title>A shop</title>'
        return self.say(
            path,
            f'<!doctype html><html lang="en"><head>{head}</head><body><div id="app"></div>'
            f"<script>{SHOW}{script}</script></body></html>",
        )

    def __enter__(self) -> Scripted:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._server.shutdown()
        self._server.server_close()


SHOW = """
function show(name, price) {
  const block = document.createElement("script");
  block.type = "application/ld+json";
  block.textContent = JSON.stringify({"@context": "https://schema.org", "@type": "Product",
    name: name, sku: name, offers: {"@type": "Offer", price: String(price), priceCurrency: "EUR",
    availability: "https://schema.org/InStock"}});
  document.body.append(block);
}
async function ask(path) { return (await fetch(path)).json(); }
"""


@pytest.fixture
def open_scripted() -> Iterator[Callable[[], Scripted]]:
    """Return what opens shops that show nothing without scripts; they are closed afterwards."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(Scripted())

"""Web servers on this machine that say what tests tell them to, and keep what they are asked."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class _Handler(BaseHTTPRequestHandler):
    """Answers what the server was told to, and keeps what it was asked."""

    server: Any

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        asked = (self.command, self.path, self.rfile.read(length))
        self.server.asked.append(asked)
        self.server.answers[self.path](self)

    do_GET = do_POST = _answer

    def log_message(self, *said: Any) -> None:
        """Say nothing."""


class _WebServer(ThreadingHTTPServer):
    """Says nothing of those who leave in the midst of an answer."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, *about: Any) -> None:
        """Say nothing."""


class WebServer:
    """An HTTP server on this machine, with what it was asked."""

    def __init__(self) -> None:
        self._http: Any = _WebServer(("127.0.0.1", 0), _Handler)
        self._http.answers = {}
        self._http.asked = []
        self.asked: list[tuple[str, str, bytes]] = self._http.asked
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def on(self, path: str, status: int, **headers: str) -> str:
        """Answer a path with a status, and return its address."""

        def answer(handler: Any) -> None:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()

        return self.does(path, answer)

    def does(self, path: str, answer: Callable[[Any], None]) -> str:
        """Answer a path in a way of one's own, and return its address."""
        self._http.answers[path] = answer
        return f"{self.url}{path}"

    def close(self) -> None:
        """Stop it."""
        self._http.shutdown()
        self._http.server_close()


Respond = Callable[[BaseHTTPRequestHandler], None]


class Web:
    """
    A web server on this machine that says what it is told to.

    Attributes:
        pages: What it answers, by path: a body, or what writes the whole answer.
        asked: What it was asked: paths, each with the headers, names in lower case.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self.pages: dict[str, bytes | Respond] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.certificate = certificate
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                web.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.close_connection = True
                page = web.pages.get(self.path.partition("?")[0])
                with suppress(OSError):
                    if callable(page):
                        page(self)
                    else:
                        answer(self, b"" if page is None else page, 404 if page is None else 200)

            do_POST = do_GET

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *args: Any) -> None:
                """Say nothing: tests break connections off."""

        self._server = Server(("127.0.0.1", 0), Handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, certificate.with_suffix(".key"))
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, path: str = "") -> str:
        """Return the address of a page."""
        host = "http://127.0.0.1" if self.certificate is None else "https://localhost"
        return f"{host}:{self._server.server_address[1]}{path}"

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def answer(to: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    """Write an answer; an underscore in a header's name stands for a hyphen."""
    to.send_response(status)
    for name, value in {"Content_Length": str(len(body)), **headers}.items():
        to.send_header(name.replace("_", "-"), value)
    to.end_headers()
    to.wfile.write(body)

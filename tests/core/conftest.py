"""A real proxy on this machine, as companies have one between their servers and the web."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

_HEAD = 65_536


@dataclass
class ConnectProxy:
    """
    A proxy that connects whoever asks with a server of this machine, whatever it is called.

    Attributes:
        lets_through: Ports of this machine, by the host and port that they stand for.
        signs_in: User and password that it asks for; None: it lets in everybody.
        status: What it answers instead; None: it does what it is asked.
        asked: The hosts and ports that it was asked for.
        told: What each of those who asked said behind the first line.
    """

    lets_through: dict[str, int] = field(default_factory=dict)
    signs_in: str | None = None
    status: bytes | None = None
    asked: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._attend, args=(client,), daemon=True).start()

    def _attend(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head and len(head) < _HEAD:
                data = client.recv(4_096)
                if not data:
                    return
                head += data
            first, _, rest = head.decode("latin-1").partition("\r\n")
            method, place, _ = first.split(" ")
            assert "CONNECT" == method
            self.asked.append(place)
            self.told.append(rest)
            status = self._status(place, rest)
            client.sendall(b"HTTP/1.1 %s\r\nX-Proxy: yes\r\n\r\n" % status)
            if status.startswith(b"200"):
                self._connect(client, self.lets_through[place])

    def _status(self, place: str, head: str) -> bytes:
        if self.status is not None:
            return self.status
        if self.signs_in is not None:
            right = base64.b64encode(self.signs_in.encode()).decode()
            if f"Proxy-Authorization: Basic {right}\r\n".lower() not in head.lower():
                return b"407 Proxy Authentication Required"
        return b"200 Connection established" if place in self.lets_through else b"502 Bad Gateway"

    def _connect(self, client: socket.socket, port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as server:
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            _pump(client, server)
            back.join()

    def url(self, login: str = "") -> str:
        """Return what ``https_proxy`` says of it."""
        return f"http://{login}127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Let nobody in any more."""
        # Closing alone would leave the thread waiting in it.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def connect_proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[ConnectProxy]:
    """Return a proxy that the environment names, and nothing else of it."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    proxy = ConnectProxy()
    monkeypatch.setenv("https_proxy", proxy.url())
    yield proxy
    proxy.stop()


@pytest.fixture
def closed_port() -> Callable[[], int]:
    """Return what finds a port of this machine where nobody listens."""

    def find() -> int:
        with socket.create_server(("127.0.0.1", 0)) as found:
            return int(found.getsockname()[1])

    return find

"""
One request for a file over HTTP, with the redirects that it leads to.

Every connection is encrypted and its certificate is checked; only this machine's own servers
may do without. Where the environment names a proxy, it only passes on what is encrypted. What
signs in goes to the host that the configuration names, and to no other.
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from regard.errors import AuthError, ConfigError, FileError, TransientError
from regard.fetching.guarding import Guard
from regard.proxies import Proxy, proxy_to
from regard.secrets import redactor
from regard.settings.paths import Remote
from regard.webaddresses import is_loopback

__all__ = ["Asker"]

_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAFE = "/%:@!$&'()*+,;=~?#[]"
_OWN = frozenset({"host", "connection", "accept-encoding", "transfer-encoding", "range"})
"""Headers that are not the configuration's business: with others an answer would mean else."""


class _Connection(http.client.HTTPConnection):
    """A connection that its guard knows from the first byte on."""

    def __init__(
        self, parts: SplitResult, guard: Guard, context: ssl.SSLContext | None, remote: Remote
    ) -> None:
        default = 80 if context is None else 443
        super().__init__(parts.hostname or "", parts.port or default, timeout=remote.seconds)
        self.default_port = default
        self._guard = guard
        self._context = context
        self._shown = remote.shown
        # Unencrypted are only this machine's own servers.
        self._proxy = None if context is None else proxy_to(self.host, self.port)
        if self._proxy is not None:
            redactor.add(self._proxy.password or "")

    def connect(self) -> None:
        """Connect, and encrypt before anything is said to the server."""
        if self._proxy is None:
            self._open(self.host, self.port)
        else:
            self._pass(self._proxy)
        if self._context is not None:
            # An end that is not announced may be somebody else's cut.
            self.sock = self._context.wrap_socket(
                self.sock, server_hostname=self.host, suppress_ragged_eofs=False
            )

    def _open(self, host: str, port: int) -> None:
        self.sock = socket.create_connection((host, port), self.timeout)
        self._guard.watch(self.sock)

    def _pass(self, proxy: Proxy) -> None:
        """
        Have a proxy connect us with the server.

        Raises:
            TransientError: The proxy is not there, or does not get through.
            AuthError: It does not let us.
        """
        place = f"{self._shown}: the proxy {proxy.place} (https_proxy)"
        host = f"[{self.host}]" if ":" in self.host else self.host.encode("idna").decode("ascii")
        lines = [f"CONNECT {host}:{self.port} HTTP/1.1", f"Host: {host}:{self.port}"]
        lines += [f"{name}: {value}" for name, value in proxy.headers.items()]
        try:
            self._open(proxy.host, proxy.port)
            self.sock.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
            with closing(http.client.HTTPResponse(self.sock, method="CONNECT")) as answer:
                answer.begin()
        except (OSError, http.client.HTTPException) as error:
            told = getattr(error, "strerror", None) or type(error).__name__
            message = f"{place} cannot be reached, or breaks off ({told})"
            raise TransientError(message) from error
        if answer.status == 407:
            message = f"{place} refuses the user or the password in it (407)"
            raise AuthError(message)
        if answer.status in (401, 403):
            message = f"{place} does not let us through to {self.host} ({answer.status})"
            raise AuthError(message)
        if not 200 <= answer.status < 300:
            message = f"{place} does not get through to {self.host} ({answer.status})"
            raise TransientError(message)


class Asker:
    """
    Asks for what lies at a remote, and follows where it is sent.

    Args:
        remote: An address of http or https.
        root: The project's folder.
        guard: Breaks connections off.
    """

    def __init__(self, remote: Remote, root: Path, guard: Guard) -> None:
        self._remote = remote
        self._guard = guard
        self._root = root
        self._context: ssl.SSLContext | None = None
        self._connection: _Connection | None = None
        self._answer: http.client.HTTPResponse | None = None

    def ask(self, conditions: Mapping[str, str]) -> http.client.HTTPResponse:
        """
        Return the answer behind all redirects.

        Args:
            conditions: Headers that say what is known already.

        Raises:
            OSError: The connection failed.
            http.client.HTTPException: The server does not speak HTTP.
            ConfigError: The certificate does not check out, or a header cannot be sent.
            FileError: Redirects lead round in a circle or out of https.
        """
        remote = self._remote
        home = url = _bare(remote.url or "")
        for _ in range(_MOST_REDIRECTS + 1):
            trusted = _origin(url) == _origin(home)
            answer = self._once(url, {**self._headers(trusted=trusted), **conditions})
            target = answer.headers.get("Location")
            if answer.status not in _REDIRECTS or target is None:
                return answer
            self.close()
            url = _followed(url, target, remote.shown)
        message = f"{remote.shown}: more than {_MOST_REDIRECTS} redirects, one after the other"
        raise FileError(message)

    def _headers(self, *, trusted: bool) -> dict[str, str]:
        """Return what is sent along: to another host nothing that signs in."""
        headers = {"User-Agent": "regard", "Accept": "*/*", "Accept-Encoding": "gzip"}
        if not trusted:
            return headers
        user, password = self._remote.login
        if user is not None or password is not None:
            pair = f"{user or ''}:{password or ''}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode('ascii')}"
        for name, value in self._remote.headers.items():
            if name.lower() not in _OWN:
                headers = {
                    key: text for key, text in headers.items() if key.lower() != name.lower()
                }
                headers[name] = value.get_secret_value()
        return headers

    def _once(self, url: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        parts = urlsplit(url)
        if parts.scheme == "https" and self._context is None:
            self._context = _context(self._remote, self._root)
        context = self._context if parts.scheme == "https" else None
        path = quote(parts.path or "/", safe=_SAFE)
        query = f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
        self._connection = _Connection(parts, self._guard, context, self._remote)
        try:
            self._connection.putrequest("GET", path + query, skip_accept_encoding=True)
            for name, value in headers.items():
                _put(self._connection, name, value)
            self._connection.endheaders()
            self._answer = self._connection.getresponse()
        except ssl.SSLCertVerificationError as error:
            message = (
                f"{self._remote.shown}: the certificate of {parts.hostname} does not check out: "
                f"{error.verify_message}; an own authority's certificate goes into `ca`"
            )
            raise ConfigError(message) from error
        except UnicodeError as error:
            message = f"{self._remote.shown}: {parts.hostname!r} is no name of a host"
            raise ConfigError(message) from error
        return self._answer

    def close(self) -> None:
        """Let go of the connection, and of an answer that is still open on it."""
        if self._answer is not None:
            self._answer.close()
            self._answer = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._guard.forget()


def _put(connection: _Connection, name: str, value: str) -> None:
    try:
        connection.putheader(name, value)
    except ValueError:
        # The error itself repeats the value.
        fault = True
    else:
        fault = False
    if fault:
        message = f"headers: {name!r} or its value holds signs that no header may have"
        raise ConfigError(message)


def _context(remote: Remote, root: Path) -> ssl.SSLContext:
    if remote.ca is None:
        return ssl.create_default_context()
    file = root / Path(remote.ca).expanduser()
    try:
        return ssl.create_default_context(cafile=str(file))
    except (OSError, ssl.SSLError) as error:
        there = "is no certificate" if file.is_file() else f"is no file in {root}"
        message = f"{remote.shown}: ca: {remote.ca!r} {there}"
        raise ConfigError(message) from error


def _bare(url: str) -> str:
    """Return an address without user, password and the part that no server is asked for."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, fragment="").geturl()


def _origin(url: str) -> tuple[str, str | None, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _followed(url: str, target: str, shown: str) -> str:
    """Return where a redirect leads, if one may go there."""
    try:
        found = _bare(urljoin(url, target.encode("latin-1", "replace").decode("utf-8", "replace")))
        parts = urlsplit(found)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    encrypted = parts.scheme == "https"
    among_us = parts.scheme == "http" == urlsplit(url).scheme and is_loopback(host or "")
    if not host or not (encrypted or among_us):
        message = f"{shown}: it redirects to what is no https address; nothing was followed"
        raise FileError(message)
    return found

"""
One small request to a server on the web: encrypted, for a bounded time, and nowhere else.

`regard.webaddresses` says which addresses are taken. No message repeats more of one than its
host.
"""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from threading import Thread
from typing import IO, Any
from urllib.parse import SplitResult, urlsplit

from regard.errors import ConfigError, TransientError
from regard.proxies import proxy_to
from regard.webaddresses import address_fault, host_of, is_loopback

__all__ = ["Answer", "call"]

_SECONDS = 10.0
_TUNNEL = re.compile(r"Tunnel connection failed: ([0-9]{3})\b")
"""What the standard library says where a proxy lets nobody through."""


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What a server answered.

    Attributes:
        status: The HTTP status; one of 300 to 399: it leads to another server.
        retry_after_seconds: How long it asks us to wait, if it does.
    """

    status: int
    retry_after_seconds: float | None = None


def call(
    url: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    seconds: float = _SECONDS,
) -> Answer:
    """
    Ask a server once, and return what it says; its text is not looked at.

    Args:
        url: Where.
        body: What is sent, with POST; None: nothing is, with GET.
        headers: More about the body.
        seconds: How long it may take, all in all.

    Raises:
        ConfigError: The address is none, or would send what is secret unencrypted; or the
            environment's proxy is none.
        TransientError: The server cannot be reached, or does not answer in time.
    """
    fault = address_fault(url)
    if fault is not None:
        message = f"the address {fault}"
        raise ConfigError(message)
    parts = urlsplit(url)
    # Without encryption only this machine is asked, and directly.
    proxy = proxy_to(parts.hostname or "", parts.port or 443)
    found: list[Answer | Exception] = []

    def ask() -> None:
        try:
            found.append(_ask(url, body, dict(headers or {}), seconds))
        except Exception as error:  # noqa: BLE001  # handed to whoever waits
            found.append(error)

    # A socket's timeout counts from byte to byte: a server that drips would never end.
    thread = Thread(target=ask, name="regard-web", daemon=True)
    thread.start()
    thread.join(seconds)
    host = host_of(url) + (f" through the proxy {proxy.place} (https_proxy)" if proxy else "")
    if not found:
        message = f"{host} does not answer within {seconds:g} s"
        raise TransientError(message)
    answer = found[0]
    if isinstance(answer, Answer):
        return answer
    message = f"{host} cannot be reached ({_reason(answer)})"
    raise TransientError(message) from None


def _reason(error: Exception) -> str:
    cause: object = getattr(error, "reason", error)
    refused = _TUNNEL.match(str(cause)) if isinstance(cause, OSError) else None
    if refused is not None:
        return f"the proxy answers {refused[1]}"
    if isinstance(cause, TimeoutError):
        return "no answer in time"
    return str(getattr(cause, "strerror", None) or type(cause).__name__)


def _ask(url: str, body: bytes | None, headers: dict[str, str], seconds: float) -> Answer:
    request = urllib.request.Request(  # noqa: S310  # `address_fault` lets in http(s) only
        url, data=body, headers={"User-Agent": "regard", **headers}
    )
    handlers: list[urllib.request.BaseHandler] = [_StayThere()]
    if is_loopback(host_of(url)):
        handlers.append(urllib.request.ProxyHandler({}))
    opener = urllib.request.build_opener(*handlers)
    try:
        with opener.open(request, timeout=seconds) as response:
            return _answer(response.status, response.headers.get)
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error.code, error.headers.get)
    except HTTPException as error:
        raise OSError(None, "the answer is no HTTP") from error


def _answer(status: int, header: Callable[[str], Any]) -> Answer:
    return Answer(status, _wait(header("Retry-After")))


def _wait(text: str | None) -> float | None:
    """Return the seconds that a ``Retry-After`` means: a number, or a date."""
    plain = (text or "").strip()
    if plain.isascii() and plain.isdecimal():
        return float(plain[:9])
    try:
        until = parsedate_to_datetime(plain)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port


class _StayThere(urllib.request.HTTPRedirectHandler):
    """Follows a redirection to the same server, sending the same again, and no other."""

    max_redirections = 3

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Any,  # noqa: ANN401  # as the class that is inherited says
        newurl: str,
    ) -> urllib.request.Request | None:
        """Return the next request; None: the redirection itself is the answer."""
        if _origin(urlsplit(req.full_url)) != _origin(urlsplit(newurl)):
            return None
        return urllib.request.Request(  # noqa: S310  # the same scheme as before
            newurl, data=req.data, headers=dict(req.header_items()), method=req.get_method()
        )

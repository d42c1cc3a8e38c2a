"""
The proxy between us and the web, where the environment names one.

``https_proxy`` and ``no_proxy`` mean what they mean to other programs. This machine's own
servers are asked directly. The proxy's password stands in no message.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from regard.errors import ConfigError
from regard.webaddresses import is_loopback

__all__ = ["Proxy", "proxy_to"]

_PORT: Final = 80
_WRONG: Final = (
    "https_proxy in the environment is no address of a proxy that regard can use; "
    'write "http://HOST:PORT"'
)


@dataclass(frozen=True, slots=True)
class Proxy:
    """
    A proxy that lets us through to hosts that it is asked for.

    Attributes:
        host: Where it is.
        port: Where it listens.
        user: Whom it knows us as; None: it asks for nobody.
        password: What it asks for beside.
    """

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        """How messages name it."""
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """What signs in at it."""
        if self.user is None:
            return {}
        pair = f"{self.user}:{self.password or ''}".encode()
        return {"Proxy-Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}


def proxy_to(host: str, port: int) -> Proxy | None:
    """
    Return the proxy by which an encrypted server is reached; None: it is asked directly.

    Raises:
        ConfigError: What the environment says is no proxy.
    """
    if is_loopback(host):
        return None
    text = getproxies_environment().get("https")
    if not text or proxy_bypass(f"{host}:{port}"):
        return None
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        found = parts.hostname, parts.port or _PORT
    except ValueError:
        # The error itself repeats the address.
        found = None, _PORT
        parts = urlsplit("")
    if parts.scheme != "http" or not found[0]:
        raise ConfigError(_WRONG)
    user = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    return Proxy(found[0], found[1], user, password)

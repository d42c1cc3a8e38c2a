"""
Tokens in place of passwords (OAuth 2.0, RFC 6750), as mail servers want them said.

How one gets a token is the provider's business and changes with it, so whoever runs regard lets
a program of theirs keep a fresh one in a file, and the configuration says
``token = "${file:...}"``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from pydantic import SecretStr

from regard.errors import ConfigError

__all__ = ["MECHANISMS", "REFUSED", "first_of", "said_by"]

MECHANISMS: Final = ("XOAUTH2", "OAUTHBEARER")
"""Google's and Microsoft's own, and that of RFC 7628."""
REFUSED: Final = (
    "the server refuses the user or the token; it may have expired: what keeps it fresh has to "
    "write a new one, and it must be allowed to use mail in this way"
)

_TOKEN = re.compile(r"[\x21-\x7e]+")


def said_by(
    user: str, token: SecretStr, address: tuple[str, int], where: str
) -> Mapping[str, bytes]:
    """
    Return what signs a user in, by mechanism.

    Args:
        user: Who signs in.
        token: The secret.
        address: Host and port of the server.
        where: The table of the configuration, for messages.

    Raises:
        ConfigError: It cannot be a token.
    """
    secret = token.get_secret_value().strip()
    if not _TOKEN.fullmatch(secret):
        message = f"{where}.token: it is empty, or has characters that no token has"
        raise ConfigError(message)
    bearer = f"auth=Bearer {secret}\x01\x01"
    host, port = address
    return {
        "XOAUTH2": f"user={user}\x01{bearer}".encode(),
        "OAUTHBEARER": f"n,a={user},\x01host={host}\x01port={port}\x01{bearer}".encode(),
    }


def first_of(offered: Collection[str], place: str) -> str:
    """
    Return the mechanism to use of those that a server offers.

    Raises:
        ConfigError: It offers none for tokens.
    """
    for name in MECHANISMS:
        if name in offered:
            return name
    message = f"{place}: the server offers no sign-in with a token ({' or '.join(MECHANISMS)})"
    raise ConfigError(message)

"""
Signing in to a mailbox: with a password, or with a token where providers take no passwords.

A token (OAuth 2.0, RFC 6750) is sent by XOAUTH2, as Google and Microsoft want it, or by
OAUTHBEARER (RFC 7628) where a server offers nothing else. How one gets a token is the
provider's business and changes with it, so whoever runs regard lets a program of theirs keep
a fresh one in a file, and the configuration says ``token = "${file:...}"``.
"""

from __future__ import annotations

import imaplib
import re
from collections.abc import Callable

from regard.errors import AuthError, ConfigError, TransientError
from regard.settings.servers import ImapConfig

__all__ = ["LATER", "sign_in"]

LATER = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]", re.IGNORECASE)
"""What a server says that could not answer now (RFC 5530)."""

_TOKEN = re.compile(r"[\x21-\x7e]+")


def sign_in(server: imaplib.IMAP4, config: ImapConfig, place: str) -> None:
    """
    Sign in.

    Args:
        server: The connection.
        config: Who signs in.
        place: Host and port, for messages.

    Raises:
        AuthError: The server refuses the password or the token.
        ConfigError: It offers no sign-in of that sort, or the token is none.
        TransientError: It takes nobody now.
    """
    try:
        if config.token is not None:
            name, answer = _with_token(server, config, place)
            server.authenticate(name, answer)
        elif config.password is not None:
            _with_password(server, config.user, config.password.get_secret_value())
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        if LATER.search(str(error)):
            message = f"{place}: the server takes nobody now"
            raise TransientError(message) from error
        refused = "password; many providers want a password made for one application"
        if config.token is not None:
            refused = (
                "token; it may have expired: what keeps it fresh has to write a new one, and it "
                "must be allowed to read mail over IMAP"
            )
        message = f"{place}: the server refuses the user or the {refused}"
        # What a server says to a refused token may quote it.
        raise AuthError(message) from None
    except UnicodeEncodeError as error:
        message = "imap.password: the server can only be sent ASCII; choose another password"
        raise ConfigError(message) from error


def _with_password(server: imaplib.IMAP4, user: str, password: str) -> None:
    if not (user + password).isascii() and "AUTH=PLAIN" in server.capabilities:
        # A LOGIN command has no way to say it, and RFC 4616 does.
        server.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
    else:
        server.login(user, password)


def _with_token(
    server: imaplib.IMAP4, config: ImapConfig, place: str
) -> tuple[str, Callable[[bytes], bytes]]:
    """Return the mechanism, and what to answer to the server's challenges."""
    token = config.token.get_secret_value().strip() if config.token else ""
    if not _TOKEN.fullmatch(token):
        message = "imap.token: it is empty, or has characters that no token has"
        raise ConfigError(message)
    host, port = config.address
    said = {
        "XOAUTH2": f"user={config.user}\x01auth=Bearer {token}\x01\x01",
        "OAUTHBEARER": f"n,a={config.user},\x01host={host}\x01port={port}\x01"
        f"auth=Bearer {token}\x01\x01",
    }
    name = next((each for each in said if f"AUTH={each}" in server.capabilities), None)
    if name is None:
        message = f"{place}: the server offers no sign-in with a token (XOAUTH2 or OAUTHBEARER)"
        raise ConfigError(message)
    # After a refusal the server says why and waits for an answer, which ends the exchange.
    answers = [said[name].encode(), b"\x01" if name == "OAUTHBEARER" else b""]
    return name, lambda _: answers.pop(0) if answers else b""

"""Signing in to a mailbox: with a password, or with a token where providers take no passwords."""

from __future__ import annotations

import imaplib
import re

from pydantic import SecretStr

from regard.errors import AuthError, ConfigError, TransientError
from regard.mail.tokens import REFUSED, first_of, said_by
from regard.settings.servers import ImapConfig

__all__ = ["LATER", "sign_in"]

LATER = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]", re.IGNORECASE)
"""What a server says that could not answer now (RFC 5530)."""


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
            _with_token(server, config.user, config.token, config.address)
        elif config.password is not None:
            _with_password(server, config.user, config.password.get_secret_value())
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        if LATER.search(str(error)):
            message = f"{place}: the server takes nobody now"
            raise TransientError(message) from error
        refused = REFUSED
        if config.token is None:
            refused = (
                "the server refuses the user or the password; many providers want a password "
                "made for one application"
            )
        message = f"{place}: {refused}"
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
    server: imaplib.IMAP4, user: str, token: SecretStr, address: tuple[str, int]
) -> None:
    said = said_by(user, token, address, "imap")
    offered = {each.removeprefix("AUTH=") for each in server.capabilities}
    name = first_of(offered, "{}:{}".format(*address))
    # After a refusal the server says why and waits for an answer, which ends the exchange.
    answers = [said[name], b"\x01" if name == "OAUTHBEARER" else b""]
    server.authenticate(name, lambda _: answers.pop(0) if answers else b"")

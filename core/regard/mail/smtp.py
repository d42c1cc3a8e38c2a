"""Mail that goes out, over SMTP: encrypted, one message after the other."""

from __future__ import annotations

import smtplib
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from regard.errors import AuthError, ConfigError, TransientError, Unanswered
from regard.mail.tokens import REFUSED, first_of, said_by
from regard.webaddresses import is_loopback

__all__ = ["Postman", "SmtpConfig", "sign_in"]

_GO_ON: Final = 334
_SIGNED_IN: Final = (235, 503)
"""Now, or already."""


class SmtpConfig(BaseModel):
    """
    The ``[smtp]`` table: the server that mail goes out by.

    Attributes:
        host: The server's name or address.
        port: Else 465 for ``tls``, 587 for ``starttls`` and 25 for ``none``.
        user: Who signs in; None: nobody does.
        password: Of the user; better ``${VAR}``.
        token: In place of a password, where the provider wants OAuth; best ``${file:...}``.
        sender: Who notices and reports come from, such as ``Regard <regard@shop.example>``;
            else the user, where that is an address.
        security: How the connection is encrypted; ``none`` is only for this machine's own server.
        ca: A file with the certificate of an own authority, relative to the project.
        seconds: How long the server may be silent.
    """

    model_config = ConfigDict(extra="forbid")

    host: str = Field(min_length=1)
    port: int | None = Field(None, ge=1, le=65_535)
    user: str | None = None
    password: SecretStr | None = None
    token: SecretStr | None = None
    sender: str | None = Field(None, pattern=r"^[^\r\n]+@[^\r\n]+$")
    security: Literal["tls", "starttls", "none"] = "starttls"
    ca: str | None = None
    seconds: float = Field(60.0, gt=0, le=600)

    @model_validator(mode="after")
    def _nothing_in_the_clear(self) -> SmtpConfig:
        if self.security == "none" and not is_loopback(self.host):
            message = 'security = "none" is only for a server on this machine'
            raise ValueError(message)
        if self.password is not None and self.token is not None:
            message = "give either password or, for a provider that wants OAuth, token"
            raise ValueError(message)
        if (self.user is None) != (self.password is None and self.token is None):
            message = "user and password, or user and token, belong together"
            raise ValueError(message)
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        usual = {"tls": 465, "starttls": 587, "none": 25}
        return self.host, self.port or usual[self.security]


class _Noting(smtplib.SMTP):
    """
    A connection that knows whether a message is on its way.

    Attributes:
        handing_over: The message's text is being sent, or its receipt is awaited.
    """

    handing_over = False

    def data(self, msg: Any) -> tuple[int, bytes]:  # noqa: ANN401  # what smtplib hands over
        """Send a message's text and wait for the receipt."""
        self.handing_over = True
        answer: tuple[int, bytes] = super().data(msg)
        self.handing_over = False
        return answer


class _NotingTls(_Noting, smtplib.SMTP_SSL):
    """The same, encrypted from the beginning."""


class Postman:
    """
    Hands messages to a server.

    Args:
        server: The connection.
        place: Host and port, for messages.
    """

    def __init__(self, server: _Noting, place: str) -> None:
        self._server = server
        self._place = place

    def send(self, message: EmailMessage, sender: str, receiver: str) -> bool:
        """
        Hand over one message; False: the server takes none for this address, ever.

        Raises:
            TransientError: It takes none now; this one was not sent.
            Unanswered: The connection broke before the receipt; it may have been sent.
        """
        self._server.handing_over = False
        try:
            self._server.send_message(message, sender, [receiver])
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            if 500 <= code < 600:
                return False
            text = f"{self._place}: the server takes no mail for an address now (code {code})"
            raise TransientError(text) from None
        except OSError as error:  # smtplib's errors are such
            # What a server answers may quote the address.
            answer = getattr(error, "smtp_code", None)
            if answer is None and self._server.handing_over:
                text = f"{self._place}: the connection broke before the message was acknowledged"
                raise Unanswered(text) from None
            said = f"code {answer}" if answer else type(error).__name__
            text = f"{self._place}: the server does not take the message ({said})"
            raise TransientError(text) from None
        return True


@contextmanager
def sign_in(config: SmtpConfig, root: Path) -> Iterator[Postman]:
    """
    Connect to the server for the length of a block.

    Args:
        config: Where, and as whom.
        root: The project's folder, where relative files start.

    Raises:
        AuthError: The server refuses the user or the password.
        ConfigError: Its certificate does not check out.
        TransientError: It cannot be reached.
    """
    host, port = config.address
    place = f"{host}:{port}"
    try:
        server = _open(config, root)
    except ssl.SSLCertVerificationError as error:
        message = f"smtp: the certificate of {place} does not check out: {error.verify_message}"
        raise ConfigError(message) from error
    except smtplib.SMTPAuthenticationError as error:
        if 400 <= error.smtp_code < 500:
            message = f"{place}: the server signs nobody in now (code {error.smtp_code})"
            raise TransientError(message) from error
        refused = REFUSED if config.token else "the server refuses the user or the password"
        # What a server says to a refused secret may quote it.
        message = f"{place}: {refused}"
        raise AuthError(message) from None
    except smtplib.SMTPNotSupportedError as error:
        message = f"{place}: the server cannot do what `security` or `user` asks for"
        raise ConfigError(message) from error
    except (smtplib.SMTPException, OSError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        message = f"{place}: the server cannot be reached ({reason})"
        raise TransientError(message) from error
    try:
        yield Postman(server, place)
    finally:
        with suppress(smtplib.SMTPException, OSError):
            server.quit()


def _open(config: SmtpConfig, root: Path) -> _Noting:
    host, port = config.address
    authority = root / Path(config.ca).expanduser() if config.ca else None
    if authority and not authority.is_file():
        message = f"smtp.ca: there is no file {config.ca!r} in {root}"
        raise ConfigError(message)
    context = ssl.create_default_context(cafile=authority)
    server: _Noting
    if config.security == "tls":
        server = _NotingTls(host, port, timeout=config.seconds, context=context)
    else:
        server = _Noting(host, port, timeout=config.seconds)
    try:
        if config.security == "starttls":
            server.starttls(context=context)
        if config.user is not None and config.token is not None:
            _with_token(server, config.user, config.token, config.address)
        elif config.user is not None and config.password is not None:
            _with_password(server, config.user, config.password.get_secret_value())
    except BaseException:
        server.close()
        raise
    return server


def _with_token(
    server: smtplib.SMTP, user: str, token: SecretStr, address: tuple[str, int]
) -> None:
    said = said_by(user, token, address, "smtp")
    name = first_of(_offered(server), "{}:{}".format(*address))
    code, answer = server.docmd("AUTH", f"{name} {b64encode(said[name]).decode('ascii')}")
    if code == _GO_ON:
        # It says why it refuses, and waits for an answer, which ends the exchange.
        code, answer = server.docmd("AQ==" if name == "OAUTHBEARER" else "")
    if code not in _SIGNED_IN:
        raise smtplib.SMTPAuthenticationError(code, answer)


def _offered(server: smtplib.SMTP) -> list[str]:
    """Return the mechanisms by which a server signs people in."""
    server.ehlo_or_helo_if_needed()
    return server.esmtp_features.get("auth", "").upper().split()


def _with_password(server: smtplib.SMTP, user: str, password: str) -> None:
    """Sign in; smtplib alone sends nothing beyond ASCII, which passwords may well have."""
    if (user + password).isascii():
        server.login(user, password)
        return
    offered = _offered(server)
    # RFC 4616 says UTF-8; of LOGIN nobody says anything, and servers read it alike.
    name, secret, both = map(_base64, (user, password, f"\0{user}\0{password}"))
    if "PLAIN" in offered:
        code, answer = server.docmd("AUTH", f"PLAIN {both}")
    elif "LOGIN" in offered:
        code, answer = server.docmd("AUTH", f"LOGIN {name}")
        if code == _GO_ON:
            code, answer = server.docmd(secret)
    else:
        message = "no way to sign in with such a password"
        raise smtplib.SMTPNotSupportedError(message)
    if code not in _SIGNED_IN:
        raise smtplib.SMTPAuthenticationError(code, answer)


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode("ascii")

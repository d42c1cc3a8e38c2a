"""Mail that goes out, over SMTP: encrypted, one message after the other."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from regard.errors import AuthError, ConfigError, TransientError
from regard.webaddresses import is_loopback

__all__ = ["Postman", "SmtpConfig", "sign_in"]


class SmtpConfig(BaseModel):
    """
    The ``[smtp]`` table: the server that mail goes out by.

    Attributes:
        host: The server's name or address.
        port: Else 465 for ``tls``, 587 for ``starttls`` and 25 for ``none``.
        user: Who signs in; None: nobody does.
        password: Of the user; better ``${VAR}``.
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
    sender: str | None = Field(None, pattern=r"^[^\r\n]+@[^\r\n]+$")
    security: Literal["tls", "starttls", "none"] = "starttls"
    ca: str | None = None
    seconds: float = Field(60.0, gt=0, le=600)

    @model_validator(mode="after")
    def _nothing_in_the_clear(self) -> SmtpConfig:
        if self.security == "none" and not is_loopback(self.host):
            message = 'security = "none" is only for a server on this machine'
            raise ValueError(message)
        if (self.user is None) != (self.password is None):
            message = "user and password belong together"
            raise ValueError(message)
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        usual = {"tls": 465, "starttls": 587, "none": 25}
        return self.host, self.port or usual[self.security]


class Postman:
    """
    Hands messages to a server.

    Args:
        server: The connection.
        place: Host and port, for messages.
    """

    def __init__(self, server: smtplib.SMTP, place: str) -> None:
        self._server = server
        self._place = place

    def send(self, message: EmailMessage, sender: str, receiver: str) -> bool:
        """
        Hand over one message; False: the server takes none for this address, ever.

        Raises:
            TransientError: It takes none now; this one was not sent.
        """
        try:
            self._server.send_message(message, sender, [receiver])
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            if 500 <= code < 600:
                return False
            text = f"{self._place}: the server takes no mail for an address now (code {code})"
            raise TransientError(text) from None
        except (smtplib.SMTPException, OSError) as error:
            # What a server answers may quote the address.
            answer = getattr(error, "smtp_code", None)
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
        message = f"{place}: the server refuses the user or the password"
        raise AuthError(message) from error
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


def _open(config: SmtpConfig, root: Path) -> smtplib.SMTP:
    host, port = config.address
    cafile = str(root / config.ca) if config.ca else None
    context = ssl.create_default_context(cafile=cafile)
    server: smtplib.SMTP
    if config.security == "tls":
        server = smtplib.SMTP_SSL(host, port, timeout=config.seconds, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=config.seconds)
    try:
        if config.security == "starttls":
            server.starttls(context=context)
        if config.user is not None and config.password is not None:
            server.login(config.user, config.password.get_secret_value())
    except BaseException:
        server.close()
        raise
    return server

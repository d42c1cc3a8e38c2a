"""What the configuration says of every source that reads mail."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from regard.webaddresses import is_loopback

__all__ = ["ImapConfig", "MailConfig"]


def _texts(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]


class ImapConfig(BaseModel):
    """
    A mailbox on a server.

    Attributes:
        host: The server's name or address.
        port: Else 993, and 143 without TLS.
        user: Who signs in.
        password: Of the user, or of this application alone; better ``${VAR}``.
        folder: The folders to read, as the mail program names them.
        tls: Whether the connection is encrypted; only an own machine's may do without.
        plain: The connection may go unencrypted over a network, password and all.
        ca: A file with the certificate of an own authority, relative to the project.
        seconds: How long the server may be silent.
    """

    model_config = ConfigDict(extra="forbid")

    host: str = Field(min_length=1)
    port: int | None = Field(None, ge=1, le=65_535)
    user: str = Field(min_length=1)
    password: SecretStr
    folder: Annotated[Texts, Field(min_length=1)] = ("INBOX",)
    tls: bool = True
    plain: bool = False
    ca: str | None = None
    seconds: float = Field(60.0, gt=0, le=600)

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> ImapConfig:
        if not self.tls and not self.plain and not is_loopback(self.host):
            message = (
                "tls = false would send the password over the network for all to read; only "
                "this machine's own servers may do without, unless plain = true insists"
            )
            raise ValueError(message)
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self.host, self.port or (993 if self.tls else 143)


class MailConfig(BaseModel):
    """
    What ``[sources.NAME]`` says of every source that reads mail; plug-ins add their own.

    Attributes:
        path: Files in mbox form, Maildir folders, or single messages (``*.eml``).
        imap: A mailbox on a server, in place of files.
        own: Our addresses and domains, which tell what comes in from what goes out.
        skip: Addresses and domains whose mail is left out.
    """

    model_config = ConfigDict(extra="forbid")

    path: Annotated[Texts, Field(min_length=1)] | None = None
    imap: ImapConfig | None = None
    own: Texts = ()
    skip: Texts = ()

    @model_validator(mode="after")
    def _one_of_both(self) -> MailConfig:
        if (self.path is None) == (self.imap is None):
            message = "give either path (mbox, Maildir, *.eml) or imap (a mailbox on a server)"
            raise ValueError(message)
        return self

"""What the configuration says of servers that something is read from."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from regard.webaddresses import is_loopback

__all__ = ["ImapConfig", "Texts"]


def _texts(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
"""One text or several."""


class ImapConfig(BaseModel):
    """
    A mailbox on a server.

    Attributes:
        host: The server's name or address.
        port: Else 993, and 143 without TLS.
        user: Who signs in.
        password: Of the user, or of this application alone; better ``${VAR}``.
        token: In place of a password, where the provider wants OAuth; best ``${file:...}``,
            which whatever renews it writes.
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
    password: SecretStr | None = None
    token: SecretStr | None = None
    folder: Annotated[Texts, Field(min_length=1)] = ("INBOX",)
    tls: bool = True
    plain: bool = False
    ca: str | None = None
    seconds: float = Field(60.0, gt=0, le=600)

    @model_validator(mode="after")
    def _one_secret(self) -> ImapConfig:
        if (self.password is None) == (self.token is None):
            message = "give either password or, for a provider that wants OAuth, token"
            raise ValueError(message)
        return self

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

"""
Where files lie: on this machine, behind an address, or in mails.

A ``path`` is a text, a table, or a list of both. A text without a scheme is a file, a folder or
a glob. Everything else is a remote: a place elsewhere that files are fetched from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    SecretStr,
    Tag,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from regard.names import did_you_mean
from regard.settings.faults import raise_faults
from regard.settings.models import Size
from regard.settings.sentences import explain
from regard.settings.servers import ImapConfig, Texts
from regard.webaddresses import is_loopback

__all__ = ["Attachments", "Paths", "Remote", "is_remote", "paths_of"]

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_GLOB: Final = re.compile(r"[*?\[]")
_KNOWN: Final = ("https", "sftp")
_OF_HTTPS: Final = ("headers", "ca", "name")
_OF_SFTP: Final = ("key", "passphrase", "host_key")
_SIZE: Final = 2 * 10**9


def is_remote(path: str) -> bool:
    """Say whether a path is an address rather than a file of this machine."""
    return _SCHEME.match(path) is not None


def _fault(text: str) -> PydanticCustomError:
    """Return a fault whose sentence reaches the reader as it is: it repeats no value."""
    return PydanticCustomError("regard", "{text}", {"text": text, "harmless": True})


def _checked(url: str) -> str:
    """Return an address that can be fetched from; the sentences never repeat it."""
    found = _SCHEME.match(url)
    scheme = found[1].lower() if found else ""
    if scheme not in (*_KNOWN, "http"):
        near = did_you_mean(scheme, _KNOWN)
        message = f"{scheme or 'this'} is no address that files are fetched from{near}"
        raise _fault(message)
    unfit = "it is no address; in user and password write @ as %40, / as %2F, : as %3A"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise _fault(unfit) from error
    if "@" in parts.netloc and "@" in url.partition(parts.netloc)[2]:
        # The password would be taken for a host and a path.
        raise _fault(unfit)
    if not host:
        message = f"the address names no host; write {scheme}://HOST/PATH"
        raise _fault(message)
    if any(sign <= " " or sign == "\x7f" for sign in url):
        message = "an address holds neither blanks nor signs of control; write a blank as %20"
        raise _fault(message)
    if scheme == "http" and not is_loopback(host):
        message = "http sends all in the clear, also what signs in; write https"
        raise _fault(message)
    if scheme == "sftp" and _GLOB.search(parts.path.rpartition("/")[0]):
        message = "of an sftp address only the last part may be a glob"
        raise _fault(message)
    return url


class Attachments(ImapConfig):
    """
    Files that come by mail.

    Attributes:
        attachment: Globs for the names of the files, such as ``*.csv``; case does not matter.
        sender: ``from``: whose mails are looked at, by addresses and domains; empty: anybody's.
        subject: What the subject contains, or one of several; case does not matter.
        since: The first day of mails that are looked at; None: all are.
    """

    attachment: Annotated[Texts, Field(min_length=1)]
    sender: Texts = Field((), alias="from")
    subject: Texts = ()
    since: date | None = None


class Remote(BaseModel):
    """
    A remote: a place elsewhere that files are fetched from.

    Attributes:
        url: ``https://...`` or ``sftp://...``; the last part of the latter may be a glob.
        imap: Mails with attachments, in place of an address.
        user: Who signs in, where the address does not say it.
        password: Of the user; better ``${VAR}``.
        headers: What else is sent with a request, such as ``Authorization``.
        ca: A file with the certificate of an own authority, relative to the project.
        name: What the file is called in the inbox; None: as the server or the address says.
        key: The private key to sign in with: a file, relative to the project, or the key itself.
        passphrase: Of the private key.
        host_key: The server's public key, such as ``ssh-ed25519 AAAA...``; None: it stands in
            the user's ``known_hosts``.
        seconds: How long a server may be silent.
        limit: How large a file may be, in bytes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, AfterValidator(_checked)] | None = None
    imap: Attachments | None = None
    user: str | None = Field(None, min_length=1)
    password: SecretStr | None = None
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    ca: str | None = None
    name: str | None = Field(None, min_length=1)
    key: SecretStr | None = None
    passphrase: SecretStr | None = None
    host_key: str | None = Field(None, min_length=1)
    seconds: float = Field(60.0, gt=0, le=600)
    limit: Size = _SIZE

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Remote:
        if (self.url is None) == (self.imap is None):
            message = "give either url (https or sftp) or imap (attachments of mails)"
            raise _fault(message)
        if self.imap is not None:
            foreign = sorted(self.model_fields_set - {"imap", "limit"})
            kind = "an imap table, whose settings stand in itself"
        else:
            kind = "an sftp address" if self.scheme == "sftp" else "an https address"
            others = _OF_HTTPS if self.scheme == "sftp" else _OF_SFTP
            foreign = [name for name in others if name in self.model_fields_set]
        if foreign:
            message = f"{foreign[0]} means nothing for {kind}"
            raise _fault(message)
        return self

    @property
    def address(self) -> SplitResult:
        """The address in its parts."""
        return urlsplit(self.url or "")

    @property
    def scheme(self) -> str:
        """``https``, ``http`` or ``sftp``; ``imap`` for mails."""
        return self.address.scheme if self.imap is None else "imap"

    @property
    def shown(self) -> str:
        """The remote as messages may show it: no user, no password, no query."""
        if self.imap is not None:
            host, port = self.imap.address
            return f"imap://{host}:{port}"
        parts = self.address
        query = "?..." if parts.query else ""
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}{query}"

    @property
    def login(self) -> tuple[str | None, str | None]:
        """User and password, of the table before those of the address."""
        parts = self.address
        user = self.user or (unquote(parts.username) if parts.username else None)
        if self.password is not None:
            return user, self.password.get_secret_value()
        return user, unquote(parts.password) if parts.password else None


def _checked_text(path: str) -> str:
    return _checked(path) if is_remote(path) else path


def _form(value: object) -> str:
    if isinstance(value, Remote | Mapping):
        return "[table]"
    return "[list]" if isinstance(value, list | tuple) else "[text]"


# In brackets, so that no fault takes them for keys.
_Text = Annotated[str, AfterValidator(_checked_text), Tag("[text]")]
_Table = Annotated[Remote, Tag("[table]")]
_One = Annotated[_Text | _Table, Discriminator(_form)]
_Several = Annotated[list[_One], Field(min_length=1), Tag("[list]")]
Paths = Annotated[_Text | _Table | _Several, Discriminator(_form)]
"""What ``path`` may be: a text, a table, or a list of both."""


class _Holder(BaseModel):
    path: Paths


def paths_of(
    paths: str | Remote | Mapping[str, Any] | Sequence[str | Remote | Mapping[str, Any]],
    where: str = "",
) -> list[str | Remote]:
    """
    Return what a path names: texts for this machine's files, and remotes.

    Args:
        paths: A path of a plug-in's Config, or as it stands in the configuration.
        where: The table that it stands in, such as ``sources.crm``.

    Raises:
        ConfigError: A table or an address is wrong.
    """
    if isinstance(paths, str) and not is_remote(paths):
        return [paths]
    if isinstance(paths, Remote):
        return [paths]
    if isinstance(paths, list | tuple) and not any(map(_needs_look, paths)):
        return list(paths)
    try:
        held = _Holder.model_validate({"path": paths}).path
    except ValidationError as error:
        faults = explain(error, _Holder, where=tuple(filter(None, where.split("."))))
    else:
        found = held if isinstance(held, list) else [held]
        return [_placed(each) for each in found]
    # Outside of the except: what pydantic raises repeats every value, secrets too.
    raise_faults(faults, None, "")
    return []


def _needs_look(path: object) -> bool:
    return not isinstance(path, str) or is_remote(path)


def _placed(path: str | Remote) -> str | Remote:
    if isinstance(path, Remote) or not is_remote(path):
        return path
    return Remote(url=path)

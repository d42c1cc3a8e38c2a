"""
Mail on a server, over IMAP: read without leaving a trace, and resumed where it broke off.

Folders are opened read-only (EXAMINE) and messages peeked at, so nothing is ever marked as
seen. Messages are asked for in small groups by their UIDs, which grow; where the server says
that they are numbered anew (UIDVALIDITY), the folder is read again from its start.
"""

from __future__ import annotations

import base64
import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from regard.errors import ConfigError, TransientError
from regard.mail.config import ImapConfig
from regard.mail.mailboxes import RawMessage
from regard.mail.messages import MAX_BYTES
from regard.mail.signing import LATER, sign_in
from regard.names import did_you_mean

__all__ = ["Folder", "Mailbox", "Outline", "connect"]

_GROUP_MESSAGES = 50
_GROUP_BYTES = 8 * 1024 * 1024
_PIECE_BYTES = 512 * 1024
_OUTLINE_BYTES = 16 * 1024
_FIRST_WINDOW = 500
_LARGEST_WINDOW = 1 << 31
_LAST_UID = (1 << 32) - 1
_ATTRIBUTES = re.compile(rb"\b(UID|RFC822\.SIZE)\s+(\d{1,20})")
_DELIVERED = re.compile(rb'INTERNALDATE\s+"\s?([^"]{10,40})"')
_NAME = re.compile(rb'\)\s+(?:"[^"]*"|NIL)\s+(.+)$')


@dataclass(frozen=True, slots=True)
class Folder:
    """
    A folder as it was when it was opened.

    Attributes:
        name: As the configuration has it.
        validity: Its UIDVALIDITY: with another one all UIDs mean something else.
        next_uid: What the next message will get; None where the server does not say.
        count: How many messages there are.
    """

    name: str
    validity: int
    next_uid: int | None
    count: int


@dataclass(frozen=True, slots=True)
class Outline:
    """
    What a message looks like from outside.

    Attributes:
        uid: Its number in the folder.
        size: In bytes.
        received_at: When it was delivered, where the server says so.
        headers: From, Subject and Date, as bytes.
    """

    uid: int
    size: int
    received_at: datetime | None
    headers: bytes


@dataclass(frozen=True, slots=True)
class _Size:
    uid: int
    size: int


class Mailbox:
    """
    A mailbox that somebody is signed in to.

    Args:
        server: The connection.
        place: Host and port, for messages.
    """

    def __init__(self, server: imaplib.IMAP4, place: str) -> None:
        self._server = server
        self._place = place

    def folders(self) -> list[str]:
        """Return the names of all folders."""
        _, lines = self._server.list()
        names = []
        for line in lines:
            joined = b" ".join(line) if isinstance(line, tuple) else line
            found = _NAME.search(joined or b"")
            if found is not None:
                names.append(_decoded(found[1].strip().strip(b'"')))
        return names

    def open(self, name: str) -> Folder:
        """
        Open a folder read-only.

        Raises:
            ConfigError: There is none of that name.
            TransientError: The server does not say what it has to.
        """
        quoted = _encoded(name).replace("\\", "\\\\").replace('"', '\\"')
        answer, said = self._server.select(f'"{quoted}"', readonly=True)
        if answer != "OK":
            text = (said[0] or b"").decode("utf-8", "replace") if said else ""
            if LATER.search(text):
                message = f"{self._place}: the folder {name!r} cannot be opened now"
                raise TransientError(message)
            near = did_you_mean(name, self.folders())
            message = f"{self._place}: there is no folder {name!r}{near}"
            raise ConfigError(message)
        validity, next_uid = self._number("UIDVALIDITY"), self._number("UIDNEXT")
        if validity is None:
            message = f"{self._place}: the server does not number the messages of {name!r}"
            raise TransientError(message)
        return Folder(name, validity, next_uid, int(said[0] or 0) if said else 0)

    def _number(self, code: str) -> int | None:
        _, said = self._server.response(code)
        value = said[-1] if said else None
        return int(value) if isinstance(value, bytes) and value.isdigit() else None

    def groups(self, folder: Folder, behind: int) -> Iterator[tuple[list[RawMessage], int]]:
        """
        Yield messages in groups that fit into memory, in the order of their UIDs.

        Args:
            folder: The one that is open.
            behind: The UID up to which messages are known.

        Returns:
            Pairs of messages and the UID up to which all messages have been yielded.
        """
        last = _LAST_UID if folder.next_uid is None else folder.next_uid - 1
        start, window, seen = behind + 1, _FIRST_WINDOW, behind
        while start <= last:
            end = min(last, start + window - 1)
            sizes = self._sizes(start, end)
            for group in _grouped(sizes):
                messages = self._fetch([each.uid for each in group])
                seen = group[-1].uid
                yield messages, seen
            # Where messages were deleted numbers are missing, sometimes millions of them.
            window = _FIRST_WINDOW if sizes else min(window * 8, _LARGEST_WINDOW)
            start = end + 1
        if folder.next_uid is not None and last > seen:
            yield [], last

    def outlines(self, folder: Folder, behind: int) -> Iterator[tuple[list[Outline], int]]:
        """
        Yield what messages look like, in the order of their UIDs.

        Args:
            folder: The one that is open.
            behind: The UID up to which messages are known.

        Returns:
            Pairs of outlines and the UID up to which all messages have been looked at.
        """
        last = _LAST_UID if folder.next_uid is None else folder.next_uid - 1
        start, window = behind + 1, _FIRST_WINDOW
        while start <= last:
            end = min(last, start + window - 1)
            found = self._outlines(start, end)
            # Where nobody says which number is the last one, none is passed over for good.
            reached = (
                end if folder.next_uid is not None else max((o.uid for o in found), default=0)
            )
            yield found, reached
            window = _FIRST_WINDOW if found else min(window * 8, _LARGEST_WINDOW)
            start = end + 1

    def _outlines(self, start: int, end: int) -> list[Outline]:
        wanted = (
            "(UID RFC822.SIZE INTERNALDATE "
            f"BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE)]<0.{_OUTLINE_BYTES}>)"
        )
        answer, lines = self._server.uid("FETCH", f"{start}:{end}", wanted)
        self._expect(answer)
        found: dict[int, Outline] = {}
        for said, text in _literals(lines):
            values = {name: int(value) for name, value in _ATTRIBUTES.findall(said)}
            uid = values.get(b"UID", 0)
            if start <= uid <= end:
                size = values.get(b"RFC822.SIZE", 0)
                found[uid] = Outline(uid, size, _delivered(said), text)
        return sorted(found.values(), key=lambda each: each.uid)

    def pieces(self, uid: int) -> Iterator[bytes]:
        """Yield a whole message piece by piece; nothing where it is gone meanwhile."""
        at = 0
        while True:
            wanted = f"(UID BODY.PEEK[]<{at}.{_PIECE_BYTES}>)"
            answer, lines = self._server.uid("FETCH", str(uid), wanted)
            self._expect(answer)
            piece = next((text for _, text in _literals(lines)), b"")
            if piece:
                yield piece
            if len(piece) < _PIECE_BYTES:
                return
            at += len(piece)

    def _sizes(self, start: int, end: int) -> list[_Size]:
        answer, lines = self._server.uid("FETCH", f"{start}:{end}", "(UID RFC822.SIZE)")
        self._expect(answer)
        found = []
        for line in lines:
            if not isinstance(line, bytes):
                continue
            values = {name: int(value) for name, value in _ATTRIBUTES.findall(line)}
            # "7:*" also names the last message where there is none from 7 up.
            if b"UID" in values and start <= values[b"UID"] <= end:
                found.append(_Size(values[b"UID"], values.get(b"RFC822.SIZE", 0)))
        return sorted(found, key=lambda each: each.uid)

    def _fetch(self, uids: Sequence[int]) -> list[RawMessage]:
        names = ",".join(map(str, uids))
        wanted = f"(UID INTERNALDATE BODY.PEEK[]<0.{MAX_BYTES + 1}>)"
        answer, lines = self._server.uid("FETCH", names, wanted)
        self._expect(answer)
        found: dict[int, RawMessage] = {}
        for said, text in _literals(lines):
            values = {name: int(value) for name, value in _ATTRIBUTES.findall(said)}
            uid = values.get(b"UID")
            if uid is not None:
                found[uid] = RawMessage(text, _delivered(said), uid)
        # One that was deleted meanwhile is not among them.
        return [found[uid] for uid in uids if uid in found]

    def _expect(self, answer: str) -> None:
        if answer != "OK":
            message = f"{self._place}: the server does not hand over messages now"
            raise TransientError(message)


def _literals(lines: Sequence[Any]) -> Iterator[tuple[bytes, bytes]]:
    """Yield what an answer says about texts, and the texts."""
    for at, line in enumerate(lines):
        if not isinstance(line, tuple):
            continue
        behind = lines[at + 1] if at + 1 < len(lines) else None
        # Attributes may stand before or behind the text.
        yield line[0] + (b" " + behind if isinstance(behind, bytes) else b""), line[1]


def _grouped(sizes: Sequence[_Size]) -> Iterator[list[_Size]]:
    group: list[_Size] = []
    total = 0
    for each in sizes:
        size = min(each.size, MAX_BYTES)
        if group and (len(group) >= _GROUP_MESSAGES or total + size > _GROUP_BYTES):
            yield group
            group, total = [], 0
        group.append(each)
        total += size
    if group:
        yield group


def _delivered(said: bytes) -> datetime | None:
    found = _DELIVERED.search(said)
    if found is None:
        return None
    try:
        moment = parsedate_to_datetime(found[1].decode("ascii", "replace").replace("-", " ", 2))
        return moment.astimezone(UTC)
    except (OverflowError, TypeError, ValueError):
        return None


@contextmanager
def connect(
    config: ImapConfig, root: Path, watch: Callable[[socket.socket], None] = lambda _: None
) -> Iterator[Mailbox]:
    """
    Sign in to a mailbox for the length of a block.

    Args:
        config: Where, and as whom.
        root: The project's folder, where relative files start.
        watch: Is given the connection before anything is read from it.

    Raises:
        AuthError: The server refuses the user, the password or the token.
        ConfigError: Its certificate does not check out, or a folder does not exist.
        TransientError: It cannot be reached, or the connection broke.
    """
    host, port = config.address
    place = f"{host}:{port}"
    try:
        server = _open(config, root, watch)
    except ssl.SSLCertVerificationError as error:
        message = (
            f"imap: the certificate of {place} does not check out: {error.verify_message}; an "
            "own authority's certificate goes into `ca`"
        )
        raise ConfigError(message) from error
    except (OSError, imaplib.IMAP4.error, EOFError) as error:
        raise TransientError(_broken(place, error)) from error
    try:
        sign_in(server, config, place)
        yield Mailbox(server, place)
    except (imaplib.IMAP4.abort, OSError, EOFError) as error:
        raise TransientError(_broken(place, error)) from error
    except imaplib.IMAP4.error as error:
        # The text of an answer may quote what was asked for.
        message = f"{place}: the server refused a request"
        raise TransientError(message) from error
    finally:
        _close(server)


def _open(config: ImapConfig, root: Path, watch: Callable[[socket.socket], None]) -> imaplib.IMAP4:
    opened: list[imaplib.IMAP4] = []

    class Plain(imaplib.IMAP4):
        def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
            super().open(host, port, timeout)
            opened.append(self)
            watch(self.sock)

    class Encrypted(imaplib.IMAP4_SSL):
        def open(self, host: str = "", port: int | None = 0, timeout: float | None = None) -> None:
            super().open(host, port, timeout)
            opened.append(self)
            watch(self.sock)

    host, port = config.address
    ca = str(_ca(config.ca, root)) if config.ca else None
    try:
        if not config.tls:
            return Plain(host, port, timeout=config.seconds)
        context = ssl.create_default_context(cafile=ca)
        return Encrypted(host, port, ssl_context=context, timeout=config.seconds)
    except BaseException:
        # Without a greeting imaplib leaves the connection open.
        for server in opened:
            with suppress(OSError):
                server.shutdown()
        raise


def _ca(path: str, root: Path) -> Path:
    file = root / Path(path).expanduser()
    if not file.is_file():
        message = f"imap.ca: there is no file {path!r} in {root}"
        raise ConfigError(message)
    return file


def _broken(place: str, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or type(error).__name__
    return f"{place}: the connection failed or broke off ({reason})"


def _close(server: imaplib.IMAP4) -> None:
    try:
        server.logout()
    except (OSError, imaplib.IMAP4.error, EOFError):
        # Whoever cannot say good-bye still has to let go.
        with suppress(OSError):
            server.shutdown()


def _encoded(name: str) -> str:
    """Return a folder's name as IMAP writes it (RFC 3501, 5.1.3: UTF-7, modified)."""

    def shifted(match: re.Match[str]) -> str:
        if match[0] == "&":
            return "&-"
        packed = base64.b64encode(match[0].encode("utf-16-be")).rstrip(b"=")
        return f"&{packed.decode('ascii').replace('/', ',')}-"

    return re.sub(r"&|[^\x20-\x7e]+", shifted, name)


def _decoded(name: bytes) -> str:
    def unshifted(match: re.Match[str]) -> str:
        if not match[1]:
            return "&"
        packed = match[1].replace(",", "/")
        try:
            return base64.b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-16-be")
        except ValueError:
            return match[0]

    return re.sub(r"&([A-Za-z0-9+,]*)-", unshifted, name.decode("utf-8", "replace"))

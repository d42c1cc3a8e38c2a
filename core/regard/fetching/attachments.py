"""
Files that come by mail: each attachment lands once, and no message is touched.

Of new messages only sender, subject and date are looked at first; those that fit are fetched
whole, and what is attached under a wanted name becomes a file. Its name begins with the day on
which the message came, so that the files of one glob are read in their order.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase
from hashlib import sha256

from regard.errors import TransientError
from regard.fetching.guarding import Guard, Patience
from regard.fetching.inbox import Inbox, Kept, Memory, identity
from regard.fetching.naming import safe_name
from regard.fetching.surroundings import Surroundings
from regard.mail import covers
from regard.mail.addresses import addresses_in
from regard.mail.imap import Folder, Mailbox, Outline, connect
from regard.mail.texts import Headers, header_text
from regard.secrets import mask
from regard.settings.paths import Attachments, Remote

__all__ = ["fetch", "look", "memory_of"]

_LARGEST_MESSAGE = 64 * 1024 * 1024
"""Bytes; no provider takes larger ones, and it is taken apart in memory."""

_MOST_BOUNDARIES = 60
_MOST_FILES = 100
"""Of one message."""


def memory_of(remote: Remote, inbox: Inbox) -> Memory:
    """Return what is remembered of a mailbox, as it is looked at by this filter."""
    wanted = _wanted(remote)
    since = str(wanted.since or "")
    lists = ("\1".join(each) for each in (wanted.sender, wanted.subject, wanted.attachment))
    return inbox.memory(identity(_box(wanted), since, *lists), remote.shown)


def _wanted(remote: Remote) -> Attachments:
    assert remote.imap is not None  # noqa: S101  # whoever calls has looked at the scheme
    return remote.imap


def _box(wanted: Attachments) -> str:
    host, port = wanted.address
    return mask(f"imap://{wanted.user}@{host}:{port}")


def look(remote: Remote, inbox: Inbox, around: Surroundings) -> str:
    """
    Say how many new messages fit, without fetching any.

    Raises:
        RegardError: Why the mailbox cannot be looked at.
    """
    wanted, memory = _wanted(remote), memory_of(remote, inbox)
    count = 0
    with _Visit(remote, around) as visit, visit.connect() as mailbox:
        for name in wanted.folder:
            folder = mailbox.open(name)
            for outlines, _ in mailbox.outlines(folder, _behind(memory, folder)):
                around.check()
                count += sum(_fits(each, wanted) for each in outlines)
    said = f"{count:,} new {'message fits' if count == 1 else 'messages fit'}"
    if wanted.sender:
        return said
    return f"{said}; anybody who writes there can send files: name senders in `from`"


def fetch(remote: Remote, inbox: Inbox, around: Surroundings) -> list[str]:
    """
    Fetch the attachments of new messages into the inbox.

    Returns:
        What the run's summary should say, such as which messages are too large.

    Raises:
        RegardError: Why not all could be had; what was fetched stays.
    """
    wanted, memory = _wanted(remote), memory_of(remote, inbox)
    notes: list[str] = []
    with _Visit(remote, around) as visit, visit.connect() as mailbox:
        for name in wanted.folder:
            folder = mailbox.open(name)
            if memory.reached.get(name, (folder.validity, 0))[0] != folder.validity:
                notes.append(f"{name} was numbered anew by the server and is read from its start")
            _Folder(remote, mailbox, folder, memory, inbox, visit, notes).fetch()
    return notes


class _Visit:
    """
    A connection to a mailbox that is guarded.

    Args:
        remote: The mailbox.
        around: The run.
    """

    def __init__(self, remote: Remote, around: Surroundings) -> None:
        self.around = around
        self._wanted = _wanted(remote)
        self.patience = Patience(self._wanted.seconds, around.cancelled)
        self.guard = Guard(self.patience)
        self._shown = remote.shown

    def connect(self) -> AbstractContextManager[Mailbox]:
        """Return what signs in for the length of a block."""
        return connect(self._wanted, self.around.root, self.guard.watch)

    def __enter__(self) -> _Visit:
        self.guard.__enter__()
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self.guard.__exit__(None, None, None)
        if isinstance(error, TransientError) and self.patience.decided:
            self.around.check()
            raise self.patience.error(self._shown) from error


class _Folder:
    """One folder of mails, and what is fetched from it."""

    def __init__(
        self,
        remote: Remote,
        mailbox: Mailbox,
        folder: Folder,
        memory: Memory,
        inbox: Inbox,
        visit: _Visit,
        notes: list[str],
    ) -> None:
        self._wanted = _wanted(remote)
        self._limit = remote.limit
        self._mailbox = mailbox
        self._folder = folder
        self._memory = memory
        self._inbox = inbox
        self._visit = visit
        self._notes = notes
        self._known = {kept.version for kept in memory.files.values()}

    def fetch(self) -> None:
        """Fetch from each message that fits; how far it went is remembered as it goes."""
        behind = _behind(self._memory, self._folder)
        for outlines, reached in self._mailbox.outlines(self._folder, behind):
            for outline in outlines:
                self._visit.around.check()
                self._visit.patience.count(len(outline.headers) + 4_096)
                if _fits(outline, self._wanted):
                    self._take(outline)
                    self._reach(outline.uid)
            self._reach(reached)

    def _reach(self, uid: int) -> None:
        before = _behind(self._memory, self._folder)
        if uid > before:
            self._memory.reached[self._folder.name] = (self._folder.validity, uid)
            self._inbox.save()

    def _take(self, outline: Outline) -> None:
        """Let what is attached to one message land."""
        message = self._message(outline)
        if message is None:
            return
        moment = outline.received_at or _sent_at(outline) or self._visit.around.now()
        try:
            files = list(_files(message, self._wanted))
        except (RecursionError, ValueError, LookupError, AssertionError, TypeError) as error:
            self._pass_over(outline, f"cannot be taken apart ({type(error).__name__})")
            return
        for number, (name, data) in enumerate(files, start=1):
            self._land(f"{moment:%Y-%m-%d}-{safe_name(name)}", data, outline.uid, number, moment)

    def _land(self, name: str, data: bytes, uid: int, number: int, moment: datetime) -> None:
        if len(data) > self._limit:
            self._notes.append(f"passed over: {name} has more than {self._limit:,} bytes")
            return
        folder = self._folder
        version = sha256(name.encode() + b"\0" + data).hexdigest()
        if version in self._known:
            # The folder was numbered anew, or the same was sent twice in a day.
            return
        origin = f"{_box(self._wanted)}/{folder.name}/{folder.validity}/{uid}/{number}"
        with self._inbox.part() as part:
            part.write(data)
            kept = Kept(origin, len(data), version, self._visit.around.now().isoformat())
            self._inbox.land(self._memory, part, name, kept, moment)
            self._inbox.save()
        self._known.add(version)

    def _message(self, outline: Outline) -> Message | None:
        """Return a message whole; None where it is too large, gone, or made to hurt."""
        if outline.size > _LARGEST_MESSAGE:
            self._pass_over(outline, f"has more than {_LARGEST_MESSAGE:,} bytes")
            return None
        data = bytearray()
        for piece in self._mailbox.pieces(outline.uid):
            data += piece
            self._visit.patience.count(len(piece))
            self._visit.around.progress(len(data), outline.size or None, "bytes")
            self._visit.around.check()
            if len(data) > _LARGEST_MESSAGE:
                self._pass_over(outline, f"has more than {_LARGEST_MESSAGE:,} bytes")
                return None
        if data.lower().count(b"boundary=") > _MOST_BOUNDARIES:
            self._pass_over(outline, f"has more than {_MOST_BOUNDARIES} parts within parts")
            return None
        try:
            return message_from_bytes(bytes(data))
        except (RecursionError, ValueError, LookupError, AssertionError) as error:
            self._pass_over(outline, f"cannot be taken apart ({type(error).__name__})")
            return None

    def _pass_over(self, outline: Outline, why: str) -> None:
        self._notes.append(f"passed over: message {outline.uid} of {self._folder.name} {why}")


def _behind(memory: Memory, folder: Folder) -> int:
    """Return the UID up to which a folder is known."""
    validity, uid = memory.reached.get(folder.name, (folder.validity, 0))
    return uid if validity == folder.validity else 0


def _fits(outline: Outline, wanted: Attachments) -> bool:
    """Say whether a message is from whom, about what and as new as is wanted."""
    headers = _headers(outline)
    received = outline.received_at or _sent_at(outline)
    if wanted.since is not None and received is not None and received.date() < wanted.since:
        return False
    if wanted.sender:
        senders = addresses_in(headers.all("From"))
        if not senders or not covers(wanted.sender, senders[0]):
            return False
    subject = headers.first("Subject").casefold()
    return not wanted.subject or any(each.casefold() in subject for each in wanted.subject)


def _headers(outline: Outline) -> Headers:
    return Headers(message_from_bytes(outline.headers))


def _sent_at(outline: Outline) -> datetime | None:
    try:
        moment = parsedate_to_datetime(_headers(outline).first("Date")[:200])
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (IndexError, OverflowError, TypeError, ValueError):
        return None


def _files(message: Message, wanted: Attachments) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of what is attached under a wanted name."""
    patterns = [pattern.casefold() for pattern in wanted.attachment]
    found = 0
    for part in message.walk():
        if part.is_multipart() or found >= _MOST_FILES:
            continue
        name = _file_name(part)
        if name is None or not any(fnmatchcase(name.casefold(), each) for each in patterns):
            continue
        try:
            data = part.get_payload(decode=True)
        except (binascii.Error, ValueError, LookupError):
            continue
        if isinstance(data, bytes):
            found += 1
            yield name, data


def _file_name(part: Message) -> str | None:
    """Return what an attachment is called, as one name without folders."""
    try:
        name = part.get_filename()
    except (LookupError, TypeError, ValueError):  # a header that was made to hurt
        return None
    return safe_name(header_text(name)) if name else None

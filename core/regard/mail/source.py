"""What every source of mail is: the road from a mailbox to records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, ClassVar, TypeVar

from regard.cursors import CursorValue
from regard.errors import Cancelled, ConfigError, FileError, RecordError
from regard.mail.automatic import NAMES
from regard.mail.config import ImapConfig, MailConfig
from regard.mail.imap import Folder, Mailbox, connect
from regard.mail.mailboxes import RawMessage, expand, goes_on, read_file
from regard.mail.messages import Message, parse
from regard.mail.touchpoints import Correspondence
from regard.settings.paths import Remote, paths_of
from regard.sources import Context, FileProgress, InputFile, Page, Record, Source, Stream, Yielded

__all__ = ["MailSource"]

MailConfigT = TypeVar("MailConfigT", bound=MailConfig)

_PAGE_MESSAGES = 200
_HEAD = 2_000
"""Characters of a message that cannot be understood, as quarantine keeps it."""

_RECIPE = "mail-2"
"""Changes when the same bytes give other records."""

_OTHERS = {
    **NAMES,
    "internal": ("message among ourselves", "messages among ourselves"),
    "skipped": ("message of a skipped address", "messages of skipped addresses"),
    "old": ("message older than keep_days", "messages older than keep_days"),
    "wordless": ("reply that says nothing", "replies that say nothing"),
    "other-survey": ("reply to another survey", "replies to other surveys"),
    "shortened": ("large message, looked at in part", "large messages, looked at in part"),
}
_SAID_APART = ("shortened",)


@dataclass(slots=True)
class _Tally:
    """Counts what gives no record, for the run's summary."""

    counts: Counter[str] = field(default_factory=Counter)

    def notes(self) -> Iterator[str]:
        """Yield sentences on what was counted."""
        left = [self._said(name) for name in _OTHERS if name not in _SAID_APART]
        said = ", ".join(filter(None, left))
        if said:
            yield f"left out: {said}"
        yield from filter(None, (self._said(name) for name in _SAID_APART))

    def _said(self, name: str) -> str:
        count = self.counts[name]
        return f"{count:,} {_OTHERS[name][count != 1]}" if count else ""


class MailSource(Source[MailConfigT]):
    """
    Reads mailboxes: IMAP, mbox, Maildir, and files of single messages. Subclass it.

    A subclass says what a message is; where it lies, resuming, quarantine and counting are
    done here::

        class Praise(MailSource[MailConfig]):
            name = "praise"
            Config = MailConfig
            streams = (Stream("praise", "touchpoint", ordered=True),)

            def records(self, message, stream, ctx):
                if "thank" in (message.text or ""):
                    yield self.correspondence.touchpoint(message)

    """

    Config: ClassVar[type[Any] | None] = MailConfig

    def __init__(self, config: MailConfigT) -> None:
        super().__init__(config)
        self.correspondence = Correspondence(config.own, config.skip)
        self._tally = _Tally()

    def records(self, message: Message, stream: Stream, ctx: Context) -> Iterable[Record]:
        """
        Yield what a message says.

        Args:
            message: Also one that nobody wrote by hand; see `Message.auto`.
            stream: The stream that is read.
            ctx: What the host offers.

        Raises:
            RecordError: It should give a record and does not; it goes to quarantine.
        """
        raise NotImplementedError

    def key_of(self, message: Message) -> str:
        """Return the key of the record that a refused message would have given."""
        return message.message_id

    def recipe(self) -> Sequence[str]:
        """Return what decides about records beside ``own`` and ``skip``: own settings."""
        return ()

    def pass_over(self, reason: str) -> None:
        """Count a message that gives no record, by the reason that the summary names."""
        self._tally.counts[reason] += 1

    def check(self, ctx: Context) -> None:
        """
        See whether the mailbox is there and can be opened, without reading any message.

        Raises:
            ConfigError: There is no such file or folder.
            AuthError: The server refuses user or password.
            FileError: A file is no mailbox.
        """
        if self.config.imap is not None:
            with connect(self.config.imap, ctx.root) as mailbox:
                for name in self.config.imap.folder:
                    folder = mailbox.open(name)
                    ctx.note(f"{_count(folder.count, 'message')} in {name}")
            return
        files = self._files(ctx)
        problems: list[str] = []
        for file in files:
            try:
                next(iter(read_file(file.path)), None)
            except FileError as error:
                problems.append(str(error))
        ctx.note(f"{_count(len(files), 'file')} of mail")
        if problems:
            raise FileError("\n".join(problems))

    def read(
        self,
        stream: Stream,
        since: CursorValue | None,
        until: CursorValue | None,
        ctx: Context,
    ) -> Iterator[Yielded]:
        """
        Yield the records of one stream, page by page.

        Raises:
            FileError: Files could not be read; all others were.
            ConfigError: There is no folder of some name; all others were read.
            AuthError: The server refuses user or password.
            TransientError: The connection broke; what was yielded stays.
        """
        self._tally = _Tally()
        try:
            if self.config.imap is not None:
                yield from self._read_imap(self.config.imap, stream, since, ctx)
            else:
                yield from self._read_files(stream, ctx)
        finally:
            for note in self._tally.notes():
                ctx.note(note)

    def replay(
        self, raw: Mapping[str, Any], stream: Stream, ctx: Context, *, file: str | None = None
    ) -> Iterable[Record]:
        """
        Return what a message from quarantine says today.

        Raises:
            RecordError: It is still refused.
            FileError: Only its beginning was kept.
        """
        if "message_id" not in raw:
            message = f"only its beginning was kept: use --full-refresh {stream.name}"
            raise FileError(message)
        return list(self.records(_message(raw), stream, ctx))

    def _recipe(self) -> str:
        return "|".join((_RECIPE, *self.config.own, "", *self.config.skip, "", *self.recipe()))

    def _files(self, ctx: Context) -> list[InputFile]:
        """Return the files of mailboxes that have something new."""
        named = paths_of(self.config.path) if self.config.path is not None else []
        places = expand([each for each in named if isinstance(each, str)], ctx.root)
        if places.empty:
            ctx.note(f"{_count(places.empty, 'Maildir')} without a message")
        files: list[InputFile] = []
        elsewhere = [each for each in named if isinstance(each, Remote)]
        if elsewhere:
            files += ctx.files(elsewhere, recipe=self._recipe(), growing=True)
        if places.files:
            files += ctx.files(places.files, recipe=self._recipe(), growing=True)
        if places.maildirs:
            files += ctx.files(places.maildirs, recipe=self._recipe())
        return files

    def _read_files(self, stream: Stream, ctx: Context) -> Iterator[Yielded]:
        broken: list[str] = []
        for file in self._files(ctx):
            try:
                yield from self._read_file(file, stream, ctx)
            except FileError as error:
                broken.append(str(error))
        if broken:
            raise FileError("\n".join(broken))

    def _read_file(self, file: InputFile, stream: Stream, ctx: Context) -> Iterator[Page]:
        """Yield a file's messages, as far as they were not read before, in pages."""
        also = tuple(each.name for each in self.streams if each.name != stream.name)
        known, done, at = file.rows_done, 0, 0
        if file.bytes_done and goes_on(file.path, file.bytes_done):
            done, at = known, file.bytes_done
        elif file.bytes_done:
            known -= 1  # the last message was still being written
        records: list[Record] = []
        for raw in read_file(file.path, at):
            done += 1
            if done > known:
                records += self._records_of(raw, stream, ctx, file=file.name)
            if done % _PAGE_MESSAGES == 0 and done > known:
                yield Page(records, progress=FileProgress(file, done, also=also))
                records = []
                _go_on(ctx, done)
        yield Page(records, progress=FileProgress(file, done, complete=True, also=also))
        _go_on(ctx, done)

    def _read_imap(
        self, config: ImapConfig, stream: Stream, since: CursorValue | None, ctx: Context
    ) -> Iterator[Yielded]:
        reached = dict(since) if isinstance(since, dict) else {}
        missing: list[str] = []
        with connect(config, ctx.root) as mailbox:
            for name in config.folder:
                try:
                    folder = mailbox.open(name)
                except ConfigError as error:  # a renamed one keeps no other from being read
                    missing.append(str(error))
                    continue
                yield from self._read_folder(mailbox, folder, stream, reached, ctx)
        if missing:
            raise ConfigError("\n".join(missing))

    def _read_folder(
        self,
        mailbox: Mailbox,
        folder: Folder,
        stream: Stream,
        reached: dict[str, object],
        ctx: Context,
    ) -> Iterator[Yielded]:
        """Yield a page for each group of messages; the cursor behind it says how far it went."""
        recipe = sha256(self._recipe().encode()).hexdigest()[:12]
        behind = _behind(reached.get(folder.name), folder, recipe, ctx)
        done = 0
        for group, uid in mailbox.groups(folder, behind):
            records: list[Record] = []
            for raw in group:
                records += self._records_of(raw, stream, ctx, file=folder.name)
            done += len(group)
            place = {"uidvalidity": folder.validity, "uid": uid, "recipe": recipe}
            reached[folder.name] = place
            yield Page(records, cursor=dict(reached))
            _go_on(ctx, done)

    def _records_of(
        self, raw: RawMessage, stream: Stream, ctx: Context, *, file: str
    ) -> list[Record]:
        """Return a message's records; one that cannot be used goes to quarantine."""
        try:
            message = parse(raw.data, now=ctx.clock.now(), received_at=raw.received_at)
        except RecordError as error:
            head = raw.data[:_HEAD].decode("utf-8", "replace")
            ctx.quarantine(
                {"head": head}, error.reason, message=str(error), file=file, line=raw.place
            )
            return []
        if message.shortened:
            self._tally.counts["shortened"] += 1
        try:
            return list(self.records(message, stream, ctx))
        except RecordError as error:
            ctx.quarantine(
                _payload(message),
                error.reason,
                message=str(error),
                field=error.field,
                key=self.key_of(message),
                file=file,
                line=raw.place,
            )
            return []


def _go_on(ctx: Context, done: int) -> None:
    ctx.progress(done, unit="messages")
    if ctx.cancelled:
        message = "the run was asked to stop"
        raise Cancelled(message)


def _behind(stored: object, folder: Folder, recipe: str, ctx: Context) -> int:
    """Return the UID up to which a folder is known."""
    if not isinstance(stored, dict):
        return 0
    if stored.get("uidvalidity") != folder.validity:
        ctx.note(f"{folder.name} was numbered anew by the server and is read from its start")
        return 0
    if stored.get("recipe", recipe) != recipe:
        ctx.note(f"{folder.name} is read from its start, as the settings say something else now")
        return 0
    uid = stored.get("uid")
    return uid if isinstance(uid, int) else 0


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


_KEPT = (
    *("message_id", "in_reply_to", "from_address", "reply_to", "subject", "text", "list_id"),
    "survey",
)
_LISTS = ("references", "to_addresses")


def _payload(message: Message) -> dict[str, Any]:
    """Return a message as quarantine keeps it: what was understood of it."""
    kept: dict[str, Any] = {name: getattr(message, name) for name in _KEPT}
    kept |= {name: " ".join(getattr(message, name)) for name in _LISTS}
    kept["sent_at"] = message.sent_at.isoformat() if message.sent_at else None
    return {name: value for name, value in kept.items() if value}


def _message(raw: Mapping[str, Any]) -> Message:
    from datetime import datetime

    values: dict[str, Any] = {name: raw.get(name) for name in _KEPT}
    values |= {name: tuple(str(raw.get(name) or "").split()) for name in _LISTS}
    sent_at = raw.get("sent_at")
    values["sent_at"] = datetime.fromisoformat(str(sent_at)) if sent_at else None
    return Message(**values)

"""
One message, as far as measures need it.

Whatever arrives by mail may be broken or made to hurt: nothing here raises anything but
`RecordError`, and the time and memory for a message grow with what is looked at of it, which
is bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message as Parsed
from email.utils import parsedate_to_datetime
from hashlib import sha256

from regard.errors import RecordError
from regard.mail.addresses import addresses_in
from regard.mail.automatic import Automatic, automatic_reason, failed_addresses
from regard.mail.bodies import text_of
from regard.mail.quotes import split_quotes
from regard.mail.texts import Headers

__all__ = ["MAX_BYTES", "MAX_TEXT", "Message", "parse"]

MAX_BYTES = 2 * 1024 * 1024
"""What is looked at of one message; its text stands in front of what is attached."""

MAX_TEXT = 50_000
"""Characters that are kept of what somebody wrote."""

_MAX_BOUNDARIES = 60
_ID = re.compile(r"<([^<>\s]{1,400})>")
_BARE_ID = re.compile(r"[^<>\s]{1,400}")
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_SKEW = timedelta(days=1)
_TO = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
_LIST_ID = re.compile(r"<([^<>\s]{1,253})>\s*$")


@dataclass(frozen=True, slots=True)
class Message:
    """
    A message that was understood.

    Attributes:
        message_id: Without its brackets; where it has none, ``digest:`` and what is stable of it.
        references: The messages before it in its thread, the first one first.
        in_reply_to: The message that it answers.
        from_address: Who sent it, lower-case.
        to_addresses: Whom it went to, those of its envelope last.
        sent_at: As it says, else as those say who delivered it; None where nobody does.
        subject: On one line.
        text: What its sender wrote, without quotes and signature; None: nothing.
        auto: What it is if nobody wrote it by hand.
        list_id: The mailing list that it came through.
        survey: What the header ``X-Regard-Survey`` says.
        failed: Of a bounce, the addresses that no mail reaches for good.
        shortened: It was too large to be looked at whole.
        reply_to: Where its sender wants answers to go, where that is another address.
    """

    message_id: str
    references: tuple[str, ...] = ()
    in_reply_to: str | None = None
    from_address: str | None = None
    to_addresses: tuple[str, ...] = ()
    sent_at: datetime | None = None
    subject: str | None = None
    text: str | None = None
    auto: Automatic | None = None
    list_id: str | None = None
    survey: str | None = None
    failed: tuple[str, ...] = ()
    shortened: bool = False
    reply_to: str | None = None

    @property
    def thread(self) -> str:
        """The message that its thread began with, as far as it says."""
        if self.references:
            return self.references[0]
        return self.in_reply_to or self.message_id


def parse(data: bytes, *, now: datetime, received_at: datetime | None = None) -> Message:
    """
    Return the message that bytes are.

    Args:
        data: A whole message, or its beginning; beyond `MAX_BYTES` it is not looked at.
        now: The time: what was sent later has a wrong clock.
        received_at: When it was delivered, where the mailbox says so.

    Raises:
        RecordError: It is no message: ``empty-mail``, ``not-a-mail``, ``nested-mail``.
    """
    head = data[:MAX_BYTES]
    if not head.strip():
        raise RecordError("empty-mail", "the message is empty")
    if head[:MAX_BYTES].lower().count(b"boundary=") > _MAX_BOUNDARIES:
        message = f"the message has more than {_MAX_BOUNDARIES} parts within parts"
        raise RecordError("nested-mail", message)
    try:
        parsed = message_from_bytes(head)
    except (RecursionError, ValueError, LookupError, AssertionError) as error:
        message = f"the message cannot be taken apart ({type(error).__name__})"
        raise RecordError("not-a-mail", message) from error
    headers = Headers(parsed)
    if not any(name in headers for name in ("From", "To", "Subject", "Date")):
        message = "it has neither From, To, Subject nor Date: it is no message"
        raise RecordError("not-a-mail", message)
    return _understood(parsed, headers, now, received_at, shortened=len(data) > MAX_BYTES)


def _understood(
    parsed: Parsed,
    headers: Headers,
    now: datetime,
    received_at: datetime | None,
    *,
    shortened: bool,
) -> Message:
    senders = addresses_in(headers.all("From", "Sender", "Reply-To"))
    sender = senders[0] if senders else None
    receivers = addresses_in(headers.all(*_TO))
    subject = headers.first("Subject")
    text = split_quotes(text_of(parsed), headers.first("From")).text[:MAX_TEXT]
    own = _ids(headers, "Message-ID")
    auto = automatic_reason(parsed, headers, sender, text)
    listed = _LIST_ID.search(headers.first("List-Id"))
    return Message(
        own[0] if own else _digest(sender, receivers, headers, text),
        tuple(dict.fromkeys(_ids(headers, "References"))),
        next(iter(_ids(headers, "In-Reply-To")), None),
        sender,
        receivers,
        _sent_at(headers, now, received_at),
        subject or None,
        text or None,
        auto,
        listed[1].lower() if listed else None,
        headers.first("X-Regard-Survey")[:200] or None,
        failed_addresses(parsed, headers) if auto == "bounce" else (),
        shortened,
        next((each for each in addresses_in(headers.all("Reply-To")) if each != sender), None),
    )


def _ids(headers: Headers, name: str) -> list[str]:
    text = " ".join(headers.all(name))
    found = _ID.findall(text)
    if not found and "@" in text and _BARE_ID.fullmatch(text):
        return [text]
    return [str(each) for each in found[:200]]


def _sent_at(headers: Headers, now: datetime, received_at: datetime | None) -> datetime | None:
    # Each server puts its own line above the others, with its time behind the last semicolon.
    said = [headers.first("Date"), headers.first("Received").rpartition(";")[2]]
    for text in said:
        moment = _time(text)
        if moment is not None and _EARLIEST <= moment <= now + _SKEW:
            return moment
    return received_at


def _time(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text[:200].strip())
        if moment.tzinfo is None:  # "-0000": UTC, from a place that it does not tell
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (IndexError, OverflowError, TypeError, ValueError):
        return None


def _digest(sender: str | None, receivers: tuple[str, ...], headers: Headers, text: str) -> str:
    """Return what names a message without an identifier: what every copy of it has."""
    parts = (sender or "", *receivers, *headers.all("Date", "Subject"), text)
    joined = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return "digest:" + sha256(joined).hexdigest()[:32]

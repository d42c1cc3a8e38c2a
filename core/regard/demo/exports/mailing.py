"""
Two mailboxes in mbox form: replies to a survey that was mailed, and what customers write.

One reply names two scores, so that nobody can tell which one is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from regard.demo.exports.files import ExportFile
from regard.demo.voices import Letter, Reply, Voices

__all__ = ["mailboxes"]

_SHOP = "hello@shop.example"
_SURVEY = "survey@shop.example"
_ASKED = {
    "en": "How likely are you to recommend us, from 0 to 10?",
    "es": "¿Nos recomendaría, de 0 a 10?",
    "fr": "Nous recommanderiez-vous, de 0 à 10 ?",
}
_UNCLEAR = "8 or 9"


def mailboxes(voices: Voices) -> Iterator[ExportFile]:
    """Yield both mailboxes."""
    replies = [_reply(each, each.text) for each in voices.replies]
    last = voices.replies[-1]
    unclear = Reply(last.number + 1, last.customer, last.at, 0, _UNCLEAR)
    replies.append(_reply(unclear, _UNCLEAR))
    data = _mbox(replies)
    yield ExportFile("mail/replies.mbox", "a mailbox", data, ("ambiguous-score",))
    letters = (message for each in voices.letters for message in _thread(each))
    yield ExportFile("mail/support.mbox", "a mailbox", _mbox(letters))


def _reply(reply: Reply, text: str) -> tuple[datetime, EmailMessage]:
    asked = _ASKED[reply.customer.country.language]
    quoted = f"On {reply.at:%a, %b %d, %Y at %I:%M %p} Survey <{_SURVEY}> wrote:\n> {asked}\n"
    message = _message(
        sender=reply.customer.email or "",
        to=_SURVEY,
        subject=f"Re: {asked}",
        at=reply.at,
        number=f"reply-{reply.number}",
        answers=f"survey-{reply.number}@shop.example",
        text=f"{text}\n\n{quoted}",
    )
    return reply.at, message


def _thread(letter: Letter) -> Iterator[tuple[datetime, EmailMessage]]:
    """Yield a letter, and our answer to it where there is one."""
    first = f"letter-{letter.number}"
    yield (
        letter.at,
        _message(
            sender=letter.customer.email or "",
            to=_SHOP,
            subject=letter.subject,
            at=letter.at,
            number=first,
            text=f"{letter.text}\n",
        ),
    )
    if letter.answered_after is not None:
        at = letter.at + letter.answered_after
        yield (
            at,
            _message(
                sender=_SHOP,
                to=letter.customer.email or "",
                subject=f"Re: {letter.subject}",
                at=at,
                number=f"answer-{letter.number}",
                answers=f"{first}@mail.example",
                text=f"{letter.answer}\n",
            ),
        )


def _message(
    *,
    sender: str,
    to: str,
    subject: str,
    at: datetime,
    number: str,
    text: str,
    answers: str | None = None,
) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = format_datetime(at.astimezone(UTC))
    message["Message-ID"] = f"<{number}@mail.example>"
    if answers:
        message["In-Reply-To"] = f"<{answers}>"
    message.set_content(text)
    return message


def _mbox(messages: Iterable[tuple[datetime, EmailMessage]]) -> bytes:
    """Return messages as an mbox, the oldest first."""
    parts = []
    for at, message in sorted(messages, key=lambda it: it[0]):
        moment = (at.astimezone(UTC) + timedelta(seconds=2)).strftime("%a %b %d %H:%M:%S %Y")
        body = message.as_bytes().replace(b"\nFrom ", b"\n>From ")
        parts.append(f"From {message['From']} {moment}\n".encode() + body + b"\n")
    return b"".join(parts)

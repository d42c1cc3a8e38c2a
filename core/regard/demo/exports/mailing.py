"""
Two mailboxes in mbox form: replies to a survey that was mailed, and what customers write.

Replies come as four mail programs write them. Between them lies what lies in every mailbox:
people who are away, an address that is no more, advertising, and a question about something
else. One reply names two scores, so that nobody can tell which one is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from regard.demo.exports.files import ExportFile
from regard.demo.exports.programs import PROGRAMS, Quoted, answer_of
from regard.demo.voices import Letter, Reply, Voices
from regard.demo.world import Customer

__all__ = ["mailboxes"]

_NAME = "Casa Zarela"
_SHOP = "hello@shop.example"
_SURVEY = "survey@shop.example"
_ASKED = {
    "en": "How likely are you to recommend us, from 0 to 10?",
    "es": "¿Nos recomendaría, de 0 a 10?",
    "fr": "Nous recommanderiez-vous, de 0 à 10 ?",
}
_INVITED = {
    "en": "Hello,\n\n{asked}\nJust answer this mail with a number, and tell us why.",
    "es": "Hola:\n\n{asked}\nResponda a este correo con un número y cuéntenos por qué.",
    "fr": "Bonjour,\n\n{asked}\nRépondez à ce message par un chiffre et dites-nous pourquoi.",
}
_AWAY = {
    "en": ("Automatic reply: {asked}", "I am out of the office until the 14th."),
    "es": ("Respuesta automática: {asked}", "Estaré fuera de la oficina hasta el día 14."),
    "fr": ("Réponse automatique : {asked}", "Je suis absente du bureau jusqu'au 14."),
}
_UNCLEAR = "8 or 9"
_AWAY_EACH = 14
"""So many replies come for one of somebody who is away."""


def mailboxes(voices: Voices) -> Iterator[ExportFile]:
    """Yield both mailboxes."""
    replies = [_reply(each, each.text) for each in voices.replies]
    last = voices.replies[-1]
    unclear = Reply(last.number + 1, last.customer, last.at, 0, _UNCLEAR)
    replies.append(_reply(unclear, _UNCLEAR))
    replies += _noise(voices)
    data = _mbox(replies)
    yield ExportFile("mail/replies.mbox", "a mailbox", data, ("ambiguous-score",))
    letters = (message for each in voices.letters for message in _thread(each))
    yield ExportFile("mail/support.mbox", "a mailbox", _mbox(letters))


def _reply(reply: Reply, text: str) -> tuple[datetime, EmailMessage]:
    person = reply.customer
    language = person.country.language
    asked = _ASKED[language]
    invited = Quoted(
        name=_NAME,
        address=_SURVEY,
        to=person.email or "",
        subject=asked,
        text=_INVITED[language].format(asked=asked),
        sent_at=reply.at - timedelta(hours=3 + reply.number % 40),
    )
    program = PROGRAMS[reply.number % len(PROGRAMS)]
    message = _message(
        sender=person.email or "",
        to=_SURVEY,
        subject=f"{'RE' if program == 'Outlook' else 'Re'}: {asked}",
        at=reply.at,
        number=f"reply-{reply.number}",
        answers=f"survey-{reply.number}@shop.example",
        text=answer_of(program, language, text, person.given_name, invited),
    )
    return reply.at, message


def _noise(voices: Voices) -> Iterator[tuple[datetime, EmailMessage]]:
    """Yield what comes back beside answers; none of it is one."""
    for at, reply in enumerate(voices.replies[::_AWAY_EACH]):
        language = reply.customer.country.language
        subject, text = _AWAY[language]
        early = reply.at - timedelta(minutes=50)
        away = _message(
            sender=f"away{at}@example.com",
            to=_SURVEY,
            subject=subject.format(asked=_ASKED[language]),
            at=early,
            number=f"away-{at}",
            text=f"{text}\n",
        )
        away["Auto-Submitted"] = "auto-replied"
        yield early, away
    first, second = voices.replies[:2]
    yield _bounce(first.at)
    spam = _message(
        sender="winner@lottery.example",
        to=_SURVEY,
        subject="You have won 10 million",
        at=first.at,
        number="spam-1",
        text="Answer with your bank details to get 10 million.\n",
    )
    spam["X-Spam-Flag"] = "YES"
    yield first.at, spam
    yield _question(second.customer, second.at)


def _bounce(at: datetime) -> tuple[datetime, EmailMessage]:
    message = _message(
        sender="MAILER-DAEMON@post.example",
        to=_SURVEY,
        subject="Undelivered Mail Returned to Sender",
        at=at,
        number="bounce-1",
        text="550 5.1.1 <gone@example.com>: no such mailbox here.\n",
    )
    message["X-Failed-Recipients"] = "gone@example.com"
    message["Auto-Submitted"] = "auto-generated"
    return at, message


def _question(customer: Customer, at: datetime) -> tuple[datetime, EmailMessage]:
    """Return a mail of somebody who asks something else at the survey's address."""
    message = _message(
        sender=customer.email or "",
        to=_SURVEY,
        subject="Catalogue",
        at=at,
        number="question-1",
        text="Could you send me the new catalogue, please?\n",
    )
    return at, message


def _thread(letter: Letter) -> Iterator[tuple[datetime, EmailMessage]]:
    """Yield a letter, and our answer to it where there is one."""
    first, person = f"letter-{letter.number}", letter.customer
    yield (
        letter.at,
        _message(
            sender=person.email or "",
            to=_SHOP,
            subject=letter.subject,
            at=letter.at,
            number=first,
            text=f"{letter.text}\n\n{person.given_name}\n",
        ),
    )
    if letter.answered_after is not None:
        at = letter.at + letter.answered_after
        asked = Quoted(
            name=person.given_name,
            address=person.email or "",
            to=_SHOP,
            subject=letter.subject,
            text=letter.text,
            sent_at=letter.at,
        )
        language = person.country.language
        yield (
            at,
            _message(
                sender=_SHOP,
                to=person.email or "",
                subject=f"Re: {letter.subject}",
                at=at,
                number=f"answer-{letter.number}",
                answers=f"{first}@mail.example",
                text=answer_of("Outlook", language, letter.answer, _NAME, asked),
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

"""The source ``survey-mailbox``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from regard import keys
from regard.errors import RecordError
from regard.mail import MailConfig, MailSource, Message, covers, tagged
from regard.sources import Context, Record, Stream
from regard_plugins.survey_mailbox.invitations import Invitation
from regard_plugins.survey_mailbox.scores import Found, Scale, find_score, lone_score

__all__ = ["SurveyMailbox", "SurveyMailboxConfig"]

_SCALES = {
    "nps": Scale(0, 10, whole=True),
    "csat": Scale(1, 5),
    "ces": Scale(1, 7),
    "rating": Scale(1, 5),
}
_PLEASE = r"(?:por favor|please|s['’]il vous pla[îi]t)"
_THANKS = r"(?:(?:muchas )?gracias|merci|thanks?(?: you)?)"
_STOP = re.compile(
    rf"\W*(?:(?:{_PLEASE}|quiero|quisiera|solicito)\W+)?"
    r"(?:stop|unsubscribe(?: me)?|remove me|baja|dar(?:me|se) de baja|d[ae]d?me de baja"
    r"|cancelar (?:la )?suscripci[óo]n"
    r"|no (?:deseo|quiero) recibir m[áa]s (?:correos|mensajes|e-?mails)|d[ée]sinscription"
    r"|(?:me )?d[ée]sabonne[rz](?:[- ]moi)?|(?:me )?d[ée]sinscri(?:re|vez[- ]moi))"
    rf"(?:\W+(?:{_PLEASE}|{_THANKS}))?\W*",
    re.IGNORECASE,
)
_REPLY = re.compile(
    r"^\s*(?:re|rv|aw|antw|sv|tr|ref|resp|r|rif|odp)\s?(?:\[\d+\]|\(\d+\))?\s?:", re.IGNORECASE
)


class SurveyMailboxConfig(MailConfig):
    """
    What ``[sources.NAME]`` says of a mailbox that a survey is answered in.

    Attributes:
        survey: The survey's name.
        metric: What its question measures.
        question: What its question is called.
        comment: What the text beside the score is called, as a question.
        scale_min: The lowest score; else as usual for the metric.
        scale_max: The highest score; else as usual for the metric.
        address: The address that replies go to, without a tag.
        tag: What stands behind the plus sign of an address where regard did not send the
            survey itself.
    """

    survey: str = Field(min_length=1)
    metric: Literal["nps", "csat", "ces", "rating"] = "nps"
    question: str = Field("score", min_length=1)
    comment: str = Field("comment", min_length=1)
    scale_min: int | None = Field(None, ge=0, le=100)
    scale_max: int | None = Field(None, ge=1, le=100)
    address: str | None = Field(None, pattern=r"^[^@\s+]+@[^@\s]+$")
    tag: Literal["customer", "order", "place"] | None = None

    @model_validator(mode="after")
    def _usable_scale(self) -> SurveyMailboxConfig:
        scale = self.scale
        if scale.lowest >= scale.highest:
            message = f"the scale goes from {scale.lowest} to {scale.highest}"
            raise ValueError(message)
        if self.question == self.comment:
            message = "question and comment need different names"
            raise ValueError(message)
        return self

    @property
    def scale(self) -> Scale:
        """What may be answered."""
        usual = _SCALES[self.metric]
        lowest = usual.lowest if self.scale_min is None else self.scale_min
        highest = usual.highest if self.scale_max is None else self.scale_max
        return Scale(lowest, highest, usual.whole)


class SurveyMailbox(MailSource[SurveyMailboxConfig]):
    """
    Reads surveys that customers answer by replying to a mail.

    A reply becomes an answer with the score and one with the comment; other mail in the same
    mailbox becomes touchpoints::

        [sources.replies]
        plugin = "survey-mailbox"
        path = "mail/replies.mbox"
        survey = "After purchase"
        metric = "nps"
        own = ["shop.example"]

    A reply is tied to its customer by the address it comes from, and by what tells one
    invitation from another: a tag in the address that it goes to, the header
    ``X-Regard-Survey``, or the message that it answers.
    """

    name = "survey-mailbox"
    Config: ClassVar[type[SurveyMailboxConfig]] = SurveyMailboxConfig
    streams = (
        Stream("answers", "answer", ordered=True),
        Stream("messages", "touchpoint", ordered=True),
    )

    def recipe(self) -> Sequence[str]:
        """Return all own settings: each of them decides about answers."""
        config = self.config
        scale = config.scale
        own = (config.survey, config.metric, config.question, config.comment, config.address)
        return [str(each) for each in (*own, config.tag, scale.lowest, scale.highest)]

    def key_of(self, message: Message) -> str:
        """Return the key of the score that a refused reply would have given."""
        return keys.compose((self._response(message), self.config.question))

    def records(self, message: Message, stream: Stream, ctx: Context) -> Iterator[Record]:
        """
        Yield the answers or the touchpoint that a message is.

        Raises:
            RecordError: It answers with more than one score, or with none of the scale.
        """
        if (event := self._event(message)) is not None:
            if stream.name == "messages":
                yield event
            return
        reason = self._left_out(message)
        if stream.name == "answers":
            if reason is not None:
                self.pass_over(reason)
            elif self._is_reply(message):
                yield from self._answers(message)
        elif reason is None and not self._is_reply(message):
            yield self.correspondence.touchpoint(message)

    def _event(self, message: Message) -> dict[str, Any] | None:
        """Return the touchpoint that tells what became of an invitation, if that is one."""
        invitation = self._invitation(message)
        if invitation is not None and not invitation.is_of(self.config.survey):
            return None
        event = self.correspondence.touchpoint(message) | {"campaign": self.config.survey}
        if invitation is not None:
            event["thread_key"] = invitation.token
            if message.failed:
                about = {"email": message.failed[0], "subject": None, "text": None, "agent": None}
                return event | about | {"type": "bounce", "direction": None}
        elif message.auto is not None or self._is_ours(message.from_address or ""):
            return None
        if any(_STOP.fullmatch(each) for each in (_bare(message.subject), message.text or "")):
            return event | {"type": "unsubscribe", "direction": "inbound"}
        return None

    def _left_out(self, message: Message) -> str | None:
        reason = self.correspondence.left_out(message)
        sender = self.correspondence.sender(message)
        if reason is None and sender and self._is_ours(sender):
            return "internal"
        if reason is None:
            invitation = self._invitation(message)
            if invitation is not None and not invitation.is_of(self.config.survey):
                return "other-survey"
        return reason

    def _is_ours(self, sender: str) -> bool:
        # What we send ourselves, invitations among it, answers nothing.
        return covers(self.config.own, sender) or sender == (self.config.address or "").lower()

    def _is_reply(self, message: Message) -> bool:
        if self._tag(message) or message.survey or message.in_reply_to or message.references:
            return True
        return _REPLY.match(message.subject or "") is not None or self._says_only_score(message)

    def _says_only_score(self, message: Message) -> bool:
        """Say whether a message that names nothing it answers is an answer nevertheless."""
        said = (message.subject or "", (message.text or "").partition("\n")[0])
        with suppress(RecordError):  # a number and no score: it may be about anything
            return any(lone_score(each, self.config.scale) is not None for each in said)
        return False

    def _tag(self, message: Message) -> str | None:
        """Return the tag of the address that a message went to; anybody's own is none."""
        found = tagged(message.to_addresses, self.config.address)
        if found is None:
            return None
        ours = self.config.address or self.config.tag or covers(self.config.own, found.address)
        return found.tag if ours or Invitation.named(tag=found.tag) else None

    def _invitation(self, message: Message) -> Invitation | None:
        """Return the invitation that a message answers, where regard sent it."""
        return Invitation.named(
            tag=self._tag(message),
            header=message.survey,
            references=(message.in_reply_to or "", *reversed(message.references)),
        )

    def _response(self, message: Message) -> str:
        """Return what tells a response: whoever answers a message again corrects the answer."""
        invitation = self._invitation(message)
        if invitation is not None:
            return invitation.token
        if message.thread == message.message_id or message.from_address is None:
            return message.message_id
        # An address is personal and a key is not: it stands for itself in the field `email`.
        said = f"{message.thread}\x1f{message.from_address}"
        return f"reply:{sha256(said.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"

    def _found(self, message: Message) -> Found:
        """Return what a reply says; a score may also be all that its subject says."""
        scale = self.config.scale
        found = find_score(message.text or "", scale)
        if found.score is not None:
            return found
        return Found(lone_score(_bare(message.subject), scale), found.comment)

    def _answers(self, message: Message) -> Iterator[dict[str, Any]]:
        config = self.config
        found = self._found(message)
        if found.score is None and found.comment is None:
            self.pass_over("wordless")
            return
        invitation = self._invitation(message)
        response = self._response(message)
        values: dict[str, Any] = {
            "response_key": response,
            "email": message.from_address,
            "survey": config.survey,
            "complete": found.score is not None,
            "answered_at": message.sent_at,
            "channel": "email",
        }
        # A later reply to the same message corrects the score, whichever is read first.
        again = response != message.message_id
        values |= {"as_of": message.sent_at} if again and message.sent_at else {}
        if config.tag is not None and invitation is None and (tag := self._tag(message)):
            values["place" if config.tag == "place" else f"{config.tag}_key"] = tag
        if found.score is not None:
            yield values | {
                "key": keys.compose((response, config.question)),
                "question": config.question,
                "metric": config.metric,
                "score": found.score,
                "scale_min": config.scale.lowest,
                "scale_max": config.scale.highest,
            }
        if found.comment:
            yield values | {
                "key": keys.compose((message.message_id, config.comment)),
                "question": config.comment,
                "metric": "text",
                "text": found.comment,
            }


def _bare(subject: str | None) -> str:
    """Return a subject without what says that it is a reply."""
    bare = subject or ""
    while (found := _REPLY.match(bare)) is not None:
        bare = bare[found.end() :]
    return bare.strip()

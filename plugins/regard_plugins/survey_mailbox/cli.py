"""``regard survey``: mail a survey to customers, who answer it by replying."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from regard.cli.console import clean, count
from regard.cli.parsers import CommandParser
from regard.errors import ConfigError, UsageError
from regard.mail.smtp import SmtpConfig, sign_in
from regard.names import did_you_mean
from regard.pipeline.inviting import Candidate, Candidates, Delivery, Outbox, find_candidates
from regard.pipeline.preparing import Prepared, prepare
from regard.secrets import privacy_key, resolve
from regard.settings import validate_options
from regard_plugins.survey_mailbox.invitations import Invitation
from regard_plugins.survey_mailbox.source import SurveyMailbox

if TYPE_CHECKING:
    from regard.cli.app import App

__all__ = ["SendConfig", "configure", "survey"]

_EPILOG = """\
examples:
  regard survey send "After purchase" --dry-run     whom it would go to, in numbers
  regard survey send "After purchase" --limit 50    the first fifty
  regard survey send "After purchase"               all who have not had it

Nobody gets it twice, and nobody who has not allowed it, has unsubscribed or complained.
exit codes: 0 done, 1 the server takes no mail, 2 wrong usage or configuration, 4 the source
that replies come to is being read
"""


# Folded at 78 characters, an address with its tag would come out as encoded words.
_POLICY = SMTP.clone(max_line_length=900)


class SendConfig(BaseModel):
    """
    ``[surveys.NAME.send]``: how a survey is mailed.

    Attributes:
        source: The source that reads the replies; its ``address`` is the one they go to.
        sender: Who it comes from, such as ``Shop <hello@shop.example>``.
        subject: The subject.
        body: A text file with the question, relative to the project; ``{name}`` in it becomes
            the customer's name.
        bought_days: Only who bought within so many days; None: everybody.
        unknown_consent: Also those of whom no source says whether they allow it.
        per_minute: How many messages go out a minute at most.
    """

    model_config = ConfigDict(extra="forbid")

    source: str
    sender: str
    subject: str = Field(min_length=1, max_length=200, pattern=r"^[^\r\n]+$")
    body: str
    bought_days: int | None = Field(None, ge=1)
    unknown_consent: bool = False
    per_minute: int = Field(30, ge=1, le=10_000)

    @field_validator("sender")
    @classmethod
    def _one_address(cls, sender: str) -> str:
        if "@" not in parseaddr(sender)[1] or "\n" in sender or "\r" in sender:
            message = "write one address, such as Shop <hello@shop.example>"
            raise ValueError(message)
        return sender


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    send = actions.add_parser("send", help="mail a survey to those who have not had it")
    send.add_argument("survey", metavar="NAME", help="a survey with a table [surveys.NAME.send]")
    send.add_argument("--limit", type=int, metavar="N", help="at most so many messages")
    send.add_argument("--dry-run", action="store_true", help="only say how many it would be")
    parser.epilog = _EPILOG


def survey(arguments: list[str], app: App) -> int:
    """Mail a survey."""
    parser = CommandParser(
        prog="regard survey",
        description="Mail a survey that is answered by replying.",
    )
    configure(parser)
    args = parser.parse_args(arguments)
    if args.limit is not None and args.limit < 1:
        message = f"--limit {args.limit}: write a number from 1 up"
        raise UsageError(message)
    return _send(args, app)


def _send(args: argparse.Namespace, app: App) -> int:
    wish = _wish(args.survey, app)
    prepared = _replies(args.survey, wish, app)
    smtp = _smtp(app)
    letter = _Letter.open(args.survey, wish, prepared, app)
    with app.open_store(readonly=args.dry_run) as store:
        outbox = Outbox(store, prepared, args.survey, app.clock, _version())
        known = outbox.known()
        with store.read() as transaction:
            since = wish.bought_days and app.clock.now() - timedelta(days=wish.bought_days)
            found = find_candidates(
                transaction,
                app.project.settings.sources,
                bought_since=since or None,
                unknown=wish.unknown_consent,
            )
        invited = [(letter.invitation(each), each) for each in found.chosen]
        waiting = [pair for pair in invited if pair[0].token not in known][: args.limit]
        done = Delivery(before=sum(each.token in known for each, _ in invited))
        done.unsure = sum(outcome == "sending" for outcome in known.values())
        if waiting and not args.dry_run:
            with sign_in(smtp, app.project.root) as postman:
                sent = outbox.send(
                    _paced(waiting, wish.per_minute, app),
                    lambda one: postman.send(letter.write(one), letter.replies(one), one.email),
                )
            done.sent, done.refused = sent.sent, sent.refused
    _tell(args, found, done, len(waiting), app)
    return 0


def _version() -> str:
    from regard import __version__

    return __version__


def _wish(name: str, app: App) -> SendConfig:
    surveys = app.project.settings.surveys
    if name not in surveys:
        message = f"there is no survey {name!r} in regard.toml{did_you_mean(name, surveys)}"
        raise UsageError(message)
    table = surveys[name].send
    if table is None:
        message = f"surveys.{name}: there is no table [surveys.{name!r}.send] that says how"
        raise ConfigError(message)
    found: SendConfig = validate_options(
        SendConfig, table, f"surveys.{name}.send", file=app.project.path, text=app.project.text
    )
    return found


def _replies(name: str, wish: SendConfig, app: App) -> Prepared:
    """Return the source that replies come to."""
    prepared = prepare(app.project, app.host, wish.source)
    source = prepared.source
    where = f"sources.{wish.source}"
    if not isinstance(source, SurveyMailbox):
        message = f"{where}: replies are read by the plug-in survey-mailbox"
        raise ConfigError(message)
    if source.config.survey != name:
        message = f"{where}.survey: it reads replies to {source.config.survey!r}, not to {name!r}"
        raise ConfigError(message)
    if source.config.address is None:
        message = f"{where}.address: the address that replies go to is needed for sending"
        raise ConfigError(message)
    return prepared


def _smtp(app: App) -> SmtpConfig:
    raw = app.project.settings.smtp
    options = resolve(raw, where="smtp", root=app.project.root, resolver=app.host.resolve_secret)
    found: SmtpConfig = validate_options(
        SmtpConfig, options, "smtp", raw=raw, file=app.project.path, text=app.project.text
    )
    return found


def _paced(
    waiting: list[tuple[Invitation, Candidate]], per_minute: int, app: App
) -> Iterator[tuple[str, Candidate]]:
    """Yield what is to be sent, no faster than the server should get it."""
    pause = 60.0 / per_minute
    due = time.monotonic()
    for number, (invitation, candidate) in enumerate(waiting, 1):
        time.sleep(max(0.0, due - time.monotonic()))
        due = max(due, time.monotonic() - pause) + pause
        yield invitation.token, candidate
        if not app.quiet and number % 100 == 0:
            app.err.print(f"{number:,} of {len(waiting):,} sent")


class _Letter:
    """
    Writes the message for each recipient.

    Args:
        name: The survey's name.
        wish: How it is sent.
        address: Where replies go.
        body: The text.
        secret: The project's privacy key.
        app: The command's surroundings.
    """

    def __init__(
        self, name: str, wish: SendConfig, address: str, body: str, secret: bytes, app: App
    ) -> None:
        self._name = name
        self._wish = wish
        self._local, _, self._domain = address.rpartition("@")
        self._body = body
        self._secret = secret
        self._clock = app.clock

    @classmethod
    def open(cls, name: str, wish: SendConfig, prepared: Prepared, app: App) -> _Letter:
        """
        Read the text of the message.

        Raises:
            ConfigError: It cannot be read, or is empty.
        """
        path = app.project.root / wish.body
        try:
            body = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            message = f"surveys.{name}.send.body: {wish.body} cannot be read: {reason}"
            raise ConfigError(message) from error
        if not body.strip():
            message = f"surveys.{name}.send.body: {wish.body} is empty"
            raise ConfigError(message)
        secret = privacy_key(app.project, app.host.resolve_secret)
        return cls(name, wish, prepared.source.config.address, body, secret, app)

    def invitation(self, candidate: Candidate) -> Invitation:
        """Return what names the invitation of somebody."""
        return Invitation.make(self._name, candidate.email, self._secret)

    def replies(self, candidate: Candidate) -> str:
        """Return the address that replies of somebody go to, and bounces, too."""
        return f"{self._local}+{self.invitation(candidate).tag}@{self._domain}"

    def write(self, candidate: Candidate) -> EmailMessage:
        """Return the message for somebody."""
        invitation, replies = self.invitation(candidate), self.replies(candidate)
        message = EmailMessage(_POLICY)
        message["From"] = self._wish.sender
        message["To"] = candidate.email
        message["Reply-To"] = replies
        message["Subject"] = self._wish.subject
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = invitation.message_id(self._domain)
        message["X-Regard-Survey"] = invitation.tag
        message["List-Unsubscribe"] = f"<mailto:{replies}?subject=unsubscribe>"
        # RFC 3834: nobody's absence should answer a machine.
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
        text = self._body.replace("{name}", _plain(candidate.name))
        message.set_content(text, cte="quoted-printable")
        return message


def _plain(name: str | None) -> str:
    return " ".join(clean(name or "").split())[:60]


def _tell(
    args: argparse.Namespace, found: Candidates, done: Delivery, waiting: int, app: App
) -> None:
    numbers: dict[str, Any] = {
        "survey": args.survey,
        "dry_run": args.dry_run,
        "to_send": waiting if args.dry_run else 0,
        "sent": done.sent,
        "refused": done.refused,
        "sent_before": done.before,
        "without_consent": found.without_consent,
        "opted_out": found.opted_out,
        "unsure": done.unsure,
    }
    if app.json:
        app.print_json(numbers)
        return
    said = [f"{waiting:,} would be sent"] if args.dry_run else [f"{done.sent:,} sent"]
    said += [f"{done.refused:,} refused by the server"] if done.refused else []
    said += [f"{done.before:,} had it before"] if done.before else []
    said += [f"{found.without_consent:,} without consent"] if found.without_consent else []
    said += [f"{found.opted_out:,} opted out"] if found.opted_out else []
    app.out.print(f"{clean(args.survey)}: {', '.join(said)}", soft_wrap=True)
    if done.unsure:
        several = count(done.unsure, "message")
        app.err.print(f"{several} of an earlier command may or may not have been sent")

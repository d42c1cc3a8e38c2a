"""
Telling people what they should hear of: one message for each channel, whatever a notifier does.

Notifiers are called in threads of their own, all at once: one that hangs keeps no other
channel waiting. Only the thread that asked for it touches the store. Whoever calls this in a
process of its own, with a deadline, is also safe from a notifier that ends its process.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from regard.clock import Clock, SystemClock
from regard.errors import (
    ConfigError,
    NoticeRefused,
    PluginError,
    RateLimited,
    RegardError,
    StoreError,
    TransientError,
)
from regard.host import Host
from regard.host.guard import describe, one_line
from regard.host.printing import prints_aside
from regard.mail.smtp import SmtpConfig, sign_in
from regard.notifiers import Attachment, Notice, in_order
from regard.pipeline.channels import make_notifier, smtp_config, telling_channels
from regard.privacy import mask_text
from regard.secrets import mask
from regard.settings import Project
from regard.store import Store
from regard.store import notices as stored
from regard.webcalls import call

__all__ = ["ping", "send_test", "send_text", "tell_due", "tell_now"]

_LOG = logging.getLogger(__name__)

_LONGEST_SECONDS = 45.0
"""So long all channels together may take; what has not been told then is tried again."""


@dataclass(frozen=True, slots=True)
class _Context:
    """What a notifier is offered."""

    project: Project
    host: Host
    channel: str
    clock: Clock

    @property
    def log(self) -> logging.Logger:
        """A logger that names the channel."""
        return logging.getLogger(f"regard.notices.{self.channel}")

    @property
    def title(self) -> str:
        """What the project is called."""
        return self.project.root.name or "regard"

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.project.root

    def post(self, message: EmailMessage, receivers: Sequence[str]) -> None:
        """Mail a message to each of some addresses."""
        config = smtp_config(self.project, self.host)
        _finish(message, config, self.clock)
        sender = _bare(message["From"])
        taken = 0
        later: list[TransientError] = []
        with sign_in(config, self.project.root) as postman:
            for receiver in receivers:
                try:
                    taken += postman.send(message, sender, receiver)
                except TransientError as error:
                    later.append(error)
        if not taken and later:
            raise later[0]
        if not taken:
            text = "the server takes no mail for these addresses, ever"
            raise NoticeRefused(text)
        if taken < len(receivers):
            # Tried again, those who have it would get it again and again.
            missed, of = len(receivers) - taken, len(receivers)
            self.log.warning("%d of %d addresses were not reached", missed, of)


def _bare(sender: str) -> str:
    return parseaddr(str(sender))[1]


def _finish(message: EmailMessage, config: SmtpConfig, clock: Clock) -> None:
    """Add what every message needs: who it comes from, when, and that a machine wrote it."""
    if message["From"] is None:
        sender = config.sender or (config.user if "@" in (config.user or "") else None)
        if sender is None:
            text = 'smtp: `sender` is needed, such as "Regard <regard@shop.example>"'
            raise ConfigError(text)
        message["From"] = sender
    domain = _bare(message["From"]).rpartition("@")[2]
    headers = {
        "Date": format_datetime(clock.now()),
        "Message-ID": make_msgid(domain=domain),
        # RFC 3834: nobody's absence should answer a machine.
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }
    for name, value in headers.items():
        if message[name] is None:
            message[name] = value


def _told_why(error: BaseException) -> str:
    """Return why a notifier failed, in one line without secrets and personal values."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next  # whose line it is, is what somebody wants to know
    told = isinstance(error, RegardError)
    text = str(error) if told else describe(error.with_traceback(trace))
    return one_line(mask_text(mask(text))) or type(error).__name__


@dataclass(frozen=True, slots=True)
class _Claim:
    """What one channel is told now."""

    channel: str
    notices: list[Notice]

    @property
    def numbers(self) -> list[int]:
        """Their numbers in the store."""
        return [one.id for one in self.notices]


def tell_due(
    project: Project,
    host: Host,
    store: Store,
    clock: Clock,
    *,
    seconds: float = _LONGEST_SECONDS,
) -> list[str]:
    """
    Tell what is due, in one message for each channel.

    Args:
        project: The project.
        host: Its plug-ins.
        store: Where notices wait.
        clock: The time, for notifiers.
        seconds: How long all channels together may take.

    Returns:
        What went wrong, one line each, without secrets.

    Raises:
        StoreError: The store cannot be read or written.
    """
    claims = _claim(project, store)
    if claims:
        # Here, and not in the threads: loading plug-ins turns standard output off and on.
        known = host.notifiers
        _LOG.debug("%d channels to be told, by %d notifiers", len(claims), len(known))
    ended: SimpleQueue[tuple[_Claim, BaseException | None]] = SimpleQueue()
    for claim in claims:
        work = _teller(project, host, clock, claim)
        Thread(
            target=_run,
            args=(work, claim, ended),
            name=f"regard-tell-{claim.channel}",
            daemon=True,
        ).start()
    problems: list[str] = []
    end = time.monotonic() + seconds
    open_ones = {claim.channel: claim for claim in claims}
    while open_ones:
        try:
            claim, error = ended.get(timeout=max(0.0, end - time.monotonic()))
        except Empty:
            break
        del open_ones[claim.channel]
        problems += _noted(store, claim, error)
    for claim in open_ones.values():
        problems += _noted(store, claim, TransientError(f"it took longer than {seconds:g} s"))
    return problems


def _noted(store: Store, claim: _Claim, error: BaseException | None) -> list[str]:
    """Note how telling a channel ended; where even that fails, the others are noted."""
    try:
        return _note(store, claim, error)
    except StoreError as fault:
        return [f"notices.{claim.channel}: the store did not take whether it was told: {fault}"]


def _claim(project: Project, store: Store) -> list[_Claim]:
    """Claim what is due in every channel that does not rest."""
    ready = []
    with store.read() as transaction:
        for name, table in telling_channels(project).items():
            if stored.rests_until(transaction, name, table.pause) is None:
                ready.append((name, table.pause))
    claims = []
    for name, pause in ready:
        with store.write() as transaction:
            transaction.writer.lock()
            # Asked again under the lock: another loop may have told them meanwhile.
            if stored.rests_until(transaction, name, pause) is None:
                notices = stored.claim_due(transaction, name)
                claims += [_Claim(name, in_order(notices))] if notices else []
    return claims


def _teller(project: Project, host: Host, clock: Clock, claim: _Claim) -> Callable[[], None]:
    def tell() -> None:
        notifier = make_notifier(project, host, claim.channel)
        notifier.tell(claim.notices, _Context(project, host, claim.channel, clock))

    return tell


def _run(
    work: Callable[[], None],
    claim: _Claim,
    ended: SimpleQueue[tuple[_Claim, BaseException | None]],
) -> None:
    error: BaseException | None = None
    try:
        work()
    except BaseException as raised:  # noqa: BLE001  # a plug-in may raise anything, SystemExit too
        error = raised
    ended.put((claim, error))


def _note(store: Store, claim: _Claim, error: BaseException | None) -> list[str]:
    """Note how telling a channel ended, and return what went wrong."""
    with store.write() as transaction:
        transaction.writer.lock()
        if error is None:
            stored.told(transaction, claim.numbers)
            return []
        why = _told_why(error)
        if isinstance(error, NoticeRefused):
            stored.given_up(transaction, claim.numbers, why)
            gone = len(claim.notices)
        else:
            wait = timedelta(0)
            if isinstance(error, RateLimited) and error.retry_after_seconds is not None:
                wait = timedelta(seconds=min(error.retry_after_seconds, 86_400.0))
            gone = stored.failed(transaction, claim.numbers, why, wait)
    several = f"{len(claim.notices):,} notice{'' if len(claim.notices) == 1 else 's'}"
    then = "given up" if gone == len(claim.notices) else "tried again later"
    return [f"notices.{claim.channel}: {several} not told, {then}: {why}"]


def _guarded(project: Project, host: Host, channel: str, use: Callable[[Any], object]) -> None:
    """Let a channel's notifier do something here and now."""
    if channel not in project.settings.notices:
        message = f"there is no table [notices.{channel}]"
        raise ConfigError(message)
    notifier = make_notifier(project, host, channel)
    try:
        # What a notifier prints is no result of a command.
        with prints_aside():
            use(notifier)
    except (RegardError, KeyboardInterrupt):
        raise
    except BaseException as error:  # a plug-in may raise anything, and the host must go on
        message = f"the notifier {notifier.name!r} failed: {_told_why(error)}"
        raise PluginError(message) from error


def send_test(project: Project, host: Host, channel: str, clock: Clock) -> None:
    """
    Send one message to a channel now, to see whether it arrives.

    Raises:
        RegardError: Why it did not.
    """
    text = f"This is a test of [notices.{channel}]: what you read here was sent on request."
    notice = Notice(0, "a test", "test", "info", text, clock.now())
    tell_now(project, host, channel, [notice], clock)


def tell_now(
    project: Project, host: Host, channel: str, notices: Sequence[Notice], clock: Clock
) -> None:
    """
    Tell notices that are stored nowhere, in this very thread.

    Raises:
        RegardError: Why they did not arrive.
    """
    context = _Context(project, host, channel, clock)
    _guarded(project, host, channel, lambda notifier: notifier.tell(in_order(notices), context))


def send_text(
    project: Project,
    host: Host,
    channel: str,
    title: str,
    text: str,
    *,
    attachments: Sequence[Attachment] = (),
    clock: Clock | None = None,
) -> None:
    """
    Send a report to a channel.

    Args:
        project: The project.
        host: Its plug-ins.
        channel: The name of a ``[notices.NAME]`` table.
        title: One line.
        text: The report, rendered as text.
        attachments: Files that go with it, where the notifier takes them.
        clock: The time; None: the machine's.

    Raises:
        NoticeRefused: It cannot be delivered so.
        TransientError: It cannot be delivered now.
        RegardError: Something else is wrong, in the configuration or the plug-in.
    """
    context = _Context(project, host, channel, clock or SystemClock())
    # Halves of character pairs, which files may hold, cannot be sent.
    whole = text.encode("utf-8", "replace").decode("utf-8")
    _guarded(
        project,
        host,
        channel,
        lambda notifier: notifier.send(title, whole, context, tuple(attachments)),
    )


def ping(url: str, *, seconds: float = 10.0) -> str | None:
    """
    Call an address, so that somebody else knows that we live.

    Args:
        url: From `regard.pipeline.channels.ping_address`.
        seconds: How long it may take.

    Returns:
        What went wrong, without the address; None: nothing.
    """
    try:
        answer = call(url, seconds=seconds)
    except RegardError as error:
        return f"ping: {error}"
    if 200 <= answer.status < 300:
        return None
    return f"ping: the server answered {answer.status}"

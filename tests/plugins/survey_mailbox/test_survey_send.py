"""Surveys go out over a real SMTP server, and their replies come back."""

from __future__ import annotations

import itertools
import json
import mailbox
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

MakeProject = Callable[..., Path]
RunRegard = Callable[..., "subprocess.CompletedProcess[str]"]

CONFIG = """
timezone = "Europe/Madrid"

[sources.crm]
plugin = "crm-export"
path = "crm.csv"
[sources.crm.map]
kind = "customer"
key = ["id"]
fields = {{email = "mail", given_name = "name", consent = "consent"}}

[sources.replies]
plugin = "survey-mailbox"
path = "mail/Replies"
survey = "After purchase"
address = "survey@shop.example"
own = ["shop.example"]
customers = "crm"

[surveys."After purchase".send]
source = "replies"
sender = "Shop <hello@shop.example>"
subject = "How likely are you to recommend us?"
body = "survey.txt"
per_minute = {per_minute}

[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
"""
CRM = """id,mail,name,consent
1,ana@mail.example,Ana,yes
2,eva@mail.example,Eva,yes
3,luis@mail.example,Luis,no
4,paz@mail.example,Paz,
5,Ana@mail.example,Ana again,yes
6,gone@mail.example,Gone,yes
"""


@dataclass
class Inbox:
    """
    What an SMTP server was given.

    Attributes:
        broken_after: It takes no more than so many.
        asked: Is called when a receiver was named, before the message comes.
        taken: Is called when it has a message, before it says so.
    """

    messages: list[Message] = field(default_factory=list)
    receivers: list[str] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    broken_after: int | None = None
    asked: Callable[[], object] = bool
    taken: Callable[[SMTP], object] = bool

    async def handle_RCPT(  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse one address for good, and all of them where the server is broken."""
        if self.broken_after is not None and len(self.messages) >= self.broken_after:
            return "451 try again later"
        if address.startswith("gone@"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        self.asked()
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a message."""
        self.messages.append(message_from_bytes(bytes(envelope.content or b"")))
        self.receivers += envelope.rcpt_tos
        self.senders.append(envelope.mail_from or "")
        self.taken(server)
        return "250 OK"


@pytest.fixture
def inbox() -> Inbox:
    """The mail that was sent."""
    return Inbox()


@pytest.fixture
def port(inbox: Inbox) -> Iterator[int]:
    """The port of a server on this machine that keeps mail in the inbox."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        free = int(found.getsockname()[1])
    controller = Controller(inbox, hostname="127.0.0.1", port=free)
    controller.start()
    yield free
    controller.stop()


@pytest.fixture
def shop(port: int, project: MakeProject, run_regard: RunRegard) -> Path:
    """A project whose customers are stored."""
    files = {f"mail/Replies/{name}/.keep": "" for name in ("cur", "new", "tmp")}
    files |= {"crm.csv": CRM, "survey.txt": "Hello {name},\n\nFrom 0 to 10?\n"}
    root = project(CONFIG.format(port=port, per_minute=6000), files=files)
    done = run_regard("run", "crm", cwd=root)
    assert 0 == done.returncode, done.stderr
    return root


def _send(run_regard: RunRegard, root: Path, *more: str) -> dict[str, Any]:
    done = run_regard("survey", "send", "After purchase", "--json", *more, cwd=root)
    assert 0 == done.returncode, done.stderr
    assert "mail.example" not in done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _touchpoints(root: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(root / "regard.db") as store:
        return store.execute(
            "SELECT email, type, outcome, campaign, customer_key FROM touchpoints "
            "WHERE deleted_at IS NULL ORDER BY email, type"
        ).fetchall()


def test_survey_goes_to_those_who_allow_it_once(
    shop: Path, inbox: Inbox, run_regard: RunRegard
) -> None:
    """Each address that allows it gets one message, and none by the second command."""
    dry = _send(run_regard, shop, "--dry-run")
    first = _send(run_regard, shop)
    second = _send(run_regard, shop)

    assert (3, 0, []) == (dry["to_send"], dry["sent"], [] if first["sent"] else inbox.receivers)
    assert (2, 1, 2, 0) == (
        first["sent"],
        first["refused"],
        first["without_consent"],
        first["unsure"],
    )
    assert (0, 2, 1) == (second["sent"], second["sent_before"], second["opted_out"])
    assert ["ana@mail.example", "eva@mail.example"] == sorted(map(str.lower, inbox.receivers))
    assert [
        ("ana@mail.example", "sent", None, "After purchase", "1"),
        ("eva@mail.example", "sent", None, "After purchase", "2"),
        ("gone@mail.example", "bounce", "refused", "After purchase", "6"),
    ] == _touchpoints(shop)


def test_message_says_where_replies_go(shop: Path, inbox: Inbox, run_regard: RunRegard) -> None:
    """Each message has an address of its own to reply to and to unsubscribe, without a name."""
    _send(run_regard, shop, "--limit", "1")
    (message,) = inbox.messages
    replies, unsubscribe = str(message["Reply-To"]), str(message["List-Unsubscribe"])

    assert replies.startswith("survey+after-purchase.")
    assert "ana" not in replies
    assert f"<mailto:{replies}?subject=unsubscribe>" == unsubscribe
    assert "auto-generated" == message["Auto-Submitted"]
    assert "Hello Ana," in str(message.get_payload())


_numbers = itertools.count()


def _reply(root: Path, to: Message, text: str, subject: str = "Re: survey") -> None:
    number = next(_numbers)
    _deliver(
        root,
        f"From: {to['To']}\nTo: {to['Reply-To']}\nSubject: {subject}\n"
        f"Message-ID: <{number}@mail.example>\nDate: Mon, 05 Jan 2026 10:03:00 +0100\n\n"
        f"{text}\n",
    )


def _deliver(root: Path, message: str) -> None:
    mailbox.Maildir(root / "mail" / "Replies").add(message)
    old = time.time() - 3600
    for path in (root / "mail" / "Replies" / "new").iterdir():
        os.utime(path, (old, old))


def test_reply_comes_back_to_its_invitation(
    shop: Path, inbox: Inbox, run_regard: RunRegard
) -> None:
    """What was sent, what was answered and who answered meet in one token."""
    _send(run_regard, shop)
    ana = next(each for each in inbox.messages if "ana" in str(each["To"]).lower())
    _reply(shop, ana, "9\n\nMuy bien")
    run_regard("run", "replies", cwd=shop)
    with sqlite3.connect(shop / "regard.db") as store:
        rows = store.execute(
            "SELECT t.email, a.score / 1000000, a.survey FROM answers a "
            "JOIN touchpoints t ON t.thread_key = a.response_key AND t.type = 'sent' "
            "WHERE a.metric = 'nps'"
        ).fetchall()

    assert [("ana@mail.example", 9, "After purchase")] == [
        (email.lower(), score, survey) for email, score, survey in rows
    ]


def test_whoever_unsubscribes_gets_nothing_more(
    shop: Path, inbox: Inbox, run_regard: RunRegard, project: MakeProject
) -> None:
    """An unsubscription by mail is kept, and no further survey goes to that address."""
    _send(run_regard, shop)
    eva = next(each for each in inbox.messages if "eva" in str(each["To"]))
    _reply(shop, eva, "", subject="unsubscribe")
    run_regard("run", "replies", cwd=shop)
    text = (shop / "regard.toml").read_text("utf-8").replace("After purchase", "Delivery")
    project(text)
    done = run_regard("survey", "send", "Delivery", "--json", cwd=shop)
    numbers = json.loads(done.stdout)

    assert ("eva@mail.example", "unsubscribe", None, "After purchase", None) in _touchpoints(shop)
    assert (1, 2) == (numbers["sent"], numbers["opted_out"])


def test_whoever_unsubscribes_from_another_address_gets_nothing_more(
    shop: Path, inbox: Inbox, run_regard: RunRegard, project: MakeProject
) -> None:
    """An invitation that is answered from elsewhere says which address is not to be written to."""
    _send(run_regard, shop)
    eva = next(each for each in inbox.messages if "eva" in str(each["To"]))
    _deliver(
        shop,
        f"From: eva.at.work@firm.example\nTo: {eva['Reply-To']}\nSubject: Re: x\n"
        "Message-ID: <w@firm.example>\n\nBaja, por favor\n",
    )
    run_regard("run", "replies", cwd=shop)
    project((shop / "regard.toml").read_text("utf-8").replace("After purchase", "Delivery"))
    numbers = json.loads(run_regard("survey", "send", "Delivery", "--json", cwd=shop).stdout)

    assert (1, 2) == (numbers["sent"], numbers["opted_out"])
    assert ["eva@mail.example"] == [to for to in map(str.lower, inbox.receivers) if "eva" in to]


def test_bounce_of_an_invitation_is_kept(shop: Path, inbox: Inbox, run_regard: RunRegard) -> None:
    """A bounce comes back to the invitation, and tells which address no mail reaches."""
    _send(run_regard, shop)
    eva = next(each for each in inbox.messages if "eva" in str(each["To"]))
    _deliver(
        shop,
        f"From: MAILER-DAEMON@mx.example\nTo: {eva['Reply-To']}\nSubject: Undeliverable\n"
        "X-Failed-Recipients: eva@mail.example\nMessage-ID: <b@mx.example>\n\ngone\n",
    )
    run_regard("run", "replies", cwd=shop)

    assert ("eva@mail.example", "bounce", None, "After purchase", None) in _touchpoints(shop)
    assert eva["Reply-To"] in inbox.senders


def test_server_that_breaks_is_asked_again(
    shop: Path, inbox: Inbox, run_regard: RunRegard
) -> None:
    """What a broken server did not take is sent by the next command, nothing twice."""
    inbox.broken_after = 1
    broken = run_regard("survey", "send", "After purchase", cwd=shop)
    inbox.broken_after = None
    again = _send(run_regard, shop)

    assert 1 == broken.returncode
    assert "takes no mail for an address now (code 451)" in broken.stderr
    assert (1, 1, 0) == (again["sent"], again["sent_before"], again["unsure"])
    assert 2 == len(set(map(str.lower, inbox.receivers))) == len(inbox.receivers)


def test_killed_command_never_sends_twice(
    shop: Path, inbox: Inbox, run_regard: RunRegard, project: MakeProject, port: int
) -> None:
    """A command that is killed while it waits goes on where it was, and repeats nothing."""
    project(CONFIG.format(port=port, per_minute=6))
    process = subprocess.Popen(
        [sys.executable, "-m", "regard", "survey", "send", "After purchase"],
        cwd=shop,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(300):
        if inbox.messages:
            break
        time.sleep(0.1)
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    project(CONFIG.format(port=port, per_minute=6000))
    again = _send(run_regard, shop)

    assert (1, 1) == (again["sent"], again["sent_before"])
    assert 2 == len(set(map(str.lower, inbox.receivers))) == len(inbox.receivers)


@dataclass
class Command:
    """
    The command in a process of its own, which is killed at a chosen instant.

    Attributes:
        process: It, once it was started.
        lock: A lock on the store which keeps the command from noting what was sent.
    """

    process: subprocess.Popen[bytes] | None = None
    lock: sqlite3.Connection | None = None

    def start(self, root: Path) -> None:
        """Begin to send."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "regard", "survey", "send", "After purchase"],
            cwd=root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self, *_: object) -> None:
        """End it as no process can refuse."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=30)

    def hold(self, root: Path) -> None:
        """Keep it from noting anything from now on."""
        self.lock = sqlite3.connect(root / "regard.db", timeout=30, check_same_thread=False)
        self.lock.isolation_level = None
        self.lock.execute("BEGIN IMMEDIATE")

    def release(self) -> None:
        """Let others write again."""
        if self.lock is not None:
            self.lock.rollback()
            self.lock.close()


@pytest.mark.parametrize("instant", ["asked", "taken", "acknowledged"])
def test_command_killed_around_the_receipt_never_sends_twice(
    instant: str, shop: Path, inbox: Inbox, run_regard: RunRegard
) -> None:
    """Killed before the server has a message, before it says so, or before that is noted."""
    command = Command()
    if instant == "asked":
        inbox.asked = command.kill
    elif instant == "taken":
        inbox.taken = command.kill
    else:
        inbox.taken = lambda _: command.hold(shop)
    command.start(shop)
    assert command.process is not None
    if instant == "acknowledged":
        for _ in range(600):
            if command.lock is not None:
                break
            time.sleep(0.05)
        time.sleep(1.0)  # it has the receipt, and waits for the store
        assert command.process.poll() is None
        command.kill()
        command.release()
    assert -signal.SIGKILL == command.process.wait(timeout=60)
    inbox.asked, inbox.taken = bool, bool
    before = len(inbox.messages)
    again = _send(run_regard, shop)
    third = _send(run_regard, shop)

    assert ("asked" != instant) == before
    assert (1, 1, 1) == (again["sent"], again["sent_before"], again["unsure"])
    assert (0, 2, 1) == (third["sent"], third["sent_before"], third["unsure"])
    assert before + 1 == len(set(map(str.lower, inbox.receivers))) == len(inbox.receivers)


def test_server_that_goes_silent_gets_nothing_twice(
    shop: Path, inbox: Inbox, run_regard: RunRegard
) -> None:
    """A message that the server took without saying so is not sent again, and is told of."""
    inbox.taken = lambda server: server.transport.abort()
    broken = run_regard("survey", "send", "After purchase", cwd=shop)
    inbox.taken = bool
    again = _send(run_regard, shop)

    assert 1 == broken.returncode
    assert "the connection broke before the message was acknowledged" in broken.stderr
    assert (1, 1, 1) == (again["sent"], again["sent_before"], again["unsure"])
    assert 2 == len(set(map(str.lower, inbox.receivers))) == len(inbox.receivers)


def test_pace_is_kept(
    shop: Path, inbox: Inbox, run_regard: RunRegard, project: MakeProject, port: int
) -> None:
    """Three messages at thirty a minute take the time of two pauses."""
    project(CONFIG.format(port=port, per_minute=30))
    began = time.monotonic()
    _send(run_regard, shop)

    assert 4.0 <= time.monotonic() - began


WRONG = [
    ("After purchase", "address = ", "# ", "address that replies go to is needed"),
    ("After purchase", 'survey = "After', 'survey = "Before', "it reads replies to 'Before"),
    ("After purchase", 'source = "replies"', 'source = "crm"', "read by the plug-in"),
    ("After purchase", 'body = "survey.txt"', 'body = "none.txt"', "none.txt cannot be read"),
    ("After purchase", 'security = "none"', 'security = "never"', "smtp.security"),
    ("After purchase", "127.0.0.1", "mail.example", "only for a server on this machine"),
    ("After purchase", "subject = ", "subjekt = ", "did you mean 'subject'"),
    ("After purchase", "Shop <hello@shop.example>", "Shop", "write one address"),
    ("After purchse", "", "", "did you mean 'After purchase'?"),
]


@pytest.mark.parametrize(("name", "before", "after", "said"), WRONG)
def test_wrong_settings_send_nothing(
    name: str,
    before: str,
    after: str,
    said: str,
    shop: Path,
    inbox: Inbox,
    run_regard: RunRegard,
    project: MakeProject,
) -> None:
    """What cannot be meant is told before anything is sent."""
    project((shop / "regard.toml").read_text("utf-8").replace(before, after))
    done = run_regard("survey", "send", name, cwd=shop)

    assert 2 == done.returncode
    assert said in done.stderr
    assert [] == inbox.messages

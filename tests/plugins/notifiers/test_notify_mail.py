"""Notices and reports go out over a real SMTP server."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from regard.errors import NoticeRefused, TransientError
from regard.notifiers import Attachment
from regard.testing import NotifierConformance

CONFIG = """
[smtp]
host = "127.0.0.1"
port = {port}
{smtp}
[notices.ops]
mail = {mail}
"""
PLAIN = 'security = "none"\nsender = "Regard <regard@shop.example>"\n'


@dataclass
class Inbox:
    """
    What an SMTP server was given.

    Attributes:
        codes: What it answers to an address in place of taking it.
        messages: What it took.
        receivers: Whom it took them for.
        senders: Who they are from, as the envelope says.
        encrypted: Whether the connections were.
    """

    codes: dict[str, str] = field(default_factory=dict)
    messages: list[EmailMessage] = field(default_factory=list)
    receivers: list[str] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take an address, or answer what it was told to."""
        if address in self.codes:
            return self.codes[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a message."""
        content = bytes(envelope.content or b"")
        self.messages.append(message_from_bytes(content, policy=default))  # type: ignore[arg-type]
        self.receivers += envelope.rcpt_tos
        self.senders.append(envelope.mail_from or "")
        self.encrypted.append(session.ssl is not None)
        return "250 OK"


@pytest.fixture
def inbox() -> Inbox:
    """The mail that was sent."""
    return Inbox()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def port(inbox: Inbox) -> Iterator[int]:
    """The port of a server on this machine that keeps mail in the inbox."""
    free = _free_port()
    controller = Controller(inbox, hostname="127.0.0.1", port=free)
    controller.start()
    yield free
    controller.stop()


def config(port: int, *addresses: str, smtp: str = PLAIN) -> str:
    """Return a configuration whose notices go to some addresses."""
    return CONFIG.format(port=port, smtp=smtp, mail=json.dumps(addresses or ["ops@shop.example"]))


Make = Callable[[str], Any]


def test_many_notices_are_one_mail(office: Make, port: int, inbox: Inbox) -> None:
    """Sixty failures are one message with a list of fifty, for each of the addresses."""
    shop = office(config(port, "ops@shop.example", "boss@shop.example"))
    shop.put(*(f"No. {number} failed." for number in range(60)))
    shop.put("It works.", event="recovered")
    problems = shop.tell()
    first, second = inbox.messages
    lines = first.get_content().splitlines()

    assert ([], {"told"}) == (problems, set(shop.states()))
    assert ["ops@shop.example", "boss@shop.example"] == inbox.receivers
    assert ["regard@shop.example"] * 2 == inbox.senders
    assert "regard: 60 failed, 1 recovered (shop)" == first["Subject"] == second["Subject"]
    assert "failed     source:s0: No. 0 failed. (2026-01-31 06:00 UTC)" == lines[0]
    assert ("and 11 more", "") == (lines[50], lines[51])
    assert "Regard <regard@shop.example>" == first["From"]
    assert "Sat, 31 Jan 2026 06:00:00 +0000" == first["Date"]
    assert ("auto-generated", "text/plain") == (first["Auto-Submitted"], first.get_content_type())
    assert "@shop.example>" in first["Message-ID"]


def test_hostile_texts_stay_texts(office: Make, port: int, inbox: Inbox) -> None:
    """A text with line breaks makes no head of its own, whatever language it is in."""
    shop = office(config(port))
    shop.put("Falló\r\nBcc: all@mail.example\r\n\r\n¿Qué? 失敗 \x1b[31m")
    shop.tell()
    (message,) = inbox.messages

    assert message["Bcc"] is None
    assert "Falló Bcc: all@mail.example ¿Qué? 失敗 \N{REPLACEMENT CHARACTER}[31m" in (
        message.get_content()
    )


def test_an_address_that_is_refused_keeps_no_other_waiting(
    office: Make, port: int, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Where somebody was reached the notice is told, and the log says that others were not."""
    inbox.codes = {"gone@shop.example": "550 no such user", "full@shop.example": "452 full"}
    shop = office(config(port, "gone@shop.example", "full@shop.example", "ops@shop.example"))
    shop.put("It failed.")

    assert ([], ["told"]) == (shop.tell(), shop.states())
    assert ["ops@shop.example"] == inbox.receivers
    assert ["2 of 3 addresses were not reached"] == [one.getMessage() for one in caplog.records]


@pytest.mark.parametrize(
    ("answer", "problem", "state"),
    [
        ("550 no such user", "given up: the server takes no mail for these addresses", "given up"),
        ("451 later", "tried again later: 127.0.0.1:{port}: the server takes no mail", "waits"),
    ],
)
def test_nobody_is_reached(
    answer: str, problem: str, state: str, office: Make, port: int, inbox: Inbox
) -> None:
    """Refused for good it is given up, refused for now it is tried again; no address is told."""
    inbox.codes = {"ops@shop.example": answer}
    shop = office(config(port))
    shop.put("It failed.")
    (said,) = shop.tell()

    assert problem.format(port=port) in said
    assert [state] == shop.states()
    assert "@" not in said


def test_a_server_that_is_down(office: Make, inbox: Inbox) -> None:
    """Notices wait for a server that does not answer."""
    shop = office(config(_free_port()))
    shop.put("It failed.")
    (said,) = shop.tell()

    assert "tried again later: 127.0.0.1:" in said
    assert "the server cannot be reached (Connection refused)" in said
    assert ["waits"] == shop.states()


def test_nobody_says_who_sends(office: Make, port: int, inbox: Inbox) -> None:
    """Without a sender anywhere the message says which setting is missing."""
    shop = office(config(port, smtp='security = "none"'))
    shop.put("It failed.")

    assert "smtp: `sender` is needed" in shop.tell()[0]


def test_a_channel_has_a_sender_of_its_own(office: Make, port: int, inbox: Inbox) -> None:
    """`sender` in the channel's table goes before that of the server."""
    shop = office(config(port) + 'sender = "night@shop.example"\n')
    shop.put("It failed.")
    shop.tell()

    assert ("night@shop.example", ["night@shop.example"]) == (
        inbox.messages[0]["From"],
        inbox.senders,
    )


def test_a_report_with_its_file(office: Make, port: int, inbox: Inbox) -> None:
    """A report is mailed as text under its title, with what is attached."""
    shop = office(config(port))
    file = Attachment("c.csv", "text/csv", b"n\n42\n")
    shop.send("Customers\nof 2026", "42 \ud800\n", attachments=[file])
    (message,) = inbox.messages
    body, attached = message.iter_parts()

    assert "Customers of 2026" == message["Subject"]
    assert "42 ?\n" == body.get_content().replace("\r\n", "\n")
    assert ("c.csv", "text/csv") == (attached.get_filename(), attached.get_content_type())
    assert b"n\n42\n" == attached.get_payload(decode=True)


def test_a_report_that_is_refused(office: Make, port: int, inbox: Inbox) -> None:
    """Who sends a report hears whether it makes sense to try again."""
    shop = office(config(port))
    inbox.codes = {"ops@shop.example": "550 no such user"}
    with pytest.raises(NoticeRefused):
        shop.send("Customers", "42")
    inbox.codes = {"ops@shop.example": "451 later"}
    with pytest.raises(TransientError):
        shop.send("Customers", "42")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A folder with a certificate for this machine and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here")
    files = ("-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem"))
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "30", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", *files),
        ],
        check=True,
        capture_output=True,
    )
    return tmp_path


def test_over_starttls(office: Make, certificate: Path, inbox: Inbox) -> None:
    """The connection is encrypted, and a certificate that nobody vouches for ends it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    free = _free_port()
    controller = Controller(
        inbox, hostname="127.0.0.1", port=free, tls_context=context, require_starttls=True
    )
    controller.start()
    try:
        known = f'sender = "regard@shop.example"\nca = "{certificate / "cert.pem"}"\n'
        trusting = office(config(free, smtp=known))
        trusting.put("It failed.")
        assert ([], [True]) == (trusting.tell(), inbox.encrypted)

        with pytest.raises(Exception, match=r"the certificate of 127\.0\.0\.1:\d+ does not check"):
            office(config(free, smtp='sender = "regard@shop.example"\n')).send("a", "b")
    finally:
        controller.stop()


def test_a_wrong_password(office: Make, inbox: Inbox) -> None:
    """Nobody is signed in with a wrong password, and what is told does not say it."""

    def nobody(*_: Any) -> AuthResult:
        return AuthResult(success=False, handled=False)

    free = _free_port()
    controller = Controller(
        inbox, hostname="127.0.0.1", port=free, authenticator=nobody, auth_require_tls=False
    )
    controller.start()
    try:
        smtp = f'{PLAIN}user = "hello@shop.example"\npassword = "wr0ng-one"\n'
        shop = office(config(free, smtp=smtp))
        shop.put("It failed.")
        (said,) = shop.tell()
    finally:
        controller.stop()

    assert "the server refuses the user or the password" in said
    assert "wr0ng-one" not in said
    assert [] == inbox.messages


class TestConformance(NotifierConformance):
    """The mail keeps the promises of a notifier."""

    notifier = "mail"
    config = {"mail": ["ops@shop.example"]}
    unreachable = config

    @pytest.fixture
    def conformance_smtp(self, port: int, inbox: Inbox) -> dict[str, Any]:
        """A server of this machine."""
        self.inbox = inbox
        sender = "regard@shop.example"
        return {"host": "127.0.0.1", "port": port, "security": "none", "sender": sender}

    def arrived(self, root: Path) -> str:
        """Return the texts that arrived."""
        return "\n".join(message.get_content() for message in self.inbox.messages)

"""Messages as they arrive: well made, badly made, and made to hurt."""

from __future__ import annotations

import base64
import time
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from regard.errors import RecordError
from regard.mail import Message, parse
from regard.mail.messages import MAX_BYTES

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PLAIN = b"""From: Ana <ana@mail.example>
To: "Tienda" <encuesta+k1@shop.example>
Cc: otra@shop.example
Subject: =?utf-8?q?Re:_Su_opini=C3=B3n?=
Date: Mon, 05 Jan 2026 10:03:00 +0100
Message-ID: <m1@mail.example>
In-Reply-To: <root@shop.example>
References: <root@shop.example> <second@shop.example>
Content-Type: text/plain; charset=utf-8

9
"""


def _parse(data: bytes | str) -> Message:
    return parse(data if isinstance(data, bytes) else data.encode(), now=NOW)


def _with(body: bytes, *headers: str) -> bytes:
    head = ["From: ana@mail.example", "Subject: x", *headers]
    return "\n".join(head).encode() + b"\n\n" + body


def test_message_is_understood() -> None:
    """Sender, receivers, thread, time, subject and text come out decoded."""
    assert Message(
        "m1@mail.example",
        ("root@shop.example", "second@shop.example"),
        "root@shop.example",
        "ana@mail.example",
        ("encuesta+k1@shop.example", "otra@shop.example"),
        datetime(2026, 1, 5, 9, 3, tzinfo=UTC),
        "Re: Su opinión",
        "9",
    ) == _parse(PLAIN)
    assert "root@shop.example" == _parse(PLAIN).thread


def test_the_name_below_is_that_of_the_header() -> None:
    """Who signs with the name of their header, encoded as it may be, says nothing by it."""
    head = b"From: =?utf-8?q?Ana_Garc=C3=ADa?= <a1@mail.example>\nSubject: x\n\n"

    assert "9" == _parse(head + "9\n\nAna García\n600 123 456\n".encode()).text


BODIES = [
    ("Content-Type: text/plain; charset=iso-8859-1", "mañana €".encode("cp1252"), "mañana €"),
    ("Content-Type: text/plain; charset=utf-8", "mañana".encode("cp1252"), "mañana"),
    ("Content-Type: text/plain; charset=us-ascii", "mañana".encode(), "mañana"),
    ("Content-Type: text/plain; charset=klingon", "mañana".encode(), "mañana"),
    ("Content-Type: text/plain; charset=base64", b"hola", "hola"),
    ("Content-Type: text/plain; charset=utf-16", "mañana".encode("utf-16"), "mañana"),
    ("Content-Type: text/plain; charset==?", b"hola", "hola"),
    ("Content-Type: text/plain; charset*=x'y'%zz", b"hola", "hola"),
    ("Content-Type: /", b"hola", "hola"),
    ("Content-Type: text/html", b"<p>ma&ntilde;ana</p><script>1</script>", "mañana"),
    ("Content-Type: text/html", "<meta charset=cp1252><p>mañana".encode("cp1252"), "mañana"),
    ("Content-Transfer-Encoding: base64", b"!!!! bWHDsWFuYQ== ????", None),
    ("Content-Transfer-Encoding: base64", base64.b64encode("mañana".encode()), "mañana"),
    ("Content-Transfer-Encoding: quoted-printable", b"ma=C3=B1ana=", "mañana"),
    ("Content-Transfer-Encoding: x-uuencode", b"begin 666 x\nrubbish\nend", None),
    ("Content-Transfer-Encoding: nonsense", b"hola", "hola"),
    ("Content-Type: text/plain; format=flowed", b"one \ntwo\nthree", "one two\nthree"),
    ("Content-Type: text/plain; format=flowed; delsp=yes", b"one \ntwo", "onetwo"),
    ("Content-Type: multipart/mixed", b"no boundary", "no boundary"),
    ("Content-Type: image/png", b"\x89PNG", None),
    ("X: y", b"a\x00b\x1b[31mc\xe2\x80\xaed\r\ne", "ab[31mcd\ne"),
    ("X: y", b"", None),
]


@pytest.mark.parametrize(("header", "body", "text"), BODIES)
def test_body_is_decoded(header: str, body: bytes, text: str | None) -> None:
    """Whatever is declared about a body, its text comes out, or none; never an error."""
    found = _parse(_with(body, header)).text

    if text is not None:
        assert text == found


ALTERNATIVE = b"""--b
Content-Type: text/plain

%s
--b
Content-Type: text/html

<p>ocho</p>
--b--
"""


@pytest.mark.parametrize(("plain", "text"), [(b"nueve", "nueve"), (b" \n\n", "ocho")])
def test_plain_alternative_goes_first(plain: bytes, text: str) -> None:
    """Of two forms of one text the plain one is read, unless it is empty."""
    data = _with(ALTERNATIVE % plain, 'Content-Type: multipart/alternative; boundary="b"')

    assert text == _parse(data).text


def test_attachments_are_left_out() -> None:
    """Attached texts and messages are not what the sender wrote."""
    body = b"""--b
Content-Type: text/plain

9
--b
Content-Type: text/plain
Content-Disposition: attachment; filename="orders.txt"

7
--b
Content-Type: message/rfc822

From: x@y.example
Subject: z

5
--b--
"""

    assert "9" == _parse(_with(body, "Content-Type: multipart/mixed; boundary=b")).text


def test_large_attachment_costs_little() -> None:
    """Of ten megabytes only the beginning is looked at, and the text stands there."""
    attached = base64.encodebytes(b"x" * 10_000_000)
    body = (
        b"--b\nContent-Type: text/plain\n\n9\n--b\nContent-Type: application/pdf\n"
        b"Content-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n"
    )
    data = _with(body + attached + b"\n--b--\n", "Content-Type: multipart/mixed; boundary=b")
    tracemalloc.start()
    found = _parse(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert ("9", True) == (found.text, found.shortened)
    assert 12 * MAX_BYTES > peak


def test_message_without_identifier_is_named_by_what_it_says() -> None:
    """Two copies of one message share a name, two different messages do not."""
    first, copy = _parse(_with(b"a")), _parse(_with(b"a", "Received: from x; now"))

    assert first.message_id == copy.message_id != _parse(_with(b"b")).message_id
    assert first.message_id.startswith("digest:")


DATES = [
    ("Mon, 05 Jan 2026 10:03:00 +0100", datetime(2026, 1, 5, 9, 3, tzinfo=UTC)),
    ("5 Jan 2026 10:03 -0000", datetime(2026, 1, 5, 10, 3, tzinfo=UTC)),
    ("yesterday", None),
    ("Mon, 05 Jan 2099 10:03:00 +0100", None),
    ("Mon, 05 Jan 0001 10:03:00 +2400", None),
    ("Thu, 01 Jan 1970 00:00:00 +0000", None),
    ("Mon, 99 Jan 2026 99:99:99 +9999", None),
    ("", None),
]


@pytest.mark.parametrize(("date", "moment"), DATES)
def test_unbelievable_dates_are_none(date: str, moment: datetime | None) -> None:
    """A time that cannot be is none, and the mailbox's word is taken instead."""
    data = _with(b"9", f"Date: {date}")
    received = datetime(2026, 3, 1, tzinfo=UTC)

    assert moment == parse(data, now=NOW).sent_at
    assert (moment or received) == parse(data, now=NOW, received_at=received).sent_at


AUTOMATIC = [
    ("Auto-Submitted: auto-replied", "auto-reply"),
    ("Auto-Submitted: no", None),
    ("Auto-Submitted: auto-generated", "auto-reply"),
    ("Subject: Respuesta automática: Encuesta", "out-of-office"),
    ("Subject: Réponse automatique : Enquête", "out-of-office"),
    ("Subject: Automatic reply: Survey", "out-of-office"),
    ("Subject: =?utf-8?q?Fuera_de_la_oficina?=", "out-of-office"),
    ("Subject: Absente du bureau", "out-of-office"),
    ("Subject: Ausentarme no es una opción", None),
    ("X-Autoreply: yes", "auto-reply"),
    ("Precedence: auto_reply", "auto-reply"),
    ("Precedence: bulk", "newsletter"),
    ("List-Unsubscribe: <https://x.example>", "newsletter"),
    ("X-Spam-Flag: YES", "spam"),
    ("X-Spam-Status: No, score=0", None),
    ("X-MS-Exchange-Organization-SCL: 6", "spam"),
    ("X-MS-Exchange-Organization-SCL: -1", None),
    ("X-Forefront-Antispam-Report: CIP:1.2.3.4;SCL:9;SRV:", "spam"),
    ("X-Forefront-Antispam-Report: CIP:9.9.9.9;SCL:1;SRV:", None),
    ("Subject: [SPAM] Buy", "spam"),
    ("X-Failed-Recipients: a@b.example", "bounce"),
    ("From: MAILER-DAEMON@mx.example", "bounce"),
    ("Content-Type: multipart/report; report-type=delivery-status; boundary=x", "bounce"),
    ("Return-Path: <>", "auto-reply"),
    ("Return-Path: <>\nSubject: Mensaje no entregado: Encuesta", "bounce"),
    ("Return-Path: <>\nSubject: Unzustellbar: Encuesta", "bounce"),
    ("Return-Path: <>\nSubject: Não é possível entregar: Encuesta", "bounce"),
    ("Return-Path: <>\nSubject: Remise impossible : Encuesta", "bounce"),
    ("Content-Type: text/calendar; method=REPLY", "calendar"),
    ("Content-Type: text/calendar; method=REQUEST", None),
    ("Subject: Pregunta", None),
]


@pytest.mark.parametrize(("header", "reason"), AUTOMATIC)
def test_automatic_messages_are_recognised(header: str, reason: str | None) -> None:
    """Bounces, automatic replies, spam and newsletters are told by what programs write."""
    names = [line.partition(":")[0] for line in header.split("\n")]
    usual = ("From: a@b.example", "Subject: x")
    head = [header, *(each for each in usual if each.partition(":")[0] not in names)]

    assert reason == _parse("\n".join(head) + "\n\nhola").auto


BOUNCE = b"""From: MAILER-DAEMON@mx.example
To: survey@shop.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

I'm sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; Gone@mail.example
Action: failed
Status: 5.1.1

Final-Recipient: rfc822; slow@mail.example
Action: delayed
Status: 4.4.1
--b--
"""


def test_bounce_says_whom_no_mail_reaches() -> None:
    """The addresses that failed for good come out, and not those that are late."""
    assert ("bounce", ("gone@mail.example",)) == (_parse(BOUNCE).auto, _parse(BOUNCE).failed)
    assert ("x@y.example",) == _parse(_with(b"", "X-Failed-Recipients: x@y.example")).failed


REFUSED = [
    (b"", "empty-mail"),
    (b"\r\n \n", "empty-mail"),
    (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not-a-mail"),
    (b"just a text", "not-a-mail"),
    (b"X-One: two\n\nbody", "not-a-mail"),
    (_with(b"", *(f"X: boundary={n}" for n in range(100))), "nested-mail"),
]


@pytest.mark.parametrize(("data", "reason"), REFUSED)
def test_what_is_no_message_is_refused(data: bytes, reason: str) -> None:
    """What cannot be a message is refused with a reason."""
    with pytest.raises(RecordError) as caught:
        _parse(data)

    assert reason == caught.value.reason


def _nested(depth: int) -> bytes:
    parts = [
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth)
    ]
    return b"From: a@b.example\n" + b"".join(parts) + b"Content-Type: text/plain\n\n9\n"


HOSTILE = [
    PLAIN[: len(PLAIN) // 2],
    PLAIN.replace(b"utf-8", b"\xff\xfe"),
    b"From: " + b"a" * 1_000_000 + b"@b\n\n9",
    b"From: a@b.example\nTo: " + b"<" * 500_000 + b"\n\n9",
    b"From: a@b.example\nTo: " + b'"' * 500_000 + b"\n\n9",
    b"From: a@b.example\nTo: " + b"(" * 500_000 + b"\n\n9",
    b"From: a@b.example\nTo: " + b"a@b.example," * 100_000 + b"\n\n9",
    b"From: a@b.example\nSubject: " + b"=?utf-8?b?" * 100_000 + b"\n\n9",
    b"From: a@b.example\nSubject: =?utf-8?b?!!!?= =?x?q?=ff?= =?utf-7?q?+?=\n\n9",
    b"From: a@b.example\nSubject: a\r\rBcc: victim@c.example\n\n9",
    b"From: a@b.example\nReferences: " + b"<a@b> " * 100_000 + b"\n\n9",
    b"From: a@b.example\nDate: " + b"1 " * 100_000 + b"\n\n9",
    b"From: a@b.example\n" + b"X: y\n" * 100_000 + b"\n9",
    b"From: a@b.example\nContent-Type: " + b"a/b;" * 100_000 + b"\n\n9",
    b"From: a@b.example\nContent-Type: text/plain; charset*0*=a; charset*99*=b\n\n9",
    _nested(50),
    _with(b"--b\n" * 300_000, "Content-Type: multipart/mixed; boundary=b"),
    _with(b"\n" * 2_000_000, "Content-Type: multipart/mixed; boundary=b"),
    bytes(range(256)) * 1_000,
]


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_message_harms_nothing(data: bytes) -> None:
    """Broken and malicious messages are read or refused, within seconds."""
    began = time.monotonic()
    found: Message | None = None
    with suppress(RecordError):
        found = _parse(data)

    assert 10.0 > time.monotonic() - began
    if found is not None:
        assert "\n" not in (found.subject or "")
        assert "\r" not in (found.text or "")

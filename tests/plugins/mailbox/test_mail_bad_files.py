"""Mailboxes that are empty, cut short, damaged, doubled, changed or made to hurt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

Folder = Any
MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]

CONFIGS: dict[str, dict[str, Any]] = {
    "mailbox": {"own": ["shop.example"]},
    "survey-mailbox": {"own": ["shop.example"], "survey": "After purchase"},
}
KINDS = {"mailbox": "touchpoint", "survey-mailbox": "answer"}


def _mail(number: int, text: str | bytes, *headers: str) -> bytes:
    head = [
        "From x Mon Jan  5 10:03:00 2026",
        f"From: c{number}@mail.example",
        "To: survey@shop.example",
        f"Subject: Re: n{number}",
        f"In-Reply-To: <i{number}@shop.example>",
        f"Message-ID: <{number}@mail.example>",
        f"Date: Mon, 05 Jan 2026 10:{number:02}:00 +0100",
        *headers,
    ]
    body = text.encode() if isinstance(text, str) else text
    return "\n".join(head).encode() + b"\n\n" + body + b"\n\n"


MAILS = b"".join(_mail(n, f"{n}\n\nTexto {n}, gracias") for n in range(5))


@pytest.fixture(params=CONFIGS)
def box(folder: Folder, request: pytest.FixtureRequest) -> Folder:
    """An empty folder, for each of the two sources of mail."""
    return replace(folder, plugin=request.param)


def _run(box: Folder) -> dict[str, Any]:
    summaries: dict[str, Any] = box.run(**CONFIGS[box.plugin])
    return summaries


def _texts(box: Folder) -> list[str]:
    found = box.records(KINDS[box.plugin]).values()
    return sorted(row["text"] for row in found if row["text"])


@pytest.mark.parametrize("content", [b"", b"\n\n", b"From x Mon Jan  5 10:03:00 2026\n"])
def test_an_empty_mailbox_stops_no_other(box: Folder, content: bytes) -> None:
    """A mailbox without a message gives nothing, and the one beside it is read."""
    box.put("empty.mbox", content)
    box.put("good.mbox", MAILS)
    _run(box)

    assert 5 == len(_texts(box))


@pytest.mark.parametrize("share", [0.1, 0.35, 0.5, 0.77, 0.99])
def test_a_mailbox_cut_short_gives_what_there_is(box: Folder, share: float) -> None:
    """Where a copy broke off its last message may be short; the others are whole."""
    box.put("cut.mbox", MAILS[: int(len(MAILS) * share)])
    _run(box)
    whole = MAILS[: int(len(MAILS) * share)].count(b"gracias\n\n")

    assert {f"Texto {n}, gracias" for n in range(whole)} <= {
        text.rpartition("\n")[2] for text in _texts(box)
    }


def test_attachments_cut_short_cost_nothing(box: Folder) -> None:
    """A message that ends within what is attached still says what it says."""
    parts = (
        b"--b\nContent-Type: text/plain\n\n9\n\nMuy bien\n--b\nContent-Type: image/png\n"
        b"Content-Transfer-Encoding: base64\n\niVBORw0KGgo"
    )
    box.put("cut.mbox", _mail(1, parts, "Content-Type: multipart/mixed; boundary=b"))
    _run(box)

    assert ["Muy bien"] == [text.rpartition("\n")[2] for text in _texts(box)]


@pytest.mark.parametrize(
    ("declared", "written"),
    [("utf-8", "latin-1"), ("x-nobody", "cp1252"), ("us-ascii", "utf-8"), ("utf-16", "utf-8")],
)
def test_a_charset_that_is_not_the_one_declared(box: Folder, declared: str, written: str) -> None:
    """Accents survive where a message declares another charset than it is written in."""
    header = f"Content-Type: text/plain; charset={declared}"
    mails = [_mail(1, "9\n\nAtención rápida".encode(written), header), _mail(2, "8\n\nBien")]
    box.put("odd.mbox", b"".join(mails))
    _run(box)

    assert ["Atención rápida", "Bien"] == sorted(t.rpartition("\n")[2] for t in _texts(box))


def test_a_file_in_another_encoding_is_named(box: Folder) -> None:
    """A mailbox that an editor saved as UTF-16 is no mailbox any more, and is named."""
    box.put("wide.mbox", MAILS.decode().encode("utf-16"))
    box.put("good.mbox", MAILS)
    summaries = _run(box)

    assert 5 == len(_texts(box))
    assert any("wide.mbox" in str(summary.error) for summary in summaries.values())


def test_a_copy_adds_nothing(box: Folder) -> None:
    """The same mailbox under another name, and the same message twice, are one."""
    box.put("a.mbox", MAILS)
    _run(box)
    before = box.records(KINDS[box.plugin])
    box.put("b.mbox", MAILS + MAILS)
    _run(box)

    assert before == box.records(KINDS[box.plugin])


def test_a_mailbox_that_comes_again_with_changes(box: Folder) -> None:
    """A message that says something else under its own name is that message, changed."""
    box.put("a.mbox", MAILS, hours_ago=50)
    _run(box)
    box.put("a.mbox", MAILS.replace(b"\n3\n\nTexto 3", b"\n7\n\nOtra cosa"), hours_ago=40)
    summaries = _run(box)
    stream = "messages" if box.plugin == "mailbox" else "answers"

    assert (0, True) == (summaries[stream].counts.new, summaries[stream].counts.changed > 0)
    assert 5 == len(_texts(box))
    assert any("Otra cosa" in text for text in _texts(box))
    if box.plugin == "survey-mailbox":
        assert [Decimal(7)] == [
            row["score"]
            for row in box.records("answer").values()
            if row["email"] == "c3@mail.example" and row["score"] is not None
        ]


HOSTILE = [
    '=HYPERLINK("https://evil.example")',
    "+34 600 123 456",
    "@SUM(A1)",
    "<script>alert(1)</script> [bold]x[/bold]",
    "\x1b[31mrojo\x1b[0m \x1b]0;title\x07 \x00 \x9b31m",
    "\u202egnirts \u2066x\u2069",
    "a" * 200_000,
    "From nobody\nFrom x Mon Jan  5 10:03:00 2026 is no header",
    "> " * 50_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_spares_its_neighbours(box: Folder, text: str) -> None:
    """Formulas, controls and markup are text or nothing; the messages beside are read."""
    box.put("a.mbox", _mail(1, "9\n\nantes") + _mail(2, f"8\n\n{text}") + _mail(3, "7\n\nluego"))
    _run(box)
    found = _texts(box)

    assert {"antes", "luego"} <= {each.rpartition("\n")[2] for each in found}
    assert not any(sign in each for each in found for sign in "\x00\x07\x1b\x9b")
    assert all(len(each) <= 50_000 for each in found)


def test_hostile_mail_never_reaches_the_terminal(
    project: MakeProject, run_regard: RunRegard
) -> None:
    """No subject, sender or text of a message can colour or steer the terminal."""
    evil = b"\x1b[31m\x1b]0;title\x07[bold]"
    mails = _mail(1, b"9 o 8 " + evil).replace(b"Subject: Re: n1", b"Subject: Re: " + evil)
    mails += _mail(2, b"9\n\n" + evil).replace(b"c2@mail", b'"\x1b[31mA" <c2@mail')
    config = '[sources.s]\nplugin = "survey-mailbox"\npath = "in/*"\nsurvey = "X"\n'
    root = project(config, files={"in/r.mbox": mails})
    for command in (
        ("preview", "s", "--reveal"),
        ("run", "s"),
        ("quarantine", "show", "1", "--reveal"),
    ):
        done = run_regard(*command, cwd=root)

        assert not {"\x1b", "\x07"} & {*done.stdout, *done.stderr}, command
        assert "Traceback" not in done.stderr, command

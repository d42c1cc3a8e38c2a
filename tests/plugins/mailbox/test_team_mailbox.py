"""The team's mailbox as touchpoints, from mbox and Maildir."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.testing import ReadRecord, SourceConformance, read_source
from regard.testing.reading import load_host, make_project

MakeProject = Callable[..., Path]
RunRegard = Callable[..., "subprocess.CompletedProcess[str]"]
DATA = Path(__file__).parent / "data"


class TestTeamMailbox(SourceConformance):
    """The promises of every source, kept over an mbox with good and bad mail."""

    plugin = "mailbox"
    data = DATA
    config = {"path": "mail/support.mbox", "own": ["shop.example"]}
    expected = 5
    expected_refused = 1


@pytest.fixture
def messages(tmp_path: Path) -> dict[str, ReadRecord]:
    """The touchpoints of the mailbox, by their subjects."""
    config = {"path": "mail/support.mbox", "own": ["shop.example"]}
    project = make_project(tmp_path / "project", "mailbox", config, data=DATA)
    records = read_source(project, host=load_host(project)).records
    return {record.values["subject"]: record for record in records}


def test_message_becomes_a_touchpoint(messages: dict[str, ReadRecord]) -> None:
    """A customer's message has its sender, time and text, without quote and signature."""
    values = messages["Pedido 1234"].values

    assert ("email", "message", "inbound", "ana@mail.example", "pregunta-1@mail.example") == (
        values["channel"],
        values["type"],
        values["direction"],
        values["email"],
        values["thread_key"],
    )
    assert "Hola:\n\nMi pedido no llega." == values["text"]
    assert "2026-01-05T09:03:00+00:00" == values["happened_at"].isoformat()


def test_reply_of_ours_is_in_the_thread(messages: dict[str, ReadRecord]) -> None:
    """What we answer goes out, to the customer, in the thread of the question."""
    values = messages["Re: Pedido 1234"].values

    assert ("outbound", "ana@mail.example", "hola@shop.example", "pregunta-1@mail.example") == (
        values["direction"],
        values["email"],
        values["agent"],
        values["thread_key"],
    )
    assert "Sale hoy." == values["text"]


def test_form_of_our_own_site_is_from_its_customer(folder: Any) -> None:
    """What a form sends from our address, with the customer's to reply to, is the customer's."""
    head = "From: web@shop.example\nTo: hola@shop.example\nDate: Mon, 05 Jan 2026 10:03:00 +0100\n"
    form = head + "Reply-To: Ana <ana@mail.example>\nMessage-ID: <1@s>\n\nTienen bicis?\n"
    ours = head + "Reply-To: hola@shop.example\nMessage-ID: <2@s>\n\nEntre nosotros\n"
    folder.put("form.eml", form)
    folder.put("ours.eml", ours)
    folder.run(own=["shop.example"])
    (row,) = folder.records("touchpoint").values()

    assert ("ana@mail.example", "inbound", None) == (row["email"], row["direction"], row["agent"])


def test_automatic_and_internal_mail_is_left_out(messages: dict[str, ReadRecord]) -> None:
    """Newsletters, bounces, automatic replies and mail among ourselves become nothing."""
    assert {
        "Pedido 1234",
        "Re: Pedido 1234",
        "Félicitations",
        "Through our own list",
        "Sin identificador",
    } == set(messages)


def test_html_message_in_latin_1_is_read(messages: dict[str, ReadRecord]) -> None:
    """HTML without a plain form, in an old charset, comes out as text."""
    assert "Très content, déjà reçu !" == messages["Félicitations"].values["text"]


CONFIG = """
timezone = "Europe/Madrid"

[sources.support]
plugin = "mailbox"
path = "mail/Support"
own = ["shop.example"]
"""


def _mail(number: int, date: str = "Mon, 05 Jan 2026 10:03:00 +0100") -> bytes:
    return (
        f"From: c{number}@mail.example\nTo: hola@shop.example\nSubject: n{number}\n"
        f"Date: {date}\nMessage-ID: <{number}@mail.example>\n\nTexto {number}\n"
    ).encode()


def _run(run_regard: RunRegard, root: Path) -> dict[str, Any]:
    done = run_regard("run", "support", "--json", cwd=root)
    found: dict[str, Any] = json.loads(done.stdout)["runs"][0]
    return found


def _maildir(*messages: bytes) -> dict[str, bytes]:
    files = {f"mail/Support/{name}/.keep": b"" for name in ("cur", "new", "tmp")}
    return files | {f"mail/Support/new/{n}.host": each for n, each in enumerate(messages)}


def test_maildir_is_read_on(project: MakeProject, run_regard: RunRegard) -> None:
    """New mail is read, known mail is not, and mail that was seen meanwhile is recognised."""
    root = project(CONFIG, files=_maildir(_mail(1), _mail(2)))
    first = _run(run_regard, root)
    again = _run(run_regard, root)
    (root / "mail/Support/new/0.host").rename(root / "mail/Support/cur/0.host:2,S")
    project(CONFIG, files={"mail/Support/new/9.host": _mail(9)})
    third = _run(run_regard, root)

    assert (2, 0) == (first["new"], again["read"])
    assert (1, 1) == (third["new"], third["unchanged"])


def test_empty_maildir_is_no_failure(project: MakeProject, run_regard: RunRegard) -> None:
    """A mailbox without mail is read as such, as often as one likes."""
    root = project(CONFIG, files=_maildir())

    assert ["ok"] * 4 == [_run(run_regard, root)["outcome"] for _ in range(4)]


def test_rubbish_in_a_maildir_spares_its_neighbours(
    project: MakeProject, run_regard: RunRegard
) -> None:
    """Empty files and rubbish go to quarantine, and mail beside them is stored."""
    root = project(CONFIG, files=_maildir(_mail(1), b"", b"\x00\xff" * 100, b"hello", _mail(2)))
    done = _run(run_regard, root)

    assert ("ok", 2, 3) == (done["outcome"], done["new"], done["quarantined"])


def test_mail_that_comes_again_is_stored_once(project: MakeProject, run_regard: RunRegard) -> None:
    """A message in two mailboxes, or twice in one, is one touchpoint."""
    separator = b"From x Mon Jan  5 10:03:00 2026\n"
    both = separator + _mail(1) + b"\n" + separator + _mail(1) + b"\n"
    config = CONFIG.replace("mail/Support", "mail/*.mbox")
    root = project(config, files={"mail/a.mbox": both, "mail/b.mbox": both})
    done = _run(run_regard, root)

    assert ("ok", 1, 3, 0) == (
        done["outcome"],
        done["new"],
        done["unchanged"],
        done["quarantined"],
    )


def _mbox(number: int, rest: str = "\n") -> bytes:
    return b"From x Mon Jan  5 10:03:00 2026\n" + _mail(number) + rest.encode()


GROWN = [
    ("whole", _mbox(2), b"", 1),
    ("between lines", _mbox(2, ""), b"y otra cosa\n\n", 2),
    ("within a line", _mbox(2, "y otra"), b" cosa\n\n", 3),
]


@pytest.mark.parametrize(("second", "rest", "read"), [case[1:] for case in GROWN])
def test_mbox_that_grows_is_read_on(
    second: bytes, rest: bytes, read: int, project: MakeProject, run_regard: RunRegard
) -> None:
    """Only what was appended is read, with the message that was still being written."""
    config = CONFIG.replace("mail/Support", "mail/a.mbox")
    root = project(config, files={"mail/a.mbox": _mbox(1) + second})
    first = _run(run_regard, root)
    project(config, files={"mail/a.mbox": _mbox(1) + second + rest + _mbox(3)})
    again = _run(run_regard, root)
    third = _run(run_regard, root)

    assert (2, read, 1, 0) == (first["new"], again["read"], again["new"], third["read"])
    assert (1 if rest else 0) == again["changed"]


def test_old_and_skipped_mail_is_counted(project: MakeProject, run_regard: RunRegard) -> None:
    """Mail older than wished and mail of skipped addresses is left out, and only counted."""
    config = CONFIG + 'keep_days = 365\nskip = ["c2@mail.example", "robot.example"]\n'
    old = "Mon, 05 Jan 2015 10:03:00 +0100"
    root = project(config, files=_maildir(_mail(1), _mail(2), _mail(3, old)))
    done = run_regard("run", "support", cwd=root, env={"REGARD_NOW": "2026-02-01T00:00:00+00:00"})

    assert "stored 1 of 1" in done.stdout
    assert "1 message of a skipped address, 1 message older than keep_days" in done.stderr
    assert "mail.example" not in done.stdout + done.stderr

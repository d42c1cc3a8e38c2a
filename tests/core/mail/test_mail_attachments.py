"""Files that come by mail, from a real IMAP server."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from threading import Event, Timer
from typing import Any

import pytest

from regard.errors import AuthError, Cancelled, ConfigError, TransientError
from regard.fetching import Fetcher, Landed, Surroundings
from regard.settings.paths import Remote, paths_of

PASSWORD = "open-sesame"
ImapServer = Any
CSV = b"id,name\n1,Ana\n"


@dataclass
class Desk:
    """
    A project whose source ``till`` takes attachments from a mailbox.

    Attributes:
        root: The project's folder.
        server: The IMAP server.
        user: Whose mailbox it is.
        stop: Set when the run should stop.
    """

    root: Path
    server: ImapServer
    user: str
    stop: Event

    def _check(self) -> None:
        if self.stop.is_set():
            raise Cancelled("asked to stop")

    def fetch(self, looks: bool = False, **filters: Any) -> Landed:
        """Fetch what is attached, as one run does."""
        imap = {
            "host": "127.0.0.1",
            "port": self.server.port,
            "tls": False,
            "user": self.user,
            "password": PASSWORD,
            "attachment": "*.csv",
            **filters,
        }
        (remote,) = paths_of({"imap": imap})
        assert isinstance(remote, Remote)
        around = Surroundings(self.root, lambda: datetime.now(UTC), self.stop.is_set, self._check)
        with Fetcher("till", around, not looks, looks) as fetcher:
            landed = fetcher.land(remote, "sources.till.path")
            self.said = fetcher.said
        return landed

    def names(self, **filters: Any) -> list[str]:
        """Return the names of what there is after fetching."""
        landed = self.fetch(**filters)
        assert landed.error is None
        return [path.name for path in landed.files]


@pytest.fixture
def desk(tmp_path: Path, imap_server: ImapServer, request: pytest.FixtureRequest) -> Desk:
    """Return a project with a mailbox of its own."""
    return Desk(tmp_path, imap_server, request.node.name.partition("[")[0][5:45], Event())


def mail(
    *files: tuple[str, bytes],
    sender: str = "Till <till@shop.example>",
    subject: str = "Daily export",
) -> bytes:
    """Return a message with attachments."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "bi@shop.example", subject
    message["Date"] = "Mon, 05 Jan 2026 10:00:00 +0100"
    message.set_content("Here it is.")
    for name, content in files:
        message.add_attachment(content, maintype="text", subtype="csv", filename=name)
    return message.as_bytes()


def test_each_attachment_lands_once(desk: Desk) -> None:
    """What is new lands under the day on which it came; messages stay as they were."""
    desk.server.put(desk.user, mail(("orders.csv", CSV), ("logo.png", b"png")))
    desk.server.put(desk.user, mail(sender="ana@mail.example"))
    first = desk.fetch()

    assert ["2026-01-05-orders.csv"] == [path.name for path in first.files]
    assert CSV == first.files[0].read_bytes()
    assert datetime(2026, 1, 5, 9, 3, tzinfo=UTC).timestamp() == first.files[0].stat().st_mtime
    assert tmp_inbox(desk) == {"2026-01-05-orders.csv", ".fetched.json"}

    before = first.files[0].stat()
    desk.server.put(desk.user, mail(("Orders.CSV", CSV + b"2,Bo\n")))

    assert ["2026-01-05-orders.csv", "Orders"] == [
        name.partition(".CSV")[0].removeprefix("2026-01-05-").partition("-")[0]
        if "Orders" in name
        else name
        for name in desk.names()
    ]
    assert before == first.files[0].stat()
    flags = b" ".join(desk.server.flags(desk.user))
    assert b"Seen" not in flags
    assert desk.names() == desk.names()


def tmp_inbox(desk: Desk) -> set[str]:
    """Return the names of all that lies in the inbox."""
    return {path.name for path in (desk.root / "inbox" / "till").iterdir()}


def test_only_what_fits_is_fetched(desk: Desk) -> None:
    """Sender, subject, day and name choose; case does not matter, a domain covers its hosts."""
    desk.server.put(desk.user, mail(("a.csv", b"a\n1\n")))
    desk.server.put(desk.user, mail(("b.csv", b"b\n1\n"), sender="eve@evil.example"))
    desk.server.put(desk.user, mail(("c.csv", b"c\n1\n"), subject="=?utf-8?q?Caf=C3=A9_REPORT?="))
    desk.server.put(desk.user, mail(("d.xlsx", b"d")))

    def chosen(**filters: Any) -> str:
        return "".join(name[11] for name in desk.names(**filters))

    assert "abc" == chosen()
    assert "ac" == chosen(**{"from": "shop.example"})
    assert "ac" == chosen(**{"from": ["TILL@shop.example", "else.example"]})
    assert "b" == chosen(**{"from": "@evil.example"})
    assert "" == chosen(**{"from": "hop.example"})
    assert "c" == chosen(subject="café report")
    assert "abcd" == chosen(attachment=["*.csv", "*.XLSX"])
    assert "" == chosen(since=datetime(2026, 1, 6).date())
    assert "abc" == chosen(since=datetime(2026, 1, 5).date())


def test_two_of_one_name_are_kept_apart(desk: Desk) -> None:
    """In one message and in two of one day; the same once more is no new file."""
    desk.server.put(desk.user, mail(("a.csv", b"x\n1\n"), ("a.csv", b"x\n2\n")))
    desk.server.put(desk.user, mail(("a.csv", b"x\n3\n")))
    desk.server.put(desk.user, mail(("a.csv", b"x\n3\n")))
    landed = desk.fetch()

    assert [b"x\n1\n", b"x\n2\n", b"x\n3\n"] == [path.read_bytes() for path in landed.files]
    assert all(path.name.startswith("2026-01-05-a") for path in landed.files)


NAMES = [
    ('filename="../../etc/passwd.csv"', "2026-01-05-passwd.csv"),
    ('filename="C:\\\\Users\\\\ana\\\\x.csv"', "2026-01-05-x.csv"),
    ('filename=".hidden.csv"', "2026-01-05-hidden.csv"),
    ("filename*=UTF-8''..%2F..%2Fq%00%1b.csv", "2026-01-05-q.csv"),
    ('filename="=?utf-8?b?dmVudGFzIMOxLmNzdg==?="', "2026-01-05-ventas ñ.csv"),
    ('filename="' + "n" * 400 + '.csv"', "2026-01-05-" + "n" * 135 + ".csv"),
    ('filename="export-2026-01-04.csv"', "2026-01-05-export-2026-01-04.csv"),
]


@pytest.mark.parametrize(("header", "name"), NAMES)
def test_what_attachments_are_called(header: str, name: str, desk: Desk, request: Any) -> None:
    """Whatever a message says, a file is one visible file in the inbox."""
    desk.user = f"called{NAMES.index((header, name))}"
    raw = (
        b"From: till@shop.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/csv\r\nContent-Disposition: attachment; "
        + header.encode()
        + b"\r\n\r\nid\r\n1\r\n--b--\r\n"
    )
    desk.server.put(desk.user, raw)

    assert [name] == desk.names()
    assert {name, ".fetched.json"} == tmp_inbox(desk)


def test_messages_that_are_made_to_hurt(desk: Desk) -> None:
    """They are passed over with a word, and those behind them are read."""
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(100)
    )
    desk.server.put(desk.user, b"From: till@shop.example\r\nSubject: x\r\n" + nested)
    desk.server.put(
        desk.user,
        b"From: till@shop.example\r\nContent-Type: text/csv; name*=x''%\r\n"
        b"Content-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment; filename=b.csv\r\n\r\n!!!!=\r\n",
    )
    desk.server.put(desk.user, b"\r\n\r\n")
    desk.server.put(desk.user, mail(("a.csv", CSV)))
    landed = desk.fetch()

    assert landed.error is None
    assert "2026-01-05-a.csv" in [path.name for path in landed.files]
    assert ["passed over: message 1 of INBOX has more than 60 parts within parts"] == list(
        landed.notes
    )


def test_a_folder_that_is_numbered_anew(desk: Desk) -> None:
    """Its messages are looked at again, and what landed before does not land twice."""
    desk.server.put(desk.user, mail(("a.csv", CSV)))
    desk.names()
    for file in (desk.server.folder / "mail" / desk.user).glob("dovecot*"):
        file.unlink()
    desk.server.put(desk.user, mail(("b.csv", CSV)))
    time.sleep(1.1)  # UIDVALIDITY counts seconds
    landed = desk.fetch()

    assert ["2026-01-05-a.csv", "2026-01-05-b.csv"] == [path.name for path in landed.files]


def test_a_connection_that_breaks_is_resumed(desk: Desk, proxy: Callable[..., Any]) -> None:
    """What landed stays, and the next run goes on behind it."""
    for number in range(3):
        desk.server.put(desk.user, mail((f"{number}.csv", b"x\n" * 40_000)))
    between = proxy(desk.server.port, [160_000])
    broken = desk.fetch(port=between.port)

    assert isinstance((broken.error or Exception()).__cause__, TransientError)
    assert 1 <= len(broken.files) < 3
    whole = desk.fetch(port=between.port)

    # Another port is another mailbox; the one behind the proxy goes on.
    assert 3 == len(whole.files)
    assert all(80_000 == path.stat().st_size for path in whole.files)


def test_what_is_wrong_is_told(desk: Desk) -> None:
    """A wrong password, a missing folder, an unencrypted connection to elsewhere."""
    desk.server.put(desk.user, mail())

    assert isinstance(desk.fetch(password="wr0ng").error, AuthError)
    missing = desk.fetch(folder="Exprts").error
    assert isinstance(missing, ConfigError)
    assert str(missing).startswith("sources.till.path: 127.0.0.1:")
    with pytest.raises(ConfigError, match=r"path\.imap: .*password"):
        desk.fetch(host="mail.example")
    with pytest.raises(ConfigError, match=r"attachment"):
        desk.fetch(attachment=[])


def test_a_run_that_should_stop_stops_fetching(desk: Desk) -> None:
    """A wish to stop is heard while the server keeps us waiting."""
    silent = socket.create_server(("127.0.0.1", 0))
    desk.server.put(desk.user, mail(("a.csv", CSV)))
    Timer(0.3, desk.stop.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        desk.fetch(port=silent.getsockname()[1])
    silent.close()

    assert time.monotonic() - began < 20


def test_who_only_looks_counts(desk: Desk) -> None:
    """A check says how many messages fit, and warns where anybody could send files."""
    desk.server.put(desk.user, mail(("a.csv", CSV)))
    desk.fetch(looks=True)

    (said,) = desk.said
    assert said.endswith(
        "1 new message fits; anybody who writes there can send files: name senders in `from`"
    )
    assert not (desk.root / "inbox").exists()


def test_a_source_whose_files_come_by_mail(
    imap_server: ImapServer, project: Callable[..., Path], run_regard: Callable[..., Any]
) -> None:
    """`imap` stands in place of a path; a second run finds nothing new and reads nothing."""
    imap_server.put("whole", mail(("facts.csv", CSV)), mail(("facts.csv", b"id,name\n2,Bo\n")))
    root = project(
        f"""
        [sources.till]
        plugin = "crm-export"
        map = {{kind = "fact", key = "id", fields = {{name = "name"}}}}
        [sources.till.imap]
        host = "localhost"
        port = {imap_server.tls_port}
        ca = "{imap_server.ca}"
        user = "whole"
        password = "${{MAIL_WORD}}"
        from = "shop.example"
        attachment = "*.csv"
        """
    )
    env = {"MAIL_WORD": PASSWORD}
    first = json.loads(run_regard("run", "till", "--json", cwd=root, env=env).stdout)["runs"]
    second = json.loads(run_regard("run", "till", "--json", cwd=root, env=env).stdout)["runs"]

    assert [("ok", 2)] == [(run["outcome"], run["new"]) for run in first]
    assert [("ok", 0)] == [(run["outcome"], run["read"]) for run in second]

"""Mail on a real server: all of it, each message once, and no trace left."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.errors import AuthError, ConfigError, TransientError
from regard.mail.config import ImapConfig
from regard.mail.imap import connect
from regard.mail.messages import MAX_BYTES

MakeProject = Callable[..., Path]
RunRegard = Callable[..., "subprocess.CompletedProcess[str]"]
PASSWORD = "open-sesame"


def _message(number: int, size: int = 0) -> bytes:
    head = (
        f"From: c{number}@mail.example\r\nTo: support@shop.example\r\nSubject: n{number}\r\n"
        f"Message-ID: <{number}@mail.example>\r\nDate: Mon, 05 Jan 2026 10:03:00 +0100\r\n\r\n"
    )
    return (head + f"Text {number}\r\n" + "x" * size).encode()


def _config(server: Any, user: str, **more: Any) -> ImapConfig:
    given = {"host": "127.0.0.1", "port": server.port, "tls": False} | more
    return ImapConfig.model_validate({"user": user, "password": PASSWORD, **given})


def _read(config: ImapConfig, root: Path, behind: int = 0, name: str = "INBOX") -> list[int]:
    with connect(config, root) as mailbox:
        folder = mailbox.open(name)
        groups = mailbox.groups(folder, behind)
        return [message.place or 0 for group, _ in groups for message in group]


def test_messages_come_in_order_and_leave_no_trace(imap_server: Any, tmp_path: Path) -> None:
    """All messages are read by their numbers, and none is marked as seen."""
    imap_server.put("order", *(_message(n) for n in range(120)))

    assert list(range(1, 121)) == _read(_config(imap_server, "order"), tmp_path)
    assert list(range(101, 121)) == _read(_config(imap_server, "order"), tmp_path, behind=100)
    assert [] == _read(_config(imap_server, "order"), tmp_path, behind=120)
    assert [] == [flags for flags in imap_server.flags("order") if b"Seen" in flags]


def test_large_message_is_fetched_in_part(imap_server: Any, tmp_path: Path) -> None:
    """Of a message of ten megabytes only the beginning crosses the network."""
    imap_server.put("large", _message(1), _message(2, 10_000_000), _message(3))
    with connect(_config(imap_server, "large"), tmp_path) as mailbox:
        groups = mailbox.groups(mailbox.open("INBOX"), 0)
        sizes = [len(message.data) for group, _ in groups for message in group]

    assert [len(_message(1)), MAX_BYTES + 1, len(_message(3))] == sizes


def test_connection_is_encrypted_and_checked(imap_server: Any, tmp_path: Path) -> None:
    """TLS works with the authority's certificate, and is refused without it."""
    imap_server.put("tls", _message(1))
    shutil.copy(imap_server.ca, tmp_path / "ca.pem")
    secure = {"host": "localhost", "port": imap_server.tls_port, "tls": True}

    assert [1] == _read(_config(imap_server, "tls", **secure, ca="ca.pem"), tmp_path)
    with pytest.raises(ConfigError, match=r"certificate of localhost:.* does not check out"):
        _read(_config(imap_server, "tls", **secure), tmp_path)


def test_wrong_password_stops(imap_server: Any, tmp_path: Path) -> None:
    """A refused password is told without being shown."""
    with pytest.raises(AuthError, match="refuses the user or the password") as caught:
        _read(_config(imap_server, "ana", password="wrong one"), tmp_path)

    assert "wrong one" not in str(caught.value)


def test_missing_folder_is_named(imap_server: Any, tmp_path: Path) -> None:
    """A folder that does not exist is named, and the nearest one with it."""
    imap_server.put("folders", _message(1), folder="Clientes")

    with pytest.raises(ConfigError, match=r"no folder 'Cliente'; did you mean 'Clientes'\?"):
        _read(_config(imap_server, "folders"), tmp_path, name="Cliente")


@pytest.mark.parametrize("name", ["Atención al cliente", "Rock & Roll", "日本語", 'Say "hi"'])
def test_folder_names_may_hold_any_letter(imap_server: Any, tmp_path: Path, name: str) -> None:
    """Names with accents and signs are written as the protocol wants them."""
    config = _config(imap_server, "letters")
    with connect(config, tmp_path) as mailbox:
        server = mailbox._server
        from regard.mail.imap import _encoded

        quoted = _encoded(name).replace('"', '\\"')
        server.create(f'"{quoted}"')

        assert name in mailbox.folders() or '"' in name
        assert 0 == mailbox.open(name).count


def test_missing_numbers_are_passed_over(imap_server: Any, tmp_path: Path) -> None:
    """Where messages were deleted the others are read."""
    imap_server.put("gaps", *(_message(n) for n in range(6)))
    import imaplib

    with imaplib.IMAP4("127.0.0.1", imap_server.port) as server:
        server.login("gaps", PASSWORD)
        server.select("INBOX")
        server.store("2:4", "+FLAGS", r"(\Deleted)")
        server.expunge()

    assert [1, 5, 6] == _read(_config(imap_server, "gaps"), tmp_path)


def test_nobody_answers(tmp_path: Path, imap_server: Any) -> None:
    """A server that is not there is a failure that may pass."""
    with pytest.raises(TransientError, match="connection failed"):
        _read(_config(imap_server, "ana", port=9), tmp_path)


@pytest.mark.parametrize("host", ["imap.shop.example", "192.0.2.1"])
def test_password_never_goes_in_the_clear(host: str) -> None:
    """Without TLS only this machine's own server is asked, unless somebody insists."""
    values = {"host": host, "user": "a", "password": "b", "tls": False}
    with pytest.raises(ValueError, match="would send the password over the network"):
        ImapConfig.model_validate(values)

    assert 143 == ImapConfig.model_validate(values | {"plain": True}).address[1]


CONFIG = """
timezone = "Europe/Madrid"

[sources.support]
plugin = "mailbox"
own = ["shop.example"]
retries = {retries}
[sources.support.imap]
host = "127.0.0.1"
port = {port}
tls = false
user = "{user}"
password = "${{MAIL_PASSWORD}}"
"""
ENV = {"MAIL_PASSWORD": PASSWORD}


def _run(run_regard: RunRegard, root: Path) -> dict[str, Any]:
    done = run_regard("run", "support", "--json", cwd=root, env=ENV)
    (run,) = json.loads(done.stdout)["runs"]
    assert PASSWORD not in done.stdout + done.stderr
    found: dict[str, Any] = run
    return found


def _keys(root: Path) -> list[str]:
    with sqlite3.connect(root / "regard.db") as store:
        return [key for (key,) in store.execute("SELECT key FROM touchpoints")]


def test_run_resumes_where_the_connection_was_cut(
    imap_server: Any, proxy: Callable[..., Any], project: MakeProject, run_regard: RunRegard
) -> None:
    """A run that is cut keeps what it has; the next one reads the rest, each message once."""
    imap_server.put("cut", *(_message(n, 500) for n in range(120)))
    cutting = proxy(imap_server.port, [90_000])
    root = project(CONFIG.format(port=cutting.port, user="cut", retries=0))
    first = _run(run_regard, root)
    kept = len(_keys(root))
    second = _run(run_regard, root)
    third = _run(run_regard, root)

    assert ("failed", "ok", "ok") == (first["outcome"], second["outcome"], third["outcome"])
    assert 0 < kept < 120
    assert (120 - kept, 120 - kept, 0) == (second["read"], second["new"], third["read"])
    assert sorted(f"{n}@mail.example" for n in range(120)) == sorted(_keys(root))


def test_retries_bridge_a_cut(
    imap_server: Any, proxy: Callable[..., Any], project: MakeProject, run_regard: RunRegard
) -> None:
    """Two cuts in one run are bridged, and no message is read twice or lost."""
    imap_server.put("bridge", *(_message(n, 500) for n in range(120)))
    cutting = proxy(imap_server.port, [40_000, 90_000])
    root = project(CONFIG.format(port=cutting.port, user="bridge", retries=3))
    done = _run(run_regard, root)

    assert ("ok", 120, 3) == (done["outcome"], done["new"], cutting.connections)
    assert 120 == len(set(_keys(root)))


def test_folder_that_is_numbered_anew_doubles_nothing(
    imap_server: Any, project: MakeProject, run_regard: RunRegard
) -> None:
    """With another UIDVALIDITY all is read again, and recognised."""
    imap_server.put("anew", *(_message(n) for n in range(5)))
    root = project(CONFIG.format(port=imap_server.port, user="anew", retries=0))
    first = _run(run_regard, root)
    # The server takes the number from its clock, in seconds.
    time.sleep(1.1)
    for file in (imap_server.folder / "mail" / "anew").glob("dovecot*"):
        file.unlink()
    imap_server.put("anew", _message(5))
    second = _run(run_regard, root)

    assert (5, 1, 5) == (first["new"], second["new"], second["unchanged"])


def test_a_folder_that_is_gone_keeps_no_other_from_being_read(
    imap_server: Any, project: MakeProject, run_regard: RunRegard
) -> None:
    """A renamed folder fails each run with what it is called now, and the next one is read."""
    imap_server.put("moved", _message(1))
    imap_server.put("moved", _message(2), folder="Gesendet")
    text = CONFIG.format(port=imap_server.port, user="moved", retries=0)
    root = project(text + 'folder = ["Gesendete", "INBOX"]\n')
    first = _run(run_regard, root)
    imap_server.put("moved", _message(3))
    second = _run(run_regard, root)

    assert ("failed", 1, "failed", 1) == (
        first["outcome"], first["new"], second["outcome"], second["new"]
    )  # fmt: skip
    assert "no folder 'Gesendete'; did you mean 'Gesendet'?" in second["error"]
    assert ["1@mail.example", "3@mail.example"] == sorted(_keys(root))


def test_a_setting_that_decides_about_records_reads_a_folder_again(
    imap_server: Any, project: MakeProject, run_regard: RunRegard
) -> None:
    """Whoever forgot `own` and adds it learns the direction of what was read before."""
    imap_server.put("owned", _message(1))
    text = CONFIG.format(port=imap_server.port, user="owned", retries=0)
    root = project(text.replace('own = ["shop.example"]\n', ""))
    _run(run_regard, root)
    project(text)
    second, third = _run(run_regard, root), _run(run_regard, root)

    assert (1, 0) == (second["changed"], third["read"])
    assert any("from its start" in note for note in second["notes"])
    with sqlite3.connect(root / "regard.db") as store:
        assert [("inbound",)] == store.execute("SELECT direction FROM touchpoints").fetchall()


def test_broken_messages_on_the_server_are_put_aside(
    imap_server: Any, project: MakeProject, run_regard: RunRegard
) -> None:
    """Rubbish in the mailbox goes to quarantine, and its neighbours are stored."""
    imap_server.put("broken", _message(1), b"\x00\x01rubbish", b"\r\n", _message(2))
    root = project(CONFIG.format(port=imap_server.port, user="broken", retries=0))
    done = _run(run_regard, root)

    assert ("ok", 2, 2) == (done["outcome"], done["new"], done["quarantined"])


def test_check_counts_messages_and_tells_what_is_wrong(
    imap_server: Any, project: MakeProject, run_regard: RunRegard
) -> None:
    """`regard check` signs in, counts the messages of each folder, and names what is wrong."""
    imap_server.put("checked", _message(1), _message(2))
    root = project(CONFIG.format(port=imap_server.port, user="checked", retries=0))
    good = run_regard("check", cwd=root, env=ENV)
    wrong = run_regard("check", cwd=root, env={"MAIL_PASSWORD": "mistaken-one"})
    project(CONFIG.format(port=imap_server.port, user="checked", retries=0) + 'folder = "Sen"\n')
    missing = run_regard("check", cwd=root, env=ENV)

    assert "sources.support: 2 messages in INBOX" in good.stdout
    assert (2, 2) == (wrong.returncode, missing.returncode)
    assert "refuses the user or the password" in wrong.stdout
    assert "mistaken-one" not in wrong.stdout + wrong.stderr
    assert "there is no folder 'Sen'" in missing.stdout


SURVEY = """
[sources.replies]
plugin = "survey-mailbox"
survey = "After purchase"
[sources.replies.imap]
host = "127.0.0.1"
port = {port}
tls = false
user = "survey"
password = "${{MAIL_PASSWORD}}"
folder = ["INBOX", "Otras cosas"]
"""


def test_both_streams_of_a_survey_keep_their_place(
    imap_server: Any, project: MakeProject, run_regard: RunRegard
) -> None:
    """Answers and other mail of two folders are each read to their end, and only once."""
    reply = _message(1).replace(b"\r\n\r\nText 1", b"\r\nIn-Reply-To: <a@b>\r\n\r\n9")
    imap_server.put("survey", reply, _message(2))
    imap_server.put("survey", _message(3), folder="Otras cosas")
    root = project(SURVEY.format(port=imap_server.port))
    first = run_regard("run", "replies", "--json", cwd=root, env=ENV)
    second = run_regard("run", "replies", "--json", cwd=root, env=ENV)
    state = json.loads(run_regard("state", "show", "--json", cwd=root).stdout)

    assert [("answers", 1), ("messages", 2)] == [
        (run["stream"], run["new"]) for run in json.loads(first.stdout)["runs"]
    ]
    assert [0, 0] == [run["read"] for run in json.loads(second.stdout)["runs"]]
    assert [{"INBOX": 2, "Otras cosas": 1}] * 2 == [
        {name: place["uid"] for name, place in cursor["value"].items()}
        for cursor in state[0]["cursors"]
    ]

"""``regard notices``: what was told, what waits, and whether a channel works."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from regard.notifiers import Notice
from regard.store import Store
from regard.store import notices as stored

RunRegard = Callable[..., Any]

CONFIG = """
[notices.desk]
terminal = true
[notices.chat]
webhook = "{url}"
"""


@pytest.fixture
def shop(project: Callable[..., Path], web_server: Any) -> Path:
    """Return a project of which something was told, something waits, something was given up."""
    folder = project(CONFIG.format(url=web_server.on("/hook", 404)))
    store = Store.open(f"sqlite:///{folder / 'regard.db'}")
    with store.write() as transaction:
        for number in range(4):
            text = f"No. {number} failed\x1b[31m."
            notice = Notice(0, f"source:s{number}", "failed", "warning", text, transaction.now)
            stored.put(transaction, "desk" if number else "chat", notice, "1")
        stored.given_up(transaction, [1], "127.0.0.1 answered 404")
        stored.told(transaction, [2])
        stored.failed(transaction, [3], "no answer", timedelta(0))
    store.close()
    return folder


def test_the_list(shop: Path, run_regard: RunRegard) -> None:
    """Each notice has a line with what became of it, and errors stand below."""
    done = run_regard("notices", cwd=shop)
    lines = done.stdout.splitlines()

    assert (0, "") == (done.returncode, done.stderr)
    assert ["id", "channel", "event", "about", "at", "state", "text"] == lines[0].split()
    assert ["4", "3", "2", "1"] == [line.split()[0] for line in lines[1:5]]
    states = ("  waits  ", "  waits, 1 failed  ", "  told 2", "  given up 2")
    assert all(state in line for state, line in zip(states, lines[1:5], strict=True))
    assert "4 of 4 shown: 1 told, 2 waits, 1 given up" == lines[-1]
    assert "chat     127.0.0.1 answered 404" in lines
    assert "\x1b" not in done.stdout


def test_the_list_as_json(shop: Path, run_regard: RunRegard) -> None:
    """Programs get the same, of one channel and the latest where they ask for that."""
    done = run_regard("notices", "list", "--channel", "desk", "-n", "2", "--json", cwd=shop)
    found = json.loads(done.stdout)

    assert [(4, "waits", 0), (3, "waits", 1)] == [
        (one["id"], one["state"], one["tries"]) for one in found
    ]
    assert {
        *("id", "channel", "event", "subject", "severity", "text", "at", "state", "tries"),
        *("next_at", "told_at", "given_up_at", "error"),
    } == set(found[0])


def test_a_test_that_arrives(
    project: Callable[..., Path], web_server: Any, run_regard: RunRegard
) -> None:
    """One message and one ping are sent now; nothing is stored, and no store is needed."""
    config = CONFIG.format(url=web_server.on("/good", 200))
    folder = project(f'{config}ping = "{web_server.on("/ping", 200)}"\n')
    done = run_regard("notices", "test", "chat", "--json", cwd=folder)
    told, pinged = web_server.asked

    assert {"channel": "chat", "arrived": True, "error": None} == json.loads(done.stdout)
    assert "test" == json.loads(told[2])["notices"][0]["event"]
    assert ("GET", "/ping", b"") == pinged
    assert not (folder / "regard.db").exists()


def test_a_test_that_does_not_arrive(shop: Path, run_regard: RunRegard) -> None:
    """Why it did not is told in one line, without the address."""
    done = run_regard("notices", "test", "chat", cwd=shop)

    assert (1, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("regard: chat: the test did not arrive: 127.0.0.1 answered 404")
    assert "/hook" not in done.stderr


def test_a_channel_that_is_not_there(shop: Path, run_regard: RunRegard) -> None:
    """A misspelt name is refused with the nearest."""
    done = run_regard("notices", "test", "dsk", cwd=shop)

    assert (2, "regard: there is no channel 'dsk'; did you mean 'desk'?\n") == (
        done.returncode,
        done.stderr,
    )

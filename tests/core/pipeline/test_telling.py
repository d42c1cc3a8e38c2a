"""Telling: one message for a channel, each notice once, and whatever notifiers do."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from regard.errors import ConfigError, NoticeRefused, PluginError
from regard.host import Host
from regard.notifiers import Attachment, Notice, headline, in_order, listed, one_line
from regard.pipeline.announcing import Announcer, Event
from regard.pipeline.telling import send_test, send_text, tell_due
from regard.settings import Project, load_project
from regard.store import Store
from regard.store import notices as stored
from regard.store.notices import StoredNotice

PLUGINS = """
import json, sys, time
from pathlib import Path
from pydantic import BaseModel, SecretStr
from regard import NoticeRefused, Notifier, RateLimited, hookimpl

class Board(Notifier):
    name = "board"
    class Config(BaseModel):
        board: str
        does: str = ""
        token: SecretStr = SecretStr("")

    def tell(self, notices, ctx):
        does = self.config.does
        if does == "raise":
            raise ValueError(f"wrong token {self.config.token.get_secret_value()}\\nsecond line")
        if does == "exit":
            sys.exit("bye")
        if does == "hang":
            time.sleep(30)
        if does == "busy":
            raise RateLimited("too much", 7200)
        if does == "refuse":
            raise NoticeRefused("the board was taken down")
        if does == "print":
            print("printed")
        said = [[one.id, one.event, one.subject, one.text] for one in notices]
        with (ctx.root / self.config.board).open("a") as file:
            file.write(json.dumps([ctx.title, said]) + "\\n")

    def send(self, title, body, ctx, attachments=()):
        if self.config.does == "raise":
            raise KeyError("body")
        (ctx.root / self.config.board).write_text(f"{title}|{body}|{len(attachments)}")

class Mute(Notifier):
    name = "mute"
    def tell(self, notices, ctx):
        pass

class Unmade(Notifier):
    name = "unmade"
    def __init__(self, config):
        raise OSError("no paint")

@hookimpl
def regard_notifiers():
    return [Board, Mute, Unmade]
"""

TELLER = """
import sys
from pathlib import Path
from regard.clock import SystemClock
from regard.host import Host
from regard.pipeline.telling import tell_due
from regard.settings import load_project
from regard.store import Store
folder, url = Path(sys.argv[1]), sys.argv[2]
project, host = load_project(folder / "regard.toml"), Host.load(folder / "plugins")
store = Store.open(url)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(3):
    print(tell_due(project, host, store, SystemClock()), flush=True)
store.close()
"""

CLAIMER = """
import sys, os, signal
from regard.store import Store, notices
store = Store.open(sys.argv[1])
with store.write() as transaction:
    print(len(notices.claim_due(transaction, "hall")), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@dataclass
class World:
    """A project with channels, and its store under a clock that moves."""

    project: Project
    host: Host
    store: Store
    clock: Any

    def put(self, count: int = 1, channel: str = "hall", event: str = "failed") -> None:
        """Write notices for a channel."""
        with self.store.write() as transaction:
            now = transaction.now
            for number in range(count):
                notice = Notice(0, f"source:s{number}", event, "warning", f"No. {number}", now)
                stored.put(transaction, channel, notice, str(now))

    def tell(self, seconds: float = 10.0) -> list[str]:
        """Tell what is due."""
        return tell_due(self.project, self.host, self.store, self.clock, seconds=seconds)

    def told(self, file: str = "hall.txt") -> list[Any]:
        """Return the messages that reached a board."""
        path = self.project.root / file
        return (
            [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        )

    def notices(self) -> list[StoredNotice]:
        """Return all notices, the oldest first."""
        with self.store.read() as transaction:
            return stored.listed(transaction)[::-1]


Make = Callable[..., World]


@pytest.fixture
def makes(project: Callable[..., Path], moving: Any) -> Iterator[Callable[[str], Make]]:
    """Return what returns what makes a project with the channel ``hall``, on some store."""
    opened: list[Store] = []

    def on(url: str) -> Make:
        def make(more: str = "", hall: str = "") -> World:
            config = f'[notices.hall]\nboard = "hall.txt"\n{hall}\n{more}'
            folder = project(config, {"boards": PLUGINS}, name="shop")
            store = Store.open(url, clock=moving)
            opened.append(store)
            host = Host.load(folder / "plugins")
            return World(load_project(folder / "regard.toml"), host, store, moving)

        return make

    yield on
    for store in opened:
        store.close()


@pytest.fixture
def world(makes: Callable[[str], Make], tmp_path: Path) -> Make:
    """Return what makes a project, where it does not matter which database it has."""
    return makes(f"sqlite:///{tmp_path / 'regard.db'}")


@pytest.fixture
def any_world(makes: Callable[[str], Make], store_url: str) -> Make:
    """Return what makes a project, once for each database."""
    return makes(store_url)


def test_fifty_failures_are_one_message(any_world: Make) -> None:
    """What is due in a channel is told at once, and noted as told."""
    shop = any_world()
    shop.put(50)

    assert [] == shop.tell()
    ((title, said),) = shop.told()
    assert ("shop", 50, "No. 0") == (title, len(said), said[0][3])
    assert {"told"} == {one.state for one in shop.notices()}
    assert ([], 1) == (shop.tell(), len(shop.told()))


def test_what_comes_within_the_pause_is_gathered(any_world: Make) -> None:
    """After a message nothing is told until the pause is over, and then all of it."""
    shop = any_world(hall='pause = "10m"')
    shop.put()
    shop.tell()
    for _ in range(3):
        shop.clock.move(minutes=3)
        shop.put()
        shop.tell()
    assert [1] == [len(said) for _, said in shop.told()]

    shop.clock.move(minutes=1)
    shop.tell()
    assert [1, 3] == [len(said) for _, said in shop.told()]


@pytest.mark.parametrize(
    ("does", "problem", "state"),
    [
        (
            "raise",
            (
                "notices.hall: 2 notices not told, tried again later: "
                "ValueError: wrong token *** second line (boards.py, line 17)"
            ),
            "waits",
        ),
        ("exit", "notices.hall: 2 notices not told, tried again later: SystemExit: bye", "waits"),
        ("busy", "notices.hall: 2 notices not told, tried again later: too much", "waits"),
        (
            "refuse",
            "notices.hall: 2 notices not told, given up: the board was taken down",
            "given up",
        ),
    ],
)
def test_a_failing_notifier_harms_nobody(does: str, problem: str, state: str, world: Make) -> None:
    """Whatever a notifier raises is a sentence for the log, and the other channel is told."""
    hall = f'does = "{does}"\ntoken = "tok-123456"'
    shop = world('[notices.other]\nboard = "other.txt"\n', hall)
    shop.put(2)
    shop.put(1, "other")
    (said,) = shop.tell()

    assert said.startswith(problem)
    assert 1 == len(shop.told("other.txt"))
    assert [state, state, "told"] == [one.state for one in shop.notices()]
    assert "tok-123456" not in str(shop.notices())


def test_a_hanging_notifier_keeps_nobody_waiting(world: Make) -> None:
    """The other channels are told, and the one that hangs is tried again later."""
    shop = world('[notices.other]\nboard = "other.txt"\n', 'does = "hang"')
    shop.put()
    shop.put(1, "other")
    began = time.monotonic()
    problems = shop.tell(seconds=0.5)

    assert time.monotonic() - began < 5
    assert ["notices.hall: 1 notice not told, tried again later: it took longer than 0.5 s"] == (
        problems
    )
    assert 1 == len(shop.told("other.txt"))
    assert [1, 0] == [one.tries for one in shop.notices()]


def test_after_a_failure_the_channel_rests(any_world: Make) -> None:
    """A board that is down is not asked again for each new notice; later it gets all."""
    shop = any_world(hall='does = "raise"')
    shop.put()
    assert 1 == len(shop.tell())
    shop.clock.move(seconds=30)
    shop.put()
    assert [] == shop.tell()

    well = load_project(shop.project.path)
    well.settings.notices["hall"].options["does"] = ""
    shop.project = well
    shop.clock.move(seconds=31)
    assert [] == shop.tell()
    assert [2] == [len(said) for _, said in shop.told()]


def test_who_asks_to_wait_is_waited_for(world: Make) -> None:
    """A notifier that says so is not called for two hours."""
    shop = world(hall='does = "busy"')
    shop.put()
    shop.tell()
    shop.clock.move(minutes=119)
    assert [] == shop.tell()
    shop.clock.move(minutes=2)

    assert 1 == len(shop.tell())


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ('notifier = "pager"', "no plug-in brings a notifier 'pager'"),
        ('borad = "x"', "notices.bad: names no notifier; did you mean 'board'?"),
        ('board = "${REGARD_TEST_NONE}"', "REGARD_TEST_NONE is not set"),
        ('notifier = "unmade"', "OSError: no paint"),
        ('board = "b.txt"\ndoes = 7', "notices.bad.does: must be a text"),
    ],
)
def test_a_channel_that_cannot_be_made(table: str, why: str, world: Make) -> None:
    """A mistake in one table is told, and keeps no other channel from being told."""
    shop = world(f"[notices.bad]\n{table}\n")
    shop.put(1, "bad")
    shop.put()
    (problem,) = shop.tell()

    assert why in problem
    assert ("notices.bad", 1) == (problem.partition(": ")[0], len(shop.told()))


def test_what_a_channel_was_called_before_is_left_alone(world: Make) -> None:
    """Notices of a table that is gone wait for it, and disturb nobody."""
    shop = world()
    shop.put(1, "former")

    assert ([], ["waits"]) == (shop.tell(), [one.state for one in shop.notices()])


def test_announced_and_told(any_world: Make) -> None:
    """A failure and its recovery reach the board in one message, the failure first."""
    shop = any_world()
    when = "2026-01-31T06:00:00Z"
    events = [
        Event("failed", "source:crm", when, "warning", "It failed."),
        Event("recovered", "source:crm", when, "info", "It works."),
    ]
    with shop.store.write() as transaction:
        assert 2 == Announcer(shop.project.settings).announce(transaction, events)
    shop.tell()
    ((_, said),) = shop.told()

    assert ["failed", "recovered"] == [event for _, event, _, _ in said]


def test_two_loops_tell_everything_once(any_world: Make) -> None:
    """Two processes that tell at the same moment, again and again, send one message."""
    shop = any_world(hall='pause = "1s"')
    shop.clock.shown = shop.clock.shown.replace(year=2025)
    shop.put(40)
    url = shop.store.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    command = [sys.executable, "-c", TELLER, str(shop.project.root), url]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    tellers = [subprocess.Popen(command, **pipes) for _ in range(2)]
    for teller in tellers:
        assert teller.stdout is not None
        assert "ready\n" == teller.stdout.readline()
    for teller in tellers:
        assert teller.stdin is not None
        teller.stdin.write("\n")
        teller.stdin.flush()
    said = [teller.communicate()[0] for teller in tellers]

    assert ["[]\n" * 3] * 2 == said
    assert [40] == [len(notices) for _, notices in shop.told()]


def test_a_teller_that_dies_is_followed_after_two_minutes(world: Make) -> None:
    """What a killed process had claimed is told by the next one, once the claim is over."""
    shop = world()
    shop.clock.shown = shop.clock.shown.replace(year=2025)
    shop.put(3)
    url = shop.store.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    done = subprocess.run(
        [sys.executable, "-c", CLAIMER, url], capture_output=True, text=True, check=False
    )
    shop.clock.shown = shop.notices()[0].next_at
    shop.clock.move(seconds=-1)
    before = shop.tell(), shop.told()
    shop.clock.move(seconds=1)
    shop.tell()

    assert (-signal.SIGKILL, "3\n") == (done.returncode, done.stdout)
    assert ([], []) == before
    assert [3] == [len(said) for _, said in shop.told()]


def test_a_report_is_sent_at_once(world: Make) -> None:
    """A report goes to a channel with its files, whatever waits there."""
    shop = world()
    send_text(
        shop.project,
        shop.host,
        "hall",
        "Customers",
        "42",
        attachments=[Attachment("c.csv", "text/csv", b"1")],
    )

    assert "Customers|42|1" == (shop.project.root / "hall.txt").read_text()


def test_a_report_that_cannot_be_sent(world: Make) -> None:
    """Who takes no reports, is not there, or fails, says so."""
    more = '[notices.mute]\nnotifier = "mute"\n[notices.bad]\nboard = "b"\ndoes = "raise"\n'
    shop = world(more)

    with pytest.raises(NoticeRefused, match="the notifier 'mute' takes no reports"):
        send_text(shop.project, shop.host, "mute", "Customers", "42")
    with pytest.raises(ConfigError, match=r"there is no table \[notices.nobody\]"):
        send_text(shop.project, shop.host, "nobody", "Customers", "42")
    with pytest.raises(PluginError, match="the notifier 'board' failed: KeyError"):
        send_text(shop.project, shop.host, "bad", "Customers", "42")


def test_a_test_message(world: Make, capsys: pytest.CaptureFixture[str]) -> None:
    """A test is sent now and stored nowhere; what a notifier prints is no result."""
    shop = world(hall='does = "print"')
    shop.put()
    shop.tell()
    send_test(shop.project, shop.host, "hall", shop.clock)

    assert ["failed", "test"] == [said[0][1] for _, said in shop.told()]
    assert 1 == len(shop.notices())
    assert "" == capsys.readouterr().out.replace("printed\n", "", 1)


def _notice(number: int, event: str = "failed", severity: str = "warning") -> Notice:
    from datetime import UTC, datetime

    at = datetime(2026, 1, 31, 12, number % 60, tzinfo=UTC)
    return Notice(number, f"source:s{number}", event, severity, "It failed.", at)


def test_a_message_says_how_many_and_lists_fifty() -> None:
    """The headline counts events; of more than fifty notices the rest is a number."""
    many = [*(_notice(number) for number in range(1_058)), _notice(1, "recovered")]
    findings = [_notice(2, "finding"), _notice(3, "finding")]
    lines = listed(many)

    assert "1,058 failed, 2 findings, 1 recovered" == headline([*many, *findings])
    assert "1 finding" == headline(findings[:1])
    assert (51, "and 1,009 more") == (len(lines), lines[-1])
    assert "failed     source:s0: It failed. (2026-01-31 12:00 UTC)" == lines[0]


def test_the_gravest_comes_first() -> None:
    """Failures come before findings, critical ones before warnings, recoveries at the end."""
    found = in_order(
        [
            _notice(1, "recovered"),
            _notice(2, "finding"),
            _notice(3, "finding", "critical"),
            _notice(4),
            _notice(5, "own-event"),
        ]
    )

    assert [4, 3, 2, 1, 5] == [one.id for one in found]


def test_one_line() -> None:
    """A text is one bounded line, with a mark in place of what could steer a terminal."""
    assert "a b\N{REPLACEMENT CHARACTER}c" == one_line("  a\r\n\tb\x1bc ")
    assert (20, "...") == (len(one_line("x" * 10**6, 20)), one_line("x" * 10**6, 20)[-3:])

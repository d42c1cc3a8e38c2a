"""Leases: one run per source at a time, and nobody waits for the dead."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from regard.errors import LeaseHeld, LeaseLost, StoreBusy
from regard.store import Store
from regard.store.heartbeats import Heartbeat
from regard.store.leases import LENGTH, Lease, Place, acquire, holder, release, renew
from regard.store.transactions import table

NAME = "source:crm"

HOLDER = """
import sys
from regard.store import Store
from regard.store.leases import acquire
store = Store.open(sys.argv[1])
with store.write() as transaction:
    transaction.writer.lock()
    acquire(transaction, "source:crm", 7)
store.close()
print("held", flush=True)
sys.stdin.readline()
"""


def take(store: Store, run_id: int = 1) -> Lease:
    """Take the lease as a run does."""
    with store.write() as transaction:
        transaction.writer.lock()
        return acquire(transaction, NAME, run_id)


def change(store: Store, **values: Any) -> None:
    """Change the lease's row."""
    with store.write() as transaction:
        transaction.connection.execute(update(table("leases")).values(**values))


def held(store: Store) -> bool:
    """Say whether anybody has the lease."""
    with store.read() as transaction:
        return holder(transaction, NAME) is not None


@pytest.fixture
def other(store: Store) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Return what starts another process that holds the lease until it is told to end."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        url = store.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert "held\n" == process.stdout.readline()
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_living_holder_is_respected_and_a_dead_one_is_not(
    store: Store, other: Callable[[], subprocess.Popen[str]]
) -> None:
    """A second run is told who reads; once that process is killed, it takes over at once."""
    process = other()
    with pytest.raises(LeaseHeld) as caught:
        take(store)

    assert "'crm' is being read already" in str(caught.value)
    assert f"run 7 on {socket.gethostname()}, process {process.pid}" in str(caught.value)
    assert held(store)

    process.send_signal(signal.SIGKILL)
    # Waited for, but left as a zombie: in a container nobody may ever ask for it.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    assert not held(store)
    assert 2 == take(store).fence


def test_an_expired_lease_is_taken_over(store: Store) -> None:
    """A lease that was not renewed in time goes to the next, with a higher fence."""
    first = take(store)
    with store.read() as transaction:
        past = transaction.database_now() - timedelta(seconds=1)
    change(store, until_at=past)
    second = take(store)

    assert (1, 2) == (first.fence, second.fence)


def test_a_stalled_holder_cannot_commit(store: Store) -> None:
    """Whoever was overtaken rolls back, and does not take the lease from its new holder."""
    first = take(store)
    with store.read() as transaction:
        change_to = transaction.database_now() - timedelta(seconds=1)
    change(store, until_at=change_to)
    second = take(store)
    with pytest.raises(LeaseLost), store.write() as transaction:
        transaction.put("store_info", {"name": "mark", "value": "x"})
        renew(transaction, first, {})
    with store.write() as transaction:
        release(transaction, first)
        renew(transaction, second, {"read": 5})
    info = table("store_info")
    with store.read() as transaction:
        query = select(info.c.value).where(info.c.name == "mark")
        mark = transaction.connection.execute(query).scalar()

    assert mark is None
    assert held(store)


def test_a_renewed_lease_lasts_on(store: Store) -> None:
    """Each batch prolongs the lease by the database's clock."""
    lease = take(store)
    with store.read() as transaction:
        change_to = transaction.database_now() + timedelta(seconds=1)
    change(store, until_at=change_to)
    with store.write() as transaction:
        renew(transaction, lease, {"stream": "contacts", "read": 5})
    with store.read() as transaction:
        row = holder(transaction, NAME)
        assert row is not None
        left = row.until_at - transaction.database_now()

    assert LENGTH - timedelta(seconds=10) < left <= LENGTH
    assert '{"stream": "contacts", "read": 5}' == row.progress


def test_a_lease_that_was_given_back_is_free(store: Store) -> None:
    """After the end of a run the next one may begin, with a higher fence."""
    lease = take(store)
    with store.write() as transaction:
        release(transaction, lease)

    assert not held(store)
    assert 2 == take(store).fence


def test_another_machines_process_is_not_judged(store: Store) -> None:
    """Whether a process of another machine lives nobody here can tell: its lease must end."""
    take(store)
    change(store, host="elsewhere", pid=1)
    with pytest.raises(LeaseHeld):
        take(store)


MACHINE = "pid:[4026531836]"
CONTAINER = "pid:[4026532999]"


@pytest.mark.parametrize(
    ("boot", "namespace", "where"),
    [("another-boot", MACHINE, MACHINE), ("this-boot", MACHINE, MACHINE)],
    ids=["restart", "reused-number"],
)
def test_a_living_process_with_the_number_proves_nothing(
    boot: str, namespace: str, where: str, store: Store
) -> None:
    """After a restart, or where the number was given again, the holder is known to be dead."""
    here = Place(socket.gethostname(), "this-boot", where)
    take(store)
    change(store, boot=f"{boot} {namespace}/1", pid=os.getpid())
    with store.read() as transaction:
        assert holder(transaction, NAME, here) is None


@pytest.mark.parametrize(
    ("boot", "where"),
    [
        (f"this-boot {CONTAINER}/1", MACHINE),
        (f"this-boot {MACHINE}/1", CONTAINER),
        (f"this-boot {CONTAINER}/1", "pid:[4026533000]"),
        (f"another-boot {CONTAINER}/1", CONTAINER),
        ("this-boot/1", MACHINE),
        ("this-boot /1", MACHINE),
    ],
    ids=["in-a-container", "of-the-machine", "two-containers", "two-machines", "old", "unknown"],
)
def test_a_dead_number_of_elsewhere_proves_nothing(boot: str, where: str, store: Store) -> None:
    """
    Containers of one name count their processes each on its own.

    A number that nobody has here may live there, so the lease must end before it is taken.
    """
    here = Place(socket.gethostname(), "this-boot", where)
    take(store)
    change(store, boot=boot, pid=4_194_305)  # no system gives such a number
    with store.read() as transaction:
        row = holder(transaction, NAME, here)
        assert row is not None
        past = transaction.database_now() - timedelta(seconds=1)
    change(store, until_at=past)
    with store.read() as transaction:
        assert holder(transaction, NAME, here) is None


OFTEN = timedelta(seconds=0.05)


def until(store: Store) -> Any:
    """Return when the lease ends."""
    with store.read() as transaction:
        return transaction.connection.execute(select(table("leases").c.until_at)).scalar()


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait for what must become true."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_heartbeat_renews_a_lease_while_it_lasts(store: Store) -> None:
    """While nothing is committed the lease is renewed again and again, and no longer after."""
    lost: list[LeaseLost] = []
    lease = take(store)
    seen = {until(store)}
    with Heartbeat(store, lease, lost.append, OFTEN):
        wait_for(lambda: seen.add(until(store)) or len(seen) > 3)
    last = until(store)
    time.sleep(5 * OFTEN.total_seconds())

    assert [] == lost
    assert last == until(store)


def test_a_heartbeat_notices_a_takeover(store: Store) -> None:
    """A holder that was overtaken hears of it once, while it reads, and renews nothing."""
    lost: list[LeaseLost] = []
    lease = take(store)
    with Heartbeat(store, lease, lost.append, OFTEN):
        change(store, owner="another", fence=2, until_at=None)
        wait_for(lambda: bool(lost))
        time.sleep(5 * OFTEN.total_seconds())

    assert until(store) is None
    assert ["another run took over source:crm; this one stored nothing more"] == list(
        map(str, lost)
    )


def test_a_heartbeat_outlasts_a_locked_store(store: Store, caplog: Any) -> None:
    """A store that others lock for long is no reason to stop: the next beats come through."""
    lost: list[LeaseLost] = []
    lease = take(store)
    before = until(store)
    with (
        caplog.at_level("INFO", "regard.store.heartbeats"),
        Heartbeat(store, lease, lost.append, OFTEN),
    ):
        with store.write() as transaction:
            leases = table("leases")
            transaction.connection.execute(update(leases).values(progress="x"))
            wait_for(lambda: bool(caplog.messages))
        wait_for(lambda: until(store) > before)

    assert [] == lost
    assert "was not renewed" in caplog.messages[0]


def test_an_impatient_transaction_changes_nothing_for_later_ones(store: Store) -> None:
    """Who waits a moment for another writer leaves no trace on the connection."""
    with pytest.raises(StoreBusy), store.write() as first:
        first.connection.execute(text("CREATE TABLE locked (n INTEGER)"))
        with store.write(patience=timedelta(seconds=0.2)) as second:
            second.connection.execute(text("CREATE TABLE locked (n INTEGER)"))
    setting = "PRAGMA busy_timeout" if is_sqlite(store) else "SHOW lock_timeout"
    found = set()
    for _ in range(3):
        with store.write() as transaction:
            found.add(transaction.connection.execute(text(setting)).scalar())

    assert {60_000 if is_sqlite(store) else "1min"} == found


def is_sqlite(store: Store) -> bool:
    """Say which of the databases it is."""
    return store.engine.dialect.name == "sqlite"

"""Leases: one run per source at a time, and nobody waits for the dead."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from regard.errors import LeaseHeld, LeaseLost
from regard.store import Store
from regard.store.leases import LENGTH, Lease, acquire, holder, release, renew
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


@pytest.mark.parametrize("boot", ["another-boot/1", "{boot}/1"], ids=["restart", "reused-number"])
def test_a_process_number_alone_proves_nothing(boot: str, store: Store) -> None:
    """After a restart, or where the number was given again, the holder is known to be dead."""
    take(store)
    with store.read() as transaction:
        row = holder(transaction, NAME)
        assert row is not None
        own = row.boot.partition("/")[0]
    change(store, boot=boot.format(boot=own))

    assert not held(store)

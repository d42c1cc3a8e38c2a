"""
One run per source at a time, also across machines.

A lease has an owner, an end by the database's clock, and a fence that is raised at each
takeover. Every batch checks and renews it inside its own transaction, so a holder that was
stalled and overtaken cannot commit. A heartbeat renews it while a batch takes long. A holder
whose process is gone is taken over at once.

A process number means something only to whoever counts processes as its holder does: on the
same boot of the same machine, and in the same container. Elsewhere the same number is another
process or none, so there nobody judges by it, and the lease has to end first.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Row, and_, select, update

from regard.errors import LeaseHeld, LeaseLost
from regard.store.transactions import Transaction, table

__all__ = [
    "LENGTH",
    "Lease",
    "Place",
    "acquire",
    "check",
    "gone",
    "held_by",
    "holder",
    "prolong",
    "release",
    "renew",
    "stamp",
]

LENGTH = timedelta(minutes=2)
"""How long a lease lasts without being renewed."""


@dataclass(frozen=True, slots=True)
class Lease:
    """
    The right to write for one source.

    Attributes:
        name: ``source:NAME``.
        owner: Random; names this holder.
        fence: Higher than that of every earlier holder.
        length: How long it lasts without being renewed.
    """

    name: str
    owner: str
    fence: int
    length: timedelta = LENGTH


_FIRST_NAMESPACE = "pid:[4026531836]"
"""How Linux names the process numbers of the machine itself, as opposed to a container's."""


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where a process number means one process.

    Attributes:
        host: The machine's name; a container has one of its own, or that of its machine.
        boot: Names one boot of one machine; empty where that cannot be told.
        namespace: Who counts the processes; another one in each container, empty where there
            is nothing of the kind.
    """

    host: str
    boot: str
    namespace: str

    @classmethod
    def here(cls) -> Place:
        """Return where this process is."""
        return _here()

    @property
    def text(self) -> str:
        """What a lease says of it beside the host."""
        return f"{self.boot} {self.namespace}"


@cache
def _here() -> Place:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        boot = ""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return Place(socket.gethostname(), boot, namespace)


def _process_start(pid: int) -> str | None:
    """Return when a process began, in clock ticks, or None where it does not live."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    except OSError:
        return ""
    # The command's name stands in brackets and may hold anything; the start is field 22.
    fields = status.rpartition(")")[2].split()
    # A killed process stays as a zombie until its parent asks for it; in containers, for ever.
    return None if fields[0] in "ZX" else fields[19]


def _dead(row: Holder | Row[Any], here: Place) -> bool:
    """Say whether a holder is surely gone; only where it ran can anybody tell."""
    if row.pid is None or not row.boot:
        return False
    told, _, start = row.boot.partition("/")
    boot, _, namespace = told.partition(" ")
    if (row.host, namespace) != (here.host, here.namespace):
        return False
    if boot != here.boot:
        # The machine was started anew. Two containers may share a name on two machines, so
        # that of a container tells nothing.
        return bool(namespace == _FIRST_NAMESPACE)
    if not Path("/proc").is_dir():
        return not _lives(row.pid)
    return _process_start(int(row.pid)) != str(start)


class Holder(Protocol):
    """Whoever left its `stamp` on a row."""

    @property
    def host(self) -> str | None:
        """Its machine."""

    @property
    def boot(self) -> str | None:
        """That machine's boot, who counts its processes, and when this one began."""

    @property
    def pid(self) -> int | None:
        """Its process."""


def stamp() -> dict[str, Any]:
    """Return what tells later whether this process still lives, by column."""
    here = Place.here()
    boot = f"{here.text}/{_process_start(os.getpid()) or ''}"
    return {"host": here.host, "boot": boot, "pid": os.getpid()}


def gone(holder: Holder | Row[Any]) -> bool:
    """Say whether a process that left its `stamp` is surely gone; only its machine can tell."""
    return _dead(holder, Place.here())


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _describe(row: Row[Any]) -> str:
    since = f" since {row.started_at:%Y-%m-%d %H:%M} UTC" if row.started_at else ""
    return f"run {row.run_id} on {row.host}, process {row.pid}{since}"


def holder(transaction: Transaction, name: str, here: Place | None = None) -> Row[Any] | None:
    """
    Return the row of whoever holds a lease now, or None.

    Args:
        transaction: Any.
        name: ``source:NAME``.
        here: Where this process is; None: find out.
    """
    leases = table("leases")
    row = transaction.connection.execute(select(leases).where(leases.c.name == name)).first()
    if row is None or row.owner is None or row.until_at is None:
        return None
    if row.until_at <= transaction.database_now() or _dead(row, here or Place.here()):
        return None
    return row


def held_by(transaction: Transaction, name: str, pid: int) -> Row[Any] | None:
    """Return the row of a lease that a process of this place has taken, or None."""
    leases, here = table("leases"), Place.here()
    query = select(leases).where(
        leases.c.name == name,
        leases.c.owner.is_not(None),
        leases.c.pid == pid,
        leases.c.host == here.host,
        leases.c.boot.startswith(f"{here.text}/", autoescape=True),
    )
    return transaction.connection.execute(query).first()


def acquire(
    transaction: Transaction, name: str, run_id: int | None, length: timedelta = LENGTH
) -> Lease:
    """
    Take a lease; the caller holds the write lock.

    Args:
        transaction: A writing one.
        name: ``source:NAME``, ``enricher:NAME`` or ``origin:ADDRESS``.
        run_id: The run that it is for; None: none in particular.
        length: How long it lasts without being renewed.

    Raises:
        LeaseHeld: Another run has it.
    """
    held = holder(transaction, name)
    if held is not None:
        what, _, which = name.partition(":")
        verb = "run" if what == "enricher" else "read"
        message = f"{what} {which!r} is being {verb} already: {_describe(held)}"
        raise LeaseHeld(message)
    leases = table("leases")
    fence = transaction.connection.execute(
        select(leases.c.fence).where(leases.c.name == name)
    ).scalar()
    lease = Lease(name, secrets.token_hex(8), int(fence or 0) + 1, length)
    transaction.put(
        "leases",
        {
            "name": name,
            "fence": lease.fence,
            "owner": lease.owner,
            **stamp(),
            "run_id": run_id,
            "started_at": transaction.now,
            "until_at": transaction.database_now() + length,
            "progress": None,
        },
    )
    return lease


def _owned(lease: Lease) -> ColumnElement[bool]:
    """Return what is true of a lease's row while nobody has taken it over."""
    leases = table("leases")
    return and_(
        leases.c.name == lease.name,
        leases.c.owner == lease.owner,
        leases.c.fence == lease.fence,
    )


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(f"another run took over {lease.name}; this one stored nothing more")


def check(transaction: Transaction, lease: Lease) -> None:
    """
    Check a lease within a transaction that writes.

    Raises:
        LeaseLost: Somebody else has it now; the transaction must be rolled back.
    """
    fence = table("leases").c.fence
    query = select(fence).where(_owned(lease)).with_for_update()
    if transaction.connection.execute(query).first() is None:
        raise _lost(lease)


def prolong(transaction: Transaction, lease: Lease, **values: str) -> None:
    """
    Check a lease and let it last on, by the database's clock.

    Args:
        transaction: A writing one.
        lease: The lease.
        values: What else to store with it.

    Raises:
        LeaseLost: Somebody else has it now; the transaction must be rolled back.
    """
    leases = table("leases")
    prolonged = transaction.connection.execute(
        update(leases)
        .where(_owned(lease))
        .values(until_at=transaction.database_now() + lease.length, **values)
        .returning(leases.c.fence)
    ).first()
    if prolonged is None:
        raise _lost(lease)


def renew(transaction: Transaction, lease: Lease, progress: dict[str, object]) -> None:
    """
    Check and prolong a lease within a batch's transaction.

    Raises:
        LeaseLost: Somebody else has it now; the transaction must be rolled back.
    """
    prolong(transaction, lease, progress=json.dumps(progress))


def release(transaction: Transaction, lease: Lease) -> None:
    """Give a lease back; one that was taken over is left alone."""
    leases = table("leases")
    transaction.connection.execute(
        update(leases)
        .where(leases.c.name == lease.name, leases.c.owner == lease.owner)
        .values(owner=None, until_at=None, pid=None, progress=None)
    )

"""
One run per source at a time, also across machines.

A lease has an owner, an end by the database's clock, and a fence that is raised at each
takeover. Every batch checks and renews it inside its own transaction, so a holder that was
stalled and overtaken cannot commit. A holder whose process is gone is taken over at once.
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
from typing import Any

from sqlalchemy import Row, select, update

from regard.errors import LeaseHeld, LeaseLost
from regard.store.transactions import Transaction, table

__all__ = ["LENGTH", "Lease", "acquire", "holder", "release", "renew"]

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
    """

    name: str
    owner: str
    fence: int


@cache
def _boot() -> str:
    """Return what names this boot of this machine; a process number means nothing beyond it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return "unknown"


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


def _dead(row: Row[Any]) -> bool:
    """Say whether a holder is surely gone; only its own machine can tell."""
    if row.host != socket.gethostname() or row.pid is None or not row.boot:
        return False
    boot, _, start = row.boot.partition("/")
    if boot != _boot():
        return True
    if not Path("/proc").is_dir():
        try:
            os.kill(row.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False
    return _process_start(int(row.pid)) != str(start)


def _describe(row: Row[Any]) -> str:
    since = f" since {row.started_at:%Y-%m-%d %H:%M} UTC" if row.started_at else ""
    return f"run {row.run_id} on {row.host}, process {row.pid}{since}"


def holder(transaction: Transaction, name: str) -> Row[Any] | None:
    """Return the row of whoever holds a lease now, or None."""
    leases = table("leases")
    row = transaction.connection.execute(select(leases).where(leases.c.name == name)).first()
    if row is None or row.owner is None or row.until_at is None:
        return None
    if row.until_at <= transaction.database_now() or _dead(row):
        return None
    return row


def acquire(transaction: Transaction, name: str, run_id: int) -> Lease:
    """
    Take a lease; the caller holds the write lock.

    Raises:
        LeaseHeld: Another run has it.
    """
    held = holder(transaction, name)
    source = name.partition(":")[2]
    if held is not None:
        message = f"source {source!r} is being read already: {_describe(held)}"
        raise LeaseHeld(message)
    leases = table("leases")
    fence = transaction.connection.execute(
        select(leases.c.fence).where(leases.c.name == name)
    ).scalar()
    lease = Lease(name, secrets.token_hex(8), int(fence or 0) + 1)
    transaction.put(
        "leases",
        {
            "name": name,
            "fence": lease.fence,
            "owner": lease.owner,
            "host": socket.gethostname(),
            "boot": f"{_boot()}/{_process_start(os.getpid()) or ''}",
            "pid": os.getpid(),
            "run_id": run_id,
            "started_at": transaction.now,
            "until_at": transaction.database_now() + LENGTH,
            "progress": None,
        },
    )
    return lease


def renew(transaction: Transaction, lease: Lease, progress: dict[str, object]) -> None:
    """
    Check and prolong a lease within a batch's transaction.

    Raises:
        LeaseLost: Somebody else has it now; the transaction must be rolled back.
    """
    leases = table("leases")
    renewed = transaction.connection.execute(
        update(leases)
        .where(
            leases.c.name == lease.name,
            leases.c.owner == lease.owner,
            leases.c.fence == lease.fence,
        )
        .values(until_at=transaction.database_now() + LENGTH, progress=json.dumps(progress))
        .returning(leases.c.fence)
    ).first()
    if renewed is None:
        message = f"another run took over {lease.name}; this one stored nothing more"
        raise LeaseLost(message)


def release(transaction: Transaction, lease: Lease) -> None:
    """Give a lease back; one that was taken over is left alone."""
    leases = table("leases")
    transaction.connection.execute(
        update(leases)
        .where(leases.c.name == lease.name, leases.c.owner == lease.owner)
        .values(owner=None, until_at=None, pid=None, progress=None)
    )

"""
What keeps a lease alive while nothing is committed.

A source may take long to answer, and a run may wait before it tries again. Meanwhile a thread
of its own renews the lease, each time in a short transaction. Whoever holds a lease without
a heartbeat is stalled, and may be taken over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from types import TracebackType

from regard.errors import LeaseLost, StoreError
from regard.store.leases import Lease, prolong
from regard.store.store import Store

__all__ = ["Heartbeat"]

_LOG = logging.getLogger(__name__)
_BEATS_A_LENGTH = 3
_PATIENCE = timedelta(seconds=1)
_JOIN_SECONDS = 3.0


class Heartbeat:
    """
    Renews a lease for the length of a block.

    Args:
        store: Where the lease is.
        lease: The lease.
        lost: Hears once, in another thread, that somebody else has the lease now.
        every: How often the lease is renewed; None: at a third of its length.
    """

    def __init__(
        self,
        store: Store,
        lease: Lease,
        lost: Callable[[LeaseLost], None],
        every: timedelta | None = None,
    ) -> None:
        self._store = store
        self._lease = lease
        self._lost = lost
        self._every = every or lease.length / _BEATS_A_LENGTH
        self._ended = Event()
        # A daemon: a command never waits for it.
        self._thread = Thread(target=self._beat, name="regard-heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join(_JOIN_SECONDS)

    def _beat(self) -> None:
        every = self._every.total_seconds()
        seconds = every
        while not self._ended.wait(seconds):
            try:
                # It waits for a batch of its own run like anybody, and holds nothing
                # meanwhile: the two cannot wait for each other.
                with self._store.write(patience=_PATIENCE) as transaction:
                    prolong(transaction, self._lease)
                seconds = every
            except LeaseLost as error:
                if not self._ended.is_set():
                    self._lost(error)
                return
            except StoreError as error:
                # Locked for long, or out of reach: no reason to stop, the next beat may come
                # through. Whether a batch may be stored its own transaction finds out.
                seconds = every / _BEATS_A_LENGTH
                _LOG.info("the lease of %s was not renewed: %s", self._lease.name, error)

"""The addresses of one source during one run: what is due, what is handed out, what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from regard.errors import LeaseHeld, TransientError
from regard.frontier import Address, OriginState, Visited
from regard.pipeline.stopping import Stop
from regard.store import Store, addresses, leases, origins
from regard.store.addresses import Changes, StoredPass
from regard.store.heartbeats import Heartbeat

__all__ = ["AddressBook"]

_BATCH = 500
_HELD = timedelta(minutes=1)
_LOOK = timedelta(seconds=1)
_PATIENCE = timedelta(hours=6)
"""So long another source of the same site may take; most runs have a deadline before that."""

_FIRST = (0, 0)
"""Before the place of any address in a pass."""

_EVER = datetime.min.replace(tzinfo=UTC)


class AddressBook:
    """
    A run's side of `regard.sources.Addresses`.

    Without a store, or where nothing is to be written, it only remembers: a preview asks for a
    few pages and leaves nothing behind.

    Args:
        store: Where addresses are kept; None: nowhere.
        source: The source's name.
        writes: Whether anything may be stored.
        at: When the run began; nothing that it sees is older.
        stop: Says when the run should stop waiting for others.
    """

    def __init__(
        self,
        store: Store | None,
        source: str,
        *,
        writes: bool,
        at: datetime = _EVER,
        stop: Stop | None = None,
    ) -> None:
        self._stop = stop
        self._store = store
        self._at = at
        self.hurried = False
        self._source = source
        self._writes = writes and store is not None
        self._pass: StoredPass | None = None
        self._recipe = ""
        self._position = _FIRST
        self._found: list[Address] = []
        self._known: set[str] = set()
        self._links: list[tuple[str, str]] = []
        self._ready: list[Address] = []
        self._out: set[str] = set()
        self._visited: list[Visited] = []
        self._again: list[str] = []
        self._tried: frozenset[str] = frozenset()
        self._keys: dict[str, int] = {}
        self._unsettled = 0
        self._unstored = 0
        self._waiting = 0

    @property
    def begun(self) -> bool:
        """Whether the source looks at addresses at all."""
        return self._pass is not None

    @property
    def current(self) -> StoredPass | None:
        """The pass."""
        return self._pass

    @property
    def _finding(self) -> int:
        """Whether something was found that is not due yet, because it is not stored."""
        waiting = self._found or self._links or self._again or self._unstored
        return int(self._writes and bool(waiting))

    def begin(self, recipe: str) -> int:
        """Begin a pass, or go on with the one that has not ended."""
        self._recipe, self._position = recipe, _FIRST
        # A try after one that failed may begin another pass, in which nothing is found yet.
        self._ready, self._out, self._found, self._links = [], set(), [], []
        self._known = set()
        if self._store is None or not self._writes:
            self._pass = StoredPass(1, self._at, None, None)
            return 1
        with self._store.write() as transaction:
            self._pass = addresses.begin_pass(transaction, self._source, self._at)
            number = self._pass.number
            self._waiting = addresses.count_due(transaction, self._source, number)
        return number

    def add(self, found: Iterable[Address]) -> int:
        """Take addresses that something led to; they are stored with the next batch."""
        fresh = []
        for each in found:
            if each.url not in self._known:
                fresh.append(each)
                self._known.add(each.url)
            if each.via is not None and self._writes:
                self._links.append((each.via, each.url))
        self._found += fresh
        if not self._writes:
            self._ready += fresh
            self._waiting += len(fresh)
        return len(fresh)

    def known_keys(self, url: str) -> int:
        """Return how many records were on an address when it was last read."""
        return self._keys.pop(url, 0)

    def find_again(self, url: str) -> None:
        """Take what an address led to before as found in this pass."""
        self._again.append(url)

    def led(self, url: str) -> bool:
        """Say whether an address led anywhere when it was last read."""
        if self._store is None or not self._writes:
            return False
        with self._store.read() as transaction:
            return addresses.led(transaction, self._source, url)

    def claims(self) -> Sequence[tuple[str, Sequence[str]]]:
        """Return pages that were read in this pass, or failed for once, with their keys."""
        if self._store is None or not self._writes or self._pass is None:
            return ()
        with self._store.read() as transaction:
            return addresses.claims(transaction, self._source, self._pass.number, self._recipe)

    def outcomes(self, since: datetime) -> Mapping[str, int]:
        """Return how many addresses had which outcome, of those that were asked for since."""
        if self._store is None or not self._writes:
            return {}
        with self._store.read() as transaction:
            return addresses.outcomes(transaction, self._source, since)

    def due(self, limit: int) -> Sequence[Address]:
        """Return addresses without an outcome, each once in this run."""
        if len(self._ready) < limit and self._writes:
            self._refill(limit)
        given, self._ready = self._ready[:limit], self._ready[limit:]
        self._out.update(each.url for each in given)
        return given

    def _refill(self, limit: int) -> None:
        assert self._store is not None  # noqa: S101  # it writes
        assert self._pass is not None  # noqa: S101  # `begin` comes first
        with self._store.read() as transaction:
            rows = addresses.due(
                transaction,
                self._source,
                self._pass.number,
                after=self._position,
                limit=max(limit, _BATCH),
            )
        for position, recipe, address in rows:
            self._position = position
            if address.url in self._out:
                continue
            self._keys[address.url] = len(address.keys or ())
            known = address
            if recipe != self._recipe or address.keys is None:
                # What was read by other rules says nothing about what these would find.
                known = Address(address.url, address.kind, address.depth, address.via)
            self._ready.append(known)

    def again(self, urls: Iterable[str]) -> None:
        """Take back addresses that were not asked for."""
        self._out.difference_update(urls)
        self._position = _FIRST

    @property
    def waiting(self) -> int:
        """How many have no outcome yet, as far as is stored."""
        return max(0, self._waiting)

    @property
    def unsettled(self) -> int:
        """How many have an outcome that is not stored yet."""
        return len(self._visited) + self._unsettled + self._finding

    @property
    def pending(self) -> int:
        """How many outcomes and finds wait for the next batch."""
        waiting = len(self._found) + len(self._links) + len(self._again) if self._writes else 0
        return len(self._visited) + waiting

    def hurry(self) -> None:
        """Ask for what waits to be stored at once: there is nothing else to do."""
        self.hurried = True

    def visit(self, visited: Iterable[Visited]) -> None:
        """Hear what became of addresses."""
        self._visited += visited

    def take(self) -> Changes | None:
        """Return what the next batch has to store."""
        self.hurried = False
        if self._pass is None:
            return None
        changes = Changes(
            self._pass.number, self._recipe, self._found, self._visited, self._again, self._tried,
            self._links,
        )  # fmt: skip
        # A site that is away for a minute is tried again by the same run: that is one try.
        self._tried |= {each.url for each in self._visited if not each.final}
        self._found, self._visited, self._again, self._links = [], [], [], []
        self._unsettled += len(changes.visited)
        self._unstored += _finds(changes)
        return changes if changes else None

    def settled(self, changes: Changes, waiting: int) -> None:
        """Hear that a batch is stored."""
        self._unsettled -= len(changes.visited)
        self._unstored -= _finds(changes)
        self._waiting = waiting
        if _finds(changes):
            # What is found again keeps its position, which may lie before what was given.
            self._position = _FIRST

    def origin(self, origin: str) -> OriginState:
        """Return what is known of an origin."""
        if self._store is None:
            return OriginState()
        with self._store.read() as transaction:
            return origins.origin_state(transaction, origin)

    @contextmanager
    def hold(self, origin: str) -> Iterator[None]:
        """
        Hold an origin, so that nobody else asks it meanwhile; who does now is waited for.

        Raises:
            TransientError: Somebody else has held it for too long.
            Cancelled: The run should stop.
        """
        if self._store is None or not self._writes:
            yield
            return
        lease = self._acquire(self._store, origin)
        try:
            with Heartbeat(self._store, lease, lambda error: None):
                yield
        finally:
            with self._store.write() as transaction:
                leases.release(transaction, lease)

    def _acquire(self, store: Store, origin: str) -> leases.Lease:
        tries = int(_PATIENCE / _LOOK)
        for waited in range(tries + 1):
            try:
                with store.write() as transaction:
                    transaction.writer.lock()
                    return leases.acquire(transaction, f"origin:{origin}", None, _HELD)
            except LeaseHeld as error:
                if waited == tries or self._stop is None:
                    message = f"{origin} is being asked by another source: {error}"
                    raise TransientError(message) from error
            if self._stop.wait(_LOOK.total_seconds()):
                self._stop.check()
        raise AssertionError  # the last try returns or raises

    def keep_robots(self, origin: str, status: int, body: str) -> None:
        """Remember a robots.txt."""
        if self._store is not None and self._writes:
            with self._store.write() as transaction:
                origins.put_origin(
                    transaction,
                    origin,
                    robots_status=status,
                    robots=body,
                    robots_at=transaction.now,
                )

    def count(self, origin: str, asked: int) -> None:
        """Count requests to an origin that no address stands for."""
        if self._store is not None and self._writes:
            with self._store.write() as transaction:
                origins.put_origin(transaction, origin, asked=asked)

    def rest(self, origin: str, until: datetime) -> None:
        """Remember when an origin may be asked again at the earliest."""
        if self._store is not None and self._writes:
            with self._store.write() as transaction:
                origins.put_origin(transaction, origin, next_at=until)

    def pause(self, origin: str, until: datetime, why: str) -> None:
        """Leave an origin alone for a while."""
        if self._store is not None and self._writes:
            with self._store.write() as transaction:
                origins.put_origin(transaction, origin, paused_until=until, paused_why=why)


def _finds(changes: Changes) -> int:
    """Return how much of what a batch stores was found."""
    return len(changes.found) + len(changes.links) + len(changes.again)

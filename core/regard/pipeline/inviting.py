"""
Sending something to customers, each at most once: whom it may go to, and what became of it.

Before a message is handed over its touchpoint is stored, and afterwards completed. So a command
that is killed in between never sends a second time: what it cannot know stays ``sending``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from regard.clock import Clock
from regard.errors import LeaseLost, RegardError, TransientError, Unanswered
from regard.pipeline.preparing import Prepared
from regard.privacy import normalise
from regard.records import kind_named
from regard.records.encoding import encode_time
from regard.runs import Outcome, StreamSummary
from regard.store import Batch, Deletion, RunStart, Store, Transaction, leases, runs
from regard.store.batches import decide, look_up, next_batch, write_plan
from regard.store.heartbeats import Heartbeat
from regard.store.transactions import table

__all__ = ["REASON", "Candidate", "Candidates", "Delivery", "Outbox", "find_candidates"]

REASON = "send"
STREAM = "invitations"
_OUT = ("unsubscribe", "complaint", "bounce")


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    Somebody whom something may be sent to.

    Attributes:
        email: The address, as it is stored.
        source: The source that knows the customer.
        key: The customer's key there.
        name: The given name, else the name.
    """

    email: str
    source: str
    key: str
    name: str | None = None


@dataclass(slots=True)
class Candidates:
    """
    Who may be written to, and how many may not.

    Attributes:
        chosen: Those who may, each address once.
        without_consent: Have not allowed it, or nobody knows.
        opted_out: Have unsubscribed, complained, or cannot be reached.
    """

    chosen: list[Candidate] = field(default_factory=list)
    without_consent: int = 0
    opted_out: int = 0


def find_candidates(
    transaction: Transaction,
    sources: Mapping[str, object],
    *,
    bought_since: datetime | None = None,
    unknown: bool = False,
) -> Candidates:
    """
    Return whom something may be sent to.

    Args:
        transaction: A reading one.
        sources: The configured sources; others are not believed.
        bought_since: Only those who have completed a purchase since then.
        unknown: Also those of whom no source says whether they allow it.
    """
    people = table("customers")
    query = select(
        *(people.c[name] for name in ("email", "source", "key", "given_name", "name", "consent"))
    ).where(
        people.c.deleted_at.is_(None),
        people.c.email.is_not(None),
        people.c.source.in_(list(sources)),
    )
    out = _opted_out(transaction)
    buyers = _buyers(transaction, bought_since) if bought_since is not None else None
    consents: dict[str, bool | None] = {}
    found: dict[str, Candidate] = {}
    for email, source, key, given, name, consent in transaction.connection.execute(query):
        address = normalise("email", email)
        if buyers is not None and address not in buyers and (source, key) not in buyers:
            continue
        before = consents.get(address)
        # What one source forbids no other one allows.
        consents[address] = before if consent is None else bool(consent) and before is not False
        found.setdefault(address, Candidate(email, source, key, given or name))
    result = Candidates()
    for address, candidate in sorted(found.items()):
        allowed = consents[address]
        if address in out:
            result.opted_out += 1
        elif allowed is False or (allowed is None and not unknown):
            result.without_consent += 1
        else:
            result.chosen.append(candidate)
    return result


def _opted_out(transaction: Transaction) -> set[str]:
    contacts = table("touchpoints")
    query = select(contacts.c.email).where(
        contacts.c.deleted_at.is_(None),
        contacts.c.channel == "email",
        contacts.c.type.in_(_OUT),
        contacts.c.email.is_not(None),
    )
    # Who answers from another address means the one that was written to, too.
    sent = contacts.alias("sent")
    written = (
        select(sent.c.email)
        .join(contacts, contacts.c.thread_key == sent.c.thread_key)
        .where(
            sent.c.deleted_at.is_(None),
            sent.c.type == "sent",
            sent.c.email.is_not(None),
            contacts.c.deleted_at.is_(None),
            contacts.c.channel == "email",
            contacts.c.type.in_(_OUT),
        )
    )
    found = (*transaction.connection.execute(query), *transaction.connection.execute(written))
    return {normalise("email", email) for (email,) in found}


def _buyers(transaction: Transaction, since: datetime) -> set[str | tuple[str, str]]:
    bought = table("purchases")
    query = select(bought.c.source, bought.c.customer_key, bought.c.email).where(
        bought.c.deleted_at.is_(None),
        bought.c.ordered_at >= since,
        or_(bought.c.status == "completed", bought.c.status.is_(None)),
    )
    buyers: set[str | tuple[str, str]] = set()
    for source, key, email in transaction.connection.execute(query):
        if email:
            buyers.add(normalise("email", email))
        if key:
            buyers.add((source, key))
    return buyers


@dataclass(slots=True)
class Delivery:
    """
    What became of a command's messages.

    Attributes:
        sent: The server took them.
        refused: The server takes none for these addresses.
        before: Had one already.
        unsure: Of an earlier command that was killed: nobody knows whether they were sent.
    """

    sent: int = 0
    refused: int = 0
    before: int = 0
    unsure: int = 0


@dataclass(slots=True)
class Outbox:
    """
    Stores what is sent, under the lease of the source that replies come to.

    Attributes:
        store: Where to.
        prepared: That source.
        campaign: What is sent, by name.
        clock: The time.
        version: Of regard, for the history.
        length: How long a lease lasts without a sign of life.
    """

    store: Store
    prepared: Prepared
    campaign: str
    clock: Clock
    version: str
    length: timedelta = leases.LENGTH
    _run_id: int = 0
    _lease: leases.Lease | None = None
    _lost: LeaseLost | None = None

    def known(self) -> dict[str, str | None]:
        """Return the tokens that something was sent under before, each with its outcome."""
        contacts = table("touchpoints")
        query = select(contacts.c.thread_key, contacts.c.outcome, contacts.c.type).where(
            contacts.c.deleted_at.is_(None),
            contacts.c.campaign == self.campaign,
            contacts.c.channel == "email",
            contacts.c.type.in_(("sent", *_OUT)),
            contacts.c.thread_key.is_not(None),
        )
        with self.store.read() as transaction:
            rows = transaction.connection.execute(query).all()
        return {token: outcome if kind == "sent" else None for token, outcome, kind in rows}

    def send(
        self,
        items: Iterator[tuple[str, Candidate]],
        hand_over: Callable[[Candidate], bool],
    ) -> Delivery:
        """
        Send one message after the other.

        Args:
            items: Tokens and whom they stand for; may wait between two.
            hand_over: Sends one; returns False where the address is refused for good, and raises
                `TransientError` where the message was surely not sent, `Unanswered` where nobody
                knows.

        Raises:
            LeaseHeld: The source is being read.
            LeaseLost: Another run has taken the source over.
            TransientError: The server takes nothing now; what was sent stays noted.
        """
        done = Delivery()
        summary = self._begin()
        assert self._lease is not None  # noqa: S101  # `_begin` took it
        try:
            with Heartbeat(self.store, self._lease, self._hear):
                for token, candidate in items:
                    self._one(token, candidate, hand_over, done)
        except RegardError as error:
            summary.outcome, summary.error = Outcome.FAILED, str(error)
            raise
        finally:
            self._end(summary, done)
        return done

    def _one(
        self,
        token: str,
        candidate: Candidate,
        hand_over: Callable[[Candidate], bool],
        done: Delivery,
    ) -> None:
        if self._lost is not None:
            raise self._lost
        now = self.clock.now()
        self._put(token, candidate, now, type="sent", outcome="sending")
        try:
            taken = hand_over(candidate)
        except Unanswered:
            raise  # it stays "sending": nobody gets it twice
        except TransientError:
            self._write(Deletion(f"sent:{token}", encode_time(now)))
            raise
        if taken:
            self._put(token, candidate, now, type="sent", outcome=None)
            done.sent += 1
        else:
            self._put(token, candidate, now, type="bounce", outcome="refused")
            done.refused += 1

    def _hear(self, error: LeaseLost) -> None:
        self._lost = error

    def _begin(self) -> StreamSummary:
        prepared = self.prepared
        start = RunStart(
            prepared.name,
            prepared.plugin,
            prepared.version,
            prepared.digest,
            self.version,
            REASON,
        )
        with self.store.write() as transaction:
            transaction.writer.lock()
            self._run_id = runs.begin(transaction, start)
            self._lease = leases.acquire(
                transaction, f"source:{prepared.name}", self._run_id, self.length
            )
        return StreamSummary(prepared.name, STREAM, self._run_id)

    def _end(self, summary: StreamSummary, done: Delivery) -> None:
        summary.counts.read = done.sent + done.refused
        summary.counts.new = done.sent + done.refused
        assert self._lease is not None  # noqa: S101
        with self.store.write() as transaction:
            runs.put_stream(transaction, summary, "touchpoint", ended=True)
            if self._lost is None:
                runs.end(transaction, self._lease, self._run_id, summary.outcome, summary.error)

    def _put(self, token: str, candidate: Candidate, now: datetime, **more: str | None) -> None:
        settings = self.prepared.settings
        known_here = candidate.source in (self.prepared.name, settings.customers)
        record: dict[str, Any] = {
            "channel": "email",
            "direction": "outbound",
            "campaign": self.campaign,
            "thread_key": token,
            "email": candidate.email,
            "customer_key": candidate.key if known_here else None,
            "happened_at": now,
            **more,
        }
        kind = kind_named("touchpoint")
        typed, problems = kind.validator().validate([record])
        if typed[0] is None:
            raise problems[0]
        self._write(kind.encoder().encode(f"sent:{token}", encode_time(now), typed[0]))

    def _write(self, item: Any) -> None:  # noqa: ANN401  # a record or a deletion
        batch = Batch(kind_named("touchpoint"), items=[item], item_files=[None])
        source = self.prepared.name
        assert self._lease is not None  # noqa: S101
        with self.store.write() as transaction:
            transaction.writer.lock()
            leases.check(transaction, self._lease)
            plan = decide(batch, look_up(transaction, batch, source))
            if plan.writes:
                number = next_batch(transaction, self._run_id, STREAM)
                write_plan(
                    transaction,
                    batch.kind,
                    plan,
                    source=source,
                    run_id=self._run_id,
                    batch_id=number,
                )

"""The outbox: each notice is told once, tried again for a day, and then given up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from regard.notifiers import Notice
from regard.store import Store
from regard.store import notices as stored
from regard.store.notices import HELD, StoredNotice

PAUSE = timedelta(minutes=5)


@pytest.fixture
def outbox(store_url: str, moving: Any) -> Iterator[Store]:
    """Return an empty store under a clock that moves."""
    opened = Store.open(store_url, clock=moving)
    yield opened
    opened.close()


def put(store: Store, subject: str = "source:crm", occasion: str = "1", **changes: Any) -> bool:
    """Write a notice for the channel ``ops``."""
    values = {"event": "failed", "severity": "critical", "text": "It failed.", **changes}
    channel = values.pop("channel", "ops")
    with store.write() as transaction:
        notice = Notice(0, subject, at=transaction.now, **values)
        return stored.put(transaction, channel, notice, occasion)


def claim(store: Store, channel: str = "ops", limit: int = 1_000) -> list[int]:
    """Claim what is due, and return the numbers."""
    with store.write() as transaction:
        return [one.id for one in stored.claim_due(transaction, channel, limit)]


def all_of(store: Store) -> list[StoredNotice]:
    """Return all notices, the oldest first."""
    with store.read() as transaction:
        return stored.listed(transaction)[::-1]


def rests(store: Store, channel: str = "ops") -> bool:
    """Say whether a channel rests now."""
    with store.read() as transaction:
        return stored.rests_until(transaction, channel, PAUSE) is not None


def test_the_same_occasion_is_written_once_for_each_channel(outbox: Store) -> None:
    """Who announces the same twice, as after a crash, makes no second notice."""
    assert put(outbox)
    assert not put(outbox, text="It failed again.")
    assert put(outbox, occasion="2")
    assert put(outbox, channel="chat")

    assert ["It failed."] * 3 == [one.notice.text for one in all_of(outbox)]


def test_what_no_database_stores_is_marked(outbox: Store) -> None:
    """A NUL or half a character in a text does not keep the notice from being stored."""
    assert put(outbox, text="a\0b\ud800")

    assert "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}" == all_of(outbox)[0].notice.text


def test_what_is_claimed_nobody_else_gets(outbox: Store, moving: Any) -> None:
    """A claimed notice is due again after two minutes, as where its teller has died."""
    put(outbox)
    first = claim(outbox)
    assert ([], True) == (claim(outbox), rests(outbox))

    moving.move(seconds=HELD.total_seconds() - 1)
    assert [] == claim(outbox)

    moving.move(seconds=1)
    assert (False, first) == (rests(outbox), claim(outbox))


def test_a_claim_is_of_one_channel_and_the_oldest_first(outbox: Store) -> None:
    """Channels do not take each other's notices, and a limit leaves the newest for later."""
    for number in range(4):
        put(outbox, occasion=str(number))
    put(outbox, channel="chat")

    assert [1, 2, 3] == claim(outbox, limit=3)
    assert [4] == claim(outbox)
    assert [5] == claim(outbox, "chat")


def test_after_a_message_the_channel_rests_for_its_pause(outbox: Store, moving: Any) -> None:
    """What comes within the pause waits for its end."""
    put(outbox)
    with outbox.write() as transaction:
        stored.told(transaction, [1])
    put(outbox, occasion="2")

    assert (True, False) == (rests(outbox), rests(outbox, "chat"))
    moving.move(minutes=5)
    assert not rests(outbox)
    assert ["told", "waits"] == [one.state for one in all_of(outbox)]


def test_failures_are_tried_again_ever_more_slowly_for_a_day(outbox: Store, moving: Any) -> None:
    """After 1, 5 and 15 minutes, then each hour; after 24 hours the notice is given up."""
    put(outbox)
    waits = []
    while claim(outbox):
        with outbox.write() as transaction:
            stored.failed(transaction, [1], "no answer")
        (one,) = all_of(outbox)
        if one.given_up_at is None:
            waits.append((one.next_at - moving.now()).total_seconds() / 60)
            moving.shown = one.next_at
    (one,) = all_of(outbox)

    assert [1.0, 5.0, 15.0, 60.0, 60.0] == waits[:5]
    assert ("given up", "no answer", len(waits) + 1) == (one.state, one.error, one.tries)
    assert timedelta(hours=24) <= moving.now() - one.notice.at < timedelta(hours=25)


def test_who_asks_to_wait_is_not_asked_before(outbox: Store, moving: Any) -> None:
    """A longer wait than ours is heeded; one of years is cut to a day."""
    put(outbox)
    for wait, heeded in ((1, 60), (7_200, 7_200), (10**9, 86_400)):
        with outbox.write() as transaction:
            stored.failed(transaction, [1], "busy", timedelta(seconds=wait))
        until = all_of(outbox)[0].next_at - moving.now()
        assert max(heeded, until.total_seconds()) == until.total_seconds()
        assert until <= timedelta(days=1)


def test_what_was_told_is_not_changed_any_more(outbox: Store) -> None:
    """A teller that comes late cannot make a told notice fail, or give it up."""
    put(outbox)
    with outbox.write() as transaction:
        stored.told(transaction, [1])
        stored.failed(transaction, [1], "late")
        stored.given_up(transaction, [1], "late")

    assert [("told", None, 0)] == [(one.state, one.error, one.tries) for one in all_of(outbox)]


def test_what_is_given_up_is_not_due(outbox: Store, moving: Any) -> None:
    """Where telling makes no sense any more, nobody tries again."""
    put(outbox)
    with outbox.write() as transaction:
        stored.given_up(transaction, [1], "404")
    moving.move(days=2)

    assert ([], False) == (claim(outbox), rests(outbox))
    with outbox.read() as transaction:
        assert {"told": 0, "waits": 0, "given up": 1} == stored.counts(transaction)


def test_pruning_keeps_what_is_young(outbox: Store, moving: Any) -> None:
    """What was told, given up or written long ago is forgotten, and nothing else."""
    for number in range(3):
        put(outbox, occasion=str(number))
    put(outbox, channel="gone")
    with outbox.write() as transaction:
        stored.told(transaction, [1])
        stored.given_up(transaction, [2], "404")
    moving.move(days=10)
    put(outbox, occasion="young")
    with outbox.write() as transaction:
        stored.told(transaction, [3])
    moving.move(days=1)
    with outbox.write() as transaction:
        gone = stored.prune(transaction, timedelta(days=10))

    assert (3, [3, 5]) == (gone, [one.notice.id for one in all_of(outbox)])


@pytest.mark.parametrize("occasion", ["100%", "a_b", "x/2"])
def test_occasions_are_taken_literally(outbox: Store, occasion: str) -> None:
    """Signs that mean something to a database mean nothing in an occasion."""
    put(outbox, occasion=occasion)
    put(outbox, occasion=stored.repeated(occasion, 2))
    put(outbox, occasion="1000")
    put(outbox, occasion="aXb/2")
    with outbox.read() as transaction:
        found = stored.occasions(transaction, "ops", "source:crm", "failed", occasion)

    assert [1, 2] == [one.notice.id for one in found]
